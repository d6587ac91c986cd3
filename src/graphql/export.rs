//! Exports: asked for, listed, followed and deleted here; written in [`export`](crate::export), downloaded over HTTP.

use super::page::{Connection, PageArgs};
use super::saved::{self, SavedFilter};
use super::search::{self, Asked};
use super::user::User;
use super::{backend, error, node, viewer};
use crate::activity::ActivityError;
use crate::event::export::{Format, Question, Status};
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::order::{ActivityBreakdown, ActivityOrder, EventOrder};
use crate::event::saved::{SavedView, View};
use crate::event::search::print;
use crate::event::{Alias, Timestamp};
use crate::export::ExportError;
use crate::store::StoreError;
use crate::store::entity::export;
use crate::store::exports::{self, NewExport};
use async_graphql::types::Json;
use async_graphql::{Context, Error, ID, InputObject, Object, Result, SimpleObject};
use futures::Stream;
use futures::stream::try_unfold;
use std::sync::Arc;

/// What an export is called that was not made with a saved filter (C29).
const CUSTOM: &str = "custom";

#[derive(Default)]
pub(super) struct ExportQuery;

#[Object]
impl ExportQuery {
    /// Exports, newest first: your own; for administrators everybody's. Those whose file is gone are still there.
    async fn exports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "True: only your own. False: only those of others.")] own: Option<bool>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Export>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let range = page.range::<i64>("exports", true)?;
        let store = backend(ctx)?.feed.store();
        let rows = store.exports(viewer(ctx)?, own, range).await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        let mark = |row: &export::Model| row.id;
        Ok(Connection::new(rows, &range, "exports", mark, Export::new))
    }
}

#[derive(Default)]
pub(super) struct ExportMutation;

#[Object]
impl ExportMutation {
    /// Asks for a file with what you may see: it is written in the background, and `url` leads to it once the status is
    /// DONE. It has the log as it is now; what you may see is what you may see while it is written.
    async fn create_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to export.")] input: CreateExportInput,
    ) -> Result<ExportPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let (new, asked) = input.read(ctx).await?;
        let created = match backend.exports.create(viewer, new).await {
            Ok(created) => backend.feed.recording(async { Ok(created) }).await,
            Err(failure) => return Err(refused(ctx, &asked, failure)),
        };
        let id = created.map_err(|failure| error::from_store(ctx, failure))?;
        let export = by_number(ctx, id).await?;
        Ok(ExportPayload { export })
    }

    /// Deletes an export with its file; one that is being written ends. For who asked for it and administrators.
    async fn delete_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteExportInput,
    ) -> Result<DeleteExportPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        let deleted = match backend.exports.delete(viewer, id).await {
            Ok(deleted) => backend.feed.recording(async { Ok(deleted) }).await,
            Err(ExportError::Store(failure)) => Err(failure),
            Err(failure) => return Err(error::internal(&error::request_id(ctx), &failure)),
        };
        deleted.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(DeleteExportPayload {
            deleted_id: input.id,
        })
    }
}

/// What to export.
#[derive(InputObject)]
struct CreateExportInput {
    /// What a row is; as the saved filter has it when absent, or else an event.
    view: Option<View>,
    /// The form of the file.
    format: Format,
    /// What is chosen; everything when neither this nor `search` nor `savedFilterId` is given, with AGGREGATED that of the
    /// last 30 days. With `LAST_ACTIVE`, only its selectors of people.
    filter: Option<EventFilter>,
    /// What is chosen, too, as text; see `parseSearch`. With `filter`, both must hold.
    search: Option<String>,
    /// The id of a saved filter, which chooses, too, and whose view is taken where nothing else is said. With `filter` and
    /// `search`, all must hold.
    saved_filter_id: Option<ID>,
    /// The IANA time zone of dates, e.g. `Europe/Berlin`; that of the filter when absent, or else UTC.
    time_zone: Option<String>,
    /// With AGGREGATED: the actions to count, as `activity` takes them.
    columns: Option<Vec<String>>,
    /// With AGGREGATED: by what rows are divided, besides the actor.
    breakdown: Option<Vec<ActivityBreakdown>>,
    /// With AGGREGATED: the order of rows; the highest total first when absent.
    activity_order: Option<ActivityOrder>,
    /// With DETAIL: the order of events; newest first when absent.
    event_order: Option<EventOrder>,
    /// With `LAST_ACTIVE`: the Bitbucket workspace, by slug or uuid, whose members are the rows, with the columns `nickname`,
    /// `uuid` and `last_accessed`; all users when absent.
    workspace: Option<String>,
}

