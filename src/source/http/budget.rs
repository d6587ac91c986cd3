//! How many requests may be sent, and how many have been.
//!
//! One [`Bucket`] per class of paths, since that is how upstream counts.

use crate::clock::{Clock, Ticks};
use crate::event::Timestamp;
use crate::source::Budget;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

/// A token bucket: requests wait their turn in the order in which they came.
#[derive(Debug)]
pub struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Nanos>>,
    ticks: Ticks,
    clock: Clock,
    turn: tokio::sync::Mutex<()>,
    sent: Mutex<VecDeque<Timestamp>>,
    per_minute: u32,
}

impl Bucket {
    /// A bucket that lets `requests` through in every `period`, a ninth of them at once.
    ///
    /// So no stretch of time as long as `period` ever sees more than ten ninths of `requests`: 45 a minute stay within
    /// a limit of 50, 900 an hour within 1,000.
    #[must_use]
    pub fn new(requests: u32, period: Duration, clock: &Clock) -> Self {
        let requests = requests.max(1);
        let burst = NonZeroU32::new(requests / 9).unwrap_or(NonZeroU32::MIN);
        let each = (period / requests).max(Duration::from_nanos(1));
        let quota = Quota::with_period(each)
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        let ticks = Ticks::new(clock);
        let per_minute = if period <= MINUTE {
            requests
        } else {
            burst.get() + requests / u32::try_from(period.as_secs() / 60).unwrap_or(u32::MAX)
        };
        Self {
            limiter: RateLimiter::direct_with_clock(quota, ticks.clone()),
            ticks,
            clock: clock.clone(),
            turn: tokio::sync::Mutex::new(()),
            sent: Mutex::default(),
            per_minute,
        }
    }

    /// Waits until one more request may be sent, and counts it.
    pub async fn take(&self) {
        let _turn = self.turn.lock().await;
        while let Err(until) = self.limiter.check() {
            let wait = until.wait_time_from(governor::clock::Clock::now(&self.ticks));
            // The clock counts in microseconds: a shorter wait would not move it.
            self.clock.sleep(wait.max(Duration::from_micros(1))).await;
        }
        let now = self.clock.now();
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push_back(now);
        forget(&mut sent, now);
    }

    /// What is allowed a minute, and what was sent in the last one.
    #[must_use]
    pub fn budget(&self) -> Budget {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut sent, self.clock.now());
        Budget {
            per_minute: self.per_minute,
            spent: u32::try_from(sent.len()).unwrap_or(u32::MAX),
        }
    }
}

fn forget(sent: &mut VecDeque<Timestamp>, now: Timestamp) {
    while sent.front().is_some_and(|time| now.since(*time) >= MINUTE) {
        sent.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::Bucket;
    use crate::clock::Clock;
    use crate::event::Timestamp;
    use std::time::Duration;

    #[tokio::test]
    async fn no_minute_sees_more_than_ten_ninths() {
        let clock = Clock::manual(Timestamp::parse("2026-11-20T09:00:00Z").unwrap());
        let bucket = Bucket::new(45, Duration::from_mins(1), &clock);
        let mut sent = Vec::new();
        for _ in 0..200 {
            bucket.take().await;
            sent.push(clock.now());
        }
        let most = sent
            .iter()
            .map(|start| {
                let within = |time: &&Timestamp| {
                    **time >= *start && time.since(*start) < Duration::from_mins(1)
                };
                sent.iter().filter(within).count()
            })
            .max();
        assert!((45..=50).contains(&most.unwrap()), "{most:?}");
        let budget = bucket.budget();
        assert_eq!(budget.per_minute, 45);
        assert!((44..=46).contains(&budget.spent), "{budget:?}");
        clock.advance(Duration::from_secs(61));
        assert_eq!(bucket.budget().spent, 0);
    }

    #[tokio::test]
    async fn an_hourly_budget_lets_a_ninth_through_at_once() {
        let clock = Clock::manual(Timestamp::parse("2026-11-20T09:00:00Z").unwrap());
        let bucket = Bucket::new(900, Duration::from_hours(1), &clock);
        let start = clock.now();
        for _ in 0..100 {
            bucket.take().await;
        }
        assert_eq!(clock.now(), start);
        bucket.take().await;
        assert_eq!(clock.now().since(start), Duration::from_secs(4));
        assert_eq!(bucket.budget().per_minute, 115);
    }
}
