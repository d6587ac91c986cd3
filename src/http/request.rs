//! One request, one answer: GraphQL over HTTP by GET and POST.

use super::{Site, credentials, page};
use crate::access::Viewer;
use crate::graphql::{self, error};
use async_graphql::{Request, Response, ServerError, Value, Variables};
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use std::sync::Arc;

const JSON: &str = "application/json";
const GRAPHQL_JSON: &str = "application/graphql-response+json";

/// A request in a URL.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UrlRequest {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// GET: the page for browsers, a query for programs.
pub(super) async fn get(
    State(site): State<Site>,
    headers: HeaderMap,
    Query(url): Query<UrlRequest>,
) -> axum::response::Response {
    if url.query.is_none() && accepts(&headers, "text/html") {
        return page::index(&headers);
    }
    let Some(query) = url.query else {
        return refusal(
            &headers,
            StatusCode::BAD_REQUEST,
            "query: missing; give a GraphQL document",
        );
    };
    let mut request = Request::new(query);
    request.operation_name = url.operation_name;
    if let Some(variables) = url.variables.filter(|text| !text.is_empty()) {
        match serde_json::from_str(&variables) {
            Ok(value @ serde_json::Value::Object(_)) => {
                request.variables = Variables::from_json(value);
            }
            _ => {
                return refusal(
                    &headers,
                    StatusCode::BAD_REQUEST,
                    "variables: give a JSON object",
                );
            }
        }
    }
    answer(&site, &headers, request).await
}

/// POST: a query in a JSON body.
pub(super) async fn post(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(JSON) {
        return refusal(
            &headers,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-type: send the request as application/json",
        );
    }
    match serde_json::from_slice::<Request>(&body) {
        Ok(request) => answer(&site, &headers, request).await,
        Err(cause) => {
            let message =
                format!("the body is not a GraphQL request: {cause}; send {{\"query\": \"…\"}}");
            refusal(&headers, StatusCode::BAD_REQUEST, &message)
        }
    }
}

async fn answer(site: &Site, headers: &HeaderMap, request: Request) -> axum::response::Response {
    let request_id = request_id(headers);
    let viewer = match site.viewer(credentials::of_headers(headers)).await {
        Ok(Some(viewer)) => viewer,
        Ok(None) => return unauthenticated(headers),
        Err(cause) => {
            tracing::error!(
                request_id,
                error = &cause as &dyn std::error::Error,
                "a token could not be looked up"
            );
            return refusal(
                headers,
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer; try again",
            );
        }
    };
    let response = execute(site, viewer, request, request_id).await;
    // A request that was refused as a whole has no data; one that was carried out has, even where parts failed.
    let refused =
        response.data == Value::Null && response.errors.iter().all(|error| error.path.is_empty());
    let status = if refused && !response.errors.is_empty() && media_type(headers) == GRAPHQL_JSON {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    render(headers, status, &response)
}

async fn execute(
    site: &Site,
    viewer: Arc<Viewer>,
    request: Request,
    request_id: String,
) -> Response {
    let request = graphql::on_behalf(request, &site.backend, viewer, request_id);
    site.schema.execute(request).await
}

/// The id under which a request is found in the log.
pub(super) fn request_id(headers: &HeaderMap) -> String {
    headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn unauthenticated(headers: &HeaderMap) -> axum::response::Response {
    let error = error::unauthenticated().into_server_error(async_graphql::Pos::default());
    let response = Response::from_errors(vec![ServerError {
        locations: Vec::new(),
        ..error
    }]);
    let mut response = render(headers, StatusCode::UNAUTHORIZED, &response);
    let challenge = axum::http::HeaderValue::from_static("Bearer realm=\"auditgraph\"");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn refusal(headers: &HeaderMap, status: StatusCode, message: &str) -> axum::response::Response {
    let error = error::error(error::Code::BadUserInput, message)
        .into_server_error(async_graphql::Pos::default());
    render(
        headers,
        status,
        &Response::from_errors(vec![ServerError {
            locations: Vec::new(),
            ..error
        }]),
    )
}

fn render(
    headers: &HeaderMap,
    status: StatusCode,
    response: &Response,
) -> axum::response::Response {
    let body = match serde_json::to_vec(response) {
        Ok(body) => body,
        Err(cause) => {
            tracing::error!(
                error = &cause as &dyn std::error::Error,
                "an answer could not be written"
            );
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let content_type = format!("{}; charset=utf-8", media_type(headers));
    (
        status,
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ],
        body,
    )
        .into_response()
}

fn media_type(headers: &HeaderMap) -> &'static str {
    if accepts(headers, GRAPHQL_JSON) {
        GRAPHQL_JSON
    } else {
        JSON
    }
}

fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let accepted = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        range
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case(media_type)
    })
}
