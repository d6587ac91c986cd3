//! Moments in time, as the log keeps them: whole microseconds since 1970 in UTC.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// A moment in UTC, in microseconds since the Unix epoch; may lie before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Which hour it is in, counted from the epoch.
    #[must_use]
    pub fn hour(self) -> i64 {
        const MICROS: i64 = 3_600_000_000;
        self.0.div_euclid(MICROS)
    }

    /// From microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds since the Unix epoch; `None` when out of range.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        millis.checked_mul(1_000).map(Self)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Reads any of the text forms that Atlassian's systems send: RFC 3339, an offset without a colon, no offset
    /// at all (taken as UTC), a bare date (midnight UTC), or epoch milliseconds as digits.
    ///
    /// Digits beyond the sixth fraction digit are cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let utc = DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
            .map(|time| time.to_utc())
            .or_else(|_| {
                NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
                    .map(|time| time.and_utc())
            })
            .or_else(|_| {
                NaiveDate::parse_from_str(text, "%Y-%m-%d")
                    .map(|date| date.and_time(NaiveTime::MIN).and_utc())
            })
            // As moments are written whose year has not four digits.
            .or_else(|_| text.parse());
        match utc {
            Ok(utc) => Some(Self(utc.timestamp_micros())),
            Err(_) => text.parse().ok().and_then(Self::from_millis),
        }
    }

    /// Reads a JSON value in any of the forms of [`Timestamp::parse`], a number of epoch milliseconds, or the
    /// object `{"epochSecond", "nano"}` of Data Center log files.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) => number.as_i64().and_then(Self::from_millis),
            Value::Object(parts) => {
                let seconds = parts.get("epochSecond")?.as_i64()?;
                let nanos = parts.get("nano").and_then(Value::as_i64).unwrap_or(0);
                seconds
                    .checked_mul(1_000_000)?
                    .checked_add(nanos / 1_000)
                    .map(Self)
            }
            _ => None,
        }
    }

    /// This moment as a chrono date and time.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }

    /// This moment plus `duration`, stopping at the end of the range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment minus `duration`, stopping at the start of the range.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` this moment is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(utc: DateTime<Utc>) -> Self {
        Self(utc.timestamp_micros())
    }
}

/// RFC 3339 in UTC with as many fraction digits as needed (0, 3 or 6), e.g. `2026-11-20T09:15:02.481Z`.
/// A stretch of time: from its first moment to, but not including, the moment after its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last.
    pub to: Timestamp,
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a date and time")))
    }
}

/// A moment in UTC, as RFC 3339 text with as many fraction digits as needed, e.g. `2026-11-20T09:15:02.481Z`.
#[async_graphql::Scalar(
    name = "DateTime",
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time"
)]
impl async_graphql::ScalarType for Timestamp {
    fn parse(value: async_graphql::Value) -> async_graphql::InputValueResult<Self> {
        match &value {
            async_graphql::Value::String(text) => Self::parse(text).ok_or_else(|| {
                format!(
                    "`{text}` is not a date and time; give RFC 3339 such as 2026-11-20T09:15:02Z"
                )
                .into()
            }),
            _ => Err(async_graphql::InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;
    use serde_json::json;

    #[test]
    fn every_upstream_form_is_read() {
        let cases = [
            (
                json!("2025-02-27T18:50:12.281Z"),
                "2025-02-27T18:50:12.281Z",
            ),
            (
                json!("2025-11-06T23:07:29.936941226Z"),
                "2025-11-06T23:07:29.936941Z",
            ),
            (
                json!("2024-09-18T12:13:52.159725+02:00"),
                "2024-09-18T10:13:52.159725Z",
            ),
            (
                json!("2014-03-19T18:45:42.967+0000"),
                "2014-03-19T18:45:42.967Z",
            ),
            (json!("2026-11-21T10:15:00"), "2026-11-21T10:15:00Z"),
            (json!("2026-11-03"), "2026-11-03T00:00:00Z"),
            (json!("1763683200000"), "2025-11-21T00:00:00Z"),
            (json!(1_368_145_580_548_i64), "2013-05-10T00:26:20.548Z"),
            (
                json!({"epochSecond": 1_638_034_466, "nano": 19_000_000}),
                "2021-11-27T17:34:26.019Z",
            ),
        ];
        for (given, expected) in cases {
            let read = Timestamp::from_json(&given).map(|time| time.to_string());
            assert_eq!(read.as_deref(), Some(expected), "{given}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for micros in [
            0,
            -1,
            1_638_034_466_019_001,
            253_402_300_800_000_000,
            1_763_683_200_000_000_000,
            -99_000_000_000_000_000,
        ] {
            let time = Timestamp::from_micros(micros);
            assert_eq!(Timestamp::parse(&time.to_string()), Some(time), "{time}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for given in [
            json!("yesterday"),
            json!(""),
            json!("09/Sep/20"),
            json!(null),
            json!(9_223_372_036_854_775_807_i64),
        ] {
            assert_eq!(Timestamp::from_json(&given), None, "{given}");
        }
    }
}
