//! How events are chosen: the one filter of queries, streams, saved filters and deliveries.
//!
//! Its JSON form is its GraphQL form. What it means is said once, in `store/query`, which turns it into SQL; here
//! is only what can be said without a database: its shape, and which moments a time range covers.

use super::{Product, Timestamp};
use async_graphql::{Enum, InputObject, OneofObject};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Chooses events. All criteria that are given must hold; of several values within one criterion one is enough; an
/// empty list is no criterion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, InputObject)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EventFilter {
    /// When it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeFilter>,
    /// The IANA time zone in which days, weeks and months begin and end, e.g. `Europe/Berlin`; UTC when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Names of sources, e.g. `organization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<String>>,
    /// Products in which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub products: Option<Vec<Product>>,
    /// Categories of actions, e.g. `ISSUES`, or the headings under which upstream lists them (`Repositories`), or the keys of
    /// those (`bitbucket.service.audit.category.repositories`), in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// Actions, by code (`issue.deleted`), by label, or by what upstream calls them: its name or key (`jira_issue_viewed`), or
    /// its text, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    /// Users who did it, by global id, Atlassian account id or any other alias, or e-mail address. Combines with `groups` by OR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
    /// Groups whose present members did it, by global id, upstream's id or name. Combines with `users` by OR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Projects whose people did it, by global id or key: those in one of its roles, themselves or through a group.
    /// Combines with the other selectors of people by OR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_in_projects: Option<Vec<String>>,
    /// Customer organizations of Jira Service Management whose members did it, by global id, upstream's id or name.
    /// Combines with the other selectors of people by OR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people_in_organizations: Option<Vec<String>>,
    /// Whose members `groups`, `peopleInProjects` and `peopleInOrganizations` mean; `NOW` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership: Option<Membership>,
    /// Projects in which it happened, by global id or key; what lies inside a project belongs to it. Repositories, too, by
    /// global id or as `KEY/slug`. Either also by upstream's own id, as Data Center writes it: `PROJECT,1`,
    /// `REPOSITORY,42`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
    /// Issues that it concerns, by global id, by a key that they have or had, or by Jira's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issues: Option<Vec<String>>,
    /// Things it was done to, by upstream's id or by name, or people by whatever `users` takes; the case of plain Latin
    /// letters does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<String>>,
    /// Statuses that an issue left, by name, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_from: Option<Vec<String>>,
    /// Statuses that an issue came to, by name, in any case. With `statusFrom`, one change must fit both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_to: Option<Vec<String>>,
    /// Resolutions that an issue was given, by name, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolutions: Option<Vec<String>>,
    /// Fields that it changed, by name, in any case. Unlike elsewhere an empty list is a criterion, too: any of the
    /// monitored fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// IP addresses (`203.0.113.9`) or networks (`203.0.113.0/24`, `2001:db8::/32`) from which it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ips: Option<Vec<String>>,
    /// Countries from which it was done, by their English names; the case of plain Latin letters does
    /// not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub countries: Option<Vec<String>>,
    /// Cities from which it was done, by name; the case of plain Latin letters does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cities: Option<Vec<String>>,
    /// Means by which it was done, e.g. `api-token`; the case of plain Latin letters does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// A query in Jira's own language: only what concerns issues that Jira finds with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jql: Option<String>,
    /// Text that occurs in the message, the target's name or id, the issue's key or the action's name; or the start
    /// of a word of the actor's name, nickname or e-mail address. The case of plain Latin letters (A to Z) does not
    /// matter; of other letters it matters everywhere but in the actor's names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Leaves out what this filter chooses; an event that lacks what it asks about stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<Box<EventFilter>>,
    /// At least one of these filters must choose it, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any: Option<Vec<EventFilter>>,
}

impl EventFilter {
    /// Whether it has a selector of people.
    #[must_use]
    pub fn chooses_people(&self) -> bool {
        let selectors = [
            &self.users,
            &self.groups,
            &self.people_in_projects,
            &self.people_in_organizations,
        ];
        let mut given = selectors.into_iter().flatten();
        given.any(|values| !values.is_empty())
    }
}

