//! What each token may spend: a bucket of cost that fills up again within a minute.

use crate::clock::{Clock, Ticks};
use crate::config::Limits;
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;

/// The buckets of all tokens.
pub(super) struct Budgets {
    limiter: RateLimiter<i32, HashMapStateStore<i32>, Ticks, StateInformationMiddleware>,
    ticks: Ticks,
}

/// What a request spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) cost: u32,
    /// What the token may still spend at once.
    pub(super) remaining: u32,
}

impl Budgets {
    pub(super) fn new(limits: &Limits, clock: &Clock) -> Self {
        let most = NonZeroU32::new(limits.cost_per_minute).unwrap_or(NonZeroU32::MAX);
        let ticks = Ticks::new(clock);
        let limiter = RateLimiter::hashmap_with_clock(Quota::per_minute(most), ticks.clone());
        Self {
            limiter: limiter.with_middleware(),
            ticks,
        }
    }

    /// Takes a request's cost out of the token's bucket; fails with how long to wait when it does not hold as much.
    pub(super) fn spend(&self, token_id: i32, cost: u32) -> Result<Spent, Duration> {
        let charged = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN);
        match self.limiter.check_key_n(&token_id, charged) {
            Ok(Ok(state)) => Ok(Spent {
                cost,
                remaining: state.remaining_burst_capacity(),
            }),
            Ok(Err(until)) => Err(until.wait_time_from(self.ticks.now())),
            // The settings see to it that the bucket holds the cost of any one request.
            Err(_) => Err(Duration::from_mins(1)),
        }
    }
}
