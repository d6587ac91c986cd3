//! The aggregated view: who did how much of what, and the issues behind a count.

use super::action::Action;
use super::event::{Actor, person};
use super::issue::Issue;
use super::page::{Connection, Mark, PageArgs, cut_from};
use super::project::{self, Project};
use super::search::Asked;
use super::{backend, error, viewer};
use crate::activity::asked::{
    Column, ColumnAction, place_of, read_breakdown, read_columns, read_order,
};
use crate::activity::{ActivityError, Answer, Question, Rank, Row, RowKey, within_range};
use crate::event::filter::EventFilter;
use crate::event::order::{ActivityBreakdown, ActivityOrder};
use crate::store::beside::Beside;
use crate::store::directory::NameMark;
use crate::store::entity::issue;
use async_graphql::{Context, Error, ID, Object, Result, SimpleObject};
use std::sync::Arc;

/// For at most this many issues there is a link that opens them all in Jira.
const LINKED: usize = 100;

#[derive(Default)]
pub(super) struct ActivityQuery;

#[Object]
impl ActivityQuery {
    /// Who did how much of what: a row an actor, a column an action, most active first unless ordered otherwise. Without
    /// a time in the filter it is about the last 30 days; a year at most (both are settings). Issues that you may not see
    /// are counted, too, and shown nowhere.
    #[expect(
        clippy::too_many_arguments,
        reason = "these are the arguments of a connection"
    )]
    async fn activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Chooses what is counted.")] filter: Option<EventFilter>,
        #[graphql(
            desc = "Chooses what is counted, too, as text; see `parseSearch`. With `filter`, both must hold."
        )]
        search: Option<String>,
        #[graphql(
            desc = "The id of a saved filter, which chooses events, too. With `filter` and `search`, all must hold."
        )]
        saved_filter_id: Option<ID>,
        #[graphql(desc = "By what rows are divided, besides the actor; by nothing when absent.")]
        breakdown: Option<Vec<ActivityBreakdown>>,
        #[graphql(
            desc = "The actions to count, by code or label, each in a column of its own; `*` for all that were ever seen. When absent: issue created, updated, deleted, status changed, resolved; comment added, updated, deleted."
        )]
        columns: Option<Vec<String>>,
        #[graphql(desc = "The order of rows; the highest total first when absent.")]
        order_by: Option<ActivityOrder>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<ActivityConnection> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let wrong = |failure| error::from_store(ctx, failure);
        let breakdown = read_breakdown(&breakdown.unwrap_or_default()).map_err(wrong)?;
        let (backend, viewer) = (backend(ctx)?, viewer(ctx)?);
        backend.note_viewed(viewer);
        let store = backend.feed.store();
        let stored = store.actions().await;
        let stored = stored.map_err(wrong)?;
        let columns = read_columns(columns, &stored).map_err(wrong)?;
        let order = read_order(order_by, &columns).map_err(wrong)?;
        let asked = Asked::read(ctx, filter, search.as_deref(), saved_filter_id.as_ref()).await?;
        let now = backend.clock.now();
        let test = store.countable(&asked.filter, &viewer.sight(), now).await;
        let test = test.map_err(|failure| asked.failed(ctx, failure))?;
        let test = within_range(test, now, backend.activity_limits)
            .map_err(|message| error::bad_input("filter.time", message))?;
        let fields = store.monitored_fields().await;
        let question = Question {
            test,
            columns: columns.iter().map(|column| column.ids.clone()).collect(),
            breakdown,
            fields: fields.map_err(wrong)?,
        };
        let name = format!("activity by {order:?}").to_lowercase();
        let range = page.range::<Rank>(&name, order.descending)?;
        let refused = |failure| refused(ctx, failure);
        let Answer { rows, totals } = backend
            .activity
            .ask(viewer, &question)
            .await
            .map_err(refused)?;
        let total_count = rows.len();
        let rows = backend
            .activity
            .ranked(rows, order)
            .await
            .map_err(refused)?;
        let rows = cut_from(rows, &range, |(rank, _)| rank.clone());
        let asked = Arc::new(Counting { question, columns });
        let page = Connection::new(
            rows,
            &range,
            &name,
            |(rank, _)| rank.clone(),
            |(_, row)| ActivityRow {
                row: Arc::new(row),
                asked: Arc::clone(&asked),
            },
        );
        Ok(ActivityConnection {
            page,
            columns: asked
                .columns
                .iter()
                .map(|column| action(&column.action))
                .collect(),
            totals: asked.counts(&totals),
            total: totals.iter().sum(),
            total_count: i32::try_from(total_count).unwrap_or(i32::MAX),
        })
    }
}

/// Rows of the aggregated view.
#[derive(SimpleObject)]
pub(super) struct ActivityConnection {
    #[graphql(flatten)]
    page: Connection<ActivityRow>,
    /// What the columns count, in their order.
    columns: Vec<Action>,
    /// What all rows have in each column, those of other pages, too: an event that is in several rows once.
    totals: Vec<ActivityCount>,
    /// All columns of `totals` together.
    total: u64,
    /// How many rows there are on all pages.
    total_count: i32,
}

/// How often something was done.
#[derive(Clone, SimpleObject)]
pub(super) struct ActivityCount {
    /// What was done.
    action: Action,
    /// How many events tell of it.
    count: u64,
}

/// A status that issues left, and one that they came to.
#[derive(Clone, SimpleObject)]
pub(super) struct StatusTransition {
    /// The status that they left; null when upstream does not say.
    from: Option<String>,
    /// The status that they came to; null when upstream does not say.
    to: Option<String>,
}

