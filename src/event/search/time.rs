//! Times as they are written: `>=2026-11-01`, `2026-11-01..2026-11-30`, `today`, `last-30-days`.
//!
//! A day begins and ends in the time zone that holds where it stands, so what is written becomes a range only there.

use super::problem::Fault;
use super::qualifier::Sign;
use crate::event::Timestamp;
use crate::event::filter::{TimeBounds, TimeFilter, TimePreset, TimeSpan, midnight};
use chrono::{
    DateTime, Datelike, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
};
use chrono_tz::Tz;

const PRESETS: [(TimePreset, &str); 11] = [
    (TimePreset::Today, "today"),
    (TimePreset::Yesterday, "yesterday"),
    (TimePreset::ThisWeek, "this-week"),
    (TimePreset::LastWeek, "last-week"),
    (TimePreset::ThisMonth, "this-month"),
    (TimePreset::LastMonth, "last-month"),
    (TimePreset::ThisYear, "this-year"),
    (TimePreset::Last7Days, "last-7-days"),
    (TimePreset::Last30Days, "last-30-days"),
    (TimePreset::Last90Days, "last-90-days"),
    (TimePreset::Last365Days, "last-365-days"),
];

const EXPECTED: &str = "give a day (2026-11-20), a range (2026-11-01..2026-11-30), >=2026-11-01, today, last-month, \
                        last-30-days or last-12-hours";

/// A range of time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Preset(TimePreset),
    Last(TimeSpan),
    Between(Option<Moment>, Option<Moment>),
}

/// A moment as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    At(Timestamp),
    /// On the clocks of the time zone.
    Local(NaiveDateTime),
    /// The begin of a day in the time zone.
    Day(NaiveDate),
}

/// A day, month or year, or a moment, which ends where it begins.
#[derive(Clone, Copy)]
struct Period {
    begin: Moment,
    end: Moment,
}

impl Written {
    /// Reads the value of a qualifier that already says so much.
    pub(super) fn read(text: &str, sign: Sign) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::new(format!("expected a time; {EXPECTED}")));
        }
        let (signed, rest) = [
            (">=", Sign::From),
            ("<=", Sign::Until),
            (">", Sign::After),
            ("<", Sign::Before),
        ]
        .into_iter()
        .find_map(|(word, sign)| Some((sign, text.strip_prefix(word)?)))
        .unwrap_or((Sign::Open, text));
        match (sign, signed) {
            (Sign::Open, Sign::Open) => Self::range(text),
            (sign, Sign::Open) | (Sign::Open, sign) => {
                let period = Period::read(rest)?;
                Ok(match sign {
                    Sign::Open | Sign::From => Self::Between(Some(period.begin), None),
                    Sign::After => Self::Between(Some(period.after()), None),
                    Sign::Before => Self::Between(None, Some(period.begin)),
                    Sign::Until => Self::Between(None, Some(period.after())),
                })
            }
            _ => Err(Fault::new(
                "the word before the colon says already on which side of the time; leave < or > out",
            )),
        }
    }

    fn range(text: &str) -> Result<Self, Fault> {
        let word = text.to_ascii_lowercase().replace('_', "-");
        if let Some((preset, _)) = PRESETS.iter().find(|(_, name)| *name == word) {
            return Ok(Self::Preset(*preset));
        }
        if let Some(span) = span(&word) {
            return span.map(Self::Last);
        }
        if let Some((from, to)) = text.split_once("..") {
            if from.is_empty() && to.is_empty() {
                return Err(Fault::new(format!(
                    "expected a time on at least one side of `..`; {EXPECTED}"
                )));
            }
            let side = |text: &str| match text {
                "" | "*" => Ok(None),
                text => Period::read(text).map(Some),
            };
            let (from, to) = (side(from)?, side(to)?);
            return Ok(Self::Between(
                from.map(|period| period.begin),
                to.map(|period| period.end),
            ));
        }
        let period = Period::read(text)?;
        if period.begin == period.end {
            return Err(Fault::new(format!(
                "`{text}` is a moment; give a range, e.g. >={text}"
            )));
        }
        Ok(Self::Between(Some(period.begin), Some(period.end)))
    }

    /// The range, where clocks show the time of this zone.
    pub(super) fn within(self, zone: Tz) -> TimeFilter {
        match self {
            Self::Preset(preset) => TimeFilter::Preset(preset),
            Self::Last(span) => TimeFilter::Last(span),
            Self::Between(from, to) => TimeFilter::Between(TimeBounds {
                from: from.map(|moment| moment.within(zone)),
                to: to.map(|moment| moment.within(zone)),
            }),
        }
    }
}

