//! The JSON of Bitbucket Cloud answers: the envelope of a page. Its items are looked into by `normalise`.

use crate::source::look::Look;
use serde::Deserialize;
use serde_json::Value;

/// A page of any list.
#[derive(Debug, Deserialize)]
pub(super) struct Listing {
    #[serde(default)]
    values: Value,
    #[serde(default)]
    next: Value,
}

impl Listing {
    /// What is listed.
    pub(super) fn items(&self) -> impl Iterator<Item = Look<'_>> {
        Look::new(&self.values).list()
    }

    /// The address of the next page.
    pub(super) fn next(&self) -> Option<String> {
        Look::new(&self.next).text()
    }
}
