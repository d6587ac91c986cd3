//! Jira Cloud in the box: the same company and the same acts as the organization log tells of, as Jira tells them.
//!
//! `table.rs` is what can happen, `life.rs` what does happen, `state.rs` what it does to everything there is,
//! `render.rs` how it looks; then the routes by subject, and webhooks in `hook.rs` (their bodies) and `send.rs` (their
//! way). Jira is made when somebody first asks for it, and follows the organization log from then on.

mod act;
mod agile;
mod audit;
mod history;
mod hook;
mod issue;
mod jql;
mod life;
mod own;
mod people;
mod project;
mod render;
mod restore;
mod scheme;
mod search;
mod send;
mod state;
mod table;
mod thing;
mod truth;
mod value;

pub use hook::Delivery;
pub use send::Mischief;
pub use truth::{Channel, JiraTruth};

pub(super) use send::{Outbox, send};
pub(super) use state::{Jira, Start};

use super::answer;
use super::fault::Fault;
use super::world::World;
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use render::View;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;

/// The paths that belong to this Jira.
pub(super) const PREFIXES: [&str; 4] = [
    "/rest/api/3/",
    "/rest/agile/1.0/",
    "/rest/servicedeskapi/",
    "/rest/webhooks/1.0/",
];

/// The routes.
pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .merge(audit::routes())
        .merge(search::routes())
        .merge(issue::routes())
        .merge(restore::routes())
        .merge(people::routes())
        .merge(project::routes())
        .merge(scheme::routes())
        .merge(agile::routes())
}

/// Reads something out of Jira as it is now.
fn read<T>(world: &World, look: impl FnOnce(View<'_>) -> T) -> T {
    let state = &mut *world.state();
    let (jira, company, _) = state.jira();
    let base = world.url.as_str().trim_end_matches('/');
    look(View {
        company,
        jira,
        base,
    })
}

/// An error in Jira's words.
pub(super) fn refuse(status: StatusCode, message: &str) -> Response {
    let body = json!({"errorMessages": [message], "errors": {}});
    answer::text(status, body.to_string())
}

/// What is not there, or what the caller may not see.
fn missing(what: &str) -> Response {
    refuse(
        StatusCode::NOT_FOUND,
        &format!("{what} does not exist or you do not have permission to see it."),
    )
}

/// What a request asks for: its query, in which a name may come several times, its path, and what goes wrong.
struct Asked {
    query: Vec<(String, String)>,
    path: String,
    fault: Option<Fault>,
}

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            path: parts.uri.path().to_owned(),
            fault: parts.extensions.get::<Fault>().cloned(),
        })
    }
}

impl Asked {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str, default: usize) -> usize {
        self.get(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    }

    /// How many values a page has, at most `cap`.
    fn size(&self, default: usize, cap: usize) -> usize {
        let size = self.number("maxResults", default).min(cap);
        match self.fault {
            Some(Fault::ShortPage) => (size / 2).max(1),
            _ => size,
        }
    }

    /// A page in style G of a list of `total` values.
    fn page(
        &self,
        base: &str,
        (total, default, cap): (usize, usize, usize),
        value: impl FnMut(usize) -> Value,
    ) -> Value {
        let (start, size) = (self.number("startAt", 0), self.size(default, cap));
        let end = total.min(start.saturating_add(size));
        let values: Vec<Value> = (start..end).map(value).collect();
        let mut page = json!({
            "self": format!("{base}{}?startAt={start}&maxResults={size}", self.path),
            "startAt": start,
            "maxResults": size,
            "total": total,
            "isLast": end >= total,
            "values": values,
        });
        if end < total {
            let base = match &self.fault {
                Some(Fault::NextElsewhere(elsewhere)) => elsewhere.as_str().trim_end_matches('/'),
                _ => base,
            };
            let next = format!("{base}{}?startAt={end}&maxResults={size}", self.path);
            page["nextPage"] = next.into();
        }
        page
    }

    /// The same as a bare array.
    fn array(
        &self,
        total: usize,
        default: usize,
        cap: usize,
        value: impl FnMut(usize) -> Value,
    ) -> Value {
        let (start, size) = (self.number("startAt", 0), self.size(default, cap));
        let end = total.min(start.saturating_add(size));
        Value::Array((start.min(end)..end).map(value).collect())
    }
}
