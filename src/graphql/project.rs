//! Projects, and the other places in which things happen.

use super::event::{EventConnection, EventListArgs};
use super::membership::{self, Membership};
use super::page::{Connection, PageArgs};
use super::{backend, error, loader, loaders, node, viewer};
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::order::EventOrder;
use crate::event::{ContainerKind, Timestamp};
use crate::store::beside::Beside;
use crate::store::directory::{ContainerChoice, MembershipSide, NameMark};
use crate::store::entity::container;
use async_graphql::{Context, ID, Object, Result};
use std::sync::Arc;

/// What counts as a project: what people grant access to and filter by.
const PROJECTS: [ContainerKind; 2] = [ContainerKind::Project, ContainerKind::Space];

#[derive(Default)]
pub(super) struct ProjectQuery;

#[Object]
impl ProjectQuery {
    /// Projects and spaces by name.
    async fn projects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the key, or a word of the name, must begin with.")] search: Option<
            String,
        >,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Project>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list(
            ctx,
            "projects",
            &ContainerChoice {
                kinds: &PROJECTS,
                parent: None,
                search: search.as_deref(),
            },
            &page,
        )
        .await
    }

    /// One project, by global id or by key; null when there is none, or it may not be seen. Where several systems use
    /// the same key, the one that was seen first.
    async fn project(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: Option<ID>,
        #[graphql(desc = "The key, e.g. `WEB`.")] key: Option<String>,
    ) -> Result<Option<Project>> {
        let store = backend(ctx)?.feed.store();
        let found = match (id, key) {
            (Some(id), None) => {
                let id = node::read("id", &id)?;
                if id.kind != NodeKind::Project {
                    return Err(error::bad_input("id", "is not the id of a project"));
                }
                store.visible_project(viewer(ctx)?, id.number).await
            }
            (None, Some(key)) => {
                let found = store.containers_by_key(viewer(ctx)?, &key, &PROJECTS).await;
                found.map(|found| found.into_iter().next())
            }
            _ => return Err(error::bad_input("id", "give either `id` or `key`")),
        };
        let found = found.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(found.map(|row| Project(Arc::new(row))))
    }
}

async fn list(
    ctx: &Context<'_>,
    name: &str,
    choice: &ContainerChoice<'_>,
    page: &PageArgs,
) -> Result<Connection<Project>> {
    let range = page.range::<NameMark>(name, false)?;
    let rows = backend(ctx)?
        .feed
        .store()
        .containers(viewer(ctx)?, choice, range.clone())
        .await;
    let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
    let mark = |row: &container::Model| NameMark {
        name: row.sort_name.clone(),
        id: row.id,
    };
    Ok(Connection::new(rows, &range, name, mark, |row| {
        Project(Arc::new(row))
    }))
}

#[derive(Clone)]
pub(super) struct Project(pub(super) Arc<container::Model>);

/// A Jira or Bitbucket project, a Confluence space, or a Bitbucket repository inside a project.
#[Object]
impl Project {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        NodeId::new(NodeKind::Project, self.0.id).encode().into()
    }

    /// Whether it is a project, a space or a repository.
    async fn kind(&self) -> ContainerKind {
        ContainerKind::from_number(self.0.kind)
    }

    /// The short name that people use, e.g. `WEB`.
    async fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// Name; null as long as only its key is known.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// A link to open it.
    async fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// Whether outsiders are kept out; null when upstream does not say.
    async fn private(&self) -> Option<bool> {
        self.0.private
    }

    /// When it was noticed to be gone.
    async fn gone_at(&self) -> Option<Timestamp> {
        self.0.gone_at.map(Timestamp::from_micros)
    }

    /// What it lies in: a site, a workspace, or for a repository its project.
    async fn container(&self, ctx: &Context<'_>) -> Result<Option<Container>> {
        let around = load(ctx, &Beside::default(), self.0.parent_id).await?;
        Ok(around.map(Container))
    }

    /// The repositories inside it, by name.
    async fn repositories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the slug, or a word of the name, must begin with.")] search: Option<
            String,
        >,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Project>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let kinds = [ContainerKind::Repository];
        let choice = ContainerChoice {
            kinds: &kinds,
            parent: Some(self.0.id),
            search: search.as_deref(),
        };
        list(ctx, "repositories", &choice, &page).await
    }

    /// Its members, in the order in which they joined: now, or at another moment.
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The moment to look at; now when absent.")] at: Option<Timestamp>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Membership>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        membership::list(ctx, MembershipSide::Container, self.0.id, at, &page).await
    }

    /// What happened in it.
    #[expect(
        clippy::too_many_arguments,
        reason = "these are the arguments of a connection"
    )]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Chooses among them.")] filter: Option<EventFilter>,
        #[graphql(
            desc = "Chooses events, too, as text, e.g. `actor:lila -project:WEB created:>=2026-11-01`; see `parseSearch`. With `filter`, both must hold."
        )]
        search: Option<String>,
        #[graphql(
            desc = "The id of a saved filter, which chooses events, too. With `filter` and `search`, all must hold."
        )]
        saved_filter_id: Option<ID>,
        #[graphql(desc = "Their order; newest first when absent.")] order_by: Option<EventOrder>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let inside = EventFilter {
            projects: Some(vec![NodeId::new(NodeKind::Project, self.0.id).encode()]),
            ..EventFilter::default()
        };
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        EventListArgs {
            filter,
            search,
            saved_filter_id,
            order_by,
            page,
        }
        .list(ctx, Some(inside))
        .await
    }
}

