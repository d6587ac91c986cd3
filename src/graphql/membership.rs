//! Who belongs to what, from when until when.

use super::group::Group;
use super::page::{Connection, PageArgs};
use super::project::Container;
use super::user::User;
use super::{backend, error, loader, loaders};
use crate::event::Timestamp;
use crate::store::directory::MembershipSide;
use crate::store::entity::membership;
use async_graphql::{Context, Object, Result};
use std::sync::Arc;

#[derive(Clone)]
pub(super) struct Membership(pub(super) Arc<membership::Model>);

/// That somebody belongs to a group or a container, from when until when.
#[Object]
impl Membership {
    /// Who; null when they may not be looked up.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let found = loaders(ctx)?.load_one(loader::UserId(self.0.user_id)).await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .map(User))
    }

    /// The group they are in, when it is one.
    async fn group(&self, ctx: &Context<'_>) -> Result<Option<Group>> {
        let Some(id) = self.0.group_id else {
            return Ok(None);
        };
        let found = loaders(ctx)?.load_one(loader::GroupId(id)).await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .map(Group))
    }

    /// The container they are a member of, when it is one, such as a Bitbucket workspace.
    async fn container(&self, ctx: &Context<'_>) -> Result<Option<Container>> {
        let Some(id) = self.0.container_id else {
            return Ok(None);
        };
        let found = loaders(ctx)?.load_one(loader::ContainerId(id)).await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .map(Container))
    }

    /// With which rights, in upstream's word, e.g. `owner`.
    async fn permission(&self) -> Option<&str> {
        self.0.permission.as_deref()
    }

    /// Since when; null when they were there before anybody looked.
    async fn since(&self) -> Option<Timestamp> {
        self.0.since.map(Timestamp::from_micros)
    }

    /// Until when; null while it lasts.
    async fn until(&self) -> Option<Timestamp> {
        self.0.until.map(Timestamp::from_micros)
    }
}

/// A page of the members of a group or container.
pub(super) async fn list(
    ctx: &Context<'_>,
    side: MembershipSide,
    id: i64,
    at: Option<Timestamp>,
    page: &PageArgs,
) -> Result<Connection<Membership>> {
    let range = page.range::<i64>("members", false)?;
    let rows = backend(ctx)?
        .feed
        .store()
        .members(side, id, at, range)
        .await;
    let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
    Ok(Connection::new(
        rows,
        &range,
        "members",
        |row| row.id,
        |row| Membership(Arc::new(row)),
    ))
}
