//! Who is one person: conflicts, and an administrator's decisions.

use super::user::User;
use super::{backend, error, loader, loaders, node, viewer};
use crate::access::Viewer;
use crate::event::Alias;
use crate::event::node::NodeKind;
use crate::store::conflicts::ConflictReason;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct PersonMutation;

#[Object]
impl PersonMutation {
    /// Makes one user of several who are one person. Holds for ever, whatever directories say, until `separateUser`.
    /// For administrators.
    async fn link_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which users are one person.")] input: LinkUsersInput,
    ) -> Result<LinkUsersPayload> {
        let viewer = decider(ctx)?;
        let users: Vec<i64> = input
            .users
            .iter()
            .map(|id| user_number("input.users", id))
            .collect::<Result<_>>()?;
        let backend = backend(ctx)?;
        let linked = backend
            .feed
            .link_users(viewer, &users, backend.clock.now())
            .await;
        let linked = linked.map_err(|failure| error::from_store(ctx, failure))?;
        let user = user(ctx, linked.user).await?;
        Ok(LinkUsersPayload { user })
    }

    /// Makes two users of one who is not one person: some aliases become another user's. Holds for ever, whatever
    /// directories say, until `linkUsers`. For administrators.
    async fn separate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which aliases of which user are somebody else's.")]
        input: SeparateUserInput,
    ) -> Result<SeparateUserPayload> {
        let viewer = decider(ctx)?;
        let number = user_number("input.user", &input.user)?;
        let names: Vec<Alias> = input
            .aliases
            .into_iter()
            .map(|alias| Alias {
                namespace: alias.namespace,
                value: alias.value,
            })
            .collect();
        let backend = backend(ctx)?;
        let separated = backend
            .feed
            .separate_user(viewer, number, &names, backend.clock.now())
            .await;
        let separated = separated.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(SeparateUserPayload {
            user: user(ctx, separated.user).await?,
            separated: user(ctx, separated.separated).await?,
        })
    }
}

/// Which users are one person.
#[derive(InputObject)]
struct LinkUsersInput {
    /// Their global ids, at least two and at most 50.
    users: Vec<ID>,
}

/// Who is one person now.
#[derive(SimpleObject)]
struct LinkUsersPayload {
    /// The user whom all of them are now.
    user: User,
}

/// Which aliases of a user are somebody else's.
#[derive(InputObject)]
struct SeparateUserInput {
    /// The user's global id.
    user: ID,
    /// The aliases that become another user's; some of `User.aliases`, not all.
    aliases: Vec<UserAliasInput>,
}

/// A name under which an upstream system knows somebody, as `User.aliases` has it.
#[derive(InputObject)]
struct UserAliasInput {
    /// Who gave the name.
    namespace: String,
    /// The name.
    value: String,
}

/// The two users that have become of one.
#[derive(SimpleObject)]
struct SeparateUserPayload {
    /// The user who keeps the other aliases.
    user: User,
    /// The user to whom the separated aliases belong.
    separated: User,
}

/// Somebody else who may be the same person.
#[derive(SimpleObject)]
pub(super) struct UserConflict {
    /// Why they may be.
    reason: ConflictReason,
    /// The other user.
    with: User,
}

/// The conflicts of a user, as far as the viewer may see with whom.
pub(super) async fn conflicts(ctx: &Context<'_>, user: i64) -> Result<Vec<UserConflict>> {
    if !viewer(ctx)?.sees_directory() {
        return Ok(Vec::new());
    }
    let shared = |failure| super::viewer::shared(ctx, &failure);
    let found = loaders(ctx)?.load_one(loader::ConflictsOf(user)).await;
    let found = found.map_err(shared)?.unwrap_or_default();
    let others = found.iter().map(|conflict| loader::UserId(conflict.with));
    let users = loaders(ctx)?.load_many(others).await.map_err(shared)?;
    let conflicts = found.into_iter().filter_map(|conflict| {
        let with = User(Arc::clone(users.get(&loader::UserId(conflict.with))?));
        Some(UserConflict {
            reason: conflict.reason,
            with,
        })
    });
    Ok(conflicts.collect())
}

/// The viewer, if they may decide who is one person.
fn decider<'a>(ctx: &Context<'a>) -> Result<&'a Viewer> {
    let viewer = viewer(ctx)?;
    if viewer.administers() {
        return Ok(viewer);
    }
    Err(error::error(
        error::Code::Forbidden,
        "only an administrator decides who is one person; this needs a token with the role ADMINISTRATOR",
    ))
}

fn user_number(argument: &str, id: &ID) -> Result<i64> {
    let id = node::read(argument, id)?;
    if id.kind != NodeKind::User {
        return Err(error::bad_input(argument, "is not the id of a user"));
    }
    Ok(id.number)
}

async fn user(ctx: &Context<'_>, number: i64) -> Result<User> {
    let found = loaders(ctx)?.load_one(loader::UserId(number)).await;
    let found = found.map_err(|failure| super::viewer::shared(ctx, &failure))?;
    found
        .map(User)
        .ok_or_else(|| error::error(error::Code::NotFound, "there is no such user any more"))
}
