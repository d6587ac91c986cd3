//! Synchronisation on one screen: fetch a page, normalise its records, append them with the cursor, wake.
//!
//! [`hook`] does the same for what comes by itself.

pub mod hook;

use crate::clock::Clock;
use crate::event::{Stretch, Timestamp};
use crate::feed::Feed;
use crate::source::{Page, Part, Repeats, Source, SourceError};
use crate::store::coverage::Reading;
use crate::store::runs::{Outcome, PageOfRun};
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
async fn run(
    source: &dyn Source,
    part: Part,
    feed: &Feed,
    clock: &Clock,
    (run, outcome, progress): (i64, &mut Outcome, Progress<'_>),
) -> Result<(), SyncError> {
    let began = clock.now();
    let (name, system) = (source.name(), source.system());
    let cursor = feed.store().cursor(name, part.as_str()).await?;
    let mut lost = lost(source, part, feed, began).await?;
    let gone = lost.as_ref().map(|(stretch, _)| stretch.to);
    let (mut pages, mut repeats) = (source.pages(part, cursor), Repeats::default()); // fetch
    while let Some(page) = pages.try_next().await? {
        let (seen, done) = (Seen::of(&page), page.progress);
        let reading = part.log().map(|log| Reading {
            log,
            covered: page.covered.map(|stretch| Stretch {
                from: gone.map_or(stretch.from, |gone| gone.max(stretch.from)),
                ..stretch
            }),
            lost: lost.take(),
        });
        if page.starts_reading {
            repeats.restart();
        }
        let (mut events, mut entries) = (Vec::new(), page.entries);
        for record in &page.records {
            let facts = source.normalise(record); // normalise
            events.extend(facts.events);
            entries.extend(facts.entries);
        }
        repeats.tell_apart(&mut events);
        let batch = Batch {
            part: part.as_str(),
            events,
            entries,
            cursor: page.cursor,
            listing_began: Some(began),
            reading,
            page: Some(PageOfRun {
                run,
                records: seen.records,
                progress: done,
            }),
            ..Batch::default()
        };
        let appended = feed.append(name, system, batch, clock.now()).await?; // append, wake
        seen.add_to(outcome, appended);
        progress(outcome, done);
    }
    Ok(())
}

/// What upstream no longer keeps of a log that was not read for too long: from where it was last proven to where it begins
/// now.
async fn lost(
    source: &dyn Source,
    part: Part,
    feed: &Feed,
    now: Timestamp,
) -> Result<Option<(Stretch, String)>, StoreError> {
    let (Some(log), Some(retention), true) = (part.log(), source.retention(), part.is_live())
    else {
        return Ok(None);
    };
    let proven = feed.store().proven_until(source.name(), log).await?;
    let kept = now.minus(retention);
    Ok(proven.filter(|proven| *proven < kept).map(|proven| {
        let days = retention.as_secs() / 86_400;
        let reason = format!("not read in time: upstream keeps its log for {days} days");
        let stretch = Stretch {
            from: proven,
            to: kept,
        };
        (stretch, reason)
    }))
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
    let result = run(source, part, feed, clock, (id, &mut outcome, progress)).await;
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
    progress: Option<(u64, u64)>,
}

impl Seen {
    fn of(page: &Page) -> Self {
        let records = (page.records.len() + page.entries.len()) as u64;
        Self {
            records,
            cursor: page.cursor.clone(),
            watermark: page.watermark,
            progress: page.progress,
        }
    }

    fn add_to(self, outcome: &mut Outcome, appended: Appended) {
        outcome.pages += 1;
        outcome.records += self.records;
        outcome.new += appended.new;
        outcome.repeated += appended.repeated;
        outcome.cursor = self.cursor.or(outcome.cursor.take());
        outcome.watermark = outcome.watermark.max(self.watermark);
        outcome.progress = self.progress.or(outcome.progress);
    }
}