impl CreateExportInput {
    /// What is asked for, and which argument chooses what.
    async fn read(self, ctx: &Context<'_>) -> Result<(NewExport, Asked)> {
        let mut given = vec![("filter", self.filter.unwrap_or_default())];
        if let Some(text) = &self.search {
            given.push(("search", search::read(text, "input.search")?));
        }
        let (mut kept, mut saved_filter) = (SavedView::default(), None);
        if let Some(id) = &self.saved_filter_id {
            let found = saved::found(ctx, "input.savedFilterId", id).await?;
            let wrong =
                |failure: StoreError| error::bad_input("input.savedFilterId", failure.to_string());
            given.push(("savedFilterId", found.filter().map_err(wrong)?));
            kept = found.view().map_err(wrong)?;
            saved_filter = Some((found.row.id, found.row.name.clone()));
        }
        let kind = self.view.unwrap_or(kept.kind);
        // What is kept goes with the view that it is kept for.
        if kind != kept.kind {
            kept = SavedView::default();
        }
        let asked = Asked::of(given);
        let view = SavedView {
            kind,
            columns: self
                .columns
                .or(kept.columns.filter(|_| kind == View::Aggregated)),
            breakdown: self
                .breakdown
                .or(kept.breakdown.filter(|_| kind == View::Aggregated)),
            event_order: self
                .event_order
                .or(kept.event_order.filter(|_| kind == View::Detail)),
            activity_order: self
                .activity_order
                .or(kept.activity_order.filter(|_| kind == View::Aggregated)),
        };
        let question = Question {
            view,
            filter: asked.filter.clone(),
            time_zone: self.time_zone,
            workspace: self.workspace,
        };
        let new = NewExport {
            question,
            format: self.format,
            saved_filter,
        };
        Ok((new, asked))
    }
}

/// An export to delete.
#[derive(InputObject)]
struct DeleteExportInput {
    /// Its global id.
    id: ID,
}

/// An export, as it is now.
#[derive(SimpleObject)]
struct ExportPayload {
    /// The export.
    export: Option<Export>,
}

/// What was deleted.
#[derive(SimpleObject)]
struct DeleteExportPayload {
    /// The global id that it had.
    deleted_id: ID,
}

#[derive(Clone)]
pub(super) struct Export {
    row: Arc<export::Model>,
    /// Absent where what was asked for cannot be read any more.
    question: Option<Arc<Question>>,
}

/// A file that somebody asked for, and how far it has come.
#[Object]
impl Export {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        self.encoded().into()
    }

    /// How far it has come.
    async fn status(&self) -> Status {
        Status::from_number(self.row.status)
    }

    /// Why there is no file; null unless the status is FAILED.
    async fn error(&self) -> Option<&str> {
        let failed = Status::from_number(self.row.status) == Status::Failed;
        self.row.problem.as_deref().filter(|_| failed)
    }

    /// The name of the file.
    async fn file_name(&self) -> &str {
        &self.row.file_name
    }

    /// The form of the file.
    async fn format(&self) -> Option<Format> {
        Format::from_number(self.row.format)
    }

    /// What a row is.
    async fn view(&self) -> Option<View> {
        Some(self.question.as_ref()?.view.kind)
    }

    /// Where the file is, relative to this server; the same token as here must be sent along. Null as long as there is
    /// none, and when it has been deleted.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let there = backend(ctx)?.exports.has_file(&self.row);
        Ok(there.then(|| format!("/exports/{}", self.encoded())))
    }

    /// Records written so far; in the end, how many there are.
    async fn records(&self) -> u64 {
        u64::try_from(self.row.records).unwrap_or_default()
    }

    /// About how many records there will be; null where that is not known.
    async fn expected_records(&self) -> Option<u64> {
        self.row
            .expected
            .and_then(|number| u64::try_from(number).ok())
    }

    /// How large the file is, in bytes; null as long as it is not complete.
    async fn bytes(&self) -> Option<u64> {
        let done = Status::from_number(self.row.status) == Status::Done;
        let bytes = u64::try_from(self.row.bytes).ok();
        bytes.filter(|_| done)
    }

    /// Who asked for it.
    async fn author(&self) -> ExportAuthor {
        ExportAuthor(Arc::clone(&self.row))
    }

    /// What it chooses, in the form in which `EventFilter` is given, the saved filter's part included as it was then; null
    /// when what is kept cannot be read any more.
    async fn filter(&self) -> Option<Json<EventFilter>> {
        Some(Json(self.question.as_ref()?.filter.clone()))
    }

    /// What it chooses, as text; null when what is kept cannot be read any more.
    async fn search(&self) -> Option<String> {
        Some(print(&self.question.as_ref()?.filter))
    }

    /// The name that the saved filter had, or `custom` where it was made without one.
    async fn filter_label(&self) -> &str {
        self.row.saved_filter_name.as_deref().unwrap_or(CUSTOM)
    }

    /// The saved filter with which it was made; null where there was none, and when you may not see it or it is gone.
    async fn saved_filter(&self, ctx: &Context<'_>) -> Result<Option<SavedFilter>> {
        match self.row.saved_filter_id {
            Some(number) => saved::by_number(ctx, number).await,
            None => Ok(None),
        }
    }

    /// The time zone of dates.
    async fn time_zone(&self) -> Option<&str> {
        Some(self.question.as_ref()?.zone().unwrap_or("UTC"))
    }

    /// When it was asked for: relative times count from then.
    async fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.row.created_at)
    }

    /// When it was begun.
    async fn started_at(&self) -> Option<Timestamp> {
        self.row.started_at.map(Timestamp::from_micros)
    }

    /// When it was complete, or had failed.
    async fn finished_at(&self) -> Option<Timestamp> {
        self.row.finished_at.map(Timestamp::from_micros)
    }

    /// When its file is deleted; the export itself stays in the history.
    async fn expires_at(&self) -> Option<Timestamp> {
        self.row.expires_at.map(Timestamp::from_micros)
    }
}

