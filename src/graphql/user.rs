//! People.

use super::event::{EventConnection, EventListArgs};
use super::group::Group;
use super::membership::Membership;
use super::page::{Connection, PageArgs};
use super::person::{self, UserConflict};
use super::{backend, error, loader, loaders, node, viewer};
use crate::event::directory::UserStatus;
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::order::EventOrder;
use crate::event::signal::{Precision, Signal, Worth};
use crate::event::{ActorKind, Alias, Timestamp};
use crate::store::activity::{Activity, ActivityState, Sign};
use crate::store::directory::{NameMark, UserChoice};
use crate::store::entity::user;
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use std::collections::HashSet;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct UserQuery;

#[Object]
impl UserQuery {
    /// Users by name: all whom a directory lists or an event names, or those whom `search` and `filter` leave.
    #[expect(
        clippy::too_many_arguments,
        reason = "these are the arguments of a connection"
    )]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Chooses among them.")] filter: Option<UserFilter>,
        #[graphql(desc = "Every word must begin a word of the name, nickname or e-mail address.")]
        search: Option<String>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<User>> {
        let range = PageArgs {
            first,
            after,
            last,
            before,
        }
        .range::<NameMark>("users", false)?;
        let store = backend(ctx)?.feed.store();
        let choice = UserChoice {
            search: search.as_deref(),
            conflict: filter.and_then(|filter| filter.conflict),
        };
        let rows = store.users(viewer(ctx)?, &choice, range.clone()).await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        let mark = |row: &user::Model| NameMark {
            name: row.sort_name.clone(),
            id: row.id,
        };
        Ok(Connection::new(rows, &range, "users", mark, |row| {
            User(Arc::new(row))
        }))
    }

    /// One user, by global id or by Atlassian account id; null when there is none, or they may not be seen.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: Option<ID>,
        #[graphql(desc = "The Atlassian account id, e.g. `557058:0e7a…`.")] account_id: Option<
            String,
        >,
    ) -> Result<Option<User>> {
        let found = match (id, account_id) {
            (Some(id), None) => {
                let id = node::read("id", &id)?;
                if id.kind != NodeKind::User {
                    return Err(error::bad_input("id", "is not the id of a user"));
                }
                let found = loaders(ctx)?.load_one(loader::UserId(id.number)).await;
                found.map_err(|failure| super::viewer::shared(ctx, &failure))?
            }
            (None, Some(account_id)) => {
                let store = backend(ctx)?.feed.store();
                let found = store
                    .user_by_alias(viewer(ctx)?, &Alias::account(account_id))
                    .await;
                found
                    .map_err(|failure| error::from_store(ctx, failure))?
                    .map(Arc::new)
            }
            _ => return Err(error::bad_input("id", "give either `id` or `accountId`")),
        };
        Ok(found.map(User))
    }
}

/// Which users to list. All given fields must hold.
#[derive(InputObject)]
struct UserFilter {
    /// True: who may be the same person as somebody else, see `User.conflicts`. False: who may not.
    conflict: Option<bool>,
}

#[derive(Clone)]
pub(super) struct User(pub(super) Arc<user::Model>);

