//! Times as they are written.

use super::super::time::{Written, print};
use crate::event::Timestamp;
use crate::event::filter::{TimeBounds, TimeFilter, TimePreset, TimeSpan};
use crate::event::search::qualifier::Sign;
use chrono_tz::{Europe::Berlin, UTC};

fn between(from: &str, to: &str) -> TimeFilter {
    let side = |text: &str| (!text.is_empty()).then(|| Timestamp::parse(text).unwrap());
    TimeFilter::Between(TimeBounds {
        from: side(from),
        to: side(to),
    })
}

#[test]
fn times_are_read_in_their_zone() {
    let berlin = [
        (
            "2026-11-20",
            between("2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z"),
        ),
        (
            "2026-11",
            between("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z"),
        ),
        (
            "2026",
            between("2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z"),
        ),
        (">=2026-11-01", between("2026-10-31T23:00:00Z", "")),
        (">2026-11-01", between("2026-11-01T23:00:00Z", "")),
        ("<2026-11", between("", "2026-10-31T23:00:00Z")),
        ("<=2026-11", between("", "2026-11-30T23:00:00Z")),
        (
            "2026-11-01..2026-11-30",
            between("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z"),
        ),
        ("2026-11-01..*", between("2026-10-31T23:00:00Z", "")),
        ("..2026-11-01", between("", "2026-11-01T23:00:00Z")),
        ("*..*", between("", "")),
        (">=2026-11-01T10:30", between("2026-11-01T09:30:00Z", "")),
        (
            ">2026-11-01T10:30Z",
            between("2026-11-01T10:30:00.000001Z", ""),
        ),
        (
            "<2026-11-01T10:30:00.5-05:00",
            between("", "2026-11-01T15:30:00.5Z"),
        ),
        (
            "<=2026-11-01T10:30+0530",
            between("", "2026-11-01T05:00:00.000001Z"),
        ),
        // Clocks go from 02:00 to 03:00.
        (">=2026-03-29T02:30", between("2026-03-29T01:30:00Z", "")),
    ];
    for (text, expected) in berlin {
        let read = Written::read(text, Sign::Open).unwrap().within(Berlin);
        assert_eq!(read, expected, "{text}");
    }
    let others = [
        ("TODAY", TimeFilter::Preset(TimePreset::Today)),
        ("last_30_days", TimeFilter::Preset(TimePreset::Last30Days)),
        ("last-30d", TimeFilter::Last(TimeSpan::Days(30))),
        ("last-1-day", TimeFilter::Last(TimeSpan::Days(1))),
        ("2w", TimeFilter::Last(TimeSpan::Days(14))),
        ("last-12-hours", TimeFilter::Last(TimeSpan::Hours(12))),
    ];
    for (text, expected) in others {
        let read = Written::read(text, Sign::Open).unwrap().within(UTC);
        assert_eq!(read, expected, "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "now",
        "2026-13-01",
        "2026-02-30",
        "26-01-01",
        "2026-1-1",
        "..",
        "2026-11-20T10:30",
        "12:30",
        "last--days",
        "last-5000000000-days",
        ">",
        ">=>2026-01-01",
        "+2026-01-01",
        "2026-01-01T25:00",
        "2026-01-01T10:00+99",
        "@",
        "d",
    ] {
        let read = Written::read(text, Sign::Open);
        assert!(read.is_err(), "{text}: {read:?}");
    }
    let twice = Written::read("<2026-01-01", Sign::From).unwrap_err();
    assert!(twice.message.contains("already"), "{}", twice.message);
    let meant = Written::read("yestreday", Sign::Open).unwrap_err();
    assert_eq!(meant.suggestion.as_deref(), Some("yesterday"));
}

#[test]
fn whole_days_are_printed_as_days() {
    let cases = [
        (
            between("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z"),
            "2026-11-01..2026-11-30",
        ),
        (
            between("2026-11-19T23:00:00Z", "2026-11-20T23:00:00Z"),
            "2026-11-20",
        ),
        (between("2026-10-31T23:00:00Z", ""), ">=2026-11-01"),
        (between("", "2026-11-01T00:00:00Z"), "<2026-11-01T00:00:00Z"),
        (TimeFilter::Last(TimeSpan::Days(7)), "last-7d"),
        (TimeFilter::Last(TimeSpan::Days(8)), "last-8-days"),
        (TimeFilter::Preset(TimePreset::LastMonth), "last-month"),
    ];
    for (time, text) in cases {
        assert_eq!(print(&time, Berlin), text);
    }
}
