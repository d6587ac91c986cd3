//! Filter subscriptions: mails of what a saved filter chooses, on a schedule or when something happens.

mod input;
mod run;
mod schedule;

use super::page::{Connection, PageArgs};
use super::saved::{self, SavedFilter};
use super::user::User;
use super::{backend, error, node, viewer};
use crate::activity;
use crate::event::node::{NodeId, NodeKind};
use crate::event::schedule::Schedule;
use crate::event::{Alias, Timestamp};
use crate::store::StoreError;
use crate::store::directory::NameMark;
use crate::store::entity::filter_subscription_run;
use crate::store::subscriptions::{
    self, FilterSubscriptionChange, MailFormat, NewFilterSubscription, RUNS,
};
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use input::{
    CreateFilterSubscriptionInput, DeleteFilterSubscriptionInput, PauseFilterSubscriptionInput,
    ResumeFilterSubscriptionInput, RunFilterSubscriptionInput, UpdateFilterSubscriptionInput, utc,
};
use run::FilterSubscriptionRun;
use schedule::{NEXT_RUNS, ScheduleDescription, SchedulePreview};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct FilterSubscriptionQuery;

#[Object]
impl FilterSubscriptionQuery {
    /// Your filter subscriptions by name; for administrators everybody's.
    async fn filter_subscriptions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of the saved filter with this id.")] saved_filter_id: Option<
            ID,
        >,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<FilterSubscription>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let range = page.range::<NameMark>("filter subscriptions", false)?;
        let filter = saved_filter_id.map(|id| saved::number("savedFilterId", &id));
        let store = backend(ctx)?.feed.store();
        let rows = store
            .filter_subscriptions(viewer(ctx)?, filter.transpose()?, range.clone())
            .await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        let mark = |found: &subscriptions::FilterSubscription| NameMark {
            name: found.row.sort_name.clone(),
            id: found.row.id,
        };
        let wrap = |found| FilterSubscription(Arc::new(found));
        Ok(Connection::new(
            rows,
            &range,
            "filter subscriptions",
            mark,
            wrap,
        ))
    }

    /// When a schedule would be due; nothing is kept. What makes no sense or never comes is an error that says why.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn preview_schedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The schedule.")] schedule: Schedule,
        #[graphql(
            desc = "The IANA time zone of its times, e.g. `Europe/Berlin`.",
            default_with = "utc()"
        )]
        time_zone: String,
    ) -> Result<SchedulePreview> {
        viewer(ctx)?;
        SchedulePreview::of(&schedule, &time_zone, backend(ctx)?.clock.now())
    }
}

#[derive(Default)]
pub(super) struct FilterSubscriptionMutation;

#[Object]
impl FilterSubscriptionMutation {
    /// Begins to send by mail what a saved filter chooses. What is sent is what you may see when it is sent, with this token.
    async fn create_filter_subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to send, when, and to whom.")] input: CreateFilterSubscriptionInput,
    ) -> Result<FilterSubscriptionPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        if !backend.sends_mails {
            return Err(error::bad_input(
                "input",
                "no mail can be sent from here: the settings `mail.smtp_host` or `mail.directory` say how",
            ));
        }
        check_runnable(ctx, &input.saved_filter_id).await?;
        let new = NewFilterSubscription {
            filter_id: saved::number("input.savedFilterId", &input.saved_filter_id)?,
            name: input.name,
            recipients: input.recipients,
            schedule: input.schedule,
            time_zone: input.time_zone,
            send_when_empty: input.send_when_empty,
            format: input.format,
        };
        let store = backend.feed.store();
        let created = store.create_filter_subscription(viewer, new, backend.clock.now());
        let id = backend.feed.recording(created).await;
        payload(ctx, id.map_err(|failure| error::from_store(ctx, failure))?).await
    }

    /// Changes a filter subscription; what is not given stays as it is. For its owner; from then on it sends what they may
    /// see with this token.
    async fn update_filter_subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateFilterSubscriptionInput,
    ) -> Result<FilterSubscriptionPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number(&input.id)?;
        let change = FilterSubscriptionChange {
            name: input.name,
            recipients: input.recipients,
            schedule: input.schedule,
            time_zone: input.time_zone,
            send_when_empty: input.send_when_empty,
            format: input.format,
        };
        let store = backend.feed.store();
        let now = backend.clock.now();
        let changed = Box::pin(store.change_filter_subscription(viewer, id, change, now));
        let changed = backend.feed.recording(changed).await;
        changed.map_err(|failure| error::from_store(ctx, failure))?;
        payload(ctx, id).await
    }

    /// Sends the mail of a filter subscription now, whatever its schedule says, and even while it is paused. Its history says
    /// what became of it. For its owner and administrators.
    async fn run_filter_subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RunFilterSubscriptionInput,
    ) -> Result<FilterSubscriptionPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number(&input.id)?;
        let store = backend.feed.store();
        let asked = store.run_filter_subscription(viewer, id, backend.clock.now());
        let asked = backend.feed.recording(asked).await;
        asked.map_err(|failure| error::from_store(ctx, failure))?;
        payload(ctx, id).await
    }

    /// Pauses a filter subscription. For its owner and administrators.
    async fn pause_filter_subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: PauseFilterSubscriptionInput,
    ) -> Result<FilterSubscriptionPayload> {
        pause(ctx, &input.id, true).await
    }

    /// Lets a paused filter subscription go on; its next mail has what came meanwhile, too. For its owner, whose token of now
    /// it goes on with, and administrators.
    async fn resume_filter_subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ResumeFilterSubscriptionInput,
    ) -> Result<FilterSubscriptionPayload> {
        pause(ctx, &input.id, false).await
    }

    /// Deletes a filter subscription with its history. For its owner and administrators.
    async fn delete_filter_subscription(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteFilterSubscriptionInput,
    ) -> Result<DeleteFilterSubscriptionPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number(&input.id)?;
        let store = backend.feed.store();
        let deleted = store.delete_filter_subscription(viewer, id, backend.clock.now());
        let deleted = backend.feed.recording(deleted).await;
        deleted.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(DeleteFilterSubscriptionPayload {
            deleted_id: input.id,
        })
    }
}

