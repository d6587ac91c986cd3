//! What goes wrong, as clients see it: one closed list of codes, and never the inside of anything.

use crate::store::{Store, StoreError};
use async_graphql::{Context, Error, ErrorExtensions, Pos, ServerError, Value};

/// What an error's `extensions.code` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// No token, or one that does not work.
    Unauthenticated,
    /// The token does not allow it.
    Forbidden,
    /// There is no such thing, or it may not be seen.
    NotFound,
    /// An argument makes no sense.
    BadUserInput,
    /// It contradicts what is there.
    Conflict,
    /// Too much was asked for in too little time.
    RateLimited,
    /// An upstream system does not answer.
    UpstreamUnavailable,
    /// The request asks for more than one request may.
    QueryTooComplex,
    /// No document is known by this hash or id; the text has to be sent.
    PersistedQueryNotFound,
    /// Documents are not kept by their hash here.
    PersistedQueryNotSupported,
    /// Something went wrong inside.
    InternalServerError,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::BadUserInput,
        Self::Conflict,
        Self::RateLimited,
        Self::UpstreamUnavailable,
        Self::QueryTooComplex,
        Self::PersistedQueryNotFound,
        Self::PersistedQueryNotSupported,
        Self::InternalServerError,
    ];

    /// The code as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Conflict => "CONFLICT",
            Self::RateLimited => "RATE_LIMITED",
            Self::UpstreamUnavailable => "UPSTREAM_UNAVAILABLE",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
        }
    }
}

/// The id under which a request is found in the log.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// An error with a code.
#[must_use]
pub fn error(code: Code, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.as_str()))
}

/// An error about a request as a whole, which has no place in its document.
#[must_use]
pub fn refusal(code: Code, message: impl Into<String>) -> ServerError {
    of_request(error(code, message))
}

/// The same error, about a request as a whole.
#[must_use]
pub fn of_request(error: Error) -> ServerError {
    ServerError {
        locations: Vec::new(),
        ..error.into_server_error(Pos::default())
    }
}

/// The code that an error carries.
#[must_use]
pub fn code(error: &ServerError) -> Option<Code> {
    let Some(Value::String(text)) = error.extensions.as_ref()?.get("code") else {
        return None;
    };
    Code::ALL.into_iter().find(|code| code.as_str() == text)
}

/// The error with one more entry in its `extensions`.
#[must_use]
pub fn with(mut error: ServerError, name: &str, value: impl Into<Value>) -> ServerError {
    error
        .extensions
        .get_or_insert_default()
        .set(name, value.into());
    error
}

/// The error for who has no valid token.
#[must_use]
pub fn unauthenticated() -> Error {
    error(
        Code::Unauthenticated,
        "a valid token is needed: send the header `Authorization: Bearer <token>`; \
         `auditgraph token create` makes one",
    )
}

/// The error for an argument that makes no sense; names the argument and says what would be right.
#[must_use]
pub fn bad_input(argument: &str, message: impl AsRef<str>) -> Error {
    let message = format!("{argument}: {}", message.as_ref());
    error(Code::BadUserInput, message)
        .extend_with(|_, extensions| extensions.set("argument", argument))
}

/// What the store says, as clients may hear it.
pub(super) fn from_store(ctx: &Context<'_>, failure: StoreError) -> Error {
    match failure {
        StoreError::Filter { path, message } => bad_input(&path, message),
        StoreError::NotFound { what } => error(Code::NotFound, format!("there is no {what}")),
        StoreError::Conflict(message) => error(Code::Conflict, message),
        StoreError::Forbidden(message) => error(Code::Forbidden, message),
        StoreError::Upstream(message) => error(Code::UpstreamUnavailable, message),
        StoreError::TimedOut => match super::backend(ctx) {
            Ok(backend) => timed_out(backend.feed.store()),
            Err(missing) => missing,
        },
        other => internal(&request_id(ctx), &other),
    }
}

/// The error for a statement that the database gave up; says how long one may take.
pub(super) fn timed_out(store: &Store) -> Error {
    let allowed = store.statement_seconds();
    let message = format!(
        "the database gave up after {allowed} s (database.statement_seconds); ask for less: \
         a narrower filter or a smaller page"
    );
    error(Code::QueryTooComplex, message).extend_with(|_, extensions| {
        extensions.set("limit", "statement_seconds");
        extensions.set("allowed", allowed);
    })
}

/// An error whose cause stays inside: the log has it, under the request's id.
pub(super) fn internal(request: &RequestId, cause: &(dyn std::error::Error + 'static)) -> Error {
    tracing::error!(request_id = request.0, error = cause, "a request failed");
    error(Code::InternalServerError, INTERNAL)
}

/// All that a client hears of what went wrong inside.
pub(super) const INTERNAL: &str =
    "something went wrong inside; the log has the cause under this request id";

/// The id of the request that is being answered.
pub(super) fn request_id(ctx: &Context<'_>) -> RequestId {
    ctx.data::<RequestId>()
        .cloned()
        .unwrap_or(RequestId(String::new()))
}
