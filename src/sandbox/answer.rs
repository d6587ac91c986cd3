//! Answers in the shapes of the systems: JSON bodies, and errors as each of them words it (API.md 0.6).
//!
//! Knows no route and no state.

use super::data_center::Instance;
use super::jira;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Which system a path belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// The organization API.
    Organization,
    /// User management.
    Accounts,
    /// Bitbucket Cloud.
    Bitbucket,
    /// Jira Cloud.
    Jira,
    /// One of the Data Center instances.
    DataCenter,
    /// Confluence Cloud.
    Confluence,
    /// Assets, and the place on the site that says which workspace it is.
    Assets,
}

impl System {
    /// The system that serves `path`.
    pub(super) fn of(path: &str) -> Self {
        if path.starts_with("/2.0") {
            Self::Bitbucket
        } else if path.starts_with("/wiki") {
            Self::Confluence
        } else if path.starts_with("/jsm/assets") || path.starts_with("/rest/servicedeskapi/assets")
        {
            Self::Assets
        } else if jira::PREFIXES.iter().any(|prefix| path.starts_with(prefix)) {
            Self::Jira
        } else if path.starts_with("/users") {
            Self::Accounts
        } else if Instance::of(path).is_some() {
            Self::DataCenter
        } else {
            Self::Organization
        }
    }

    /// What stands before the route when the answer is a refusal: the gateway's or the system's own words.
    pub(super) fn refuse(self, status: StatusCode) -> Response {
        let words = status.canonical_reason().unwrap_or("Error");
        match self {
            Self::Bitbucket => bitbucket(status, words),
            Self::Jira => jira::refuse(status, words),
            Self::DataCenter => data_center(status, words),
            Self::Confluence => confluence(status, words),
            Self::Assets => assets(status, words),
            Self::Accounts if status == StatusCode::UNAUTHORIZED => account(status, "unauthorized"),
            Self::Accounts if status == StatusCode::NOT_FOUND => account(status, "notFound"),
            Self::Organization | Self::Accounts => gateway(status),
        }
    }
}

/// 200 with a JSON value.
pub(super) fn ok(value: &Value) -> Response {
    text(StatusCode::OK, value.to_string())
}

/// A JSON text.
pub(super) fn text(status: StatusCode, json: String) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        Body::from(json),
    )
        .into_response()
}

/// A refusal by the gateway before the organization API: its `code` is a number.
pub(super) fn gateway(status: StatusCode) -> Response {
    let message = status.canonical_reason().unwrap_or("Error");
    text(
        status,
        json!({"code": status.as_u16(), "message": message}).to_string(),
    )
}

/// An error of the organization API itself, e.g. `ADMIN-400-1`.
pub(super) fn organization(code: &str, title: &str, detail: &str) -> Response {
    let number = code
        .split('-')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = number
        .and_then(|number| StatusCode::from_u16(number).ok())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = json!({"errors": [{
        "id": uuid::Uuid::from_u128(u128::from(status.as_u16()) << 96).to_string(),
        "status": status.as_str(),
        "code": code,
        "title": title,
        "detail": detail,
    }]});
    text(status, error.to_string())
}

/// The cursor is not one of ours, or no longer.
pub(super) fn bad_cursor() -> Response {
    organization(
        "ADMIN-400-1",
        "Bad request",
        "The cursor is invalid or has expired.",
    )
}

/// Some parameter is not what it should be.
pub(super) fn bad_syntax(detail: &str) -> Response {
    organization("ADMIN-400-19", "Bad request", detail)
}

/// No such organization.
pub(super) fn no_organization() -> Response {
    organization(
        "ADMIN-404-2",
        "Not found",
        "The organization was not found.",
    )
}

/// An error of Bitbucket.
pub(super) fn bitbucket(status: StatusCode, message: &str) -> Response {
    text(
        status,
        json!({"type": "error", "error": {"message": message}}).to_string(),
    )
}

/// An error of a Data Center instance.
pub(super) fn data_center(status: StatusCode, message: &str) -> Response {
    let error = json!({"errors": [{"context": null, "message": message, "exceptionName": null}]});
    text(status, error.to_string())
}

/// An error of user management.
pub(super) fn account(status: StatusCode, key: &str) -> Response {
    account_with(status, key, &json!({}))
}

/// The same with what it is about.
pub(super) fn account_with(status: StatusCode, key: &str, context: &Value) -> Response {
    text(status, json!({"key": key, "context": context}).to_string())
}

/// An error of Confluence, in the words of version 1 of its API.
pub(super) fn confluence(status: StatusCode, message: &str) -> Response {
    let error = json!({
        "statusCode": status.as_u16(),
        "data": {"authorized": status != StatusCode::UNAUTHORIZED, "valid": false, "errors": []},
        "message": message,
    });
    text(status, error.to_string())
}

/// An error of Assets.
pub(super) fn assets(status: StatusCode, message: &str) -> Response {
    text(
        status,
        json!({"errorMessages": [message], "errors": {}}).to_string(),
    )
}
