//! The live tail of the audit log: what is new since the last round.
//!
//! Upstream orders its log by the moment of processing, and so do we: a late event shows up at the end like any other.
//! What is older than the first round is `history`'s affair.

use super::client::{Client, LOG, Stretch};
use super::wire::processed_at;
use crate::event::{self, Timestamp};
use crate::source::http::{CallError, Guard};
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where the tail has got to; kept as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Mark {
    /// The last cursor that upstream gave. It outlives the page that came without one: upstream's log may end either
    /// way, and reading one page twice is harmless.
    next: Option<String>,
    /// The latest moment of processing seen: where to start again, minus some overlap, should the cursor be lost.
    watermark: Timestamp,
    /// The moment up to which the log has been read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_to_end_at: Option<Timestamp>,
}

struct Tail<'a> {
    client: &'a Client,
    lateness: Duration,
    mark: Mark,
    restarted: bool,
    guard: Guard,
}

/// The pages after `cursor`; without one, from `lateness` ago.
///
/// A cursor that is not ours, as after a damaged database, goes back by `history`: that repeats much and loses nothing.
pub(super) fn pages<'a>(
    client: &'a Client,
    lateness: Duration,
    history: Duration,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let read = cursor.map(serde_json::from_str::<Mark>);
    let mark = match read {
        Some(Ok(mark)) => mark,
        Some(Err(_)) => Mark {
            next: None,
            watermark: client.now().minus(history),
            read_to_end_at: None,
        },
        None => Mark {
            next: None,
            watermark: client.now(),
            read_to_end_at: None,
        },
    };
    let tail = Tail {
        client,
        lateness,
        mark,
        restarted: false,
        guard: Guard::default(),
    };
    stream::try_unfold(Some(tail), |tail| async {
        match tail {
            Some(tail) => tail.step().await,
            None => Ok(None),
        }
    })
}

impl<'a> Tail<'a> {
    async fn step(mut self) -> Result<Option<(Page, Option<Tail<'a>>)>, SourceError> {
        let page = loop {
            let stretch = match &self.mark.next {
                Some(next) => Stretch {
                    cursor: Some(next.clone()),
                    ..Stretch::default()
                },
                None => Stretch {
                    from: Some(self.mark.watermark.minus(self.lateness)),
                    ..Stretch::default()
                },
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
        let last = records.is_empty() || next.is_none();
        let before = self.mark.clone();
        // A moment in the future would make a later restart skip events.
        let now = self.client.now();
        let processed = records.iter().filter_map(|record| processed_at(record));
        if let Some(newest) = processed.max() {
            self.mark.watermark = self.mark.watermark.max(newest.min(now));
        }
        if next.is_some() {
            self.mark.next = next;
        }
        // The first round begins where it asked from; each further one where the one before came to the end.
        let since = before.read_to_end_at;
        let covered = last.then(|| event::Stretch {
            from: since.unwrap_or(before.watermark.minus(self.lateness)),
            to: now,
        });
        if last {
            self.mark.read_to_end_at = since.max(Some(now));
        }
        let page = Page {
            records,
            cursor: Some(super::to_cursor(&self.mark)),
            watermark: Some(self.mark.watermark),
            covered,
            ..Page::default()
        };
        Ok(Some((page, (!last).then_some(self))))
    }
}
