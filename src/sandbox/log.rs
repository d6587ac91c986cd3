//! The sandbox's own audit log: compact facts in the order in which they were processed.
//!
//! A fact is a few numbers; its text is written when it is asked for (`record.rs`), always the same. So a million
//! events cost some thirty bytes each. The place of a fact in the log never changes, and its id is computed from it.

use super::dice::Dice;
use crate::event::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// No event is processed later than this after it happened.
pub(super) const LATEST: Duration = Duration::from_hours(36);

/// The actor of what Atlassian does itself, in place of a card.
pub(super) const SYSTEM: u32 = u32::MAX;

/// One thing that happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    /// When it happened.
    pub(super) time: Timestamp,
    /// When it was processed, in whole milliseconds.
    pub(super) processed: Timestamp,
    /// Who did it: a card, or [`SYSTEM`].
    pub(super) actor: u32,
    /// What it was done to; which list it points into depends on the deed.
    pub(super) object: u32,
    /// A second thing involved: a card, the number of an issue or page.
    pub(super) other: u32,
    /// What was done, a row of the catalogue.
    pub(super) deed: u16,
}

/// All facts, in the order in which they were processed.
#[derive(Debug)]
pub(super) struct Log {
    seed: u64,
    facts: Vec<Fact>,
}

/// In which direction the log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Oldest processed first.
    Ascending,
    /// Newest processed first.
    Descending,
}

/// Which facts are asked for, by the time at which they happened: epoch milliseconds, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// The earliest.
    pub(super) from: Option<i64>,
    /// The latest.
    pub(super) to: Option<i64>,
}

/// Some places in the log, and how to go on behind them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// The places.
    pub(super) places: Vec<usize>,
    /// The position to go on from.
    pub(super) next: usize,
    /// Whether nothing more follows for now.
    pub(super) end: bool,
}

impl Log {
    /// A log of these facts, which must be in order.
    pub(super) fn new(seed: u64, facts: Vec<Fact>) -> Self {
        Self { seed, facts }
    }

    /// Adds a fact, which must not have been processed before the newest one.
    pub(super) fn push(&mut self, fact: Fact) -> usize {
        self.facts.push(fact);
        self.facts.len() - 1
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    /// The fact at a place.
    pub(super) fn get(&self, place: usize) -> Option<&Fact> {
        self.facts.get(place)
    }

    /// When the newest one was processed.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.facts.last().map(|fact| fact.processed)
    }

    /// The dice that decide the details of the fact at a place.
    pub(super) fn details(&self, place: usize) -> Dice {
        Dice::new(self.seed, 0x0de7_a115 ^ (spread(place) << 8))
    }

    /// The id of the fact at a place.
    pub(super) fn id(&self, place: usize) -> Uuid {
        let high = Dice::new(self.seed, spread(place)).next() & !0xf000 | 0x4000;
        let low = (spread(place) ^ mask(high)) & NODE;
        let variant = 0x8000_0000_0000_0000 | (high.rotate_left(17) & 0x3fff_0000_0000_0000);
        Uuid::from_u64_pair(high, variant | low)
    }

