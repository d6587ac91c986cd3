//! What goes wrong, as clients see it: one closed list of codes, and never the inside of anything.

use crate::store::StoreError;
use async_graphql::{Context, Error, ErrorExtensions};

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
    /// Something went wrong inside.
    InternalServerError,
}

impl Code {
    /// The code as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
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
        other => internal(&request_id(ctx), &other),
    }
}

/// An error whose cause stays inside: the log has it, under the request's id.
pub(super) fn internal(request: &RequestId, cause: &(dyn std::error::Error + 'static)) -> Error {
    let request_id = request.0.as_str();
    tracing::error!(request_id, error = cause, "a request failed");
    error(
        Code::InternalServerError,
        "something went wrong inside; the log has the cause under this request id",
    )
    .extend_with(|_, extensions| extensions.set("requestId", request_id))
}

/// The id of the request that is being answered.
pub(super) fn request_id(ctx: &Context<'_>) -> RequestId {
    ctx.data::<RequestId>()
        .cloned()
        .unwrap_or(RequestId(String::new()))
}
