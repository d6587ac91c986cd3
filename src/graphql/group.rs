//! Groups.

use super::membership::{self, Membership};
use super::page::{Connection, PageArgs};
use super::{backend, error, loader, loaders, node, viewer};
use crate::event::Timestamp;
use crate::event::node::{NodeId, NodeKind};
use crate::store::directory::{GroupChoice, MembershipSide, NameMark};
use crate::store::entity::group;
use async_graphql::{Context, ID, Object, Result};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct GroupQuery;

#[Object]
impl GroupQuery {
    /// Groups by name.
    async fn groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What a word of the name must begin with.")] search: Option<String>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Group>> {
        let choice = GroupChoice {
            search: search.as_deref(),
            organizations: false,
        };
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list(ctx, "groups", &choice, &page).await
    }

    /// Customer organizations of Jira Service Management by name, each as the group of its people: what
    /// `EventFilter.peopleInOrganizations` takes.
    async fn organizations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What a word of the name must begin with.")] search: Option<String>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Group>> {
        let choice = GroupChoice {
            search: search.as_deref(),
            organizations: true,
        };
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        list(ctx, "organizations", &choice, &page).await
    }

    /// One group; null when there is none, or it may not be seen.
    async fn group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Group>> {
        let id = node::read("id", &id)?;
        if id.kind != NodeKind::Group {
            return Err(error::bad_input("id", "is not the id of a group"));
        }
        let found = loaders(ctx)?.load_one(loader::GroupId(id.number)).await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .map(Group))
    }
}

async fn list(
    ctx: &Context<'_>,
    name: &str,
    choice: &GroupChoice<'_>,
    page: &PageArgs,
) -> Result<Connection<Group>> {
    let range = page.range::<NameMark>(name, false)?;
    let store = backend(ctx)?.feed.store();
    let rows = store.groups(viewer(ctx)?, choice, range.clone()).await;
    let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
    let mark = |row: &group::Model| NameMark {
        name: row.sort_name.clone(),
        id: row.id,
    };
    Ok(Connection::new(rows, &range, name, mark, |row| {
        Group(Arc::new(row))
    }))
}

#[derive(Clone)]
pub(super) struct Group(pub(super) Arc<group::Model>);

/// A group of users.
#[Object]
impl Group {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        NodeId::new(NodeKind::Group, self.0.id).encode().into()
    }

    /// Upstream's id; the name where upstream has no ids.
    async fn upstream_id(&self) -> &str {
        &self.0.upstream_id
    }

    /// Name.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Description.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The name of the source that lists it.
    async fn source(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let name = backend(ctx)?
            .feed
            .store()
            .source_name(self.0.source_id)
            .await;
        name.map_err(|failure| error::from_store(ctx, failure))
    }

    /// When it was noticed to be gone.
    async fn gone_at(&self) -> Option<Timestamp> {
        self.0.gone_at.map(Timestamp::from_micros)
    }

    /// Who is in it, in the order in which they joined: now, or at another moment.
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
        membership::list(ctx, MembershipSide::Group, self.0.id, at, &page).await
    }
}
