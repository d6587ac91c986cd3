//! People.

use super::event::{Event, EventListArgs, EventOrder};
use super::group::Group;
use super::membership::Membership;
use super::page::{Connection, PageArgs};
use super::{backend, error, loader, loaders, node, viewer};
use crate::event::directory::UserStatus;
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::{ActorKind, Alias, Timestamp};
use crate::store::directory::{MembershipSide, NameMark};
use crate::store::entity::user;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct UserQuery;

#[Object]
impl UserQuery {
    /// Users by name: all whom a directory lists or an event names, or those whom `search` finds.
    async fn users(
        &self,
        ctx: &Context<'_>,
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
        let rows = store
            .users(viewer(ctx)?, search.as_deref(), range.clone())
            .await;
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
                let found = loaders(ctx)?
                    .users
                    .load_one(loader::UserId(id.number))
                    .await;
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
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// Nickname.
    async fn nickname(&self) -> Option<&str> {
        self.0.nickname.as_deref()
    }

    /// E-mail address, where the upstream systems tell it.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Whether they can use their account; null for who was never listed, only named by events.
    async fn status(&self) -> Option<UserStatus> {
        self.0.status.and_then(UserStatus::from_number)
    }

    /// Whether a directory lists them now.
    async fn listed(&self) -> bool {
        self.0.listed
    }

    /// URL of their picture.
    async fn avatar_url(&self) -> Option<&str> {
        self.0.avatar_url.as_deref()
    }

    /// Job title.
    async fn job_title(&self) -> Option<&str> {
        self.0.job_title.as_deref()
    }

    /// Department.
    async fn department(&self) -> Option<&str> {
        self.0.department.as_deref()
    }

    /// When they were added to the organization.
    async fn added_at(&self) -> Option<Timestamp> {
        self.0.added_at.map(Timestamp::from_micros)
    }

    /// When they were last active, by the newest sign of it.
    async fn last_active_at(&self) -> Option<Timestamp> {
        self.0.last_active_at.map(Timestamp::from_micros)
    }

    /// What says so: the source, and what it has seen.
    async fn last_active_evidence(&self) -> Option<&str> {
        self.0.last_active_evidence.as_deref()
    }

    /// All signs of activity, newest first.
    async fn activity_signals(&self, ctx: &Context<'_>) -> Result<Vec<ActivitySignal>> {
        let found = loaders(ctx)?
            .activity
            .load_one(loader::ActivityOf(self.0.id))
            .await;
        let signals = found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .unwrap_or_default();
        Ok(signals
            .into_iter()
            .map(|signal| ActivitySignal {
                evidence: signal.evidence,
                time: Timestamp::from_micros(signal.time),
            })
            .collect())
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
            .memberships
            .load_one(loader::MembershipsOf(self.0.id))
            .await;
        let memberships = found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .unwrap_or_default();
        let keys: Vec<_> = memberships
            .iter()
            .filter_map(|row| row.group_id.map(loader::GroupId))
            .collect();
        let found = loaders(ctx)?.groups.load_many(keys.iter().copied()).await;
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
        let rows = store
            .memberships(MembershipSide::User, &[self.0.id], at)
            .await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(rows
            .into_iter()
            .map(|row| Membership(Arc::new(row)))
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
        #[graphql(desc = "Their order; newest first when absent.")] order_by: Option<EventOrder>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Event>> {
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
            order_by,
            page,
        }
        .list(ctx, Some(theirs))
        .await
    }
}

impl User {
    async fn stored_aliases(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Vec<crate::store::entity::alias::Model>> {
        let found = loaders(ctx)?
            .aliases
            .load_one(loader::AliasesOf(self.0.id))
            .await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .unwrap_or_default())
    }
}

/// A name under which an upstream system knows somebody.
#[derive(SimpleObject)]
pub(super) struct UserAlias {
    /// Who gave the name: `account` for Atlassian account ids, `bitbucket` for Bitbucket uuids.
    namespace: String,
    /// The name.
    value: String,
}

/// A sign that somebody was active.
#[derive(SimpleObject)]
pub(super) struct ActivitySignal {
    /// What says so, e.g. `product-access:confluence`.
    evidence: String,
    /// When they were last active by it.
    time: Timestamp,
}
