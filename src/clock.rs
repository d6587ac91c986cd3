//! Time as a value that is passed in: the only place that reads the machine's clock or waits on it.
//!
//! Tests hand in a [`Clock::manual`] clock: it stands still, and waiting on it moves it forward at once, so
//! back-off, budgets and expiry can be tested without a single real pause.

use crate::event::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
