//! Saved filters: kept, shared, starred, and run by id wherever a filter is taken.

mod audience;
mod input;

use super::access_token::AccessToken;
use super::page::{Connection, PageArgs};
use super::{access_token, backend, error, node, search, viewer};
use crate::activity::asked::{read_breakdown, read_columns, read_order};
use crate::event::Timestamp;
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::saved::SavedView;
use crate::event::search::{both, print};
use crate::store::StoreError;
use crate::store::directory::NameMark;
use crate::store::saved::{self, Audience, NewSavedFilter, SavedFilterChange, SavedFilterChoice};
use async_graphql::types::Json;
use async_graphql::{Context, ID, MaybeUndefined, Object, Result, SimpleObject};
use audience::{SavedFilterAudience, SavedFilterOwner};
use input::{
    CreateSavedFilterInput, DeleteSavedFilterInput, SetSavedFilterFavoriteInput,
    UpdateSavedFilterInput,
};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct SavedFilterQuery;

#[Object]
impl SavedFilterQuery {
    /// Saved filters by name: your own, and those that are shared with you; for administrators all of them.
    #[expect(
        clippy::too_many_arguments,
        reason = "these are the arguments of a connection"
    )]
    async fn saved_filters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What a word of the name must begin with.")] search: Option<String>,
        #[graphql(desc = "True: only those with a star of yours. False: only those without.")]
        favorite: Option<bool>,
        #[graphql(desc = "True: only your own. False: only those of others.")] own: Option<bool>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<SavedFilter>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let range = page.range::<NameMark>("saved filters", false)?;
        let choice = SavedFilterChoice {
            search: search.as_deref(),
            favorite,
            own,
        };
        let store = backend(ctx)?.feed.store();
        let rows = store
            .saved_filters(viewer(ctx)?, &choice, range.clone())
            .await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        let mark = |saved: &saved::SavedFilter| NameMark {
            name: saved.row.sort_name.clone(),
            id: saved.row.id,
        };
        Ok(Connection::new(
            rows,
            &range,
            "saved filters",
            mark,
            |saved| SavedFilter(Arc::new(saved)),
        ))
    }
}

#[derive(Default)]
pub(super) struct SavedFilterMutation;

#[Object]
impl SavedFilterMutation {
    /// Keeps a filter under a name, as your own. Private until it is shared.
    async fn create_saved_filter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to keep.")] input: CreateSavedFilterInput,
    ) -> Result<SavedFilterPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let store = backend.feed.store();
        let view = input.view.unwrap_or_default();
        check_view(ctx, &view).await?;
        let new = NewSavedFilter {
            name: input.name,
            description: input.description,
            filter: given(input.filter, input.search.as_deref())?.unwrap_or_default(),
            view,
            viewers: input.viewers.map(Audience::from).unwrap_or_default(),
            editors: input.editors.map(Audience::from).unwrap_or_default(),
        };
        let created = store.create_saved_filter(viewer, new, backend.clock.now());
        let created = backend.feed.recording(Box::pin(created)).await;
        let id = created.map_err(|failure| error::from_store(ctx, failure))?;
        payload(ctx, id).await
    }

    /// Changes a saved filter; what is not given stays as it is. For its owner, its editors and administrators.
    async fn update_saved_filter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateSavedFilterInput,
    ) -> Result<SavedFilterPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        if let Some(view) = &input.view {
            check_view(ctx, view).await?;
        }
        let change = SavedFilterChange {
            name: input.name,
            description: match input.description {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(String::new()),
                MaybeUndefined::Value(text) => Some(text),
            },
            filter: given(input.filter, input.search.as_deref())?,
            view: input.view,
            viewers: input.viewers.map(Audience::from),
            editors: input.editors.map(Audience::from),
        };
        let store = backend.feed.store();
        let changed = store.change_saved_filter(viewer, id, change, backend.clock.now());
        let changed = backend.feed.recording(Box::pin(changed)).await;
        changed.map_err(|failure| error::from_store(ctx, failure))?;
        payload(ctx, id).await
    }

    /// Deletes a saved filter. For its owner, its editors and administrators.
    async fn delete_saved_filter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteSavedFilterInput,
    ) -> Result<DeleteSavedFilterPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        let store = backend.feed.store();
        let deleted = store.delete_saved_filter(viewer, id, backend.clock.now());
        let deleted = backend.feed.recording(Box::pin(deleted)).await;
        deleted.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(DeleteSavedFilterPayload {
            deleted_id: input.id,
        })
    }

    /// Marks a saved filter with a star of yours, or takes it away.
    async fn set_saved_filter_favorite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and whether it has a star.")]
        input: SetSavedFilterFavoriteInput,
    ) -> Result<SavedFilterPayload> {
        let id = number("input.id", &input.id)?;
        let store = backend(ctx)?.feed.store();
        let marked = store.mark_saved_filter(viewer(ctx)?, id, input.favorite);
        marked
            .await
            .map_err(|failure| error::from_store(ctx, failure))?;
        payload(ctx, id).await
    }
}

