//! Who looked at which issue, and from where: the events of one action, as people ask for them.

use super::event::{Actor, Event};
use super::issue::EventIssue;
use super::page::{Connection, PageArgs};
use super::project::{self, Project};
use super::search::Asked;
use super::{backend, viewer};
use crate::event::Timestamp;
use crate::event::filter::EventFilter;
use crate::event::order::EventOrderField;
use crate::event::search::both;
use crate::store::beside::Wanted;
use crate::store::entity::event;
use crate::store::read::EventMark;
use async_graphql::{Context, Enum, ID, Object, Result};
use std::sync::Arc;

/// The action of which these are the events.
const VIEWED: &str = "issue.viewed";

/// The upstream name of that action where it was the portal that somebody looked at; all other names mean Jira itself.
const IN_PORTAL: &str = "view/customer_portal";

#[derive(Default)]
pub(super) struct IssueViewQuery;

#[Object]
impl IssueViewQuery {
    /// Who looked at which issue, newest first. Several looks of one person at one issue from the same place within five
    /// minutes are one.
    #[expect(
        clippy::too_many_arguments,
        reason = "these are the arguments of a connection"
    )]
    async fn issue_views(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Chooses among them, e.g. by time, users, projects or issues.")]
        filter: Option<EventFilter>,
        #[graphql(
            desc = "Chooses among them, too, as text; see `parseSearch`. With `filter`, both must hold."
        )]
        search: Option<String>,
        #[graphql(
            desc = "The id of a saved filter, which chooses events, too. With `filter` and `search`, all must hold."
        )]
        saved_filter_id: Option<ID>,
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
        let asked = Asked::read(ctx, filter, search.as_deref(), saved_filter_id.as_ref()).await?;
        list(ctx, &asked, &page).await
    }
}

/// A page of the views that a filter chooses.
pub(super) async fn list(
    ctx: &Context<'_>,
    asked: &Asked,
    page: &PageArgs,
) -> Result<Connection<IssueView>> {
    let views = EventFilter {
        actions: Some(vec![VIEWED.to_owned()]),
        ..EventFilter::default()
    };
    let views = both(views, asked.filter.clone());
    let range = page.range::<EventMark>("issue views", true)?;
    let (backend, viewer) = (backend(ctx)?, viewer(ctx)?);
    backend.note_viewed(viewer);
    let sight = viewer.sight();
    let rows = backend
        .feed
        .store()
        .events(
            &views,
            &sight,
            EventOrderField::Time,
            range,
            Wanted::ALL,
            backend.clock.now(),
        )
        .await;
    let (rows, beside) = rows.map_err(|failure| asked.failed(ctx, failure))?;
    let beside = Arc::new(beside);
    let mark = |row: &event::Model| EventMark {
        seq: row.seq,
        time: row.time,
    };
    Ok(Connection::new(rows, &range, "issue views", mark, |row| {
        IssueView(Event(Arc::new(row), Arc::clone(&beside)))
    }))
}

/// From where somebody looked at an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum IssueViewPlace {
    /// The issue itself: its page, or beside a board or a list.
    IssueView,
    /// The portal in which customers follow their requests.
    CustomerPortal,
}

#[derive(Clone)]
pub(super) struct IssueView(Event);

/// That somebody looked at an issue.
#[Object]
impl IssueView {
    /// When.
    async fn time(&self) -> Timestamp {
        Timestamp::from_micros(self.0.0.time)
    }

    /// Who; null when upstream does not say.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        self.0.who(ctx).await
    }

    /// From where.
    async fn place(&self, ctx: &Context<'_>) -> Result<IssueViewPlace> {
        let action = self.0.stored_action(ctx).await?;
        Ok(if action.name == IN_PORTAL {
            IssueViewPlace::CustomerPortal
        } else {
            IssueViewPlace::IssueView
        })
    }

    /// At which issue.
    async fn issue(&self) -> Option<EventIssue> {
        EventIssue::of(&self.0.0)
    }

    /// The project of the issue.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Project>> {
        project::around(ctx, &self.0.1, self.0.0.container_id).await
    }

    /// The event that says so.
    async fn event(&self) -> Event {
        self.0.clone()
    }
}
