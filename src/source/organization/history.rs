//! The past of the audit log, read backwards day by day so that what is fresh shows first.
//!
//! It starts at the moment of its own first run and so overlaps what the tail reads: nothing falls between them.

use super::client::{Client, LOG, Stretch};
use crate::event::{self, Timestamp};
use crate::source::http::{CallError, Guard};
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// How far the past has been read; kept as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Mark {
    /// The moment from which days are counted backwards.
    start: Timestamp,
    /// How many days have been read completely. All of them: nothing is left to do, until more days are asked for.
    days: u32,
    /// Upstream's cursor within the day being read.
    next: Option<String>,
}

struct History<'a> {
    client: &'a Client,
    days: u32,
    mark: Mark,
    restarted: bool,
    /// Whether the page before was empty.
    blank: bool,
    guard: Guard,
}

/// The pages of `days` days that come after `cursor`; none, and no request, once all days have been read.
pub(super) fn pages<'a>(
    client: &'a Client,
    days: u32,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let mark = cursor.and_then(|cursor| serde_json::from_str(cursor).ok());
    let history = History {
        client,
        days,
        mark: mark.unwrap_or_else(|| Mark {
            start: client.now(),
            days: 0,
            next: None,
        }),
        restarted: false,
        blank: false,
        guard: Guard::default(),
    };
    stream::try_unfold(history, History::step)
}

impl<'a> History<'a> {
    async fn step(mut self) -> Result<Option<(Page, History<'a>)>, SourceError> {
        if self.mark.days >= self.days {
            return Ok(None);
        }
        let to = self.mark.start.minus(DAY * self.mark.days);
        let page = loop {
            let stretch = Stretch {
                cursor: self.mark.next.clone(),
                from: Some(to.minus(DAY)),
                to: Some(to),
            };
            match self.client.events(&stretch).await {
                Err(CallError::Refused {
                    status: 400,
                    message,
                    ..
                }) if stretch.cursor.is_some() => {
                    if self.restarted {
                        return Err(SourceError::CursorLost {
                            what: LOG.to_owned(),
                            message,
                        });
                    }
                    // The day is read again from its beginning.
                    self.restarted = true;
                    self.mark.next = None;
                    self.guard = Guard::default();
                }
                other => break other?,
            }
        };
        let next = page.next();
        let records = page.into_records();
        self.guard.pass(
            LOG,
            self.mark.next.as_deref().unwrap_or("the first page"),
            records.iter().map(|record| record.get()),
        )?;
        // One empty page may be a hiccup, and a day that ended too early would never be read again: the end is a page
        // without a cursor, with the same cursor, or a second empty one.
        let blank = records.is_empty();
        let over = match &next {
            None => true,
            Some(next) => blank && (self.blank || self.mark.next.as_ref() == Some(next)),
        };
        let covered = over.then(|| event::Stretch {
            from: to.minus(DAY),
            to,
        });
        self.blank = blank && !over;
        if over {
            self.mark.days += 1;
            self.mark.next = None;
            self.restarted = false;
            self.guard = Guard::default();
        } else {
            self.mark.next = next;
        }
        let page = Page {
            records,
            cursor: Some(super::to_cursor(&self.mark)),
            progress: Some((self.mark.days.into(), self.days.into())),
            covered,
            ..Page::default()
        };
        Ok(Some((page, self)))
    }
}
