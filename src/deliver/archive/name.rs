//! What the files of an event are called: `YYYY/MM/DD/<eventId>.json`, by its own time in UTC.
//!
//! An upstream id may be anything, and two sources may use the same. So that every event has a file of its own on every
//! file system, and none outside its day's folder:
//!
//! - of an id, `a-z`, `0-9`, `_` and `-` (not at the beginning) stay; every other byte becomes `=` and two hexadecimal
//!   digits. Upper case is written so, too: there are file systems that do not tell it from lower case;
//! - a name that would be a device to Windows gets its first letter written so;
//! - what is longer than a file system takes is cut, and told apart by a hash;
//! - the id of every source but `organization` is followed by `@` and the source's name, in the same writing.

use crate::event::{System, Timestamp};
use chrono::Datelike;
use object_store::path::Path;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// What a name may take: file systems take 255 bytes, endings and what is being written need some of them.
const LONGEST: usize = 200;

/// What stays of a name that is too long.
const KEPT: usize = 120;

/// Names that Windows takes for devices, whatever ending follows; those of ports have a digit behind them.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];
const PORTS: [&str; 2] = ["com", "lpt"];

/// The files of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Upstream's record.
    pub(super) record: Path,
    /// What the log says beside it.
    pub(super) meta: Path,
}

impl Names {
    /// The files of the event with this upstream id, which happened at this time.
    pub(super) fn of(source: &str, upstream_id: &str, time: Timestamp) -> Self {
        let day = time.to_utc();
        let folder = format!("{:04}/{:02}/{:02}", day.year(), day.month(), day.day());
        let stem = stem(source, upstream_id);
        // Nothing in these is to be encoded, and nothing of it leads elsewhere.
        let path = |ending: &str| Path::from(format!("{folder}/{stem}.{ending}"));
        Self {
            record: path("json"),
            meta: path("meta.json"),
        }
    }
}

fn stem(source: &str, upstream_id: &str) -> String {
    let mut name = written(upstream_id);
    if is_device(&name) {
        let first = name.remove(0);
        name.insert_str(0, &format!("={:02x}", u32::from(first)));
    }
    if source != System::Organization.as_str() {
        name.push('@');
        name.push_str(&written(source));
    }
    if name.len() <= LONGEST {
        return name;
    }
    let hash = Sha256::new()
        .chain_update(source)
        .chain_update([0])
        .chain_update(upstream_id)
        .finalize();
    // No byte is written as `=-`, so no short name looks like this.
    format!("{}=-{hash:x}", &name[..KEPT])
}

/// Text in letters that every file system keeps apart; nothing is written as `=` alone.
fn written(text: &str) -> String {
    if text.is_empty() {
        return "=".to_owned();
    }
    let mut name = String::with_capacity(text.len());
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' => name.push(char::from(byte)),
            // At the beginning it would look like an option to many programs.
            b'-' if place > 0 => name.push('-'),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(name, "={byte:02x}");
            }
        }
    }
    name
}

fn is_device(name: &str) -> bool {
    DEVICES.contains(&name)
        || PORTS.iter().any(|port| {
            let number = name.strip_prefix(port).unwrap_or_default();
            number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::event::Timestamp;
    use proptest::prelude::*;

    fn record(source: &str, id: &str) -> String {
        let time =
            Timestamp::parse("2026-03-01T00:30:00+01:00").unwrap_or(Timestamp::from_micros(0));
        Names::of(source, id, time).record.to_string()
    }

    #[test]
    fn c38_names_are_readable_where_that_is_harmless() {
        let cases = [
            ("organization", "3f2a-9b_1", "3f2a-9b_1"),
            ("organization", "../../x", "=2e=2e=2f=2e=2e=2fx"),
            ("organization", "a\0b\\c", "a=00b=5cc"),
            ("organization", "", "="),
            ("organization", "con", "=63on"),
            ("organization", "com1", "=63om1"),
            ("organization", "console", "console"),
            ("organization", "-rf", "=2drf"),
            ("organization", "x.meta", "x=2emeta"),
            ("organization", "Ä", "=c3=84"),
            (
                "jira-cloud",
                "issue/10001/42",
                "issue=2f10001=2f42@jira-cloud",
            ),
            ("Jira", "nul", "=6eul@=4aira"),
        ];
        for (source, id, name) in cases {
            // By UTC it is the day before.
            let expected = format!("2026/02/28/{name}.json");
            assert_eq!(record(source, id), expected, "{source} {id:?}");
        }
    }

    #[test]
    fn c38_long_names_are_cut_and_told_apart() {
        let long = |last: &str| record("organization", &format!("{}{last}", "/".repeat(300)));
        assert!(long("a").len() < 220, "{}", long("a"));
        assert_ne!(long("a"), long("b"));
        let source = "s".repeat(300);
        assert_ne!(record(&source, "a"), record(&source, "b"));
    }

    proptest! {
        #[test]
        fn c38_no_two_events_have_one_name(
            one in (".{0,3}", "[a-zA-Z@=./-]{0,4}"),
            other in (".{0,3}", "[a-zA-Z@=./-]{0,4}"),
        ) {
            let names = [&one, &other].map(|(source, id)| record(source, id).to_lowercase());
            prop_assert_eq!(one == other, names[0] == names[1]);
            for name in names {
                let file = name.strip_prefix("2026/02/28/").unwrap_or("/");
                prop_assert!(!file.contains('/') && file.len() < 240, "{}", name);
            }
        }
    }
}
