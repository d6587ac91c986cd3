//! The JSON of Data Center answers: what is around the items, and the marks that paging needs.

use crate::source::look::Look;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A page of the audit log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditPage {
    entities: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    paging_info: Value,
}

impl AuditPage {
    /// The cursor behind this page; none when it is the last one.
    ///
    /// The link to the next page is only read, never followed: it has the address that the instance gives itself, which
    /// behind a proxy is not the one to reach it by.
    pub(super) fn next(&self) -> Option<String> {
        let paging = Look::new(&self.paging_info);
        if paging.at("lastPage").flag() == Some(true) {
            return None;
        }
        let linked = || {
            let link = paging.at("nextPageLink").text()?;
            let (_, query) = link.split_once('?')?;
            url::form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == "pageCursor")
                .map(|(_, cursor)| cursor.into_owned())
        };
        paging.at("nextPageCursor").text().or_else(linked)
    }

    /// The events, exactly as received.
    pub(super) fn into_records(self) -> Vec<Box<RawValue>> {
        self.entities.unwrap_or_default()
    }
}

/// A page of one of the old lists of a project or repository.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OldPage {
    pub(super) values: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    is_last_page: Option<bool>,
    #[serde(default)]
    next_page_start: Option<u64>,
}

impl OldPage {
    /// Where the next page starts.
    pub(super) fn next(&self) -> Option<u64> {
        let next = self.next_page_start;
        next.filter(|_| self.is_last_page != Some(true))
    }
}

/// A page of any other list, in whatever of the products' styles: `values` with `nextPageStart`, `values` with `isLast`,
/// `results`, or a bare array.
#[derive(Debug)]
pub(super) struct Listing(pub(super) Value);

impl Listing {
    /// What is listed.
    pub(super) fn items(&self) -> Vec<Look<'_>> {
        let whole = Look::new(&self.0);
        let lists = [
            whole,
            whole.at("values"),
            whole.at("results"),
            whole.at("groups"),
        ];
        let list = lists.into_iter().find(|list| list.is_list());
        list.into_iter().flat_map(Look::list).collect()
    }

    /// Where the next page starts, after one that started at `start`.
    pub(super) fn next(&self, start: u64) -> Option<u64> {
        let whole = Look::new(&self.0);
        let flag = |name| whole.at(name).flag();
        let received = self.items().len() as u64;
        let stated = whole.at("nextPageStart").text();
        if flag("isLastPage") == Some(true) || flag("isLast") == Some(true) || received == 0 {
            return None;
        }
        // Bitbucket counts what it left out, too.
        if let Some(next) = stated.and_then(|next| next.parse().ok()) {
            return Some(next);
        }
        let links = whole.at("_links");
        let over = flag("isLastPage").is_some()
            || whole.at("groups").is_list()
            || (links.is_object() && links.at("next").text().is_none());
        (!over).then_some(start + received)
    }
}