/// A filter subscription, as it is now.
#[derive(SimpleObject)]
struct FilterSubscriptionPayload {
    /// The filter subscription.
    filter_subscription: Option<FilterSubscription>,
}

/// What was deleted.
#[derive(SimpleObject)]
struct DeleteFilterSubscriptionPayload {
    /// The global id that it had.
    deleted_id: ID,
}

/// Whether a filter subscription sends mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
enum FilterSubscriptionStatus {
    /// It does.
    Active,
    /// It rests.
    Paused,
}

#[derive(Clone)]
pub(super) struct FilterSubscription(Arc<subscriptions::FilterSubscription>);

/// Mails that are sent of what a saved filter chooses. They have what their owner may see when they are sent.
#[Object]
impl FilterSubscription {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        let number = self.0.row.id;
        NodeId::new(NodeKind::FilterSubscription, number)
            .encode()
            .into()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.row.name
    }

    /// The saved filter that chooses what is sent; null when you may not see it.
    async fn saved_filter(&self, ctx: &Context<'_>) -> Result<Option<SavedFilter>> {
        saved::by_number(ctx, self.0.row.filter_id).await
    }

    /// Whose it is: their name; the token's, where a token acts for nobody.
    async fn owner_name(&self, ctx: &Context<'_>) -> Result<String> {
        let name = self.person(ctx).await?.and_then(|user| user.0.name.clone());
        Ok(name.unwrap_or_else(|| self.0.row.holder_name.clone()))
    }

    /// Whose it is; null where a token acts for nobody, and when you may not look them up.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        self.person(ctx).await
    }

    /// Whether it is yours, so that you may change it.
    async fn is_own(&self) -> bool {
        self.0.own
    }

    /// To whom the mail goes.
    async fn recipients(&self) -> Vec<String> {
        self.0.row.recipients()
    }

    /// When it is sent; null when what is kept cannot be read any more.
    async fn schedule(&self) -> Option<ScheduleDescription> {
        self.0.row.schedule().ok().map(ScheduleDescription::from)
    }

    /// The IANA time zone of the schedule and of the times in the mail.
    async fn time_zone(&self) -> &str {
        &self.0.row.time_zone
    }

    /// Whether a mail is sent when nothing was found.
    async fn send_when_empty(&self) -> bool {
        self.0.row.send_when_empty
    }

    /// In what form the mail has the events.
    async fn format(&self) -> MailFormat {
        self.0.row.format()
    }

    /// Whether it sends mails.
    async fn status(&self) -> FilterSubscriptionStatus {
        match self.0.row.paused_at {
            None => FilterSubscriptionStatus::Active,
            Some(_) => FilterSubscriptionStatus::Paused,
        }
    }

    /// Since when it is paused.
    async fn paused_at(&self) -> Option<Timestamp> {
        self.0.row.paused_at.map(Timestamp::from_micros)
    }

    /// Why it was paused; null when somebody did it.
    async fn paused_because(&self) -> Option<&str> {
        self.0.row.paused_because.as_deref()
    }

    /// The next three times at which it is due; none while it is paused, or when it waits for what happens.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn next_runs(&self, ctx: &Context<'_>) -> Result<Vec<Timestamp>> {
        let row = &self.0.row;
        let (Some(next), Ok(schedule)) = (row.next_run_at, row.schedule()) else {
            return Ok(Vec::new());
        };
        let now = backend(ctx)?.clock.now();
        // What is due and not done yet comes first.
        let next = Timestamp::from_micros(next);
        let more = schedule.next_runs(row.zone(), next.max(now), NEXT_RUNS - 1);
        let more = more.unwrap_or_default();
        Ok(std::iter::once(next).chain(more).collect())
    }

    /// From when its next mail has what became known: until when the last one had.
    async fn window_from(&self) -> Timestamp {
        Timestamp::from_micros(self.0.row.window_from)
    }

    /// When a mail was last sent.
    async fn last_sent_at(&self) -> Option<Timestamp> {
        self.0.row.last_sent_at.map(Timestamp::from_micros)
    }

    /// Why there was no mail, or not to everybody, the last time that it was due; null when all was well.
    async fn last_error(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let newest = self.newest_runs(ctx, 1).await?.pop();
        Ok(newest.and_then(|run| run.error))
    }

    /// What became of its last due times, newest first; 200 are remembered.
    async fn runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 200 at most.", default = 20)] first: i32,
    ) -> Result<Vec<FilterSubscriptionRun>> {
        let limit = u64::try_from(first).ok().filter(|first| *first <= RUNS);
        let Some(limit) = limit else {
            let message = format!("{first} is out of range; give 0 to {RUNS}");
            return Err(error::bad_input("first", message));
        };
        let runs = self.newest_runs(ctx, limit).await?;
        Ok(runs.into_iter().map(FilterSubscriptionRun).collect())
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.row.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.row.updated_at)
    }
}

