//! What a filter subscription must be like to be saved.

use super::{MailFormat, wrong};
use crate::event::Timestamp;
use crate::event::schedule::Schedule;
use crate::store::{StoreError, clean};
use chrono_tz::Tz;
use lettre::Address;
use std::collections::HashSet;

/// Characters of a name.
const NAME: usize = 255;

/// Addresses to which one mail goes.
const RECIPIENTS: usize = 500;

/// A filter subscription to be kept.
#[derive(Clone, Debug)]
pub struct NewFilterSubscription {
    /// The saved filter.
    pub filter_id: i64,
    /// Name.
    pub name: String,
    /// E-mail addresses.
    pub recipients: Vec<String>,
    /// When it is due.
    pub schedule: Schedule,
    /// IANA name of the time zone.
    pub time_zone: String,
    /// Whether a mail is sent when nothing was found.
    pub send_when_empty: bool,
    /// In what form the events are.
    pub format: MailFormat,
}

/// What to change of a filter subscription; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct FilterSubscriptionChange {
    /// Name.
    pub name: Option<String>,
    /// E-mail addresses.
    pub recipients: Option<Vec<String>>,
    /// When it is due.
    pub schedule: Option<Schedule>,
    /// IANA name of the time zone.
    pub time_zone: Option<String>,
    /// Whether a mail is sent when nothing was found.
    pub send_when_empty: Option<bool>,
    /// In what form the events are.
    pub format: Option<MailFormat>,
}

pub(super) fn checked_name(name: &str) -> Result<String, StoreError> {
    let name = clean(name.trim().to_owned());
    let length = name.chars().count();
    if (1..=NAME).contains(&length) {
        return Ok(name);
    }
    let message = format!("a name of {length} characters; give one of 1 to {NAME}");
    Err(wrong("input.name".to_owned(), message))
}

/// The addresses, each once.
pub(super) fn checked_recipients(given: &[String]) -> Result<Vec<String>, StoreError> {
    let count = given.len();
    if !(1..=RECIPIENTS).contains(&count) {
        let message = format!("{count} addresses; give 1 to {RECIPIENTS}");
        return Err(wrong("input.recipients".to_owned(), message));
    }
    let (mut recipients, mut seen) = (Vec::with_capacity(count), HashSet::new());
    for (place, text) in given.iter().enumerate() {
        let text = text.trim();
        let address = text.parse::<Address>().ok().filter(|_| text.is_ascii());
        let Some(address) = address else {
            let message =
                format!("`{text}` is not an e-mail address; give one such as ann@example.com");
            return Err(wrong(format!("input.recipients[{place}]"), message));
        };
        if seen.insert(text.to_ascii_lowercase()) {
            recipients.push(address.to_string());
        }
    }
    Ok(recipients)
}

/// The time zone, and when it is first due; never where it waits for events.
pub(super) fn checked_schedule(
    schedule: &Schedule,
    zone: &str,
    now: Timestamp,
) -> Result<(Tz, Option<Timestamp>), StoreError> {
    let zone: Tz = zone.parse().map_err(|_| {
        let message =
            format!("`{zone}` is not a time zone; give an IANA name such as Europe/Berlin");
        wrong("input.timeZone".to_owned(), message)
    })?;
    let next = schedule
        .check(zone, now)
        .and_then(|()| schedule.next_after(zone, now));
    let next =
        next.map_err(|error| wrong(format!("input.schedule.{}", error.path), error.message))?;
    Ok((zone, next))
}
