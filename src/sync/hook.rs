//! A webhook on one screen: normalise it, append what it says, wake. There is no queue: what was answered is stored.

use crate::event::Timestamp;
use crate::feed::Feed;
use crate::source::{Delivery, NoHook, Source};
use crate::store::hooks::Arrived;
use crate::store::{Appended, Batch, StoreError};

/// The part of a source that webhooks belong to.
const PART: &str = "hooks";

/// The part of a source that posted views of issues belong to.
const VIEWS: &str = "issue-views";

/// Why views of issues were not stored.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// What was posted is not what it should be.
    #[error("{0}")]
    Wrong(String),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a webhook was not stored.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It is none of the source's system.
    #[error(transparent)]
    NoHook(#[from] NoHook),
    /// The store could not take it; it may come again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stores what a webhook says; `refused` says how many of its kind were sent away since the last one.
///
/// The same webhook may come any number of times, several at once and in any order.
pub async fn receive(
    source: &dyn Source,
    headers: &[(&str, &str)],
    body: &str,
    refused: u32,
    feed: &Feed,
    now: Timestamp,
) -> Result<Appended, HookError> {
    let facts = source.receive(&Delivery { headers, body })?; // normalise
    let batch = Batch {
        part: PART,
        events: facts.events,
        entries: facts.entries,
        hooks: Arrived {
            received: 1,
            refused,
        },
        pushed: true,
        ..Batch::default()
    };
    Ok(feed
        .append(source.name(), source.system(), batch, now)
        .await?) // append, wake
}

/// Stores views of issues that were posted; all of them or, when one is wrong, none.
pub async fn view(
    source: &dyn Source,
    body: &str,
    feed: &Feed,
    now: Timestamp,
) -> Result<Appended, ViewError> {
    let views = source.issue_views().ok_or_else(|| {
        ViewError::Wrong("this source has no issues that could be viewed".to_owned())
    })?;
    let batch = Batch {
        part: VIEWS,
        events: views.events(body, now).map_err(ViewError::Wrong)?,
        ..Batch::default()
    };
    Ok(feed
        .append(source.name(), source.system(), batch, now)
        .await?)
}

/// Notes webhooks that were sent away.
pub async fn refuse(
    source: &dyn Source,
    refused: u32,
    feed: &Feed,
    now: Timestamp,
) -> Result<(), StoreError> {
    let batch = Batch {
        part: PART,
        hooks: Arrived {
            received: 0,
            refused,
        },
        ..Batch::default()
    };
    feed.append(source.name(), source.system(), batch, now)
        .await?;
    Ok(())
}
