//! The live tail of an audit log: what has happened since the last look.
//!
//! Nodes have clocks of their own and write in batches, so each look goes back a little behind the one before. A node
//! that was cut off writes much later still: once an hour the look goes back much further. Both only repeat what is known.

use super::client::Client;
use super::reading::{DAY, Reading};
use crate::event::Timestamp;
use crate::source::http::CallError;
use crate::source::{Page, Stretch};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

/// How far each look goes back behind the last one.
const OVERLAP: Duration = Duration::from_mins(5);

/// How often a look goes back as far as events may be late.
const DEEP: Duration = Duration::from_hours(1);

/// How far the log has been read; kept as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Mark {
    /// All before this moment has been read.
    to: Timestamp,
    /// When a look last went back far.
    deep: Timestamp,
}

/// How the tail is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How late an event may show up and still be found.
    pub(super) lateness: Duration,
    /// How far to go back when it is not known what has been read.
    pub(super) history: Duration,
    /// How long to leave the log alone after a look.
    pub(super) pause: Duration,
}

struct Tail<'a> {
    client: &'a Client,
    /// The stretches still to be read, the oldest first.
    stretches: VecDeque<Stretch>,
    reading: Option<Reading>,
    mark: Mark,
    /// The moment that counts as the last deep look once everything is read.
    deep: Timestamp,
}

/// The pages after `cursor`, by the instance's clock, which has to be known by now.
pub(super) fn pages<'a>(
    client: &'a Client,
    pace: Pace,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, CallError>> + use<'a> {
    let now = client.now();
    let read = cursor.map(serde_json::from_str::<Mark>);
    let (from, deep) = match read {
        // A log that nobody has read, or nobody knows how far.
        None => (now.minus(pace.lateness.max(OVERLAP)), now),
        Some(Err(_)) => (now.minus(pace.history.max(pace.lateness)), now),
        Some(Ok(mark)) => {
            let soon = mark.to.min(now).minus(OVERLAP);
            if now.since(mark.deep) >= DEEP || mark.deep > now {
                // What has shown up since then is not older than this.
                (soon.min(mark.deep.min(now).minus(pace.lateness)), now)
            } else {
                (soon, mark.deep)
            }
        }
    };
    let mark = match read {
        Some(Ok(mark)) => mark,
        _ => Mark {
            to: from,
            deep: from,
        },
    };
    let rests = matches!(read, Some(Ok(mark)) if mark.to <= now && now.since(mark.to) < pace.pause);
    let stretches = if rests {
        VecDeque::new()
    } else {
        split(from, now)
    };
    let tail = Tail {
        client,
        stretches,
        reading: None,
        mark,
        deep,
    };
    stream::try_unfold(tail, Tail::step)
}

/// A stretch of time in pieces of a day at most, the oldest first.
fn split(from: Timestamp, to: Timestamp) -> VecDeque<Stretch> {
    let mut pieces = VecDeque::new();
    let mut from = from;
    while from < to {
        let end = from.plus(DAY).min(to);
        pieces.push_back(Stretch { from, to: end });
        from = end;
    }
    pieces
}

impl<'a> Tail<'a> {
    async fn step(mut self) -> Result<Option<(Page, Tail<'a>)>, CallError> {
        let Some(stretch) = self.stretches.front().copied() else {
            return Ok(None);
        };
        let reading = self.reading.get_or_insert_with(|| Reading::new(stretch));
        let (mut page, last) = reading.next(self.client).await?;
        if last {
            self.stretches.pop_front();
            self.reading = None;
            self.mark.to = self.mark.to.max(stretch.to);
            if self.stretches.is_empty() {
                // A clock that was set back is believed at last: what it has not reached yet has not been read.
                self.mark.to = stretch.to;
                self.mark.deep = self.deep;
            }
            page.cursor = Some(super::to_cursor(&self.mark));
            page.watermark = Some(self.mark.to);
        }
        Ok(Some((page, self)))
    }
}