/// Whose membership counts when people are chosen by what they belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(name = "MembershipTime", rename_items = "SCREAMING_SNAKE_CASE")]
pub enum Membership {
    /// Who belongs to it at present.
    #[default]
    Now,
    /// Who belonged to it when the event happened, as far as that is known.
    AtEventTime,
}

/// A range of time, given in one of three ways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, OneofObject)]
#[serde(rename_all = "camelCase")]
pub enum TimeFilter {
    /// A range with a name.
    Preset(TimePreset),
    /// The time up to now.
    Last(TimeSpan),
    /// The time between two moments.
    Between(TimeBounds),
}

/// A range of time with a name. Weeks begin on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(rename_items = "SCREAMING_SNAKE_CASE")]
pub enum TimePreset {
    /// Since midnight.
    Today,
    /// The day before today.
    Yesterday,
    /// Since Monday, midnight.
    ThisWeek,
    /// The week before this one.
    LastWeek,
    /// Since the first of the month, midnight.
    ThisMonth,
    /// The month before this one.
    LastMonth,
    /// Since the first of January, midnight.
    ThisYear,
    /// The 7 times 24 hours up to now.
    #[graphql(name = "LAST_7_DAYS")]
    #[serde(rename = "LAST_7_DAYS")]
    Last7Days,
    /// The 30 times 24 hours up to now.
    #[graphql(name = "LAST_30_DAYS")]
    #[serde(rename = "LAST_30_DAYS")]
    Last30Days,
    /// The 90 times 24 hours up to now.
    #[graphql(name = "LAST_90_DAYS")]
    #[serde(rename = "LAST_90_DAYS")]
    Last90Days,
    /// The 365 times 24 hours up to now.
    #[graphql(name = "LAST_365_DAYS")]
    #[serde(rename = "LAST_365_DAYS")]
    Last365Days,
}

/// A span of time that ends now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, OneofObject)]
#[serde(rename_all = "camelCase")]
pub enum TimeSpan {
    /// This many times 24 hours.
    Days(u32),
    /// This many hours.
    Hours(u32),
}

/// Two moments; either may be left open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, InputObject)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TimeBounds {
    /// The first moment that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The first moment that no longer counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

/// A range of time that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// There is no such time zone.
    #[error("`{0}` is not a time zone; give an IANA name such as Europe/Berlin")]
    Zone(String),
    /// It ends before it begins.
    #[error("`from` ({from}) is not before `to` ({to})")]
    Order {
        /// Where it begins.
        from: Timestamp,
        /// Where it ends.
        to: Timestamp,
    },
    /// A span of nothing.
    #[error("a span of 0 covers nothing; give at least 1")]
    Empty,
}

/// The time zone of that IANA name; UTC when none is given.
pub fn zone_named(name: Option<&str>) -> Result<Tz, TimeError> {
    name.map_or(Ok(Tz::UTC), |name| {
        name.parse().map_err(|_| TimeError::Zone(name.to_owned()))
    })
}

impl TimeFilter {
    /// The moments it covers at `now`: from the first, up to but not including the second.
    pub fn bounds(&self, zone: Tz, now: Timestamp) -> Result<TimeBounds, TimeError> {
        match *self {
            Self::Preset(preset) => Ok(preset.bounds(zone, now)),
            Self::Last(TimeSpan::Days(0) | TimeSpan::Hours(0)) => Err(TimeError::Empty),
            Self::Last(TimeSpan::Days(days)) => Ok(back(now, u64::from(days) * 24)),
            Self::Last(TimeSpan::Hours(hours)) => Ok(back(now, hours.into())),
            Self::Between(TimeBounds {
                from: Some(from),
                to: Some(to),
            }) if from >= to => Err(TimeError::Order { from, to }),
            Self::Between(bounds) => Ok(bounds),
        }
    }
}

