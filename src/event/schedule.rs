//! When what somebody schedules is due: daily, weekly, monthly, by a cron expression, or at once.
//!
//! Times of day are those of a time zone. One that does not exist on a day, because clocks are set forward over it, means
//! the first moment after it; one that exists twice means the first of both. Pure: knows no clock and no database.

use super::Timestamp;
use async_graphql::{Enum, InputObject, OneofObject};
use chrono::{NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde::{Deserialize, Serialize};

/// Characters of a cron expression.
const CRON: usize = 200;

/// Minutes over which clocks are set forward at most: a whole day was left out at the date line.
const GAP: i64 = 25 * 60;

/// Minutes between two mails of an alert, unless it says otherwise.
const BETWEEN: u32 = 5;

/// Minutes between two mails of an alert, at most.
const MOST_BETWEEN: u32 = 24 * 60;

/// When something is done, in one of these ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, OneofObject)]
#[serde(rename_all = "camelCase")]
#[graphql(name = "ScheduleInput")]
pub enum Schedule {
    /// Every day.
    Daily(Daily),
    /// On some days of the week.
    Weekly(Weekly),
    /// On one day of the month.
    Monthly(Monthly),
    /// Whenever a cron expression says: minute, hour, day of the month, month, day of the week, e.g. `0 9 * * MON-FRI`.
    Cron(String),
    /// Within a minute of what happens.
    AtOnce(AtOnce),
}

/// Every day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, InputObject)]
#[graphql(name = "DailyScheduleInput")]
pub struct Daily {
    /// The time of day, e.g. `09:00`.
    pub time: String,
}

/// On some days of the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, InputObject)]
#[graphql(name = "WeeklyScheduleInput")]
pub struct Weekly {
    /// The days.
    pub days: Vec<DayOfWeek>,
    /// The time of day, e.g. `09:00`.
    pub time: String,
}

/// On one day of the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, InputObject)]
#[graphql(name = "MonthlyScheduleInput")]
pub struct Monthly {
    /// The day, 1 to 31; in a month that has fewer days, its last.
    pub day: u32,
    /// The time of day, e.g. `09:00`.
    pub time: String,
}

/// Within a minute of what happens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, InputObject)]
#[serde(rename_all = "camelCase")]
#[graphql(name = "AtOnceScheduleInput")]
pub struct AtOnce {
    /// Minutes that have to pass between two mails, 1 to 1440; 5 when absent. What happens meanwhile is in the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes_between: Option<u32>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DayOfWeek {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// What is wrong with a schedule, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ScheduleError {
    /// Where in the schedule, e.g. `weekly.days`.
    pub path: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Schedule {
    /// Whether it waits for events instead of for a time.
    #[must_use]
    pub fn is_at_once(&self) -> bool {
        matches!(self, Self::AtOnce(_))
    }

    /// The minutes that have to pass between two mails, where it waits for events.
    #[must_use]
    pub fn minutes_between(&self) -> Option<u32> {
        match self {
            Self::AtOnce(at_once) => Some(at_once.minutes_between.unwrap_or(BETWEEN)),
            _ => None,
        }
    }

    /// Refuses what makes no sense or never comes.
    pub fn check(&self, zone: Tz, now: Timestamp) -> Result<(), ScheduleError> {
        let next = self.next_after(zone, now)?;
        if next.is_some() || self.is_at_once() {
            return Ok(());
        }
        let Self::Cron(cron) = self else {
            return Err(wrong("time", "never comes".to_owned()));
        };
        Err(wrong(
            "cron",
            format!("`{cron}` never comes; give days that some month has, such as `0 9 1 * *`"),
        ))
    }

    /// The first moment after another at which it is due; none when it never is again, or waits for events.
    pub fn next_after(
        &self,
        zone: Tz,
        after: Timestamp,
    ) -> Result<Option<Timestamp>, ScheduleError> {
        let crons = self.crons()?;
        let nexts = crons
            .iter()
            .filter_map(|cron| occurrence(cron, zone, after));
        Ok(nexts.min())
    }

    /// The next moments after another at which it is due, at most `count`.
    pub fn next_runs(
        &self,
        zone: Tz,
        after: Timestamp,
        count: usize,
    ) -> Result<Vec<Timestamp>, ScheduleError> {
        let mut runs: Vec<Timestamp> = Vec::new();
        while runs.len() < count {
            let last = runs.last().copied().unwrap_or(after);
            match self.next_after(zone, last)? {
                Some(next) => runs.push(next),
                None => break,
            }
        }
        Ok(runs)
    }

    /// The cron expressions, of which each is due; none where it waits for events.
    fn crons(&self) -> Result<Vec<Cron>, ScheduleError> {
        let texts = match self {
            Self::Daily(daily) => vec![format!("{} * * *", clock("daily.time", &daily.time)?)],
            Self::Weekly(weekly) => {
                if weekly.days.is_empty() {
                    let message = "names no day; give some of MONDAY to SUNDAY".to_owned();
                    return Err(wrong("weekly.days", message));
                }
                let days: Vec<&str> = weekly.days.iter().map(|day| day.cron()).collect();
                let time = clock("weekly.time", &weekly.time)?;
                vec![format!("{time} * * {}", days.join(","))]
            }
            Self::Monthly(monthly) => {
                let time = clock("monthly.time", &monthly.time)?;
                match monthly.day {
                    day @ 1..=28 => vec![format!("{time} {day} * *")],
                    // February has fewer days.
                    day @ 29..=30 => vec![format!("{time} {day} * *"), format!("{time} L 2 *")],
                    31 => vec![format!("{time} L * *")],
                    day => {
                        let message = format!("{day} is no day of a month; give 1 to 31");
                        return Err(wrong("monthly.day", message));
                    }
                }
            }
            Self::Cron(cron) => vec![cron.trim().to_owned()],
            Self::AtOnce(at_once) => {
                let between = at_once.minutes_between.unwrap_or(BETWEEN);
                if !(1..=MOST_BETWEEN).contains(&between) {
                    let message = format!("{between} is out of range; give 1 to {MOST_BETWEEN}");
                    return Err(wrong("atOnce.minutesBetween", message));
                }
                Vec::new()
            }
        };
        texts.iter().map(|text| read(text)).collect()
    }
}

impl DayOfWeek {
    const fn cron(self) -> &'static str {
        match self {
            Self::Monday => "MON",
            Self::Tuesday => "TUE",
            Self::Wednesday => "WED",
            Self::Thursday => "THU",
            Self::Friday => "FRI",
            Self::Saturday => "SAT",
            Self::Sunday => "SUN",
        }
    }
}

/// A time of day as the first two fields of a cron expression.
fn clock(path: &'static str, time: &str) -> Result<String, ScheduleError> {
    NaiveTime::parse_from_str(time.trim(), "%H:%M")
        .map(|time| format!("{} {}", time.minute(), time.hour()))
        .map_err(|_| {
            let message = format!("`{time}` is not a time of day; give one such as 09:00");
            wrong(path, message)
        })
}

fn read(text: &str) -> Result<Cron, ScheduleError> {
    let refused = |why: String| {
        let message = format!(
            "`{text}` is not a schedule ({why}); give five fields such as `0 9 * * MON-FRI`: \
             minute, hour, day of the month, month, day of the week"
        );
        wrong("cron", message)
    };
    if text.chars().count() > CRON {
        let message = format!("is longer than {CRON} characters");
        return Err(wrong("cron", message));
    }
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
        .parse(text)
        .map_err(|error| refused(error.to_string()))
}

/// The first moment after another at which a cron expression is due in a time zone.
///
/// It is looked for on the clock on the wall, which knows neither gaps nor hours that come twice; what the clock shows
/// is then looked up in the zone.
fn occurrence(cron: &Cron, zone: Tz, after: Timestamp) -> Option<Timestamp> {
    let here = after.to_utc().with_timezone(&zone).naive_local();
    let mut wall = here.with_nanosecond(0)?;
    loop {
        let next = cron.find_next_occurrence(&wall.and_utc(), false);
        wall = next.ok()?.naive_utc();
        let moment = moment(zone, wall)?;
        if moment > after {
            return Some(moment);
        }
    }
}

/// The moment at which the clock on the wall first shows a time; the first moment after it where it never does.
fn moment(zone: Tz, wall: NaiveDateTime) -> Option<Timestamp> {
    let exists = |minutes| {
        let wall = wall.checked_add_signed(TimeDelta::minutes(minutes))?;
        zone.from_local_datetime(&wall).earliest()
    };
    (0..=GAP)
        .find_map(exists)
        .map(|moment| Timestamp::from(moment.to_utc()))
}

fn wrong(path: &'static str, message: String) -> ScheduleError {
    ScheduleError { path, message }
}

#[cfg(test)]
mod tests {
    use super::{AtOnce, Daily, DayOfWeek, Monthly, Schedule, Weekly};
    use crate::event::Timestamp;
    use chrono_tz::Tz;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn runs(schedule: &Schedule, zone: Tz, after: &str, count: usize) -> Vec<String> {
        let runs = schedule.next_runs(zone, at(after), count).unwrap();
        runs.iter().map(ToString::to_string).collect()
    }

    fn daily(time: &str) -> Schedule {
        Schedule::Daily(Daily {
            time: time.to_owned(),
        })
    }

    fn monthly(day: u32) -> Schedule {
        Schedule::Monthly(Monthly {
            day,
            time: "00:00".to_owned(),
        })
    }

    #[test]
    fn basic_schedules_are_due_on_their_days() {
        assert_eq!(
            runs(&daily("09:00"), Tz::UTC, "2026-11-20T09:00:00Z", 2),
            ["2026-11-21T09:00:00Z", "2026-11-22T09:00:00Z"]
        );
        assert_eq!(
            runs(&daily("09:00"), Tz::UTC, "2026-11-20T08:59:59.999Z", 1),
            ["2026-11-20T09:00:00Z"]
        );
        let weekly = Schedule::Weekly(Weekly {
            days: vec![DayOfWeek::Friday, DayOfWeek::Monday],
            time: "7:30".to_owned(),
        });
        // A Friday.
        assert_eq!(
            runs(&weekly, Tz::Europe__Berlin, "2026-11-20T12:00:00Z", 3),
            [
                "2026-11-23T06:30:00Z",
                "2026-11-27T06:30:00Z",
                "2026-11-30T06:30:00Z"
            ]
        );
        for (day, expected) in [
            (28, ["2027-02-28", "2027-03-28", "2027-04-28"]),
            (30, ["2027-02-28", "2027-03-30", "2027-04-30"]),
            (31, ["2027-01-31", "2027-02-28", "2027-03-31"]),
        ] {
            let expected = expected.map(|day| format!("{day}T00:00:00Z"));
            let runs = runs(&monthly(day), Tz::UTC, "2027-01-30T12:00:00Z", 3);
            assert_eq!(runs, expected, "{day}");
        }
    }

    #[test]
    fn a_time_that_does_not_exist_is_due_when_it_would_be_over() {
        // Clocks in Berlin go from 02:00 to 03:00 on 28 March 2027.
        for schedule in [daily("02:30"), Schedule::Cron("30 2,14 * * *".to_owned())] {
            let runs = runs(&schedule, Tz::Europe__Berlin, "2027-03-27T20:00:00Z", 1);
            assert_eq!(runs, ["2027-03-28T01:00:00Z"]);
        }
        let often = Schedule::Cron("*/30 2 * * *".to_owned());
        assert_eq!(
            runs(&often, Tz::Europe__Berlin, "2027-03-27T20:00:00Z", 2),
            ["2027-03-28T01:00:00Z", "2027-03-29T00:00:00Z"]
        );
    }

    #[test]
    fn a_time_that_comes_twice_is_due_once() {
        // Clocks in Berlin go from 03:00 back to 02:00 on 25 October 2026.
        for after in ["2026-10-24T20:00:00Z", "2026-10-25T00:29:59Z"] {
            assert_eq!(
                runs(&daily("02:30"), Tz::Europe__Berlin, after, 2),
                ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
            );
        }
        // From within the hour that comes again, too.
        for after in ["2026-10-25T00:30:00Z", "2026-10-25T01:10:00Z"] {
            assert_eq!(
                runs(&daily("02:30"), Tz::Europe__Berlin, after, 1),
                ["2026-10-26T01:30:00Z"]
            );
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let cron = |text: &str| Schedule::Cron(text.to_owned());
        let weekly = |days: Vec<DayOfWeek>, time: &str| {
            let time = time.to_owned();
            Schedule::Weekly(Weekly { days, time })
        };
        let alert = |minutes: u32| {
            Schedule::AtOnce(AtOnce {
                minutes_between: Some(minutes),
            })
        };
        for (schedule, path) in [
            (daily("25:00"), "daily.time"),
            (daily("nine"), "daily.time"),
            (weekly(Vec::new(), "09:00"), "weekly.days"),
            (weekly(vec![DayOfWeek::Sunday], ""), "weekly.time"),
            (monthly(0), "monthly.day"),
            (monthly(32), "monthly.day"),
            (alert(0), "atOnce.minutesBetween"),
            (alert(1_441), "atOnce.minutesBetween"),
            (cron(""), "cron"),
            (cron("0 9 * *"), "cron"),
            (cron("0 0 9 * * *"), "cron"),
            (cron("61 9 * * *"), "cron"),
            (cron("0 0 31 2 *"), "cron"),
            (cron("0 0 30 2 *"), "cron"),
            (cron(&"1,".repeat(200)), "cron"),
        ] {
            let refused = schedule.check(Tz::UTC, at("2026-11-20T12:00:00Z"));
            assert_eq!(refused.unwrap_err().path, path, "{schedule:?}");
        }
        for schedule in [cron("0 0 29 2 *"), cron("@daily"), alert(1)] {
            schedule.check(Tz::UTC, at("2026-11-20T12:00:00Z")).unwrap();
        }
    }

    #[test]
    fn each_day_has_its_run_in_every_zone() {
        for zone in [
            Tz::Europe__Berlin,
            Tz::America__New_York,
            Tz::Australia__Lord_Howe,
            Tz::America__Santiago,
            Tz::Asia__Kathmandu,
            Tz::UTC,
        ] {
            for time in ["00:00", "00:30", "02:00", "02:30", "03:00"] {
                let mut moment = at("2026-01-01T12:00:00Z");
                let schedule = daily(time);
                let mut days = Vec::new();
                for _ in 0..730 {
                    moment = schedule.next_after(zone, moment).unwrap().unwrap();
                    days.push(moment.to_utc().with_timezone(&zone).date_naive());
                }
                let every = days[0].iter_days().take(730).collect::<Vec<_>>();
                assert_eq!(days, every, "{zone} {time}");
            }
        }
    }
}
