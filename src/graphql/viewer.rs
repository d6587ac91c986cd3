//! Who asks.

use super::project::Project;
use super::user::User;
use super::{backend, error, loader, loaders};
use crate::access::{self, Role};
use crate::event::Alias;
use crate::store::StoreError;
use async_graphql::{Context, Object, Result};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The one who asks, as their token says.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer> {
        Ok(Viewer(Arc::clone(super::viewer(ctx)?)))
    }
}

pub(super) struct Viewer(Arc<access::Viewer>);

/// The one who asks: the holder of a token.
#[Object]
impl Viewer {
    /// The token's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What the token allows.
    async fn role(&self) -> Role {
        self.0.role
    }

    /// The Atlassian account id that the token acts for. Issues with a security level are shown as far as Jira shows them
    /// to this account; without an account they are hidden, as is Assets.
    async fn account_id(&self) -> Option<&str> {
        self.0.account_id.as_deref()
    }

    /// The user whom the token acts for.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let Some(account_id) = &self.0.account_id else {
            return Ok(None);
        };
        let store = backend(ctx)?.feed.store();
        let found = store
            .user_by_alias(&self.0, &Alias::account(account_id))
            .await;
        Ok(found
            .map_err(|failure| error::from_store(ctx, failure))?
            .map(|row| User(Arc::new(row))))
    }

    /// The projects granted to the token; only these are visible to a token with the role VIEWER.
    async fn projects(&self, ctx: &Context<'_>) -> Result<Vec<Project>> {
        let keys = self.0.projects.iter().map(|id| loader::ContainerId(*id));
        let mut found = loaders(ctx)?
            .load_many(keys)
            .await
            .map_err(|failure| shared(ctx, &failure))?;
        let granted = self
            .0
            .projects
            .iter()
            .filter_map(|id| found.remove(&loader::ContainerId(*id)));
        Ok(granted.map(Project).collect())
    }
}

/// An error of a loader, which several requests for one batch share.
pub(super) fn shared(ctx: &Context<'_>, failure: &Arc<StoreError>) -> async_graphql::Error {
    match failure.as_ref() {
        StoreError::TimedOut => error::from_store(ctx, StoreError::TimedOut),
        other => error::internal(&error::request_id(ctx), other),
    }
}
