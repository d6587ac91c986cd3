//! The part of JQL that clients need: bounds on times, projects, keys, statuses and types, joined by AND, and an order.
//!
//! Anything else is refused as Jira refuses what it cannot read.

use crate::event::Timestamp;
use std::time::Duration;

/// Fields that are compared with values.
const FIELDS: [&str; 8] = [
    "project",
    "key",
    "issue",
    "issuekey",
    "id",
    "status",
    "issuetype",
    "type",
];

/// A query that was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// All that must hold.
    pub(super) terms: Vec<Term>,
    /// The field to order by, and whether downwards.
    pub(super) order: Option<(String, bool)>,
}

/// Something that must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// A time compared: whether it is `updated` or else `created`, how, and with what.
    Time(bool, Ordering, Timestamp),
    /// A field has one of these values.
    OneOf(String, Vec<String>),
}

/// How times are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ordering {
    /// `<`
    Before,
    /// `<=`
    UpTo,
    /// `>`
    After,
    /// `>=`
    From,
    /// `=`
    At,
}

impl Ordering {
    /// Whether it holds between two times.
    pub(super) fn holds(self, left: Timestamp, right: Timestamp) -> bool {
        match self {
            Self::Before => left < right,
            Self::UpTo => left <= right,
            Self::After => left > right,
            Self::From => left >= right,
            Self::At => left == right,
        }
    }
}

/// Reads a query as it is meant at `now`.
pub(super) fn parse(text: &str, now: Timestamp) -> Result<Query, String> {
    let lower = text.to_lowercase();
    let (conditions, order) = match lower.rfind("order by ") {
        Some(at) => (&text[..at], Some(&text[at + 9..])),
        None => (text, None),
    };
    let mut query = Query::default();
    for part in split(conditions.trim()) {
        query.terms.push(term(part.trim(), now)?);
    }
    if query.terms.is_empty() {
        return Err("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.".to_owned());
    }
    if let Some(order) = order {
        let first = order.split(',').next().unwrap_or_default().trim();
        let (field, way) = first.split_once(' ').unwrap_or((first, "asc"));
        query.order = Some((
            field.to_lowercase(),
            way.trim().eq_ignore_ascii_case("desc"),
        ));
    }
    Ok(query)
}