/// The range in which both hold, when one says where it begins and the other where it ends.
pub(super) fn joined(one: &TimeFilter, other: &TimeFilter) -> Option<TimeFilter> {
    let (TimeFilter::Between(one), TimeFilter::Between(other)) = (one, other) else {
        return None;
    };
    match (one.from, one.to, other.from, other.to) {
        (from @ Some(_), None, None, to @ Some(_)) | (None, to @ Some(_), from @ Some(_), None) => {
            Some(TimeFilter::Between(TimeBounds { from, to }))
        }
        _ => None,
    }
}

/// `last-12-hours`, `30d`; `None` for what is no such thing at all.
fn span(word: &str) -> Option<Result<TimeSpan, Fault>> {
    let rest = word
        .strip_prefix("last-")
        .or_else(|| word.strip_prefix("past-"));
    let rest = rest.unwrap_or(word);
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = rest.split_at(digits);
    let (hours, factor) = match unit.trim_start_matches('-') {
        "h" | "hour" | "hours" => (true, 1),
        "d" | "day" | "days" => (false, 1),
        "w" | "week" | "weeks" => (false, 7),
        _ => return None,
    };
    if number.is_empty() {
        return None;
    }
    let count = number.parse::<u32>().ok();
    let Some(count) = count.and_then(|count| count.checked_mul(factor)) else {
        return Some(Err(Fault::new(format!("{number} is too many"))));
    };
    Some(Ok(if hours {
        TimeSpan::Hours(count)
    } else {
        TimeSpan::Days(count)
    }))
}

impl Period {
    fn read(text: &str) -> Result<Self, Fault> {
        let read = match text.split_once(['T', 't']) {
            _ if text.starts_with('@') => {
                text[1..].parse().ok().map(Timestamp::from_micros).map(at)
            }
            Some((day, time)) => moment(day, time).map(|moment| Self {
                begin: moment,
                end: moment,
            }),
            None => days(text),
        };
        read.ok_or_else(|| {
            let message = format!("`{text}` is not a time; {EXPECTED}");
            Fault::new(message).meaning(text, PRESETS.iter().map(|(_, name)| *name))
        })
    }

    /// The first moment that lies behind it.
    fn after(self) -> Moment {
        let tick = TimeDelta::microseconds(1);
        match self.end {
            end if self.begin != self.end => end,
            Moment::At(at) => Moment::At(Timestamp::from_micros(at.micros().saturating_add(1))),
            Moment::Local(time) => Moment::Local(time.checked_add_signed(tick).unwrap_or(time)),
            Moment::Day(day) => Moment::Day(day),
        }
    }
}

fn at(time: Timestamp) -> Period {
    Period {
        begin: Moment::At(time),
        end: Moment::At(time),
    }
}

/// A year, a month or a day.
fn days(text: &str) -> Option<Period> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map(|part| number(part, 2));
    let day = parts.next().map(|part| number(part, 2));
    if parts.next().is_some() {
        return None;
    }
    let (begin, end) = match (month, day) {
        (None, _) => {
            let begin = date(year, 1, 1)?;
            (begin, begin.checked_add_months(Months::new(12))?)
        }
        (Some(month), None) => {
            let begin = date(year, month?, 1)?;
            (begin, begin.checked_add_months(Months::new(1))?)
        }
        (Some(month), Some(day)) => {
            let begin = date(year, month?, day?)?;
            (begin, begin.succ_opt()?)
        }
    };
    Some(Period {
        begin: Moment::Day(begin),
        end: Moment::Day(end),
    })
}

