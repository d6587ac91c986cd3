//! Worklogs that were added, edited or deleted, by the lists of changes that Jira keeps.
//!
//! Those lists do not show the last minute. Of a deleted worklog only its id is left.

use super::client::Client;
use super::to_cursor;
use super::wire::{Records, WorklogChanges};
use crate::event::Timestamp;
use crate::source::jira::worklog;
use crate::source::look::{self, Look};
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// Every round reads this much of what was read before.
const OVERLAP: Duration = Duration::from_mins(2);

/// Worklogs a request, the most that upstream takes.
const MOST: usize = 1_000;

/// Up to where both lists have been read, in epoch milliseconds; kept as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Mark {
    updated: i64,
    deleted: i64,
}

#[derive(Clone, Copy)]
enum List {
    Updated,
    Deleted,
}

struct Walk<'a> {
    client: &'a Client,
    mark: Mark,
    /// What is asked for next: the list, and since when.
    next: Option<(List, i64)>,
}

/// What changed after `cursor`; without one, in the last `days` days.
pub(super) fn pages<'a>(
    client: &'a Client,
    days: u32,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let mark = cursor.and_then(|cursor| serde_json::from_str(cursor).ok());
    let start = client.now().minus(DAY * days).millis();
    let mark = mark.unwrap_or(Mark {
        updated: start,
        deleted: start,
    });
    let walk = Walk {
        client,
        next: Some((List::Updated, before(mark.updated))),
        mark,
    };
    stream::try_unfold(walk, Walk::step)
}

impl<'a> Walk<'a> {
    async fn step(mut self) -> Result<Option<(Page, Walk<'a>)>, SourceError> {
        let Some((list, since)) = self.next else {
            return Ok(None);
        };
        let verb = match list {
            List::Updated => "updated",
            List::Deleted => "deleted",
        };
        let page = self.client.worklog_changes(verb, since).await?;
        let until = page.until().unwrap_or(since);
        // A list that does not get on has ended, whatever it says.
        let over = page.is_last() || until <= since;
        let records = match list {
            List::Updated => self.updated(page).await?,
            List::Deleted => {
                let gone = page.values.iter();
                gone.filter_map(|gone| worklog::deletion(gone)).collect()
            }
        };
        // A moment in the future would make the next round skip changes.
        let until = until.min(self.client.now().millis());
        let mark = match list {
            List::Updated => &mut self.mark.updated,
            List::Deleted => &mut self.mark.deleted,
        };
        *mark = until.max(*mark);
        self.next = match (list, over) {
            (list, false) => Some((list, until)),
            (List::Updated, true) => Some((List::Deleted, before(self.mark.deleted))),
            (List::Deleted, true) => None,
        };
        let page = Page {
            records,
            cursor: Some(to_cursor(&self.mark)),
            watermark: Timestamp::from_millis(self.mark.updated.min(self.mark.deleted)),
            ..Page::default()
        };
        Ok(Some((page, self)))
    }

    /// The worklogs that a list of changes names.
    async fn updated(&self, page: WorklogChanges) -> Result<Records, SourceError> {
        let ids: Vec<i64> = page
            .values
            .iter()
            .filter_map(|changed| {
                let value = look::value(changed);
                Look::new(&value).at("worklogId").text()?.parse().ok()
            })
            .collect();
        let mut worklogs = Records::new();
        for some in ids.chunks(MOST) {
            worklogs.extend(self.client.worklogs(some).await?);
        }
        Ok(worklogs)
    }
}

/// The beginning of the overlap before a moment.
fn before(millis: i64) -> i64 {
    millis.saturating_sub(i64::try_from(OVERLAP.as_millis()).unwrap_or(0))
}