impl FilterSubscription {
    async fn newest_runs(
        &self,
        ctx: &Context<'_>,
        limit: u64,
    ) -> Result<Vec<filter_subscription_run::Model>> {
        let store = backend(ctx)?.feed.store();
        let runs = store.filter_subscription_runs(self.0.row.id, limit).await;
        runs.map_err(|failure| error::from_store(ctx, failure))
    }

    async fn person(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let Some(account) = self.0.row.holder.strip_prefix("account:") else {
            return Ok(None);
        };
        let store = backend(ctx)?.feed.store();
        let alias = Alias::account(account);
        let found = store.user_by_alias(viewer(ctx)?, &alias).await;
        let found = found.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(found.map(|row| User(Arc::new(row))))
    }
}

/// A filter subscription by its number, as `node` finds it.
pub(super) async fn by_number(
    ctx: &Context<'_>,
    number: i64,
) -> Result<Option<FilterSubscription>> {
    let store = backend(ctx)?.feed.store();
    let found = store.filter_subscription(viewer(ctx)?, number).await;
    let found = found.map_err(|failure| error::from_store(ctx, failure))?;
    Ok(found.map(|found| FilterSubscription(Arc::new(found))))
}

async fn payload(ctx: &Context<'_>, id: i64) -> Result<FilterSubscriptionPayload> {
    let filter_subscription = by_number(ctx, id).await?;
    Ok(FilterSubscriptionPayload {
        filter_subscription,
    })
}

async fn pause(ctx: &Context<'_>, id: &ID, paused: bool) -> Result<FilterSubscriptionPayload> {
    let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
    let id = number(id)?;
    let store = backend.feed.store();
    let done = store.pause_filter_subscription(viewer, id, paused, backend.clock.now());
    let done = backend.feed.recording(done).await;
    done.map_err(|failure| error::from_store(ctx, failure))?;
    payload(ctx, id).await
}

/// Refuses a saved filter of which no mail could be made; whether Jira understands its query is not known while Jira does
/// not answer.
async fn check_runnable(ctx: &Context<'_>, id: &ID) -> Result<()> {
    const ARGUMENT: &str = "input.savedFilterId";
    let number = saved::number(ARGUMENT, id)?;
    let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
    let (store, now) = (backend.feed.store(), backend.clock.now());
    let found = store.saved_filter(viewer, number).await;
    let Some(found) = found.map_err(|failure| error::from_store(ctx, failure))? else {
        return Err(error::error(
            error::Code::NotFound,
            "there is no saved filter with this id",
        ));
    };
    let chosen = match found.filter() {
        Ok(filter) => store.chosen(&filter, &viewer.sight(), now).await,
        Err(broken) => Err(broken),
    };
    match chosen {
        Ok(chosen) => match activity::within_range(chosen, now, backend.activity_limits) {
            Ok(_) => Ok(()),
            Err(message) => Err(error::bad_input(
                ARGUMENT,
                format!("filter.time: {message}"),
            )),
        },
        Err(broken @ StoreError::Filter { .. }) => {
            Err(error::bad_input(ARGUMENT, broken.to_string()))
        }
        Err(StoreError::Upstream(_)) => Ok(()),
        Err(failure) => Err(error::from_store(ctx, failure)),
    }
}

fn number(id: &ID) -> Result<i64> {
    let id = node::read("input.id", id)?;
    if id.kind == NodeKind::FilterSubscription {
        return Ok(id.number);
    }
    Err(error::bad_input(
        "input.id",
        "is not the id of a filter subscription",
    ))
}
