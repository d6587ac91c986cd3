//! Issues in the order of their last update, over a stretch of time that may change while it is read.
//!
//! The search gives pages by tokens, and an issue that is updated meanwhile moves within them. So each search begins
//! anew where the last page ended, by time; only as long as all issues of a page were updated in the same instant is a
//! token followed.

use super::client::{Client, SEARCH};
use super::wire::Glance;
use crate::event::Timestamp;
use crate::source::SourceError;
use crate::source::http::{CallError, Guard};
use serde_json::value::RawValue;
use std::collections::HashSet;

/// An issue as it was found.
pub(super) struct Found {
    pub(super) id: String,
    pub(super) record: Box<RawValue>,
}

/// An issue in the state after some update, in epoch milliseconds.
pub(super) type State = (String, i64);

/// Reads on from some moment.
pub(super) struct Scan<'a> {
    client: &'a Client,
    /// Everything before this moment has been read, in epoch milliseconds.
    pub(super) from: i64,
    to: Option<i64>,
    token: Option<String>,
    /// What has been handed out, as far as it may come again.
    pub(super) seen: HashSet<State>,
    restarted: bool,
    pub(super) over: bool,
    guard: Guard,
}

impl<'a> Scan<'a> {
    /// Issues updated at `from` or later, and before `to`; what was `seen` before is left out.
    pub(super) fn new(
        client: &'a Client,
        from: i64,
        to: Option<i64>,
        seen: HashSet<State>,
    ) -> Self {
        Self {
            client,
            from,
            to,
            token: None,
            seen,
            restarted: false,
            over: false,
            guard: Guard::default(),
        }
    }

    /// The issues of the next page that were not seen in this state.
    pub(super) async fn next(&mut self) -> Result<Vec<Found>, SourceError> {
        let span = (self.from, self.to);
        let page = loop {
            let token = self.token.as_deref();
            match self.client.updated_issues(span, token).await {
                Err(CallError::Refused {
                    status: 400,
                    message,
                    ..
                }) if token.is_some() => {
                    if self.restarted {
                        return Err(SourceError::CursorLost {
                            what: SEARCH.to_owned(),
                            message,
                        });
                    }
                    self.restarted = true;
                    self.token = None;
                    self.guard = Guard::default();
                }
                page => break page?,
            }
        };
        let next = page.next();
        let mut found = Vec::new();
        let (mut last, mut in_order) = (i64::MIN, true);
        for record in page.issues {
            let glance = Glance::at(&record);
            let updated = glance.updated.map(Timestamp::millis);
            in_order &= updated.is_some_and(|updated| updated >= last);
            last = updated.unwrap_or(last);
            let Some(id) = glance.id else {
                continue;
            };
            if self.seen.insert((id.clone(), updated.unwrap_or(0))) {
                found.push(Found { id, record });
            }
        }
        // A moment in the future would make the next search skip updates.
        let last = last.min(self.client.now().millis()).max(self.from);
        self.over = next.is_none();
        if in_order && last > self.from {
            self.from = last;
            self.token = None;
        } else if let Some(next) = next {
            let place = format!("{} {next}", self.from);
            self.guard.pass(SEARCH, &place, [])?;
            self.token = Some(next);
        }
        if self.over {
            self.token = None;
        }
        Ok(found)
    }
}
