//! Streams of events: from a position in the log to its end, and then live.

use super::event::Event;
use super::export::{self, Export};
use super::page::Edge;
use super::search::Asked;
use super::written::Listed;
use super::{backend, error, viewer};
use crate::event::filter::EventFilter;
use crate::store::StoreError;
use async_graphql::{Context, ID, Result};
use futures::{Stream, StreamExt};

/// Streams: what is stored, then what comes.
pub struct Subscription;

/// Streams: what is stored, then what comes.
#[async_graphql::Subscription]
impl Subscription {
    /// Replays the log after the position `after`, then goes on live; each event once, in the order of the log.
    /// Without `after` it starts now. After a disconnect, resume with the last `cursor`.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Chooses events; relative times count from the start of the stream.")]
        filter: Option<EventFilter>,
        #[graphql(
            desc = "Chooses events, too, as text; see `parseSearch`. With `filter`, both must hold."
        )]
        search: Option<String>,
        #[graphql(
            desc = "The id of a saved filter, which chooses events, too. With `filter` and `search`, all must hold."
        )]
        saved_filter_id: Option<ID>,
        #[graphql(
            desc = "The `cursor` of the last event of a stream, or the `position` of any event."
        )]
        after: Option<String>,
    ) -> Result<impl Stream<Item = Result<Edge<Listed>>> + use<>> {
        let (backend, viewer) = (backend(ctx)?, viewer(ctx)?);
        backend.note_viewed(viewer);
        let (newest, sight) = (backend.feed.newest(), viewer.sight());
        let after = match after {
            None => newest,
            Some(text) => Box::pin(position(ctx, &text)).await?,
        };
        let (request, store) = (error::request_id(ctx), backend.feed.store().clone());
        // Boxed, so that a stream that waits does not hold the room that looking up takes.
        let (search, saved) = (search.as_deref(), saved_filter_id.as_ref());
        let asked = Box::pin(Asked::read(ctx, filter, search, saved)).await?;
        let events = backend
            .feed
            .follow(after, &asked.filter, &sight, backend.clock.now())
            .await;
        let events = events.map_err(|failure| asked.failed(ctx, failure))?;
        Ok(events.map(move |event| match event {
            Ok(row) => Ok(Edge {
                cursor: row.seq.to_string(),
                node: Listed::whole(Event::alone(row)),
            }),
            Err(StoreError::TimedOut) => Err(error::timed_out(&store)),
            Err(failure) => Err(error::internal(&request, &failure)),
        }))
    }

    /// An export as it is now, and again whenever it has come further. The stream ends when the export is done or has
    /// failed.
    async fn export_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of the export.")] id: ID,
    ) -> Result<impl Stream<Item = Result<Export>> + use<>> {
        Box::pin(export::progress(ctx, &id)).await
    }
}

/// Reads a position that an argument gives.
async fn position(ctx: &Context<'_>, text: &str) -> Result<i64> {
    let Ok(seq) = text.parse::<i64>() else {
        return Err(error::bad_input(
            "after",
            "is not a position; give the `cursor` of a stream or the `position` of an event, not a cursor of a page",
        ));
    };
    let feed = &backend(ctx)?.feed;
    let mut newest = feed.newest();
    if seq > newest {
        // Another process may have appended it and told the client before us.
        let stored = feed.store().newest().await;
        newest = stored.map_err(|failure| error::from_store(ctx, failure))?;
    }
    if (0..=newest).contains(&seq) {
        return Ok(seq);
    }
    Err(error::bad_input(
        "after",
        format!("{seq} is not in this log, which ends at {newest}"),
    ))
}