fn date(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// A day and a time of day; with a distance from UTC, or on the clocks of the time zone.
fn moment(day: &str, time: &str) -> Option<Moment> {
    let Period {
        begin: Moment::Day(day),
        ..
    } = days(day).filter(|_| day.len() == 10)?
    else {
        return None;
    };
    let clock = |text: &str| {
        NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
            .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"))
            .ok()
    };
    let at = |text: &str, offset: i64| {
        let utc = day.and_time(clock(text)?).and_utc();
        let utc: DateTime<chrono::Utc> = utc.checked_sub_signed(TimeDelta::minutes(offset))?;
        Some(Moment::At(utc.into()))
    };
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return at(time, 0);
    }
    let Some(sign) = time.rfind(['+', '-']) else {
        return Some(Moment::Local(day.and_time(clock(time)?)));
    };
    let (time, offset) = time.split_at(sign);
    let digits: String = offset[1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (number(&digits, 2)?, 0),
        4 => (number(digits.get(..2)?, 2)?, number(digits.get(2..)?, 2)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let east = i64::from(hours * 60 + minutes);
    at(time, if offset.starts_with('-') { -east } else { east })
}

impl Moment {
    fn within(self, zone: Tz) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Day(day) => midnight(day, zone),
            Self::Local(time) => {
                // Where clocks are put forward over it: as much later as they are put forward.
                let found = (0..24)
                    .filter_map(|hours| time.checked_add_signed(TimeDelta::hours(hours)))
                    .find_map(|time| zone.from_local_datetime(&time).earliest());
                found
                    .map_or_else(|| time.and_utc(), |time| time.to_utc())
                    .into()
            }
        }
    }
}

/// The text from which the same range is read where clocks show the time of this zone.
pub(super) fn print(time: &TimeFilter, zone: Tz) -> String {
    let TimeBounds { from, to } = match time {
        TimeFilter::Preset(preset) => {
            let word = PRESETS.iter().find(|(known, _)| known == preset);
            return word.map(|(_, word)| (*word).to_owned()).unwrap_or_default();
        }
        TimeFilter::Last(TimeSpan::Hours(hours)) => return format!("last-{hours}-hours"),
        TimeFilter::Last(TimeSpan::Days(days)) => {
            let word = format!("last-{days}-days");
            let taken = PRESETS.iter().any(|(_, name)| *name == word);
            return if taken { format!("last-{days}d") } else { word };
        }
        TimeFilter::Between(bounds) => *bounds,
    };
    match (from, to) {
        (None, None) => "*..*".to_owned(),
        (Some(from), None) => format!(">={}", begin(from, zone)),
        (None, Some(to)) => format!("<{}", begin(to, zone)),
        (Some(from), Some(to)) => {
            let last = day_of(to, zone)
                .and_then(|day| day.pred_opt())
                .filter(|day| fits(*day));
            match last {
                Some(last) if day_of(from, zone) == Some(last) => last.to_string(),
                Some(last) => format!("{}..{last}", begin(from, zone)),
                None => format!("{}..{}", begin(from, zone), exact(to)),
            }
        }
    }
}

fn begin(at: Timestamp, zone: Tz) -> String {
    day_of(at, zone).map_or_else(|| exact(at), |day| day.to_string())
}

/// The day that begins at that moment.
fn day_of(at: Timestamp, zone: Tz) -> Option<NaiveDate> {
    let utc = at.to_utc();
    if !fits(utc.date_naive()) {
        return None;
    }
    let day = utc.with_timezone(&zone).date_naive();
    (fits(day) && midnight(day, zone) == at).then_some(day)
}

/// Whether it is written with four digits for the year.
fn fits(day: NaiveDate) -> bool {
    (0..=9999).contains(&day.year())
}

fn exact(at: Timestamp) -> String {
    let text = at.to_string();
    let read = Period::read(&text).ok().map(|period| period.begin);
    if read == Some(Moment::At(at)) {
        text
    } else {
        // Far from anything that happens, where years have more than four digits.
        format!("@{}", at.micros())
    }
}
