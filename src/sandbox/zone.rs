//! Clocks on walls: where the company's site is, dates without a zone are read by them.

use crate::event::Timestamp;
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};

/// The moment at which the clock on the wall shows that, so many hours before UTC; the earlier of two.
pub(super) fn moment(shown: NaiveDateTime, hours: i64) -> Timestamp {
    let winter = (shown - TimeDelta::hours(hours)).and_utc();
    let summer = winter - TimeDelta::hours(1);
    if is_summer(summer) {
        summer.into()
    } else {
        winter.into()
    }
}

/// Whether Europe has its clocks an hour ahead: from the last Sunday of March to the last one of October, at 1:00 UTC.
fn is_summer(moment: DateTime<Utc>) -> bool {
    let change = |month| last_sunday(moment.year(), month);
    let (Some(start), Some(end)) = (change(3), change(10)) else {
        return false;
    };
    (start..end).contains(&moment.naive_utc())
}

fn last_sunday(year: i32, month: u32) -> Option<NaiveDateTime> {
    let after = NaiveDate::from_ymd_opt(year, month, 1)?.checked_add_months(Months::new(1))?;
    let mut day = after.pred_opt()?;
    while day.weekday() != Weekday::Sun {
        day = day.pred_opt()?;
    }
    day.and_hms_opt(1, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn clocks_change_twice_a_year() {
        let cases = [
            ("2026-03-29T01:59", 1, "2026-03-29T00:59:00Z"),
            ("2026-03-29T03:00", 1, "2026-03-29T01:00:00Z"),
            ("2026-10-25T02:30", 1, "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00", 1, "2026-10-25T02:00:00Z"),
            ("2026-11-20T09:00", -8, "2026-11-20T17:00:00Z"),
        ];
        for (shown, hours, utc) in cases {
            let shown = format!("{shown}:00").parse().unwrap();
            assert_eq!(moment(shown, hours).to_string(), utc);
        }
    }
}
