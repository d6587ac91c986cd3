//! The GraphQL schema: one file a noun (its type, its queries, its stream), merged into roots here.
//!
//! A resolver reads its arguments, takes the viewer, calls one function and wraps the answer. What may be seen is
//! decided in [`access`](crate::access), what a filter means in the store; how requests arrive is up to
//! [`http`](crate::http). The text of `schema.graphql` comes from the doc comments in here.

mod action;
pub mod error;
mod event;
mod group;
mod loader;
mod membership;
mod node;
mod page;
mod project;
mod source;
mod stream;
mod user;
mod viewer;

use crate::access::Viewer;
use crate::clock::Clock;
use crate::feed::Feed;
use crate::source::Source;
use async_graphql::{Context, Data, EmptyMutation, MergedObject, Request, SDLExportOptions};
use loader::Loaders;
use std::sync::Arc;
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
    event::EventQuery,
    action::ActionQuery,
    source::SourceQuery,
);

/// The executable schema.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, stream::Subscription>;

/// What resolvers work with, whoever asks.
#[derive(Clone)]
pub struct Backend {
    /// The log.
    pub feed: Feed,
    /// The configured sources.
    pub sources: Vec<Arc<dyn Source>>,
    /// What time it is.
    pub clock: Clock,
    /// Where loaders run.
    pub tasks: TaskTracker,
}

/// The schema on top of a backend; without one it can be printed but not asked.
#[must_use]
pub fn schema(backend: Option<Backend>) -> Schema {
    let mut builder = Schema::build(Query::default(), EmptyMutation, stream::Subscription)
        .limit_depth(15)
        .limit_recursive_depth(32)
        .limit_complexity(100_000)
        .disable_suggestions();
    if let Some(backend) = backend {
        builder = builder.data(backend);
    }
    builder.finish()
}

/// The schema as text, as committed in `schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .prefer_single_line_descriptions()
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

/// A request on somebody's behalf; `request_id` is what an internal error shows instead of its cause.
#[must_use]
pub fn on_behalf(
    request: Request,
    backend: &Backend,
    viewer: Arc<Viewer>,
    request_id: String,
) -> Request {
    let loaders = Loaders::new(backend, Arc::clone(&viewer));
    request
        .data(viewer)
        .data(loaders)
        .data(error::RequestId(request_id))
}

/// Puts into a socket's data what [`on_behalf`] puts into a request's.
pub fn on_behalf_of_socket(
    data: &mut Data,
    backend: &Backend,
    viewer: Arc<Viewer>,
    request_id: String,
) {
    data.insert(Loaders::new(backend, Arc::clone(&viewer)));
    data.insert(viewer);
    data.insert(error::RequestId(request_id));
}

fn backend<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Backend> {
    ctx.data::<Backend>()
}

/// Who asks; an error for nobody, so that a forgotten check cannot open anything.
fn viewer<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Arc<Viewer>> {
    ctx.data::<Arc<Viewer>>()
        .map_err(|_| error::unauthenticated())
}

fn loaders<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Loaders> {
    ctx.data::<Loaders>().map_err(|_| error::unauthenticated())
}
