//! Rate limits, counted in rolling windows on the sandbox's clock.
//!
//! The published numbers (API.md 0.5): the audit log calls of the organization by path and by user, last-active dates
//! by organization, Bitbucket's repositories by the hour. What is not published is not limited.

use crate::event::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Who asked how often lately.
#[derive(Debug, Default)]
pub(super) struct Limits(BTreeMap<&'static str, VecDeque<Timestamp>>);

/// A limit: so many requests within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// What shares it.
    pub(super) name: &'static str,
    /// How many requests.
    pub(super) most: usize,
    /// Within how long.
    pub(super) window: Duration,
}

/// How a request stands against its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The limit that is closest to being hit.
    pub(super) limit: Limit,
    /// How many requests are left.
    pub(super) remaining: usize,
    /// When there will be more.
    pub(super) reset: Timestamp,
    /// Whether this request was one too many.
    pub(super) exceeded: bool,
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

const fn limit(name: &'static str, most: usize, window: Duration) -> Limit {
    Limit { name, most, window }
}

/// The limits that a request to `path` counts against.
pub(super) fn limits_of(path: &str) -> &'static [Limit] {
    const STREAM: &[Limit] = &[
        limit("events-stream", 50, MINUTE),
        limit("user: events-stream", 60, MINUTE),
    ];
    const EVENTS: &[Limit] = &[
        limit("events", 10, MINUTE),
        limit("user: events", 10, MINUTE),
    ];
    const EVENT: &[Limit] = &[
        limit("event", 10, MINUTE),
        limit("user: events", 10, MINUTE),
    ];
    const ACTIONS: &[Limit] = &[
        limit("event-actions", 10, MINUTE),
        limit("user: events", 10, MINUTE),
    ];
    const ACTIVITY: &[Limit] = &[limit("last-active-dates", 200, MINUTE)];
    const REPOSITORIES: &[Limit] = &[limit("repositories", 1_000, HOUR)];
    // The numbers of Jira's burst limits are not published; this one is of their size.
    const JIRA: &[Limit] = &[limit("jira", 600, MINUTE)];
    if path.starts_with("/rest/") {
        return JIRA;
    }
    if path.starts_with("/2.0/repositories") {
        return REPOSITORIES;
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["admin", "v1", "orgs", _, "events-stream"] => STREAM,
        ["admin", "v1", "orgs", _, "events"] => EVENTS,
        ["admin", "v1", "orgs", _, "events", _] => EVENT,
        ["admin", "v1", "orgs", _, "event-actions"] => ACTIONS,
        [
            "admin",
            "v1",
            "orgs",
            _,
            "directory",
            "users",
            _,
            "last-active-dates",
        ] => ACTIVITY,
        _ => &[],
    }
}

impl Limits {
    /// Counts a request, unless it is one too many; `None` when nothing limits it.
    pub(super) fn count(&mut self, limits: &[Limit], now: Timestamp) -> Option<Standing> {
        let mut tightest: Option<Standing> = None;
        for limit in limits {
            let seen = self.0.entry(limit.name).or_default();
            while seen
                .front()
                .is_some_and(|first| first.plus(limit.window) <= now)
            {
                seen.pop_front();
            }
            let standing = Standing {
                limit: *limit,
                remaining: limit.most.saturating_sub(seen.len() + 1),
                reset: up(seen.front().copied().unwrap_or(now).plus(limit.window)),
                exceeded: seen.len() >= limit.most,
            };
            if tightest.is_none_or(|tightest| {
                (!standing.exceeded, standing.remaining) < (!tightest.exceeded, tightest.remaining)
            }) {
                tightest = Some(standing);
            }
        }
        if tightest.is_some_and(|standing| !standing.exceeded) {
            for limit in limits {
                self.0.entry(limit.name).or_default().push_back(now);
            }
        }
        tightest
    }
}

/// The whole second at or after a moment: headers know nothing finer.
pub(super) fn up(moment: Timestamp) -> Timestamp {
    Timestamp::from_micros(-(-moment.micros()).div_euclid(1_000_000) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::{Limits, limits_of};
    use crate::event::Timestamp;
    use std::time::Duration;

    #[test]
    fn the_window_rolls() {
        let mut limits = Limits::default();
        let rules = limits_of("/admin/v1/orgs/x/events-stream");
        let start = Timestamp::from_micros(1_500_000);
        for left in (0..50).rev() {
            let standing = limits.count(rules, start).unwrap();
            assert_eq!((standing.remaining, standing.exceeded), (left, false));
        }
        let refused = limits.count(rules, start).unwrap();
        assert!(refused.exceeded);
        assert_eq!(refused.reset, Timestamp::from_micros(62_000_000));
        let almost = start.plus(Duration::from_secs(59));
        assert!(limits.count(rules, almost).unwrap().exceeded);
        let later = start.plus(Duration::from_mins(1));
        assert!(!limits.count(rules, later).unwrap().exceeded);
    }

    #[test]
    fn the_audit_calls_share_a_budget_and_others_have_none() {
        let mut limits = Limits::default();
        let now = Timestamp::from_micros(0);
        for _ in 0..10 {
            let rules = limits_of("/admin/v1/orgs/x/events/y");
            assert!(!limits.count(rules, now).unwrap().exceeded);
        }
        let rules = limits_of("/admin/v1/orgs/x/event-actions");
        assert!(limits.count(rules, now).unwrap().exceeded);
        assert!(limits_of("/admin/v1/orgs/x/users").is_empty());
        assert!(limits_of("/2.0/workspaces/larkspur/permissions").is_empty());
        assert_eq!(limits_of("/2.0/repositories/larkspur").len(), 1);
    }
}
