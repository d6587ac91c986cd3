//! Time as a value that is passed in: the only place that reads the machine's clock or waits on it.
//!
//! Tests hand in a [`Clock::manual`] clock: it stands still, and waiting on it moves it forward at once, so
//! back-off, budgets and expiry can be tested without a single real pause.

use crate::event::Timestamp;
use governor::nanos::Nanos;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where "now" comes from and how to wait.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that moves only when told to, or when somebody waits on it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that shows `now` until it is moved.
    #[must_use]
    pub fn manual(now: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now.micros())))
    }

    /// The current moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the one place that reads the machine's clock"
                )]
                let since_epoch = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
            }
            Self::Manual(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Waits for `duration`; a manual clock jumps ahead instead of waiting.
    pub async fn sleep(&self, duration: Duration) {
        match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that waits"
            )]
            Self::System => tokio::time::sleep(duration).await,
            Self::Manual(_) => {
                self.advance(duration);
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits for `duration` to be over, for what should not come to that: a manual clock does not move by itself, so on it
    /// this never happens.
    pub async fn alarm(&self, duration: Duration) {
        match self {
            Self::System => self.sleep(duration).await,
            Self::Manual(_) => std::future::pending().await,
        }
    }

    /// Moves a manual clock ahead; the machine's clock cannot be moved.
    pub fn advance(&self, duration: Duration) {
        if let Self::Manual(micros) = self {
            micros.fetch_add(
                i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
                Ordering::SeqCst,
            );
        }
    }
}

/// A clock as governor reads it. The machine's wall clock may be set back, so there a stopwatch stands in for it.
#[derive(Clone, Debug)]
pub struct Ticks {
    clock: Clock,
    start: Instant,
}

impl Ticks {
    /// Starts to count.
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            start: Instant::now(),
        }
    }
}

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let elapsed = match &self.clock {
            Clock::System => self.start.elapsed().as_nanos(),
            Clock::Manual(_) => u128::try_from(self.clock.now().micros()).unwrap_or(0) * 1_000,
        };
        Nanos::new(u64::try_from(elapsed).unwrap_or(u64::MAX / 2))
    }
}
