//! Logs without a cursor, read in fixed windows of time: what is new, and the past day by day.
//!
//! Where a window begins and ends is decided once, by upstream's clock; the mark moves when the whole window has been
//! read, and is kept with its last page. What is in a window, and how that is asked for, is each system's affair.

use super::offset::{Offset, Taken};
use super::{Page, SourceError, Stretch};
use crate::event::Timestamp;
use futures::future::BoxFuture;
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// Every round reads this much of what was read before, since clocks differ and indexes lag.
const OVERLAP: Duration = Duration::from_mins(10);

/// How often as much of the past is read again as records may be late.
const SWEEP: Duration = Duration::from_mins(15);

/// The longest window of a tail.
const LONGEST: Duration = Duration::from_hours(72);

/// A log whose records can be listed for a stretch of time.
pub(super) trait Log: Sync {
    /// What it is, in words for people.
    fn what(&self) -> &'static str;

    /// Now, by upstream's clock as far as it is known.
    fn now(&self) -> Timestamp;

    /// The records of a stretch, both of its ends included, from `start` on.
    fn page(
        &self,
        stretch: Stretch,
        start: usize,
    ) -> BoxFuture<'_, Result<Vec<Box<RawValue>>, SourceError>>;

    /// What is to be handed out for records of a stretch.
    fn expand(
        &self,
        _stretch: Stretch,
        records: Vec<Box<RawValue>>,
    ) -> BoxFuture<'_, Result<Vec<Box<RawValue>>, SourceError>> {
        Box::pin(std::future::ready(Ok(records)))
    }
}

/// How a tail looks back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How late a record may show up.
    pub(super) lateness: Duration,
    /// How long not to look again.
    pub(super) pause: Duration,
}

/// Where a tail has got to; kept as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct TailMark {
    /// Up to here everything has been read.
    until: Timestamp,
    /// When the time for late records was last read again.
    swept: Timestamp,
}

/// How far the past has been read; kept as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct HistoryMark {
    /// The moment from which days are counted backwards.
    start: Timestamp,
    /// How many days have been read completely.
    days: u32,
}

/// Which windows are read, one after the other.
enum Plan {
    Tail {
        mark: TailMark,
        /// Where the next window begins, and where the last one ends.
        next: Timestamp,
        goal: Timestamp,
        sweeping: bool,
    },
    History {
        mark: HistoryMark,
        days: u32,
    },
}

struct Walk<'a, L> {
    log: &'a L,
    plan: Plan,
    window: Option<(Stretch, Offset)>,
    /// Whether a page has been handed out since the window was begun, or begun anew.
    begun: bool,
}

/// What is new since `cursor`; without one, from as long ago as records may be late.
pub(super) fn tail<'a, L: Log>(
    log: &'a L,
    patience: Patience,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a, L> {
    let goal = log.now();
    let read = cursor.and_then(|cursor| serde_json::from_str::<TailMark>(cursor).ok());
    let early = read
        .as_ref()
        .is_some_and(|mark| goal.since(mark.until) < patience.pause && mark.until <= goal);
    let sweeping = read
        .as_ref()
        .is_none_or(|mark| goal.since(mark.swept) >= SWEEP || mark.swept > goal.plus(SWEEP));
    let mark = read.unwrap_or(TailMark {
        until: goal,
        swept: goal,
    });
    let back = if sweeping {
        patience.lateness.max(OVERLAP)
    } else {
        OVERLAP
    };
    let plan = Plan::Tail {
        next: mark.until.min(goal).minus(back),
        mark,
        goal,
        sweeping,
    };
    pages((!early).then_some(Walk {
        log,
        plan,
        window: None,
        begun: false,
    }))
}

/// The past of `days` days after `cursor`, newest day first; no request once all have been read.
pub(super) fn history<'a, L: Log>(
    log: &'a L,
    days: u32,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a, L> {
    let mark = cursor.and_then(|cursor| serde_json::from_str(cursor).ok());
    let mark = mark.unwrap_or_else(|| HistoryMark {
        start: log.now(),
        days: 0,
    });
    pages(Some(Walk {
        log,
        plan: Plan::History { mark, days },
        window: None,
        begun: false,
    }))
}

fn pages<L: Log>(
    walk: Option<Walk<'_, L>>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'_, L> {
    stream::try_unfold(walk, |walk| async {
        match walk {
            Some(walk) => walk.step().await,
            None => Ok(None),
        }
    })
}

impl<'a, L: Log> Walk<'a, L> {
    async fn step(mut self) -> Result<Option<(Page, Option<Walk<'a, L>>)>, SourceError> {
        loop {
            let (stretch, mut offset) = match self.window.take() {
                Some(window) => window,
                None => match self.plan.window() {
                    Some(stretch) => (stretch, Offset::default()),
                    None => return Ok(None),
                },
            };
            let answer = self.log.page(stretch, offset.start()).await?;
            match offset.take(self.log.what(), answer)? {
                Taken::Moved => {
                    self.begun = false;
                    self.window = Some((stretch, offset));
                }
                Taken::New(records) => {
                    self.window = Some((stretch, offset));
                    if !records.is_empty() {
                        let page = Page {
                            records: self.log.expand(stretch, records).await?,
                            starts_reading: !self.begun,
                            ..Page::default()
                        };
                        self.begun = true;
                        return Ok(Some((page, Some(self))));
                    }
                }
                Taken::End => {
                    let page = Page {
                        starts_reading: !self.begun,
                        ..self.plan.complete(stretch, self.log.now())
                    };
                    self.begun = false;
                    return Ok(Some((page, Some(self))));
                }
            }
        }
    }
}

impl Plan {
    /// The next window.
    fn window(&self) -> Option<Stretch> {
        match self {
            Self::Tail { next, goal, .. } => (next < goal).then(|| Stretch {
                from: *next,
                to: next.plus(LONGEST).min(*goal),
            }),
            Self::History { mark, days } => (mark.days < *days).then(|| {
                let to = mark.start.minus(DAY * mark.days);
                Stretch {
                    from: to.minus(DAY),
                    to,
                }
            }),
        }
    }

    /// Moves the mark behind a window; says so on a page.
    fn complete(&mut self, stretch: Stretch, now: Timestamp) -> Page {
        // Our own clock may have been ahead when the window was made.
        let covered = Stretch {
            to: stretch.to.min(now),
            ..stretch
        };
        let covered = (covered.from < covered.to).then_some(covered);
        match self {
            Self::Tail {
                mark,
                next,
                goal,
                sweeping,
            } => {
                *next = stretch.to;
                let last = stretch.to >= *goal;
                mark.until = if last {
                    stretch.to.min(now)
                } else {
                    mark.until.max(stretch.to.min(now))
                };
                if last && *sweeping {
                    mark.swept = mark.until;
                }
                Page {
                    cursor: Some(to_cursor(mark)),
                    watermark: Some(mark.until),
                    covered,
                    ..Page::default()
                }
            }
            Self::History { mark, days } => {
                mark.days += 1;
                Page {
                    cursor: Some(to_cursor(mark)),
                    progress: Some((mark.days.into(), (*days).into())),
                    covered,
                    ..Page::default()
                }
            }
        }
    }
}

/// A mark as the store keeps it.
fn to_cursor(mark: &impl Serialize) -> String {
    // Marks are plain structs, which serialisation cannot fail on.
    serde_json::to_string(mark).unwrap_or_default()
}
