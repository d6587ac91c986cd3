//! Which times are counted: the last days when nobody says, and never more than is sensible.

use crate::event::Timestamp;
use crate::store::query::chosen::Test;

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// How far back counts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Days that are counted when no time is given.
    pub default_days: u32,
    /// Days that may be counted at most.
    pub max_days: u32,
}

/// The same test within a bounded range of time; what is wrong with a range that is too long.
pub fn within_range(test: Test, now: Timestamp, limits: Limits) -> Result<Test, String> {
    let mut bounds = Bounds::default();
    bounds.narrow(&test);
    let Limits {
        default_days,
        max_days,
    } = limits;
    if !bounds.given {
        let from = Timestamp::from_micros(now.micros() - i64::from(default_days) * DAY);
        let range = Test::Time {
            from: Some(from),
            to: None,
        };
        return Ok(Test::All(vec![range, test]));
    }
    let Some(from) = bounds.from else {
        return Err(format!(
            "has no beginning; give a range of at most {max_days} days"
        ));
    };
    let to = bounds.to.unwrap_or(now).max(from);
    // A leap year, or a year in which the clock is set back, is a year, too.
    let most = i64::from(max_days) * DAY;
    if to.micros() - from.micros() > most {
        let days = (to.micros() - from.micros()).div_euclid(DAY);
        return Err(format!(
            "{days} days are too many; give a range of at most {max_days} days"
        ));
    }
    Ok(test)
}

#[derive(Default)]
struct Bounds {
    given: bool,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Bounds {
    /// Adds what must hold in any case.
    fn narrow(&mut self, test: &Test) {
        match test {
            Test::All(parts) => parts.iter().for_each(|part| self.narrow(part)),
            Test::Any(parts) if parts.len() == 1 => self.narrow(&parts[0]),
            Test::Time { from, to } => {
                self.given = true;
                self.from = self.from.max(*from);
                self.to = match (self.to, *to) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, Limits, within_range};
    use crate::event::Timestamp;
    use crate::store::query::chosen::Test;

    const LIMITS: Limits = Limits {
        default_days: 30,
        max_days: 366,
    };

    fn day(day: i64) -> Timestamp {
        Timestamp::from_micros(day * DAY)
    }

    fn range(from: Option<i64>, to: Option<i64>) -> Test {
        Test::Time {
            from: from.map(day),
            to: to.map(day),
        }
    }

    #[test]
    fn a_range_is_there_and_bounded() {
        let within = |test: &Test| within_range(test.clone(), day(20_000), LIMITS);
        let any_time = within(&Test::OfIssue).unwrap();
        assert_eq!(
            any_time,
            Test::All(vec![range(Some(19_970), None), Test::OfIssue])
        );
        for (test, refused) in [
            (range(Some(19_634), None), None),
            (range(Some(19_633), None), Some("367 days")),
            (range(None, Some(100)), Some("no beginning")),
            (range(Some(0), Some(366)), None),
            (range(Some(0), Some(367)), Some("367 days")),
            (range(Some(30_000), None), None),
            (
                Test::All(vec![
                    range(Some(0), None),
                    Test::Any(vec![range(Some(19_900), None)]),
                ]),
                None,
            ),
            (
                Test::All(vec![
                    range(Some(0), None),
                    Test::Any(vec![range(Some(19_900), None), Test::OfIssue]),
                ]),
                Some("20000 days"),
            ),
        ] {
            match refused {
                None => assert_eq!(within(&test).unwrap(), test),
                Some(why) => assert!(within(&test).unwrap_err().contains(why), "{test:?}"),
            }
        }
    }
}