    /// The place of the fact with that id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        let (high, low) = Uuid::try_parse(id).ok()?.as_u64_pair();
        let place = usize::try_from((low ^ mask(high)) & NODE).ok()?;
        let exists = place < self.facts.len() && self.id(place).to_string() == id;
        exists.then_some(place)
    }

    /// The position from which a reader starts.
    pub(super) fn start(&self, order: Order) -> usize {
        match order {
            Order::Ascending => 0,
            Order::Descending => self.facts.len(),
        }
    }

    /// Up to `limit` facts within `span` that `keep` wants, from `position` on.
    pub(super) fn select(
        &self,
        order: Order,
        position: usize,
        span: Span,
        limit: usize,
        keep: impl Fn(usize, &Fact) -> bool,
    ) -> Selection {
        let wanted = |place: &usize| {
            let fact = &self.facts[*place];
            let time = fact.time.millis();
            span.from.is_none_or(|from| time >= from)
                && span.to.is_none_or(|to| time <= to)
                && keep(*place, fact)
        };
        // Nothing is processed before it happens or much later: that bounds where to look.
        let low = span.from.map_or(0, |from| {
            self.facts
                .partition_point(|fact| fact.processed.millis() < from)
        });
        let high = span
            .to
            .and_then(Timestamp::from_millis)
            .map_or(self.facts.len(), |to| {
                let latest = to.plus(LATEST).plus(Duration::from_secs(1));
                self.facts.partition_point(|fact| fact.processed <= latest)
            });
        let mut places = Vec::with_capacity(limit.min(500));
        let mut more = match order {
            Order::Ascending => either(position.max(low)..high, None),
            Order::Descending => either(0..0, Some((low..position.min(high)).rev())),
        }
        .filter(wanted);
        places.extend(more.by_ref().take(limit));
        let next = places.last().map(|place| match order {
            Order::Ascending => place + 1,
            Order::Descending => *place,
        });
        let end = more.next().is_none();
        let next = match (order, next) {
            (Order::Ascending, next) if end => high.max(next.unwrap_or(position)).max(position),
            (_, Some(next)) => next,
            (_, None) => position,
        };
        Selection { places, next, end }
    }
}

const NODE: u64 = 0xffff_ffff_ffff;

fn either(
    up: std::ops::Range<usize>,
    down: Option<std::iter::Rev<std::ops::Range<usize>>>,
) -> impl Iterator<Item = usize> {
    up.chain(down.into_iter().flatten())
}

fn spread(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

fn mask(high: u64) -> u64 {
    high.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

#[cfg(test)]
mod tests {
    use super::{Fact, Log, Order, Selection, Span};
    use crate::event::Timestamp;

    fn log() -> Log {
        let times = [10, 20, 5, 40, 50];
        let facts = (1_i64..)
            .zip(times)
            .map(|(second, time)| Fact {
                time: Timestamp::from_micros(time * 1_000),
                processed: Timestamp::from_micros(second * 60_000),
                actor: 0,
                object: 0,
                other: 0,
                deed: 0,
            })
            .collect();
        Log::new(3, facts)
    }

    fn selection(places: &[usize], next: usize, end: bool) -> Selection {
        Selection {
            places: places.to_vec(),
            next,
            end,
        }
    }

    #[test]
    fn ids_lead_back_to_their_place() {
        let log = log();
        for place in 0..log.len() {
            let id = log.id(place);
            assert_eq!(id.get_version_num(), 4);
            assert_eq!(log.find(&id.to_string()), Some(place));
        }
        assert_eq!(log.find(&log.id(5).to_string()), None);
        assert_eq!(log.find("nonsense"), None);
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let log = log();
        let all = Span::default();
        let any = |_: usize, _: &Fact| true;
        assert_eq!(
            log.select(Order::Ascending, 0, all, 2, any),
            selection(&[0, 1], 2, false)
        );
        assert_eq!(
            log.select(Order::Ascending, 2, all, 3, any),
            selection(&[2, 3, 4], 5, true)
        );
        assert_eq!(
            log.select(Order::Ascending, 5, all, 3, any),
            selection(&[], 5, true)
        );
        assert_eq!(
            log.select(Order::Descending, 5, all, 3, any),
            selection(&[4, 3, 2], 2, false)
        );
        assert_eq!(
            log.select(Order::Descending, 2, all, 3, any),
            selection(&[1, 0], 0, true)
        );
    }

    #[test]
    fn a_span_is_about_the_time_of_the_event_and_includes_both_ends() {
        let log = log();
        let any = |_: usize, _: &Fact| true;
        let span = Span {
            from: Some(10),
            to: Some(40),
        };
        assert_eq!(
            log.select(Order::Ascending, 0, span, 9, any).places,
            [0, 1, 3]
        );
        let late = Span {
            from: Some(5),
            to: Some(5),
        };
        assert_eq!(log.select(Order::Descending, 5, late, 9, any).places, [2]);
        let odd = |place: usize, _: &Fact| place % 2 == 1;
        assert_eq!(
            log.select(Order::Ascending, 0, Span::default(), 1, odd),
            selection(&[1], 2, false)
        );
    }
}