impl TimePreset {
    fn bounds(self, zone: Tz, now: Timestamp) -> TimeBounds {
        let today = now.to_utc().with_timezone(&zone).date_naive();
        let monday = today - Days::new(today.weekday().num_days_from_monday().into());
        let first = today.with_day(1).unwrap_or(today);
        let (from, to) = match self {
            Self::Today => (today, None),
            Self::Yesterday => (today - Days::new(1), Some(today)),
            Self::ThisWeek => (monday, None),
            Self::LastWeek => (monday - Days::new(7), Some(monday)),
            Self::ThisMonth => (first, None),
            Self::LastMonth => (first - Months::new(1), Some(first)),
            Self::ThisYear => (first.with_month(1).unwrap_or(first), None),
            Self::Last7Days => return back(now, 7 * 24),
            Self::Last30Days => return back(now, 30 * 24),
            Self::Last90Days => return back(now, 90 * 24),
            Self::Last365Days => return back(now, 365 * 24),
        };
        TimeBounds {
            from: Some(midnight(from, zone)),
            to: to.map(|day| midnight(day, zone)),
        }
    }
}

fn back(now: Timestamp, hours: u64) -> TimeBounds {
    TimeBounds {
        from: Some(now.minus(Duration::from_secs(hours * 3600))),
        to: None,
    }
}

/// The moment at which a day begins; where clocks jump over midnight, the first moment that exists.
pub(super) fn midnight(day: NaiveDate, zone: Tz) -> Timestamp {
    let naive = day.and_time(chrono::NaiveTime::MIN);
    let begin: Option<DateTime<Tz>> = (0..24)
        .map(|hour| naive + chrono::TimeDelta::hours(hour))
        .find_map(|naive| zone.from_local_datetime(&naive).earliest());
    begin
        .map_or_else(|| naive.and_utc(), |begin| begin.with_timezone(&Utc))
        .into()
}

#[cfg(test)]
mod tests {
    use super::{EventFilter, TimeBounds, TimeError, TimeFilter, TimePreset, TimeSpan};
    use crate::event::Timestamp;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn presets_begin_at_midnight_of_the_time_zone() {
        // A Saturday, half past midnight in Berlin but still Friday in UTC.
        let now = at("2026-11-20T23:30:00Z");
        let cases = [
            (TimePreset::Today, "2026-11-20T23:00:00Z", None),
            (
                TimePreset::Yesterday,
                "2026-11-19T23:00:00Z",
                Some("2026-11-20T23:00:00Z"),
            ),
            (TimePreset::ThisWeek, "2026-11-15T23:00:00Z", None),
            (
                TimePreset::LastMonth,
                "2026-09-30T22:00:00Z",
                Some("2026-10-31T23:00:00Z"),
            ),
            (TimePreset::ThisYear, "2025-12-31T23:00:00Z", None),
            (TimePreset::Last7Days, "2026-11-13T23:30:00Z", None),
        ];
        for (preset, from, to) in cases {
            let bounds = TimeFilter::Preset(preset)
                .bounds(chrono_tz::Europe::Berlin, now)
                .unwrap();
            assert_eq!(
                bounds,
                TimeBounds {
                    from: Some(at(from)),
                    to: to.map(at)
                },
                "{preset:?}"
            );
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let now = at("2026-11-20T23:30:00Z");
        let zone = super::zone_named(Some("Mars/Olympus"));
        assert_eq!(zone, Err(TimeError::Zone("Mars/Olympus".to_owned())));
        assert_eq!(
            TimeFilter::Last(TimeSpan::Days(0)).bounds(chrono_tz::UTC, now),
            Err(TimeError::Empty)
        );
        let bounds = TimeBounds {
            from: Some(now),
            to: Some(now),
        };
        assert_eq!(
            TimeFilter::Between(bounds).bounds(chrono_tz::UTC, now),
            Err(TimeError::Order { from: now, to: now })
        );
    }

    #[test]
    fn the_json_form_is_the_graphql_form() {
        let text = r#"{"time":{"preset":"LAST_30_DAYS"},"products":["JIRA"],"not":{"text":"bot"}}"#;
        let filter: EventFilter = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&filter).unwrap(), text);
        assert!(serde_json::from_str::<EventFilter>(r#"{"prodcuts":[]}"#).is_err());
    }
}
