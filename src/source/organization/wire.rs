//! The JSON of organization answers: envelopes, and the marks that paging needs.
//!
//! Only what is around the records is typed. A record stays the text it is, and what it says is `normalise`'s affair.

use crate::event::Timestamp;
use crate::source::look::Look;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A page of the audit log.
#[derive(Debug, Deserialize)]
pub(super) struct EventsPage {
    data: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    meta: Value,
}

impl EventsPage {
    /// Upstream's cursor behind this page.
    pub(super) fn next(&self) -> Option<String> {
        Look::new(&self.meta).at("next").text()
    }

    /// The events, exactly as received.
    pub(super) fn into_records(self) -> Vec<Box<RawValue>> {
        self.data.unwrap_or_default()
    }
}

/// A page of any other listing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Listing {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    links: Value,
}

impl Listing {
    /// What is listed.
    pub(super) fn items(&self) -> impl Iterator<Item = Look<'_>> {
        self.data().list()
    }

    /// The answer itself, where it is no list.
    pub(super) fn data(&self) -> Look<'_> {
        Look::new(&self.data)
    }

    /// A bare cursor in version 2 of the API, a whole address in version 1.
    pub(super) fn next(&self) -> Option<String> {
        Look::new(&self.links).at("next").text()
    }
}

/// When upstream's log took in a record; where it does not say, when the event happened.
pub(super) fn processed_at(record: &RawValue) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Record {
        attributes: Attributes,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Attributes {
        #[serde(default)]
        processed_at: Value,
        #[serde(default)]
        time: Value,
    }
    let Record { attributes } = serde_json::from_str(record.get()).ok()?;
    Look::new(&attributes.processed_at)
        .time()
        .or_else(|| Look::new(&attributes.time).time())
}
