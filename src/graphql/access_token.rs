//! Access tokens: what opens one saved filter to programs over REST. Read with in [`http`](crate::http).

use super::page::{Connection, PageArgs};
use super::saved::{self, SavedFilter};
use super::{backend, error, node, viewer};
use crate::event::Timestamp;
use crate::event::node::{NodeId, NodeKind};
use crate::store::StoreError;
use crate::store::directory::NameMark;
use crate::store::entity::access_token;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use std::sync::Arc;

/// The name of the list, which its cursors bear.
const LIST: &str = "access tokens";

#[derive(Default)]
pub(super) struct AccessTokenMutation;

#[Object]
impl AccessTokenMutation {
    /// Makes an access token of a saved filter that you may see. With it, and nothing else, a program reads over REST what
    /// the filter chooses, as far as your own token may see it at that moment. The token is in the answer and nowhere else.
    async fn create_access_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which saved filter, and what it is for.")]
        input: CreateAccessTokenInput,
    ) -> Result<CreateAccessTokenPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let filter = saved::number("input.savedFilterId", &input.saved_filter_id)?;
        let (token, now) = (backend.access_secret(), backend.clock.now());
        let store = backend.feed.store();
        let created = store.create_access_token(viewer, (filter, &input.name), &token, now);
        let created = backend.feed.recording(Box::pin(created)).await;
        let id = created.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(CreateAccessTokenPayload {
            access_token: present(ctx, id).await?,
            token,
        })
    }

    /// Gives an access token another name. For its owner and administrators.
    async fn rename_access_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and its new name.")] input: RenameAccessTokenInput,
    ) -> Result<RenameAccessTokenPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        let (store, now) = (backend.feed.store(), backend.clock.now());
        let renamed = store.rename_access_token(viewer, (id, &input.name), now);
        let renamed = backend.feed.recording(Box::pin(renamed)).await;
        renamed.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(RenameAccessTokenPayload {
            access_token: present(ctx, id).await?,
        })
    }

    /// Deletes an access token: it opens nothing from then on. For its owner and administrators.
    async fn delete_access_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteAccessTokenInput,
    ) -> Result<DeleteAccessTokenPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        let (store, now) = (backend.feed.store(), backend.clock.now());
        let deleted = store.delete_access_token(viewer, id, now);
        let deleted = backend.feed.recording(Box::pin(deleted)).await;
        deleted.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(DeleteAccessTokenPayload {
            deleted_id: input.id,
        })
    }
}

/// An access token to be made.
#[derive(InputObject)]
struct CreateAccessTokenInput {
    /// The id of the saved filter that it opens.
    saved_filter_id: ID,
    /// What it is for; 1 to 255 characters.
    name: String,
}

/// An access token to be called otherwise.
#[derive(InputObject)]
struct RenameAccessTokenInput {
    /// Its global id.
    id: ID,
    /// What it is for; 1 to 255 characters.
    name: String,
}

/// An access token to delete.
#[derive(InputObject)]
struct DeleteAccessTokenInput {
    /// Its global id.
    id: ID,
}

/// A new access token.
#[derive(SimpleObject)]
struct CreateAccessTokenPayload {
    /// What is known of it from now on.
    access_token: AccessToken,
    /// The token itself, for `GET /rest/v2/data` with the header `Authorization: Bearer <token>`. It is not shown again.
    token: String,
}

/// An access token, as it is now.
#[derive(SimpleObject)]
struct RenameAccessTokenPayload {
    /// The token.
    access_token: AccessToken,
}

/// What was deleted.
#[derive(SimpleObject)]
struct DeleteAccessTokenPayload {
    /// The global id that it had.
    deleted_id: ID,
}

#[derive(Clone)]
pub(super) struct AccessToken(Arc<access_token::Model>);

/// What opens one saved filter to programs over REST. It reads what the token with which it was made may see; when that one
/// is revoked, it opens nothing any more.
#[Object]
impl AccessToken {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        NodeId::new(NodeKind::AccessToken, self.0.id)
            .encode()
            .into()
    }

    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The saved filter that it opens; null when you may not see it any more.
    async fn saved_filter(&self, ctx: &Context<'_>) -> Result<Option<SavedFilter>> {
        saved::by_number(ctx, self.0.filter_id).await
    }

    /// Whose it is, by the name of the token with which they made it.
    async fn owner(&self) -> &str {
        &self.0.holder_name
    }

    /// Whether it is yours.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn is_own(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.0.holder == viewer(ctx)?.holder())
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.created_at)
    }

    /// When it was last used, a minute late at most; null when it never was.
    async fn last_used_at(&self) -> Option<Timestamp> {
        self.0.last_used_at.map(Timestamp::from_micros)
    }
}

/// A page of a saved filter's access tokens.
pub(super) async fn list(
    ctx: &Context<'_>,
    filter: i64,
    page: &PageArgs,
) -> Result<Connection<AccessToken>> {
    let range = page.range::<NameMark>(LIST, false)?;
    let store = backend(ctx)?.feed.store();
    let rows = store.access_tokens(viewer(ctx)?, filter, range.clone());
    let rows = rows
        .await
        .map_err(|failure| error::from_store(ctx, failure))?;
    let mark = |row: &access_token::Model| NameMark {
        name: row.sort_name.clone(),
        id: row.id,
    };
    Ok(Connection::new(rows, &range, LIST, mark, |row| {
        AccessToken(Arc::new(row))
    }))
}

/// An access token by its number, as `node` finds it.
pub(super) async fn by_number(ctx: &Context<'_>, number: i64) -> Result<Option<AccessToken>> {
    let store = backend(ctx)?.feed.store();
    let found = store.access_token(viewer(ctx)?, number).await;
    let found = found.map_err(|failure| error::from_store(ctx, failure))?;
    Ok(found.map(|row| AccessToken(Arc::new(row))))
}

/// The access token with that number, which has just been there.
async fn present(ctx: &Context<'_>, number: i64) -> Result<AccessToken> {
    let missing = StoreError::NotFound {
        what: "access token with this id".to_owned(),
    };
    let found = by_number(ctx, number).await?;
    found.ok_or_else(|| error::from_store(ctx, missing))
}

fn number(argument: &str, id: &ID) -> Result<i64> {
    let id = node::read(argument, id)?;
    if id.kind == NodeKind::AccessToken {
        return Ok(id.number);
    }
    Err(error::bad_input(
        argument,
        "is not the id of an access token",
    ))
}
