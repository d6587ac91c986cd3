//! Why a page of events is empty: what a list that has nothing to show leaves open.
//!
//! It is found out only when it is asked for. How sources are doing is told to whom it is told elsewhere, too; to
//! others everything that they may not see is as if it were not there.

use super::{Backend, backend, error, viewer};
use crate::event::filter::EventFilter;
use crate::event::order::EventOrderField;
use crate::event::{Product, System, Timestamp};
use crate::source::{self, Part, Source};
use crate::store::beside::Wanted;
use crate::store::query::bounds::Bounds;
use crate::store::read::Range;
use crate::store::{Store, StoreError};
use async_graphql::{Context, Enum, Object, SimpleObject};
use std::collections::BTreeSet;

/// What a page says of its emptiness.
pub(super) struct Emptiness(pub(super) Option<Empty>);

/// A page with nothing on it.
pub(super) struct Empty {
    /// What the list chooses.
    pub(super) filter: EventFilter,
    /// Whether it may be that the list has something and only the page has not.
    pub(super) partial: bool,
}

#[Object]
impl Emptiness {
    /// Why this page has no events: every reason that is known, the likeliest first. Null when it has some. Costs
    /// nothing unless it is asked for.
    async fn empty_because(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<Option<Vec<EmptyReason>>> {
        match &self.0 {
            Some(empty) => Ok(Some(empty.reasons(ctx).await?)),
            None => Ok(None),
        }
    }
}

/// Why there are no events to show.
#[derive(Debug, SimpleObject)]
pub(super) struct EmptyReason {
    /// What kind of reason.
    code: EmptyCode,
    /// The reason in a sentence, and what to do about it.
    message: String,
}

/// What kind of reason there is for an empty page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
pub(super) enum EmptyCode {
    /// The list has events, but not here: the page begins behind its end or ends before its beginning, or no events
    /// were asked for.
    EndOfList,
    /// Nothing is connected, or a source that could tell of such events has not been read yet.
    BeforeFirstSync,
    /// The newest run of a source that could tell of such events failed.
    SourceFailing,
    /// A source that could tell of such events says nothing at a time at which it used to.
    SourceSilent,
    /// The plan of a site has no audit log, or the account may not read it.
    PlanWithoutAuditLog,
    /// The range of time ends before the first moment of which anything was read.
    RangeBeforeCoverage,
    /// The filter asks for changes of fields that are not monitored.
    NotMonitored,
    /// The token may not see any project.
    Hidden,
    /// Nothing stands in the way: no such thing is known to have happened.
    NothingMatched,
}

impl Empty {
    async fn reasons(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<EmptyReason>> {
        let (backend, viewer) = (backend(ctx)?, viewer(ctx)?);
        let (store, sight, now) = (backend.feed.store(), viewer.sight(), backend.clock.now());
        let failed = |failure| error::from_store(ctx, failure);
        if sight.projects().is_some_and(<[i64]>::is_empty) {
            let message = "the token may not see any project; an administrator grants it some";
            return Ok(vec![reason(EmptyCode::Hidden, message)]);
        }
        if self.partial && self.has_events(ctx).await? {
            let message = "the list has events, but none on this page; look from its beginning";
            return Ok(vec![reason(EmptyCode::EndOfList, message)]);
        }
        let chosen = store.chosen(&self.filter, &sight, now).await;
        let bounds = Bounds::of(&chosen.map_err(failed)?);
        let mut reasons = Vec::new();
        if viewer.sees_directory() {
            reasons.extend(of_sources(backend, &bounds).await.map_err(failed)?);
        }
        let monitored = store.monitored_fields().await.map_err(failed)?;
        reasons.extend(not_monitored(&bounds, &monitored));
        if reasons.is_empty() {
            let message = "no such event is known; nothing stands in the way of knowing it";
            reasons.push(reason(EmptyCode::NothingMatched, message));
        }
        Ok(reasons)
    }

    /// Whether there is anything on the list.
    async fn has_events(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        let backend = backend(ctx)?;
        let range = Range {
            limit: 1,
            after: None,
            before: None,
            from_end: false,
            descending: true,
        };
        let (sight, now) = (viewer(ctx)?.sight(), backend.clock.now());
        let field = EventOrderField::Time;
        let store = backend.feed.store();
        let rows = store
            .events(&self.filter, &sight, field, range, Wanted::only([]), now)
            .await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(!rows.0.rows.is_empty())
    }
}

fn reason(code: EmptyCode, message: impl Into<String>) -> EmptyReason {
    let message = message.into();
    EmptyReason { code, message }
}

fn not_monitored(bounds: &Bounds, monitored: &[String]) -> Option<EmptyReason> {
    let known = |name: &String| {
        monitored
            .iter()
            .any(|field| field.eq_ignore_ascii_case(name))
    };
    let without = |fields: &&BTreeSet<String>| !fields.iter().any(known);
    let fields = bounds.fields.iter().find(without)?;
    let message = if fields.is_empty() {
        "no field is monitored, and `fields: []` means those that are; an administrator's `setMonitoredFields` says \
         which"
            .to_owned()
    } else {
        let names: Vec<&str> = fields.iter().map(String::as_str).collect();
        format!(
            "not monitored: {}; changes of these fields are shown all the same, but none is known",
            names.join(", ")
        )
    };
    Some(reason(EmptyCode::NotMonitored, message))
}

/// What the sources say that could tell of what is chosen.
async fn of_sources(backend: &Backend, bounds: &Bounds) -> Result<Vec<EmptyReason>, StoreError> {
    let store = backend.feed.store();
    if backend.sources.is_empty() && store.newest().await? == 0 {
        let message =
            "no source is connected, and nothing was imported; connect one in the settings";
        return Ok(vec![reason(EmptyCode::BeforeFirstSync, message)]);
    }
    let rows = store.sources().await?;
    let (mut reasons, mut begins) = (Vec::new(), Vec::new());
    for connection in &backend.sources {
        let name = connection.name();
        let row = rows.iter().find(|row| row.name == name);
        let is_asked = |ids: &BTreeSet<i32>| row.is_some_and(|row| ids.contains(&row.id));
        if !bounds.sources.as_ref().is_none_or(is_asked) || !may_tell(connection.system(), bounds) {
            continue;
        }
        let Some(row) = row else {
            reasons.push(before_first_sync(name));
            continue;
        };
        reasons.extend(of_runs(store, row.id, connection.as_ref()).await?);
        let since = store.silent_since(row.id, backend.clock.now()).await?;
        let is_within = |since: &Timestamp| bounds.to.is_none_or(|to| to > *since);
        if let Some(since) = since.filter(is_within) {
            let message = format!(
                "{name}: nothing has happened since {since}, unlike in the weeks before; see whether the credential \
                 still has its rights and whether upstream's log is switched on"
            );
            reasons.push(reason(EmptyCode::SourceSilent, message));
        }
        let read = store.coverage(row.id).await?;
        let read = read.iter().filter(|row| row.gap.is_none());
        begins.extend(read.map(|row| Timestamp::from_micros(row.begins)).min());
    }
    // The time before the first moment read may still be looked into, where a past is being read.
    if let Some((first, to)) = begins.iter().min().copied().zip(bounds.to)
        && to <= first
    {
        let message = format!(
            "the range of time ends at {to}, and nothing before {first} has been read; `sources {{ coverage backfills }}` \
             say what is still to come and what never can"
        );
        reasons.push(reason(EmptyCode::RangeBeforeCoverage, message));
    }
    reasons.sort_by_key(|reason| reason.code);
    Ok(reasons)
}

/// Whether events of that system can be among what is chosen.
fn may_tell(system: System, bounds: &Bounds) -> bool {
    let Some(products) = &bounds.products else {
        return true;
    };
    let told: &[Product] = match system {
        System::BitbucketCloud | System::BitbucketDc => &[Product::Bitbucket],
        System::JiraCloud | System::JiraDc => &[Product::Jira, Product::ServiceManagement],
        System::ConfluenceCloud | System::ConfluenceDc => &[Product::Confluence],
        System::Assets => &[Product::Assets],
        // The organization's log is about all products.
        System::Organization | System::Directory => &Product::ALL,
        System::Auditgraph => &[Product::Auditgraph, Product::Organization],
    };
    told.iter().any(|product| products.contains(product))
}

fn before_first_sync(name: &str) -> EmptyReason {
    let message = format!("{name}: not read yet; its first run has not ended");
    reason(EmptyCode::BeforeFirstSync, message)
}

/// What the runs say of the parts of a source that read events.
async fn of_runs(
    store: &Store,
    source_id: i32,
    connection: &dyn Source,
) -> Result<Vec<EmptyReason>, StoreError> {
    let name = connection.name();
    let reads = |part: &&Part| part.log().is_some() || **part == Part::Files;
    let parts: Vec<&str> = connection
        .parts()
        .iter()
        .filter(reads)
        .map(|part| part.as_str())
        .collect();
    let runs = store.latest_runs(source_id).await?;
    let failed = runs.iter().filter(|run| parts.contains(&run.part.as_str()));
    let failed: Vec<EmptyReason> = failed
        .filter_map(|run| {
            let error = run.error.as_deref()?;
            Some(
                if source::says_no_log(connection.system(), &run.part, error) {
                    reason(EmptyCode::PlanWithoutAuditLog, format!("{name}: {error}"))
                } else {
                    let part = &run.part;
                    reason(EmptyCode::SourceFailing, format!("{name}: {part}: {error}"))
                },
            )
        })
        .collect();
    if !failed.is_empty() || parts.is_empty() {
        return Ok(failed);
    }
    for part in parts {
        if store.latest_success(source_id, Some(part)).await?.is_some() {
            return Ok(Vec::new());
        }
    }
    Ok(vec![before_first_sync(name)])
}