impl Export {
    fn new(row: export::Model) -> Self {
        let question = exports::question(&row).ok().map(Arc::new);
        Self {
            row: Arc::new(row),
            question,
        }
    }

    fn encoded(&self) -> String {
        NodeId::new(NodeKind::Export, self.row.id).encode()
    }
}

struct ExportAuthor(Arc<export::Model>);

/// Who asked for an export.
#[Object]
impl ExportAuthor {
    /// Their name; the token's, where a token acts for nobody.
    async fn name(&self, ctx: &Context<'_>) -> Result<String> {
        let name = self.person(ctx).await?.and_then(|user| user.0.name.clone());
        Ok(name.unwrap_or_else(|| self.0.holder_name.clone()))
    }

    /// The user; null where a token acts for nobody, and when you may not look them up.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        self.person(ctx).await
    }
}

impl ExportAuthor {
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let Some(account) = self.0.holder.strip_prefix("account:") else {
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

/// An export by its number, as `node` finds it.
pub(super) async fn by_number(ctx: &Context<'_>, number: i64) -> Result<Option<Export>> {
    let store = backend(ctx)?.feed.store();
    let found = store.export(viewer(ctx)?, number).await;
    let found = found.map_err(|failure| error::from_store(ctx, failure))?;
    Ok(found.map(Export::new))
}

/// An export as it is now, and whenever it has come further, to its end.
pub(super) async fn progress(
    ctx: &Context<'_>,
    id: &ID,
) -> Result<impl Stream<Item = Result<Export>> + use<>> {
    let number = number("id", id)?;
    let missing = || error::error(error::Code::NotFound, "there is no export with this id");
    if by_number(ctx, number).await?.is_none() {
        return Err(missing());
    }
    let (backend, viewer) = (backend(ctx)?.clone(), Arc::clone(viewer(ctx)?));
    let request = error::request_id(ctx);
    let movements = backend.exports.movements();
    Ok(try_unfold(
        (movements, None::<Export>),
        move |(mut movements, last)| {
            let (backend, viewer, request) =
                (backend.clone(), Arc::clone(&viewer), request.clone());
            async move {
                let over = |export: &Export| {
                    matches!(
                        Status::from_number(export.row.status),
                        Status::Done | Status::Failed
                    )
                };
                if last.as_ref().is_some_and(over) {
                    return Ok(None);
                }
                loop {
                    movements.borrow_and_update();
                    let found = backend.feed.store().export(&viewer, number).await;
                    let found = found.map_err(|failure| error::internal(&request, &failure))?;
                    let now = Export::new(found.ok_or_else(missing)?);
                    if last.as_ref().is_none_or(|last| last.row != now.row) {
                        return Ok(Some((now.clone(), (movements, Some(now)))));
                    }
                    backend.exports.moved(&mut movements).await;
                }
            }
        },
    ))
}

fn number(argument: &str, id: &ID) -> Result<i64> {
    let id = node::read(argument, id)?;
    if id.kind == NodeKind::Export {
        return Ok(id.number);
    }
    Err(error::bad_input(argument, "is not the id of an export"))
}

/// The error for what cannot be exported, which names the part of the input that it is about.
fn refused(ctx: &Context<'_>, asked: &Asked, failure: ExportError) -> Error {
    match failure {
        ExportError::Store(StoreError::Filter { path, message })
        | ExportError::Activity(ActivityError::Store(StoreError::Filter { path, message })) => {
            let path = path.replace("orderBy", "activityOrder");
            let path = match asked.argument(&path) {
                _ if path == "input" => path,
                "filter" => format!("input.{path}"),
                argument => format!("input.{argument}"),
            };
            error::bad_input(&path, message)
        }
        ExportError::Store(failure) => error::from_store(ctx, failure),
        ExportError::TooMuch(message) => error::error(error::Code::Conflict, message),
        failure => error::internal(&error::request_id(ctx), &failure),
    }
}
