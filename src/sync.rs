//! Synchronisation on one screen: fetch a page, normalise its records, append them with the cursor, wake.

use crate::clock::Clock;
use crate::event::Timestamp;
use crate::feed::Feed;
use crate::source::{Page, Part, Source, SourceError};
use crate::store::runs::Outcome;
use crate::store::{Appended, Batch, StoreError};
use futures::TryStreamExt;

/// Why a run ended before it had read everything.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Upstream could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Told after each page: what the run has done so far, and how much of the whole (done, of) where that is known.
pub type Progress<'a> = &'a (dyn Fn(&Outcome, Option<(u64, u64)>) + Send + Sync);

/// Reads one part of a source from where its cursor stands to the end of what upstream has now.
pub async fn run(
    source: &dyn Source,
    part: Part,
    feed: &Feed,
    clock: &Clock,
    (outcome, progress): (&mut Outcome, Progress<'_>),
) -> Result<(), SyncError> {
    let began = clock.now();
    let (name, system) = (source.name(), source.system());
    let cursor = feed.store().cursor(name, part.as_str()).await?;
    let mut pages = source.pages(part, cursor); // fetch
    while let Some(page) = pages.try_next().await? {
        let (seen, done) = (Seen::of(&page), page.progress);
        let records = page.records.iter();
        let events = records
            .flat_map(|record| source.normalise(record))
            .collect(); // normalise
        let batch = Batch {
            part: part.as_str(),
            events,
            entries: page.entries,
            cursor: page.cursor,
            listing_began: Some(began),
        };
        let appended = feed.append(name, system, batch, clock.now()).await?; // append, wake
        seen.add_to(outcome, appended);
        progress(outcome, done);
    }
    Ok(())
}

/// Runs one part of a source and keeps a record of the run; `next` says when it is to run again after such an end.
pub async fn recorded_run(
    source: &dyn Source,
    part: Part,
    feed: &Feed,
    clock: &Clock,
    next: impl Fn(&Result<(), SyncError>) -> Option<Timestamp>,
    progress: Progress<'_>,
) -> Result<Outcome, SyncError> {
    let store = feed.store();
    let id = store
        .begin_run(source.name(), source.system(), part.as_str(), clock.now())
        .await?;
    let mut outcome = Outcome::default();
    let result = run(source, part, feed, clock, (&mut outcome, progress)).await;
    outcome.error = result.as_ref().err().map(ToString::to_string);
    store
        .end_run(id, &outcome, clock.now(), next(&result))
        .await?;
    result.map(|()| outcome)
}

/// What a page adds to the record of a run.
struct Seen {
    records: u64,
    cursor: Option<String>,
    watermark: Option<Timestamp>,
}

impl Seen {
    fn of(page: &Page) -> Self {
        let records = (page.records.len() + page.entries.len()) as u64;
        Self {
            records,
            cursor: page.cursor.clone(),
            watermark: page.watermark,
        }
    }

    fn add_to(self, outcome: &mut Outcome, appended: Appended) {
        outcome.pages += 1;
        outcome.records += self.records;
        outcome.new += appended.new;
        outcome.repeated += appended.repeated;
        outcome.cursor = self.cursor.or(outcome.cursor.take());
        outcome.watermark = outcome.watermark.max(self.watermark);
    }
}
