//! The JSON of Confluence's answers: envelopes only. What is inside is for others to read.

use crate::source::look::Look;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A page of records or of anything else that is listed by offset.
#[derive(Debug, Deserialize)]
pub(super) struct Records {
    results: Option<Vec<Box<RawValue>>>,
}

impl Records {
    /// What is listed, exactly as received.
    pub(super) fn into_records(self) -> Vec<Box<RawValue>> {
        self.results.unwrap_or_default()
    }
}

/// A page of version 2 of the API.
#[derive(Debug, Deserialize)]
pub(super) struct Listing {
    #[serde(default)]
    results: Value,
    #[serde(rename = "_links", default)]
    links: Value,
}

impl Listing {
    /// What is listed.
    pub(super) fn items(&self) -> impl Iterator<Item = Look<'_>> {
        Look::new(&self.results).list()
    }

    /// Where people find the site; what else is linked is below that.
    pub(super) fn base(&self) -> Option<String> {
        Look::new(&self.links).at("base").text()
    }

    /// Where the next page is, mostly without the host.
    pub(super) fn next(&self) -> Option<String> {
        Look::new(&self.links).at("next").text()
    }
}