/// A saved filter, as it is now.
#[derive(SimpleObject)]
struct SavedFilterPayload {
    /// The filter; null when you may no longer see it.
    saved_filter: Option<SavedFilter>,
}

/// What was deleted.
#[derive(SimpleObject)]
struct DeleteSavedFilterPayload {
    /// The global id that it had.
    deleted_id: ID,
}

#[derive(Clone)]
pub(super) struct SavedFilter(Arc<saved::SavedFilter>);

/// A filter that somebody keeps. Whoever runs it sees what they may see, whoever made it.
#[Object]
impl SavedFilter {
    /// The global id; what `savedFilterId` takes.
    pub(super) async fn id(&self) -> ID {
        NodeId::new(NodeKind::SavedFilter, self.0.row.id)
            .encode()
            .into()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.row.name
    }

    /// What it is for.
    async fn description(&self) -> Option<&str> {
        self.0.row.description.as_deref()
    }

    /// What it chooses, in the form in which `EventFilter` is given; null when what is kept cannot be read any more.
    async fn filter(&self) -> Option<Json<EventFilter>> {
        self.0.filter().ok().map(Json)
    }

    /// What it chooses, as text; null when what is kept cannot be read any more.
    async fn search(&self) -> Option<String> {
        self.0.filter().ok().map(|filter| print(&filter))
    }

    /// How its answer is shown.
    async fn view(&self) -> SavedView {
        self.0.view().unwrap_or_default()
    }

    /// Whose it is.
    async fn owner(&self) -> SavedFilterOwner {
        SavedFilterOwner(Arc::clone(&self.0))
    }

    /// Whether it is yours.
    async fn is_own(&self) -> bool {
        self.0.own
    }

    /// Whether it has a star of yours.
    async fn is_favorite(&self) -> bool {
        self.0.favorite
    }

    /// Whether you may change and delete it.
    async fn may_edit(&self) -> bool {
        self.0.editable
    }

    /// Whether it is shared with nobody.
    async fn is_private(&self) -> bool {
        self.0.shares.is_empty()
    }

    /// Who may see and run it, besides its owner and its editors.
    async fn viewers(&self) -> SavedFilterAudience {
        self.audience(false)
    }

    /// Who may change and delete it, besides its owner.
    async fn editors(&self) -> SavedFilterAudience {
        self.audience(true)
    }

    /// What is broken in it: what it asks for that is no longer there under that name, or makes no sense any more. As
    /// long as there is something, it cannot be run. Jira's own language is not looked at.
    async fn problems(&self, ctx: &Context<'_>) -> Result<Vec<SavedFilterProblem>> {
        let problem = |(path, message)| SavedFilterProblem { path, message };
        let filter = match self.0.filter() {
            Ok(filter) => filter,
            Err(StoreError::Filter { path, message }) => return Ok(vec![problem((path, message))]),
            Err(failure) => return Err(error::from_store(ctx, failure)),
        };
        let (backend, sight) = (backend(ctx)?, viewer(ctx)?.sight());
        let store = backend.feed.store();
        let broken = store.broken(&filter, &sight, backend.clock.now()).await;
        let broken = broken.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(broken.into_iter().map(problem).collect())
    }

