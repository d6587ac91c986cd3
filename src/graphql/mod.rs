//! The GraphQL schema: one file a noun (its type, its queries, its mutations, its stream), merged into roots here.
//!
//! A resolver reads its arguments, takes the viewer, calls one function and wraps the answer. What may be seen is
//! decided in [`access`](crate::access), what a filter means in the store; how requests arrive is up to
//! [`http`](crate::http). The text of `schema.graphql` comes from the doc comments in here.

mod access_token;
mod action;
mod activity;
mod choice;
mod empty;
mod engine;
pub mod error;
mod event;
mod export;
mod filter_subscription;
mod group;
mod issue;
mod loader;
mod membership;
mod monitored;
mod node;
mod page;
mod person;
mod project;
mod saved;
mod search;
mod source;
mod stream;
mod user;
mod view;
mod viewed;
mod viewer;
mod webhook;
mod write_back;
mod written;

pub use engine::{Answer, Asked, Caller, Engine, EngineError, Ready, TrustedError};
pub use viewed::Viewed;

use crate::access::Viewer;
use crate::activity::{self as counting, Activity};
use crate::clock::Clock;
use crate::deliver::webhook::Webhooks;
use crate::export::Exports;
use crate::feed::Feed;
use crate::source::Source;
use crate::store::access_tokens::new_secret;
use crate::write_back::WriteBacks;
use async_graphql::{Context, MergedObject, SDLExportOptions, SchemaBuilder, ValidationMode};
use chrono::NaiveDate;
use loader::Loaders;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::task::TaskTracker;

/// Who did what, when, to what, across Atlassian. Lists are Relay connections: `first` and `after` page forwards,
/// `last` and `before` backwards, at most 500 at a time.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct Query(
    viewer::ViewerQuery,
    node::NodeQuery,
    user::UserQuery,
    group::GroupQuery,
    project::ProjectQuery,
    issue::IssueQuery,
    view::IssueViewQuery,
    event::EventQuery,
    activity::ActivityQuery,
    action::ActionQuery,
    source::SourceQuery,
    search::SearchQuery,
    monitored::MonitoredQuery,
    choice::ChoiceQuery,
    saved::SavedFilterQuery,
    export::ExportQuery,
    filter_subscription::FilterSubscriptionQuery,
    webhook::WebhookQuery,
);

/// What can be changed, one step after the other. By POST or over a WebSocket only.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct Mutation(
    person::PersonMutation,
    monitored::MonitoredMutation,
    saved::SavedFilterMutation,
    export::ExportMutation,
    filter_subscription::FilterSubscriptionMutation,
    webhook::WebhookMutation,
    write_back::WriteBackMutation,
    access_token::AccessTokenMutation,
);

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, Mutation, stream::Subscription>;

/// What resolvers work with, whoever asks.
#[derive(Clone)]
pub struct Backend {
    /// The log.
    pub feed: Feed,
    /// The counts of the log.
    pub activity: Activity,
    /// How far back counts go.
    pub activity_limits: counting::Limits,
    /// The exports, and who writes them.
    pub exports: Exports,
    /// The configured sources.
    pub sources: Vec<Arc<dyn Source>>,
    /// What time it is.
    pub clock: Clock,
    /// Where loaders run.
    pub tasks: TaskTracker,
    /// Whether the settings say how mails are sent.
    pub sends_mails: bool,
    /// When the credentials of sources expire, by the source's name, as far as the settings say.
    pub expiry: Arc<BTreeMap<String, NaiveDate>>,
    /// What sends to webhook endpoints.
    pub webhooks: Webhooks,
    /// What goes back upstream.
    pub write_backs: WriteBacks,
    /// Where secrets come from.
    pub randomness: Arc<Mutex<StdRng>>,
    /// Whether the log is told who reads it, and of whom it has been told.
    pub viewed: Viewed,
}

impl Backend {
    /// A new secret of an access token.
    fn access_secret(&self) -> String {
        let randomness = self.randomness.lock();
        new_secret(&mut *randomness.unwrap_or_else(PoisonError::into_inner))
    }
}

/// The schema on top of a backend; without one it can be printed but not asked.
#[must_use]
pub fn schema(backend: Option<Backend>) -> Schema {
    schema_builder(backend).finish()
}

/// The schema as long as something can be added to it.
#[must_use]
pub fn schema_builder(
    backend: Option<Backend>,
) -> SchemaBuilder<Query, Mutation, stream::Subscription> {
    // Whether a request is valid, and small enough, the engine has found out before.
    let builder = Schema::build(Query::default(), Mutation::default(), stream::Subscription)
        .validation_mode(ValidationMode::Fast)
        .limit_recursive_depth(2 * crate::config::Limits::MOST_NESTING);
    match backend {
        Some(backend) => builder.data(backend),
        None => builder,
    }
}

/// The schema as text, as committed in `schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .include_specified_by()
        .use_space_ident()
        .indent_width(2);
    let sdl = schema(None).sdl_with_options(options);
    let mut text: String = sdl
        .lines()
        .flat_map(|line| [line.trim_end(), "\n"])
        .collect();
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn backend<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Backend> {
    ctx.data::<Backend>()
        .map_err(|_| missing(ctx, "the backend"))
}

/// Who asks; an error for nobody, so that a forgotten check cannot open anything.
fn viewer<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Arc<Viewer>> {
    ctx.data::<Arc<Viewer>>()
        .map_err(|_| error::unauthenticated())
}

fn loaders<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Loaders> {
    ctx.data::<Loaders>().map_err(|_| error::unauthenticated())
}

/// The error for what every request should have been given.
fn missing(ctx: &Context<'_>, what: &str) -> async_graphql::Error {
    let cause = std::io::Error::other(format!("a request came without {what}"));
    error::internal(&error::request_id(ctx), &cause)
}
