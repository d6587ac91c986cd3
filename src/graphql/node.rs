//! Anything by its global id.

use super::access_token::{self, AccessToken};
use super::event::Event;
use super::export::{self, Export};
use super::filter_subscription::{self, FilterSubscription};
use super::group::Group;
use super::issue::{self, Issue};
use super::project::Project;
use super::saved::{self, SavedFilter};
use super::source::Source;
use super::user::User;
use super::webhook::{self, WebhookEndpoint};
use super::{backend, error, loader, loaders, source, viewer};
use crate::event::node::{NodeId, NodeKind};
use crate::store::StoreError;
use async_graphql::{Context, ID, Interface, Object, Result};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct NodeQuery;

/// Anything that has a global id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "The global id; `node(id:)` finds the thing again."
))]
pub(super) enum Node {
    Event(Event),
    User(User),
    Group(Group),
    Project(Project),
    Source(Source),
    Issue(Issue),
    SavedFilter(SavedFilter),
    Export(Export),
    FilterSubscription(FilterSubscription),
    WebhookEndpoint(WebhookEndpoint),
    AccessToken(AccessToken),
}

/// Ids that `nodes` takes at once.
const MOST: usize = 500;

#[Object]
impl NodeQuery {
    /// The thing with this global id; null when there is none, or it may not be seen.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id.")] id: ID,
    ) -> Result<Option<Node>> {
        find(ctx, "id", &id).await
    }

    /// The things with these global ids, in the same order; null for each that there is none of, or that may not be
    /// seen. At most 500.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MOST {
            return Err(error::bad_input(
                "ids",
                format!("{} ids are too many; give at most {MOST}", ids.len()),
            ));
        }
        futures::future::try_join_all(ids.iter().map(|id| find(ctx, "ids", id))).await
    }
}

async fn find(ctx: &Context<'_>, argument: &str, id: &ID) -> Result<Option<Node>> {
    let id = read(argument, id)?;
    let (viewer, loaders, store) = (viewer(ctx)?, loaders(ctx)?, backend(ctx)?.feed.store());
    let failed = |failure: StoreError| error::from_store(ctx, failure);
    Ok(match id.kind {
        NodeKind::Event => {
            let found = store
                .events_at(&[id.number], &viewer.sight())
                .await
                .map_err(failed)?
                .pop();
            found.map(|row| Node::Event(Event::alone(Arc::new(row))))
        }
        NodeKind::User => {
            let found = loaders.load_one(loader::UserId(id.number)).await;
            found
                .map_err(|failure| super::viewer::shared(ctx, &failure))?
                .map(|row| Node::User(User(row)))
        }
        NodeKind::Group => {
            let found = loaders.load_one(loader::GroupId(id.number)).await;
            found
                .map_err(|failure| super::viewer::shared(ctx, &failure))?
                .map(|row| Node::Group(Group(row)))
        }
        NodeKind::Project => {
            let found = store
                .visible_project(viewer, id.number)
                .await
                .map_err(failed)?;
            found.map(|row| Node::Project(Project(Arc::new(row))))
        }
        NodeKind::Source => source::by_number(ctx, id.number).await?.map(Node::Source),
        NodeKind::Issue => issue::by_number(ctx, id.number).await?.map(Node::Issue),
        NodeKind::SavedFilter => saved::by_number(ctx, id.number)
            .await?
            .map(Node::SavedFilter),
        NodeKind::Export => export::by_number(ctx, id.number).await?.map(Node::Export),
        NodeKind::FilterSubscription => filter_subscription::by_number(ctx, id.number)
            .await?
            .map(Node::FilterSubscription),
        NodeKind::WebhookEndpoint => webhook::by_number(ctx, id.number)
            .await?
            .map(Node::WebhookEndpoint),
        NodeKind::AccessToken => access_token::by_number(ctx, id.number)
            .await?
            .map(Node::AccessToken),
    })
}

/// Reads a global id that an argument gives.
pub(super) fn read(argument: &str, id: &ID) -> Result<NodeId> {
    NodeId::decode(id).ok_or_else(|| {
        error::bad_input(
            argument,
            format!(
                "`{}` is not a global id; give the `id` of a thing",
                id.as_str()
            ),
        )
    })
}