    /// Its access tokens by name, with which programs read it over REST: your own; for administrators everybody's.
    async fn access_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AccessToken>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        access_token::list(ctx, self.0.row.id, &page).await
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.row.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.row.updated_at)
    }
}

impl SavedFilter {
    fn audience(&self, may_edit: bool) -> SavedFilterAudience {
        SavedFilterAudience {
            saved: Arc::clone(&self.0),
            may_edit,
        }
    }
}

/// Something that is broken in a saved filter.
#[derive(SimpleObject)]
struct SavedFilterProblem {
    /// Where, e.g. `filter.groups[0]`.
    path: String,
    /// What is wrong, and what would be right.
    message: String,
}

/// A saved filter by its number, as `node` finds it.
pub(super) async fn by_number(ctx: &Context<'_>, number: i64) -> Result<Option<SavedFilter>> {
    let store = backend(ctx)?.feed.store();
    let found = store.saved_filter(viewer(ctx)?, number).await;
    let found = found.map_err(|failure| error::from_store(ctx, failure))?;
    Ok(found.map(|saved| SavedFilter(Arc::new(saved))))
}

/// The saved filter whose id an argument gives.
pub(super) async fn found(
    ctx: &Context<'_>,
    argument: &str,
    id: &ID,
) -> Result<Arc<saved::SavedFilter>> {
    let number = number(argument, id)?;
    match by_number(ctx, number).await? {
        Some(found) => Ok(found.0),
        None => Err(error::error(
            error::Code::NotFound,
            format!("{argument}: there is no saved filter with this id"),
        )),
    }
}

/// What a saved filter chooses, where one is given by its id.
pub(super) async fn filter(ctx: &Context<'_>, id: &ID) -> Result<EventFilter> {
    let found = found(ctx, "savedFilterId", id).await?;
    found
        .filter()
        .map_err(|failure| error::bad_input("savedFilterId", failure.to_string()))
}

async fn payload(ctx: &Context<'_>, id: i64) -> Result<SavedFilterPayload> {
    let saved_filter = by_number(ctx, id).await?;
    Ok(SavedFilterPayload { saved_filter })
}

pub(super) fn number(argument: &str, id: &ID) -> Result<i64> {
    let id = node::read(argument, id)?;
    if id.kind == NodeKind::SavedFilter {
        return Ok(id.number);
    }
    Err(error::bad_input(
        argument,
        "is not the id of a saved filter",
    ))
}

/// A filter that comes as such, as text, or both.
pub(super) fn given(
    filter: Option<EventFilter>,
    text: Option<&str>,
) -> Result<Option<EventFilter>> {
    let text = text
        .map(|text| search::read(text, "input.search"))
        .transpose()?;
    Ok(match (filter, text) {
        (Some(filter), Some(text)) => Some(both(filter, text)),
        (filter, text) => filter.or(text),
    })
}

/// Refuses a view that could not be shown.
async fn check_view(ctx: &Context<'_>, view: &SavedView) -> Result<()> {
    let stored = backend(ctx)?.feed.store().actions().await;
    let stored = stored.map_err(|failure| error::from_store(ctx, failure))?;
    let read = || {
        read_breakdown(view.breakdown.as_deref().unwrap_or_default())?;
        let columns = read_columns(view.columns.clone(), &stored)?;
        read_order(view.activity_order.clone(), &columns)
    };
    match read() {
        Ok(_) => Ok(()),
        Err(StoreError::Filter { path, message }) => {
            let path = path.replace("orderBy", "activityOrder");
            Err(error::bad_input(&format!("input.view.{path}"), message))
        }
        Err(failure) => Err(error::from_store(ctx, failure)),
    }
}
