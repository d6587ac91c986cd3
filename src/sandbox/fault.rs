//! Everything that can go wrong with the systems that the sandbox stands for, on demand or by the dice.
//!
//! Says only what goes wrong and when; `gate.rs` and the routes do it.

use super::dice::Dice;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// One thing that can go wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, with this hint how long to wait.
    TooManyRequests(Hint),
    /// 500.
    InternalError,
    /// 502.
    BadGateway,
    /// 503, perhaps with a hint how long to wait.
    Unavailable(Hint),
    /// 504.
    GatewayTimeout,
    /// The connection breaks in the middle of the body.
    Reset,
    /// The body stops in the middle, as if that were all of it.
    Truncated,
    /// A login page in HTML, with status 200.
    LoginPage,
    /// Nothing, with status 200.
    EmptyBody,
    /// 400 `ADMIN-400-1`: the cursor is not known any more. Only for requests with a cursor.
    StaleCursor,
    /// A page of events begins with the last event of the page before. Only for requests with a cursor. Where pages are
    /// told by offset, it does because something has come in front meanwhile.
    RepeatedEvent,
    /// The page has half of what was asked for.
    ShortPage,
    /// The link to the next page leads to this other origin.
    NextElsewhere(Url),
    /// The page leads to itself.
    SamePage,
    /// No events, but a cursor, although there is more.
    EmptyPage,
    /// The body comes in pieces, with a pause before each.
    Slow {
        /// How many pieces.
        pieces: u32,
        /// How long each pause is.
        pause: Duration,
    },
    /// 200 with nothing in it: the plan does not include the audit log.
    NoAuditLog,
    /// 401: the key has expired.
    ExpiredKey,
}

/// How an answer says for how long to stay away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// `Retry-After` in seconds.
    Seconds(u32),
    /// `Retry-After` as an HTTP date, so far ahead.
    Date(Duration),
    /// Only `X-RateLimit-Reset`, so far ahead, to be compared with `Date`.
    Reset(Duration),
    /// Not at all.
    None,
}

/// When a fault happens: by default to the next request it can happen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    fault: Fault,
    path: String,
    after: u32,
    times: u32,
}

impl From<Fault> for Plan {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            path: String::new(),
            after: 0,
            times: 1,
        }
    }
}

impl Fault {
    /// Only on paths that contain `part`.
    #[must_use]
    pub fn on(self, part: &str) -> Plan {
        Plan::from(self).on(part)
    }

    /// Only after so many other requests.
    #[must_use]
    pub fn after(self, requests: u32) -> Plan {
        Plan::from(self).after(requests)
    }

    /// So many times in a row.
    #[must_use]
    pub fn times(self, times: u32) -> Plan {
        Plan::from(self).times(times)
    }

    /// Until the sandbox is healed.
    #[must_use]
    pub fn for_good(self) -> Plan {
        Plan::from(self).for_good()
    }

    /// Whether it can happen to such a request.
    fn fits(&self, request: &Asked<'_>) -> bool {
        let by_offset =
            request.path.ends_with("/rest/api/audit") || request.path.ends_with("/object/aql");
        let events = request.path.ends_with("/events-stream")
            || request.path.ends_with("/events")
            || by_offset;
        match self {
            Self::StaleCursor => request.cursor && request.path.starts_with("/admin/"),
            Self::RepeatedEvent => events && request.cursor,
            Self::EmptyPage | Self::NoAuditLog => events,
            Self::ShortPage | Self::SamePage | Self::NextElsewhere(_) => request.is_list(),
            _ => true,
        }
    }
}

impl Plan {
    /// Only on paths that contain `part`.
    #[must_use]
    pub fn on(self, part: &str) -> Self {
        Self {
            path: part.to_owned(),
            ..self
        }
    }

    /// Only after so many requests to which it could have happened.
    #[must_use]
    pub fn after(self, requests: u32) -> Self {
        Self {
            after: requests,
            ..self
        }
    }

    /// So many times in a row.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Until the sandbox is healed.
    #[must_use]
    pub fn for_good(self) -> Self {
        Self {
            times: u32::MAX,
            ..self
        }
    }
}

/// What of a request decides which faults can happen to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The path, decoded.
    pub(super) path: &'a str,
    /// Whether the query names a cursor, or an offset behind the first page.
    pub(super) cursor: bool,
}

impl Asked<'_> {
    fn is_list(&self) -> bool {
        let one = [
            "/2.0/user",
            "/event-actions",
            "/last-active-dates",
            "/user/current",
            "/users-bulk",
            "/history",
            "/assets/workspace",
        ];
        !one.iter().any(|end| self.path.ends_with(end)) && !self.path.starts_with("/users/")
    }
}

/// What will go wrong.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    plans: Vec<Plan>,
    mix: Option<Mix>,
}

#[derive(Clone, Debug)]
struct Mix {
    per_mille: u64,
    dice: Dice,
    in_a_row: BTreeMap<String, u32>,
}