/// Somebody: one user for one person, under all the names that the systems have for them.
#[Object]
impl User {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        NodeId::new(NodeKind::User, self.0.id).encode().into()
    }

    /// The Atlassian account id.
    async fn account_id(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let aliases = self.stored_aliases(ctx).await?;
        Ok(aliases
            .into_iter()
            .find(|alias| alias.namespace == "account")
            .map(|alias| alias.value))
    }

    /// What kind of somebody.
    async fn kind(&self) -> ActorKind {
        ActorKind::from_number(self.0.kind)
    }

    /// Display name.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.told(ctx, |account| account.name.clone()).await
    }

    /// Nickname.
    async fn nickname(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.told(ctx, |account| account.nickname.clone()).await
    }

    /// E-mail address, where the upstream systems tell it.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.told(ctx, |account| account.email.clone()).await
    }

    /// Whether they can use their account; null for who was never listed, only named by events.
    async fn status(&self, ctx: &Context<'_>) -> Result<Option<UserStatus>> {
        let status = |account: &user::Model| account.status.and_then(UserStatus::from_number);
        self.told(ctx, status).await
    }

    /// Whether a directory lists them now.
    async fn listed(&self, ctx: &Context<'_>) -> Result<bool> {
        let listed = |account: &user::Model| account.listed.then_some(true);
        Ok(self.told(ctx, listed).await?.unwrap_or(false))
    }

    /// A link to their profile at the site that Jira or Confluence was read from; null as long as no site or no account
    /// id is known.
    async fn profile_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let Some(account) = self.account_id(ctx).await? else {
            return Ok(None);
        };
        let host = backend(ctx)?.feed.store().cloud_host().await;
        let host = host.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(host.map(|host| format!("https://{host}/jira/people/{account}")))
    }

    /// URL of their picture.
    async fn avatar_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.told(ctx, |account| account.avatar_url.clone()).await
    }

    /// Job title.
    async fn job_title(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.told(ctx, |account| account.job_title.clone()).await
    }

    /// Department.
    async fn department(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.told(ctx, |account| account.department.clone()).await
    }

    /// When they were added to the organization.
    async fn added_at(&self, ctx: &Context<'_>) -> Result<Option<Timestamp>> {
        let added = |account: &user::Model| account.added_at.map(Timestamp::from_micros);
        self.told(ctx, added).await
    }

    /// The newest accepted sign that they were active, and what it is; null when there is none, see `lastActiveState`.
    /// Signing in is no activity: it is taken only for somebody of whom nothing better is known.
    async fn last_active(&self, ctx: &Context<'_>) -> Result<Option<ActivitySignal>> {
        let activity = self.activity(ctx).await?;
        Ok(activity.last().map(ActivitySignal::from))
    }

    /// Whether they were ever active: never, and not known, are different things.
    async fn last_active_state(&self, ctx: &Context<'_>) -> Result<ActivityState> {
        Ok(self.activity(ctx).await?.state())
    }

    /// All signs of activity, newest first: the newest of each kind and source.
    async fn activity_signals(&self, ctx: &Context<'_>) -> Result<Vec<ActivitySignal>> {
        let activity = self.activity(ctx).await?;
        Ok(activity.signs.iter().map(ActivitySignal::from).collect())
    }

    /// Who else may be the same person, and why. An administrator decides with `linkUsers` or `separateUser`.
    async fn conflicts(&self, ctx: &Context<'_>) -> Result<Vec<UserConflict>> {
        person::conflicts(ctx, self.0.id).await
    }

    /// All names under which the upstream systems know them.
    async fn aliases(&self, ctx: &Context<'_>) -> Result<Vec<UserAlias>> {
        let aliases = self.stored_aliases(ctx).await?;
        Ok(aliases
            .into_iter()
            .map(|alias| UserAlias {
                namespace: alias.namespace,
                value: alias.value,
            })
            .collect())
    }

    /// The groups they are in now.
    async fn groups(&self, ctx: &Context<'_>) -> Result<Vec<Group>> {
        let found = loaders(ctx)?
            .load_one(loader::MembershipsOf(self.0.id))
            .await;
        let memberships = found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .unwrap_or_default();
        // Two accounts of one person may be in the same group.
        let mut seen = HashSet::new();
        let keys: Vec<_> = memberships
            .iter()
            .filter_map(|row| row.group_id.map(loader::GroupId))
            .filter(|group| seen.insert(*group))
            .collect();
        let found = loaders(ctx)?.load_many(keys.iter().copied()).await;
        let mut groups = found.map_err(|failure| super::viewer::shared(ctx, &failure))?;
        Ok(keys
            .iter()
            .filter_map(|key| groups.remove(key))
            .map(Group)
            .collect())
    }

    /// What they belong to, groups and containers, with rights and time: now, or at another moment.
    async fn memberships(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The moment to look at; now when absent.")] at: Option<Timestamp>,
    ) -> Result<Vec<Membership>> {
        let store = backend(ctx)?.feed.store();
        let rows = store.memberships(&[self.0.id], at).await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(rows
            .into_iter()
            .map(|(_, row)| Membership(Arc::new(row)))
            .collect())
    }

    /// What they did.
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
        let theirs = EventFilter {
            users: Some(vec![NodeId::new(NodeKind::User, self.0.id).encode()]),
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
        .list(ctx, Some(theirs))
        .await
    }
}

impl User {
    /// What the account that stands for them says, or else another of theirs.
    async fn told<T>(
        &self,
        ctx: &Context<'_>,
        fact: impl Fn(&user::Model) -> Option<T>,
    ) -> Result<Option<T>> {
        if let Some(known) = fact(&self.0) {
            return Ok(Some(known));
        }
        let found = loaders(ctx)?.load_one(loader::AccountsOf(self.0.id)).await;
        let accounts = found.map_err(|failure| super::viewer::shared(ctx, &failure))?;
        Ok(accounts.unwrap_or_default().iter().find_map(fact))
    }

    async fn activity(&self, ctx: &Context<'_>) -> Result<Arc<Activity>> {
        let found = loaders(ctx)?.load_one(loader::ActivityOf(self.0.id)).await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .unwrap_or_default())
    }

    async fn stored_aliases(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Vec<crate::store::entity::alias::Model>> {
        let found = loaders(ctx)?.load_one(loader::AliasesOf(self.0.id)).await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .unwrap_or_default())
    }
}

/// A name under which an upstream system knows somebody.
#[derive(SimpleObject)]
pub(super) struct UserAlias {
    /// Who gave the name: `account` for Atlassian account ids, `bitbucket` for Bitbucket uuids, `data-center:` with the
    /// instance for its ids and keys, `email` where only an address is known, `token` for holders of our own tokens.
    namespace: String,
    /// The name.
    value: String,
}

/// A sign that somebody was active.
#[derive(SimpleObject)]
pub(super) struct ActivitySignal {
    /// When they were active by it; for the precision `DAY` the first moment of the day in UTC.
    at: Timestamp,
    /// How exact `at` is.
    precision: Precision,
    /// What it is.
    signal: Signal,
    /// What it is worth: which signs can be `lastActive`.
    worth: Worth,
    /// The name of the source that tells.
    source: String,
    /// What it has told, e.g. `product-access:confluence` or `workspace:acme`; the action's code, for an own event.
    evidence: String,
}

impl From<&Sign> for ActivitySignal {
    fn from(sign: &Sign) -> Self {
        Self {
            at: sign.time,
            precision: sign.signal.precision(),
            signal: sign.signal,
            worth: sign.signal.worth(),
            source: sign.source.clone(),
            evidence: sign.evidence.clone(),
        }
    }
}
