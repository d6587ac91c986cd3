//! Issues: as they are known now, and what happened to them; who looked at them is in [`view`](super::view).

use super::event::{EventConnection, EventListArgs};
use super::page::{Connection, PageArgs};
use super::project::Project;
use super::search::Asked;
use super::view::{self, IssueView};
use super::{backend, error, loader, loaders, node, viewer};
use crate::event::Timestamp;
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::order::EventOrder;
use crate::store::beside::Beside;
use crate::store::directory::NameMark;
use crate::store::entity::{event, issue};
use crate::store::issues::{IssueChoice, IssueName};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct IssueQuery;

#[Object]
impl IssueQuery {
    /// Issues by key, deleted ones among them unless `deleted` says otherwise.
    #[expect(
        clippy::too_many_arguments,
        reason = "these are the arguments of a connection"
    )]
    async fn issues(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "What a key that the issue has or had must begin with, or what must occur in its summary. The case of plain Latin letters does not matter."
        )]
        search: Option<String>,
        #[graphql(desc = "Only those in this project, by global id or key.")] project: Option<
            String,
        >,
        #[graphql(desc = "True: only deleted ones; false: only those that are there.")]
        deleted: Option<bool>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Issue>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let range = page.range::<NameMark>("issues", false)?;
        let store = backend(ctx)?.feed.store();
        let choice = IssueChoice {
            project: project.as_deref(),
            deleted,
            search: search.as_deref(),
        };
        let rows = store.issues(viewer(ctx)?, &choice, range.clone()).await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        let mark = |row: &issue::Model| NameMark {
            name: row.sort_name.clone(),
            id: row.id,
        };
        Ok(Connection::new(rows, &range, "issues", mark, |row| {
            Issue(Arc::new(row))
        }))
    }

    /// One issue, by global id or by a key that it has or had; null when there is none, or it may not be seen. Where
    /// several have had the same key, the one that has it now.
    async fn issue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: Option<ID>,
        #[graphql(desc = "The key, e.g. `WEB-1`.")] key: Option<String>,
    ) -> Result<Option<Issue>> {
        let found = match (id, key) {
            (Some(id), None) => {
                let id = node::read("id", &id)?;
                if id.kind != NodeKind::Issue {
                    return Err(error::bad_input("id", "is not the id of an issue"));
                }
                return by_number(ctx, id.number).await;
            }
            (None, Some(key)) => {
                let store = backend(ctx)?.feed.store();
                store.issues_by_key(viewer(ctx)?, &key).await
            }
            _ => return Err(error::bad_input("id", "give either `id` or `key`")),
        };
        let found = found.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(found.into_iter().next().map(|row| Issue(Arc::new(row))))
    }
}

/// The issue with that number, if it may be seen.
pub(super) async fn by_number(ctx: &Context<'_>, number: i64) -> Result<Option<Issue>> {
    let found = loaders(ctx)?.load_one(loader::IssueId(number)).await;
    Ok(found
        .map_err(|failure| super::viewer::shared(ctx, &failure))?
        .map(Issue))
}

#[derive(Clone)]
pub(super) struct Issue(pub(super) Arc<issue::Model>);

/// An issue of Jira, as the newest news of it has it.
#[Object]
impl Issue {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        NodeId::new(NodeKind::Issue, self.0.id).encode().into()
    }

    /// Jira's id, e.g. `284408`; unique within a site.
    async fn upstream_id(&self) -> &str {
        &self.0.upstream_id
    }

    /// The host of its site or instance, e.g. `acme.atlassian.net`.
    async fn site(&self) -> &str {
        &self.0.scope
    }

    /// The key that it has now, e.g. `WEB-1`, or had last; null as long as only its id is known.
    async fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// All keys that it is known to have or have had.
    async fn keys(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        let found = loaders(ctx)?.load_one(loader::KeysOf(self.0.id)).await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .unwrap_or_default())
    }

    /// The issue type, e.g. `Bug`.
    #[graphql(name = "type")]
    async fn kind(&self) -> Option<&str> {
        self.0.kind.as_deref()
    }

    /// Its title.
    async fn summary(&self) -> Option<&str> {
        self.0.summary.as_deref()
    }

    /// The request type, for issues of a service project.
    async fn request_type(&self) -> Option<&str> {
        self.0.request_type.as_deref()
    }

    /// The security level, which decides who sees it in Jira; null when it has none, or when nobody has said.
    async fn security_level(&self) -> Option<SecurityLevel> {
        let (id, name) = (self.0.security_id.clone()?, self.0.security_name.clone());
        Some(SecurityLevel { id, name })
    }

    /// The project it is in.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Project>> {
        super::project::around(ctx, &Beside::default(), self.0.container_id).await
    }

    /// Whether it has been deleted.
    async fn deleted(&self) -> bool {
        self.0.deleted_at.is_some()
    }

    /// When it was deleted, as upstream says.
    async fn deleted_at(&self) -> Option<Timestamp> {
        self.0.deleted_at.map(Timestamp::from_micros)
    }

    /// A link to open it; null when it has been deleted.
    async fn url(&self) -> Option<String> {
        let key = self.0.key.as_deref()?;
        let there = self.0.deleted_at.is_none();
        there.then(|| format!("https://{}/browse/{key}", self.0.scope))
    }

    /// What happened to it.
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
        .list(ctx, Some(self.itself()))
        .await
    }

    /// Who looked at it, from where and when, newest first. Several looks of one person from the same place within five
    /// minutes are one.
    async fn viewers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<IssueView>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        view::list(ctx, &Asked::within(self.itself()), &page).await
    }
}

impl Issue {
    fn itself(&self) -> EventFilter {
        EventFilter {
            issues: Some(vec![NodeId::new(NodeKind::Issue, self.0.id).encode()]),
            ..EventFilter::default()
        }
    }
}

/// An issue's security level: who is not in it does not see the issue in Jira.
#[derive(SimpleObject)]
pub(super) struct SecurityLevel {
    /// Jira's id.
    id: String,
    /// Name.
    name: Option<String>,
}

/// The issue that an event concerns, as the event names it.
pub(super) struct EventIssue(IssueName);

impl EventIssue {
    pub(super) fn of(row: &event::Model) -> Option<Self> {
        let name = IssueName {
            id: row.issue_id.clone(),
            key: row.issue_key.clone(),
            container_id: row.container_id,
        };
        (name.id.is_some() || name.key.is_some()).then_some(Self(name))
    }
}

/// The issue that an event concerns.
#[Object]
impl EventIssue {
    /// Jira's id.
    async fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// The key that it had when it happened, e.g. `WEB-1`.
    async fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// The issue as it is known now; null when nothing more is known of it, when it may be one of several, or when it
    /// may not be seen.
    async fn issue(&self, ctx: &Context<'_>) -> Result<Option<Issue>> {
        let key = loader::NamedIssue(Arc::new(self.0.clone()));
        let found = loaders(ctx)?.load_one(key).await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .map(Issue))
    }
}