/// The parts between the ANDs.
fn split(text: &str) -> Vec<&str> {
    let lower = text.to_lowercase();
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in lower.match_indices(" and ") {
        parts.push(&text[from..at]);
        from = at + 5;
    }
    parts.push(&text[from..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn term(text: &str, now: Timestamp) -> Result<Term, String> {
    let broken = || format!("Error in the JQL Query: \"{text}\" cannot be understood.");
    let text_ = text.trim_matches(|c| c == '(' || c == ' ');
    let end = text_
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .ok_or_else(broken)?;
    let (field, rest) = text_.split_at(end);
    let (field, rest) = (field.to_lowercase(), rest.trim());
    if ["updated", "created", "updateddate", "createddate"].contains(&field.as_str()) {
        let (ordering, value) = [
            (">=", Ordering::From),
            ("<=", Ordering::UpTo),
            (">", Ordering::After),
            ("<", Ordering::Before),
            ("=", Ordering::At),
        ]
        .into_iter()
        .find_map(|(sign, ordering)| Some((ordering, rest.strip_prefix(sign)?.trim())))
        .ok_or_else(broken)?;
        let value = value.trim_end_matches(')');
        let moment = jql_moment(value, now)
            .ok_or_else(|| format!("Date value '{value}' for field '{field}' is invalid."))?;
        return Ok(Term::Time(field.starts_with("updated"), ordering, moment));
    }
    if !FIELDS.contains(&field.as_str()) {
        return Err(format!(
            "Field '{field}' does not exist or you do not have permission to view it."
        ));
    }
    let list = rest
        .strip_prefix('=')
        .or_else(|| rest.strip_prefix("in").or_else(|| rest.strip_prefix("IN")))
        .ok_or_else(broken)?;
    let values = list
        .split(',')
        .map(|value| {
            value
                .trim_matches(|c: char| c.is_whitespace() || "()\"'".contains(c))
                .to_owned()
        })
        .filter(|value| !value.is_empty())
        .collect();
    Ok(Term::OneOf(field, values))
}

/// A time in a query: epoch milliseconds, a date in the site's time zone, or something relative to now.
fn jql_moment(value: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(millis) = value.parse::<i64>()
        && millis.abs() > 1_000_000
    {
        return Timestamp::from_millis(millis);
    }
    let text = value.trim_matches(['"', '\'']);
    if let Some(ago) = text.strip_prefix('-') {
        let (number, unit) = ago.split_at_checked(ago.len().checked_sub(1)?)?;
        let seconds = match unit {
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return None,
        };
        let number: u64 = number.trim().parse().ok()?;
        return Some(now.minus(Duration::from_secs(number * seconds)));
    }
    let text = text.replace('/', "-");
    let with_time = match text.len() {
        10 => format!("{text}T00:00:00"),
        16 => format!("{}:00", text.replace(' ', "T")),
        _ => return None,
    };
    let there = chrono::NaiveDateTime::parse_from_str(&with_time, "%Y-%m-%dT%H:%M:%S").ok()?;
    let utc = there.and_utc() - chrono::TimeDelta::hours(1);
    Timestamp::from_millis(utc.timestamp_millis())
}

/// A time in a parameter, with or without a colon in its offset.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim().replace(' ', "+");
    if let Ok(moment) = chrono::DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z") {
        return Timestamp::from_millis(moment.timestamp_millis());
    }
    if let Ok(moment) = chrono::DateTime::parse_from_rfc3339(&text) {
        return Timestamp::from_millis(moment.timestamp_millis());
    }
    let bare = chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?;
    Timestamp::from_millis(bare.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::{Ordering, Term, moment, parse};
    use crate::event::Timestamp;

    #[test]
    fn bounds_orders_and_lists_are_read() {
        let now = Timestamp::from_millis(1_763_640_000_000).unwrap();
        let query = parse(
            "updated >= 1763630100000 AND updated <= \"2025-11-20 10:00\" and project in (SPEC, \"LENS\") order by updated ASC, key",
            now,
        )
        .unwrap();
        assert_eq!(query.order, Some(("updated".to_owned(), false)));
        assert_eq!(query.terms.len(), 3);
        let from = Timestamp::from_millis(1_763_630_100_000).unwrap();
        assert_eq!(query.terms[0], Term::Time(true, Ordering::From, from));
        let to = Timestamp::parse("2025-11-20T09:00:00Z").unwrap();
        assert_eq!(query.terms[1], Term::Time(true, Ordering::UpTo, to));
        let both = vec!["SPEC".to_owned(), "LENS".to_owned()];
        assert_eq!(query.terms[2], Term::OneOf("project".to_owned(), both));
        let relative = parse("created > -15m", now).unwrap();
        let ago = now.minus(std::time::Duration::from_mins(15));
        assert_eq!(relative.terms, [Term::Time(false, Ordering::After, ago)]);
    }

    #[test]
    fn what_is_unbounded_or_unknown_is_refused() {
        let now = Timestamp::from_millis(0).unwrap();
        assert!(parse("order by updated", now).is_err());
        assert!(parse("mood = bad", now).is_err());
        assert!(parse("updated >= soon", now).is_err());
    }

    #[test]
    fn offsets_come_with_and_without_a_colon() {
        let there = Timestamp::parse("2026-11-20T00:00:00Z").unwrap();
        for text in [
            "2026-11-20T01:00:00.000+0100",
            "2026-11-20T01:00:00.000+01:00",
            "2026-11-20T00:00:00Z",
            "2026-11-20",
            "2026-11-20T01:00:00.000 0100",
        ] {
            assert_eq!(moment(text), Some(there), "{text}");
        }
    }
}
