//! Whose a saved filter is, and with whom it is shared.

use super::super::group::Group;
use super::super::project::Project;
use super::super::user::User;
use super::super::{backend, error, loader, loaders, viewer};
use crate::event::Alias;
use crate::event::directory::CUSTOMER_ORGANIZATION;
use crate::store::saved::{self, ShareKind};
use async_graphql::{Context, Object, Result};
use std::sync::Arc;

pub(super) struct SavedFilterOwner(pub(super) Arc<saved::SavedFilter>);

/// Whose a saved filter is.
#[Object]
impl SavedFilterOwner {
    /// Their name; the token's, where a token acts for nobody.
    async fn name(&self, ctx: &Context<'_>) -> Result<String> {
        let name = self.person(ctx).await?.and_then(|user| user.0.name.clone());
        Ok(name.unwrap_or_else(|| self.0.row.holder_name.clone()))
    }

    /// The user; null where a token acts for nobody, and when you may not look them up.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        self.person(ctx).await
    }
}

impl SavedFilterOwner {
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let Some(account) = self.0.row.holder.strip_prefix("account:") else {
            return Ok(None);
        };
        let store = backend(ctx)?.feed.store();
        let found = store
            .user_by_alias(viewer(ctx)?, &Alias::account(account))
            .await;
        let found = found.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(found.map(|row| User(Arc::new(row))))
    }
}

pub(super) struct SavedFilterAudience {
    pub(super) saved: Arc<saved::SavedFilter>,
    pub(super) may_edit: bool,
}

/// People with whom something is shared, as far as you may look them up.
#[Object]
impl SavedFilterAudience {
    /// Users.
    async fn users(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        let mut users = Vec::new();
        for id in self.ids(ShareKind::User) {
            let found = loaders(ctx)?.load_one(loader::UserId(id)).await;
            let found = found.map_err(|failure| viewer::shared(ctx, &failure))?;
            users.extend(found.map(User));
        }
        Ok(users)
    }

    /// Groups.
    async fn groups(&self, ctx: &Context<'_>) -> Result<Vec<Group>> {
        self.grouped(ctx, false).await
    }

    /// Projects: the people in them, and tokens to which they are granted.
    async fn projects(&self, ctx: &Context<'_>) -> Result<Vec<Project>> {
        let mut projects = Vec::new();
        for id in self.ids(ShareKind::Project) {
            let store = backend(ctx)?.feed.store();
            let found = store.visible_project(viewer(ctx)?, id).await;
            let found = found.map_err(|failure| error::from_store(ctx, failure))?;
            projects.extend(found.map(|row| Project(Arc::new(row))));
        }
        Ok(projects)
    }

    /// Customer organizations, each as the group of its people.
    async fn organizations(&self, ctx: &Context<'_>) -> Result<Vec<Group>> {
        self.grouped(ctx, true).await
    }
}

impl SavedFilterAudience {
    fn ids(&self, kind: ShareKind) -> impl Iterator<Item = i64> {
        let shares = self.saved.shares.iter().filter(move |share| {
            share.may_edit == self.may_edit && ShareKind::from_number(share.kind) == Some(kind)
        });
        shares.map(|share| share.target_id)
    }

    async fn grouped(&self, ctx: &Context<'_>, organizations: bool) -> Result<Vec<Group>> {
        let mut groups = Vec::new();
        for id in self.ids(ShareKind::Group) {
            let found = loaders(ctx)?.load_one(loader::GroupId(id)).await;
            let found = found.map_err(|failure| viewer::shared(ctx, &failure))?;
            groups.extend(
                found.filter(|row| {
                    row.upstream_id.starts_with(CUSTOMER_ORGANIZATION) == organizations
                }),
            );
        }
        Ok(groups.into_iter().map(Group).collect())
    }
}