/// What was asked for, as far as rows need it to answer more.
struct Counting {
    question: Question,
    columns: Vec<Column>,
}

impl Counting {
    fn counts(&self, counts: &[u64]) -> Vec<ActivityCount> {
        let counts = self.columns.iter().zip(counts);
        counts
            .map(|(column, count)| ActivityCount {
                action: action(&column.action),
                count: *count,
            })
            .collect()
    }
}

#[derive(Clone)]
pub(super) struct ActivityRow {
    row: Arc<Row>,
    asked: Arc<Counting>,
}

/// What one actor did, or the part of it that the breakdown sets apart. What the breakdown does not ask for is null.
#[Object]
impl ActivityRow {
    /// Who did it; null for what nobody is known to have done.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        if self.row.alias_id == 0 {
            return Ok(None);
        }
        Ok(person(ctx, &Beside::default(), self.row.alias_id)
            .await?
            .map(Actor))
    }

    /// With PROJECT: the project; null for what happened in none.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Project>> {
        let id = Some(self.row.key.project_id).filter(|id| *id > 0);
        project::around(ctx, &Beside::default(), id).await
    }

    /// With STATUS or TRANSITION: the status that issues came to.
    async fn status(&self) -> Option<&str> {
        named(self.row.key.to.as_ref())
    }

    /// With TRANSITION: the statuses that issues left and came to.
    async fn transition(&self) -> Option<StatusTransition> {
        self.asked.question.breakdown.transition.then(|| {
            let owned = |name| named(name).map(str::to_owned);
            StatusTransition {
                from: owned(self.row.key.from.as_ref()),
                to: owned(self.row.key.to.as_ref()),
            }
        })
    }

    /// With ISSUE: the issue; null for what concerns none, and for issues that you may not see.
    async fn issue(&self, ctx: &Context<'_>) -> Result<Option<Issue>> {
        match self.row.key.issue_id {
            0 => Ok(None),
            id => super::issue::by_number(ctx, id).await,
        }
    }

    /// With FIELD: the field.
    async fn field(&self) -> Option<&str> {
        named(self.row.key.field.as_ref())
    }

    /// By column.
    async fn counts(&self) -> Vec<ActivityCount> {
        self.asked.counts(&self.row.counts)
    }

    /// All columns together.
    async fn total(&self) -> u64 {
        self.row.total()
    }

    /// The issues behind the counts, by key, as far as you may see them: of one column, or of the whole row.
    async fn issues(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The column, as `columns` has it; all of them when absent.")]
        column: Option<String>,
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
        let range = page.range::<NameMark>("issues of activity", false)?;
        let mark = |row: &issue::Model| NameMark {
            name: row.sort_name.clone(),
            id: row.id,
        };
        let found = self.behind(ctx, column.as_deref()).await?;
        let rows = cut_from(found, &range, mark);
        Ok(Connection::new(
            rows,
            &range,
            "issues of activity",
            mark,
            |row| Issue(Arc::new(row)),
        ))
    }

    /// A link that opens the issues behind the counts in Jira; null when there are none, more than 100, or issues of
    /// several sites.
    async fn jira_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The column, as `columns` has it; all of them when absent.")]
        column: Option<String>,
    ) -> Result<Option<String>> {
        Ok(link(&self.behind(ctx, column.as_deref()).await?))
    }
}

impl ActivityRow {
    async fn behind(&self, ctx: &Context<'_>, column: Option<&str>) -> Result<Vec<issue::Model>> {
        let column = column
            .map(|name| place_of(&self.asked.columns, "column", name))
            .transpose()
            .map_err(|failure| error::from_store(ctx, failure))?;
        let found = backend(ctx)?
            .activity
            .issues(viewer(ctx)?, &self.asked.question, &self.row.key, column)
            .await;
        found.map_err(|failure| refused(ctx, failure))
    }
}

/// What a column counts, as it is shown.
fn action(counted: &ColumnAction) -> Action {
    match counted {
        ColumnAction::Known(known) => Action::of_catalogue(known),
        ColumnAction::Seen(row) => Action::of_stored(row),
    }
}

/// A name, unless upstream gave none.
fn named(name: Option<&Arc<str>>) -> Option<&str> {
    name.map(|name| &**name).filter(|name| !name.is_empty())
}

/// The search in Jira that finds these issues, and no others.
fn link(issues: &[issue::Model]) -> Option<String> {
    let there: Vec<&issue::Model> = issues
        .iter()
        .filter(|issue| issue.deleted_at.is_none() && issue.key.is_some())
        .collect();
    let first = there.first()?;
    if issues.len() > LINKED || there.iter().any(|issue| issue.scope != first.scope) {
        return None;
    }
    let keys: Vec<&str> = there
        .iter()
        .filter_map(|issue| issue.key.as_deref())
        .collect();
    let jql = format!("key in ({})", keys.join(", "));
    let mut url = url::Url::parse(&format!("https://{}/issues/", first.scope)).ok()?;
    url.query_pairs_mut().append_pair("jql", &jql);
    Some(url.into())
}

fn refused(ctx: &Context<'_>, failure: ActivityError) -> Error {
    match failure {
        ActivityError::Store(failure) => error::from_store(ctx, failure),
        ActivityError::TooLarge(message) => error::bad_input("breakdown", message),
        failure @ ActivityError::Starting { .. } => {
            error::error(error::Code::UpstreamUnavailable, failure.to_string())
        }
        failure @ ActivityError::Stopped => error::internal(&error::request_id(ctx), &failure),
    }
}

impl Mark for Rank {
    fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn read(text: &str) -> Option<Self> {
        serde_json::from_str::<(u64, String, RowKey)>(text).ok()
    }
}