/// The mix never fails one path more often in a row, so that a patient client always gets through.
const MOST_IN_A_ROW: u32 = 3;

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Now and then something goes wrong from which a correct client recovers without help.
    ///
    /// `rate` is the share of requests that it happens to, from 0 to 1.
    #[must_use]
    pub fn mix(rate: f64, seed: u64) -> Self {
        let per_mille = (0..1_000_u32)
            .filter(|mark| f64::from(*mark) < rate * 1_000.0)
            .count();
        Self {
            plans: Vec::new(),
            mix: Some(Mix {
                per_mille: u64::try_from(per_mille).unwrap_or(0),
                dice: Dice::new(seed, 4),
                in_a_row: BTreeMap::new(),
            }),
        }
    }

    /// These faults and one more.
    #[must_use]
    pub fn and(mut self, plan: impl Into<Plan>) -> Self {
        self.add(plan.into());
        self
    }

    /// Adds a fault.
    pub(super) fn add(&mut self, plan: Plan) {
        self.plans.push(plan);
    }

    /// What goes wrong with this request.
    pub(super) fn next(&mut self, request: &Asked<'_>) -> Option<Fault> {
        for plan in &mut self.plans {
            if plan.times == 0 || !request.path.contains(&plan.path) || !plan.fault.fits(request) {
                continue;
            }
            if plan.after > 0 {
                plan.after -= 1;
                continue;
            }
            if plan.times != u32::MAX {
                plan.times -= 1;
            }
            return Some(plan.fault.clone());
        }
        self.plans.retain(|plan| plan.times > 0);
        self.mix.as_mut().and_then(|mix| mix.next(request))
    }
}

impl Mix {
    fn next(&mut self, request: &Asked<'_>) -> Option<Fault> {
        let in_a_row = self.in_a_row.entry(request.path.to_owned()).or_default();
        if *in_a_row >= MOST_IN_A_ROW || !self.dice.chance(self.per_mille) {
            *in_a_row = 0;
            return None;
        }
        let soon = Duration::from_secs(1 + self.dice.below(5));
        let seconds = u32::try_from(soon.as_secs()).unwrap_or(1);
        let fault = match self.dice.below(18) {
            0 => Fault::TooManyRequests(Hint::Seconds(seconds)),
            1 => Fault::TooManyRequests(Hint::Date(soon)),
            2 => Fault::TooManyRequests(Hint::Reset(soon)),
            3 => Fault::TooManyRequests(Hint::None),
            4 => Fault::InternalError,
            5 => Fault::BadGateway,
            6 => Fault::Unavailable(Hint::Seconds(seconds)),
            7 => Fault::Unavailable(Hint::None),
            8 => Fault::GatewayTimeout,
            9 => Fault::Reset,
            10 => Fault::Truncated,
            11 => Fault::LoginPage,
            12 => Fault::EmptyBody,
            13 => Fault::StaleCursor,
            14 | 15 => Fault::RepeatedEvent,
            16 => Fault::ShortPage,
            _ => Fault::Slow {
                pieces: 3,
                pause: Duration::from_millis(40),
            },
        };
        if !fault.fits(request) {
            *in_a_row = 0;
            return None;
        }
        *in_a_row += 1;
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Fault, Faults, Hint};

    const STREAM: Asked<'static> = Asked {
        path: "/admin/v1/orgs/o/events-stream",
        cursor: true,
    };
    const USER: Asked<'static> = Asked {
        path: "/2.0/user",
        cursor: false,
    };

    #[test]
    fn a_plan_waits_for_its_request() {
        let mut faults = Faults::none()
            .and(Fault::BadGateway.on("/events-stream").after(1).times(2))
            .and(Fault::StaleCursor);
        assert_eq!(faults.next(&USER), None);
        assert_eq!(faults.next(&STREAM), Some(Fault::StaleCursor));
        assert_eq!(faults.next(&STREAM), Some(Fault::BadGateway));
        assert_eq!(faults.next(&USER), None);
        assert_eq!(faults.next(&STREAM), Some(Fault::BadGateway));
        assert_eq!(faults.next(&STREAM), None);
    }

    #[test]
    fn a_fault_for_good_stays() {
        let mut faults = Faults::none().and(Fault::ExpiredKey.for_good());
        for _ in 0..9 {
            assert_eq!(faults.next(&USER), Some(Fault::ExpiredKey));
        }
    }

    #[test]
    fn the_mix_is_the_same_for_the_same_seed_and_lets_patient_clients_through() {
        let run = |rate, seed| {
            let mut faults = Faults::mix(rate, seed);
            (0..400).map(|_| faults.next(&STREAM)).collect::<Vec<_>>()
        };
        assert_eq!(run(0.3, 5), run(0.3, 5));
        assert_ne!(run(0.3, 5), run(0.3, 6));
        assert!(run(0.0, 5).iter().all(Option::is_none));
        let worst = run(1.0, 5);
        assert!(
            worst
                .windows(4)
                .all(|four| four.iter().any(Option::is_none))
        );
        let share = run(0.3, 5).iter().flatten().count();
        assert!((70..150).contains(&share), "{share}");
        assert!(
            worst
                .iter()
                .flatten()
                .any(|fault| matches!(fault, Fault::TooManyRequests(Hint::Date(_))))
        );
    }
}
