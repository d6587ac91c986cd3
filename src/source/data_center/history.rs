//! The past of an audit log, read backwards day by day so that what is fresh shows first.
//!
//! It starts at the moment of its own first run and so overlaps what the tail reads: nothing falls between them.

use super::client::Client;
use super::reading::{DAY, Reading};
use crate::event::Timestamp;
use crate::source::http::CallError;
use crate::source::{Page, Stretch};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};

/// How far the past has been read; kept as JSON.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Mark {
    /// The moment from which days are counted backwards.
    start: Timestamp,
    /// How many days have been read completely. All of them: nothing is left to do, until more days are asked for.
    days: u32,
}

struct History<'a> {
    client: &'a Client,
    days: u32,
    mark: Mark,
    reading: Option<Reading>,
}

/// Whether `days` days have been read.
pub(super) fn is_over(days: u32, cursor: Option<&str>) -> bool {
    let mark = cursor.and_then(|cursor| serde_json::from_str::<Mark>(cursor).ok());
    days == 0 || mark.is_some_and(|mark| mark.days >= days)
}

/// The pages of `days` days that come after `cursor`, by the instance's clock, which has to be known by now.
pub(super) fn pages<'a>(
    client: &'a Client,
    days: u32,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, CallError>> + use<'a> {
    let mark = cursor.and_then(|cursor| serde_json::from_str(cursor).ok());
    let history = History {
        client,
        days,
        mark: mark.unwrap_or_else(|| Mark {
            start: client.now(),
            days: 0,
        }),
        reading: None,
    };
    stream::try_unfold(history, History::step)
}

impl<'a> History<'a> {
    async fn step(mut self) -> Result<Option<(Page, History<'a>)>, CallError> {
        if self.mark.days >= self.days {
            return Ok(None);
        }
        let to = self.mark.start.minus(DAY * self.mark.days);
        let reading = self.reading.get_or_insert_with(|| {
            Reading::new(Stretch {
                from: to.minus(DAY),
                to,
            })
        });
        let (mut page, last) = reading.next(self.client).await?;
        if last {
            self.mark.days += 1;
            self.reading = None;
            page.cursor = Some(super::to_cursor(&self.mark));
        }
        page.progress = Some((self.mark.days.into(), self.days.into()));
        Ok(Some((page, self)))
    }
}
