//! Schedules as they are shown: what was chosen, and when it is due.

use crate::event::Timestamp;
use crate::event::filter::zone_named;
use crate::event::schedule::{DayOfWeek, Schedule};
use crate::graphql::error;
use async_graphql::{Enum, Result, SimpleObject};

/// How many due times are shown.
pub(super) const NEXT_RUNS: usize = 3;

/// The ways in which something is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
enum ScheduleKind {
    /// Every day at `time`.
    Daily,
    /// On `days` at `time`.
    Weekly,
    /// On the `day` of the month at `time`.
    Monthly,
    /// Whenever `cron` says.
    Cron,
    /// Within a minute of what happens.
    AtOnce,
}

/// When something is done.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Schedule")]
pub(super) struct ScheduleDescription {
    /// In which way it is scheduled.
    kind: ScheduleKind,
    /// The time of day; with `DAILY`, `WEEKLY` and `MONTHLY`.
    time: Option<String>,
    /// The days of the week; with `WEEKLY`.
    days: Option<Vec<DayOfWeek>>,
    /// The day of the month; with `MONTHLY`.
    day: Option<u32>,
    /// The cron expression; with `CRON`.
    cron: Option<String>,
    /// Minutes that have to pass between two mails; with `AT_ONCE`.
    minutes_between: Option<u32>,
}

impl From<Schedule> for ScheduleDescription {
    fn from(schedule: Schedule) -> Self {
        let shown = Self {
            kind: ScheduleKind::AtOnce,
            time: None,
            days: None,
            day: None,
            cron: None,
            minutes_between: schedule.minutes_between(),
        };
        match schedule {
            Schedule::Daily(daily) => Self {
                kind: ScheduleKind::Daily,
                time: Some(daily.time),
                ..shown
            },
            Schedule::Weekly(weekly) => Self {
                kind: ScheduleKind::Weekly,
                time: Some(weekly.time),
                days: Some(weekly.days),
                ..shown
            },
            Schedule::Monthly(monthly) => Self {
                kind: ScheduleKind::Monthly,
                time: Some(monthly.time),
                day: Some(monthly.day),
                ..shown
            },
            Schedule::Cron(cron) => Self {
                kind: ScheduleKind::Cron,
                cron: Some(cron),
                ..shown
            },
            Schedule::AtOnce(_) => shown,
        }
    }
}

/// When a schedule would be due.
#[derive(SimpleObject)]
pub(super) struct SchedulePreview {
    /// The next three times at which it would be due; none when it waits for what happens.
    next_runs: Vec<Timestamp>,
}

impl SchedulePreview {
    pub(super) fn of(schedule: &Schedule, zone: &str, now: Timestamp) -> Result<Self> {
        let zone = zone_named(Some(zone))
            .map_err(|wrong| error::bad_input("timeZone", wrong.to_string()))?;
        let next_runs = schedule
            .check(zone, now)
            .and_then(|()| schedule.next_runs(zone, now, NEXT_RUNS));
        let next_runs = next_runs.map_err(|wrong| {
            error::bad_input(&format!("schedule.{}", wrong.path), wrong.message)
        })?;
        Ok(Self { next_runs })
    }
}