#[derive(Clone)]
pub(super) struct Container(pub(super) Arc<container::Model>);

/// A place in which things happen: an organization, site, workspace, project, space or repository.
#[Object]
impl Container {
    /// What kind of place.
    #[graphql(name = "type")]
    async fn kind(&self) -> ContainerKind {
        ContainerKind::from_number(self.0.kind)
    }

    /// Upstream's id; null as long as only its key is known.
    async fn id(&self) -> Option<&str> {
        self.0.upstream_id.as_deref()
    }

    /// The short name that people use: a project key, a repository or workspace slug.
    async fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// Name; null as long as only its key is known.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// A link to open it.
    async fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// The place around it.
    async fn container(&self, ctx: &Context<'_>) -> Result<Option<Container>> {
        let around = load(ctx, &Beside::default(), self.0.parent_id).await?;
        Ok(around.map(Container))
    }
}

/// A container by its number: as was loaded before, or now.
pub(super) async fn load(
    ctx: &Context<'_>,
    beside: &Beside,
    id: Option<i64>,
) -> Result<Option<Arc<container::Model>>> {
    let Some(id) = id else { return Ok(None) };
    if let Some(row) = beside.container(id) {
        return Ok(Some(Arc::clone(row)));
    }
    let found = loaders(ctx)?.load_one(loader::ContainerId(id)).await;
    found.map_err(|failure| super::viewer::shared(ctx, &failure))
}

/// The project of what happened in a container: itself, or for a repository the project around it.
pub(super) async fn around(
    ctx: &Context<'_>,
    beside: &Beside,
    container: Option<i64>,
) -> Result<Option<Project>> {
    let Some(row) = load(ctx, beside, container).await? else {
        return Ok(None);
    };
    let outer = match outer(&row) {
        Outer::Itself => Some(row),
        Outer::Of(parent) => load(ctx, beside, Some(parent)).await?.filter(is_project),
        Outer::Nothing => None,
    };
    Ok(outer.map(Project))
}

/// Something was not loaded before.
pub(super) struct NotLoaded;

/// The same, if all that it takes was loaded before.
pub(super) fn loaded_around(
    beside: &Beside,
    container: Option<i64>,
) -> Result<Option<&Arc<container::Model>>, NotLoaded> {
    let Some(id) = container else {
        return Ok(None);
    };
    let loaded = |id| beside.container(id).ok_or(NotLoaded);
    let row = loaded(id)?;
    Ok(match outer(row) {
        Outer::Itself => Some(row),
        Outer::Of(parent) => Some(loaded(parent)?).filter(|row| is_project(row)),
        Outer::Nothing => None,
    })
}

/// Where the project of a container is found.
enum Outer {
    Itself,
    Of(i64),
    Nothing,
}

fn outer(row: &container::Model) -> Outer {
    match ContainerKind::from_number(row.kind) {
        ContainerKind::Project | ContainerKind::Space => Outer::Itself,
        ContainerKind::Repository => row.parent_id.map_or(Outer::Nothing, Outer::Of),
        ContainerKind::Organization | ContainerKind::Site | ContainerKind::Workspace => {
            Outer::Nothing
        }
    }
}

fn is_project(row: &Arc<container::Model>) -> bool {
    row.kind == ContainerKind::Project.number()
}
