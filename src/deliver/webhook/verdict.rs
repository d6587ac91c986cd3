//! What follows from what came of a request: on, again later, or never.

use super::send::Outcome;
use crate::event::Timestamp;
use crate::event::webhook::{Attempt, WebhookEndpointState};
use crate::store::deliveries::Verdict;
use crate::store::entity::webhook_endpoint::Model;
use rand::Rng;
use std::time::Duration;

/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The longest wait that nobody has asked for.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// The longest wait that a target may ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(24);

/// For how long an endpoint may fail before it is paused.
const PATIENCE: Duration = Duration::from_hours(72);

/// The status of a target that wants nothing any more.
const GONE: u16 = 410;

/// What follows from what came of a request.
pub(super) fn verdict(
    endpoint: &Model,
    outcome: &Outcome,
    now: Timestamp,
    randomness: &mut impl Rng,
) -> Verdict {
    let Some(error) = &outcome.error else {
        return Verdict::Taken;
    };
    if outcome.status == Some(GONE) {
        let reason = "the target answered 410: it wants nothing any more".to_owned();
        return Verdict::Over(WebhookEndpointState::Disabled, reason);
    }
    let since = endpoint.failing_since.map(Timestamp::from_micros);
    if since.is_some_and(|since| now.since(since) >= PATIENCE) {
        let hours = PATIENCE.as_secs() / 3_600;
        let status = outcome.status;
        let answer = status.map_or_else(String::new, |status| format!("status {status}: "));
        let reason = format!("it has failed for {hours} hours; the last time: {answer}{error}");
        return Verdict::Over(WebhookEndpointState::Paused, reason);
    }
    let doubled = u32::try_from(endpoint.failures)
        .ok()
        .and_then(|failures| 2_u32.checked_pow(failures))
        .and_then(|times| FIRST_WAIT.checked_mul(times));
    let longest = doubled.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT);
    // Between half and all of it, so that what failed together does not come back together.
    let wait = longest.mul_f64(randomness.random_range(0.5..=1.0));
    let asked = outcome.retry_after.unwrap_or_default().min(LONGEST_ASKED);
    Verdict::Again(now.plus(wait.max(asked)))
}

/// What is remembered of a request.
pub(super) fn attempt(outcome: &Outcome) -> Attempt {
    Attempt {
        at: outcome.at.micros(),
        status: outcome.status,
        millis: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
        error: outcome.error.clone(),
    }
}

/// Tells the server's own log of it.
pub(super) fn report(endpoint: &Model, outcome: &Outcome, verdict: &Verdict) {
    let (id, status) = (endpoint.id, outcome.status);
    let Some(error) = &outcome.error else {
        tracing::debug!(endpoint = id, status, "a webhook was taken");
        return;
    };
    if let Verdict::Over(state, reason) = verdict {
        let state = state.as_str();
        tracing::warn!(
            endpoint = id,
            state,
            reason,
            "nothing more is sent to a webhook endpoint"
        );
    } else {
        tracing::info!(
            endpoint = id,
            status,
            error,
            "a webhook was not taken; trying again later"
        );
    }
}
