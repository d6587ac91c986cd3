//! GraphQL over HTTP, in the order in which its specification takes a request: the form of the answer, the method, the
//! media type, who asks, the parameters, the operation, the status.

use super::accept::{Accepted, Media};
use super::stream::{self, Form};
use super::{Site, address, credentials, page};
use crate::access::Viewer;
use crate::graphql::error::{self, Code};
use crate::graphql::{Answer, Asked, Caller, Ready};
use async_graphql::parser::types::OperationType;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::form_urlencoded;

/// What every method needs to know of a request.
struct Incoming {
    site: Site,
    accepted: Accepted,
    /// The form of an answer that is not a stream.
    media: Media,
    token: Option<String>,
    address: IpAddr,
    /// Whether its answer is to go through another connection, opened before.
    is_reserved: bool,
    request_id: String,
}

/// GET: the page for people, a query for programs.
pub(super) async fn get(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    RawQuery(url): RawQuery,
) -> Response {
    let url = url.unwrap_or_default();
    if Accepted::read(&headers).wants_page() && !names(&url).any(|name| name == "query") {
        return page::index();
    }
    let incoming = match Incoming::read(site, peer, &headers) {
        Ok(incoming) => incoming,
        Err(response) => return response,
    };
    let viewer = match incoming.admit().await {
        Ok(viewer) => viewer,
        Err(response) => return response,
    };
    match parameters(&url) {
        Ok(asked) => incoming.answer(&Method::GET, viewer, &asked).await,
        Err(message) => incoming.reject(StatusCode::BAD_REQUEST, message),
    }
}

/// POST: any operation, in a JSON body. No other body is read, for a browser may send those to any host.
pub(super) async fn post(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let incoming = match Incoming::read(site, peer, &headers) {
        Ok(incoming) => incoming,
        Err(response) => return response,
    };
    if !is_json(&headers) {
        let message = "content-type: send the request as application/json, in UTF-8";
        return incoming.reject(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    }
    let viewer = match incoming.admit().await {
        Ok(viewer) => viewer,
        Err(response) => return response,
    };
    let body = match body {
        Ok(body) => body,
        Err(cause) if cause.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let most = incoming.site.engine.limits().request_kib;
            let message = format!("the request is larger than {most} KiB (limits.request_kib)");
            return incoming.reject(StatusCode::PAYLOAD_TOO_LARGE, message);
        }
        Err(cause) => return incoming.reject(cause.status(), cause.body_text()),
    };
    if body.trim_ascii_start().first() != Some(&b'{') {
        // A list would be read as the fields of a request, in order; and batches hide how much is asked for.
        let message =
            "the body is not a JSON object: send {\"query\": \"…\"}, one request at a time";
        return incoming.reject(StatusCode::BAD_REQUEST, message);
    }
    match serde_json::from_slice::<Asked>(&body) {
        Ok(asked) => incoming.answer(&Method::POST, viewer, &asked).await,
        Err(cause) => {
            let message =
                format!("the body is not a GraphQL request: {cause}; send {{\"query\": \"…\"}}");
            incoming.reject(StatusCode::BAD_REQUEST, message)
        }
    }
}

/// Any other method.
pub(super) async fn other(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    match Incoming::read(site, peer, &headers) {
        Ok(incoming) => {
            let message = "send queries by GET or POST, mutations by POST";
            let response = incoming.reject(StatusCode::METHOD_NOT_ALLOWED, message);
            with_header(response, header::ALLOW, "GET, HEAD, POST")
        }
        Err(response) => response,
    }
}

impl Incoming {
    fn read(site: Site, peer: SocketAddr, headers: &HeaderMap) -> Result<Self, Response> {
        let accepted = Accepted::read(headers);
        let request_id = request_id(headers);
        let Some(media) = accepted.single() else {
            let message = "accept: this server answers with application/graphql-response+json, application/json, \
                text/event-stream or multipart/mixed";
            let refusal = Answer::refusal(
                vec![error::refusal(Code::BadUserInput, message)],
                &request_id,
            );
            return Err(render(Media::Json, StatusCode::NOT_ACCEPTABLE, &refusal));
        };
        Ok(Self {
            address: address::of_client(peer.ip(), headers, &site.server.trusted_proxies),
            token: credentials::of_headers(headers).map(str::to_owned),
            is_reserved: headers.contains_key("x-graphql-event-stream-token"),
            site,
            accepted,
            media,
            request_id,
        })
    }

    async fn admit(&self) -> Result<Arc<Viewer>, Response> {
        let admitted = self
            .site
            .admit(self.token.as_deref(), self.address, &self.request_id);
        admitted.await.map_err(|denied| {
            let answer = denied.answer(&self.request_id);
            let status = match denied {
                credentials::Denied::Unauthenticated => StatusCode::UNAUTHORIZED,
                credentials::Denied::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
                credentials::Denied::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            };
            let response = render(self.media, status, &answer);
            if status == StatusCode::UNAUTHORIZED {
                return with_header(
                    response,
                    header::WWW_AUTHENTICATE,
                    "Bearer realm=\"auditgraph\"",
                );
            }
            response
        })
    }

    async fn answer(self, method: &Method, viewer: Arc<Viewer>, asked: &Asked) -> Response {
        if !asked.names_a_document() {
            let message = "query: missing; give a GraphQL document";
            return self.reject(StatusCode::BAD_REQUEST, message);
        }
        if self.is_reserved {
            let message = "x-graphql-event-stream-token: leave it out; this server knows only distinct connections, one \
                for each operation";
            return self.reject(StatusCode::BAD_REQUEST, message);
        }
        let is_mutation = |kind| kind == OperationType::Mutation;
        if method == Method::GET && self.site.engine.kind(asked).is_some_and(is_mutation) {
            let message = "a mutation changes things: send it by POST";
            let response = self.reject(StatusCode::METHOD_NOT_ALLOWED, message);
            return with_header(response, header::ALLOW, "POST");
        }
        let token_id = viewer.token_id;
        let caller = Caller {
            viewer,
            request_id: self.request_id.clone(),
        };
        let ready = match self.site.engine.prepare(asked, caller) {
            Ok(ready) => ready,
            Err(refusal) => return self.respond(&refusal),
        };
        match ready.kind() {
            OperationType::Subscription => self.stream(ready, token_id),
            OperationType::Query | OperationType::Mutation => {
                let answer = self.site.engine.execute(ready).await;
                self.respond(&answer)
            }
        }
    }

    fn stream(&self, ready: Ready, token_id: i32) -> Response {
        let Some(form) = self.accepted.first(Media::streams).and_then(Form::of) else {
            let message = "accept: a subscription is answered with text/event-stream or multipart/mixed, or over a \
                WebSocket at /graphql/ws";
            return self.reject(StatusCode::NOT_ACCEPTABLE, message);
        };
        stream::open(&self.site, form, ready, token_id, &self.request_id)
            .unwrap_or_else(|busy| render(self.media, busy.status, &busy.answer(&self.request_id)))
    }

    /// One answer to a well-formed request.
    fn respond(&self, answer: &Answer) -> Response {
        let status = self.status(answer);
        match Form::of(self.media) {
            // Whoever reads a stream learns there what is wrong with the document: `EventSource` shows no other body.
            Some(form) if matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST) => {
                form.whole(answer)
            }
            _ => render(self.media, status, answer),
        }
    }

    /// The status for an answer to a well-formed request.
    fn status(&self, answer: &Answer) -> StatusCode {
        match answer.code() {
            _ if !answer.is_refusal() => StatusCode::OK,
            Some(Code::Unauthenticated) => StatusCode::UNAUTHORIZED,
            Some(Code::Forbidden) => StatusCode::FORBIDDEN,
            Some(Code::RateLimited) => StatusCode::TOO_MANY_REQUESTS,
            Some(Code::InternalServerError) => StatusCode::INTERNAL_SERVER_ERROR,
            _ if self.media == Media::Json => StatusCode::OK,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The answer to a request that is not well-formed.
    fn reject(&self, status: StatusCode, message: impl Into<String>) -> Response {
        let error = error::refusal(Code::BadUserInput, message);
        render(
            self.media,
            status,
            &Answer::refusal(vec![error], &self.request_id),
        )
    }
}

/// The id under which a request is found in the log.
pub(super) fn request_id(headers: &HeaderMap) -> String {
    headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let text = content_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

fn names(url: &str) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
    form_urlencoded::parse(url.as_bytes()).map(|(name, _)| name)
}

/// The request in a URL.
fn parameters(url: &str) -> Result<Asked, String> {
    let mut asked = Asked::default();
    for (name, value) in form_urlencoded::parse(url.as_bytes()) {
        let object = || match value.as_ref() {
            "" | "null" => Ok(None),
            text => serde_json::from_str(text)
                .map(Some)
                .map_err(|_| format!("{name}: give a JSON object")),
        };
        match name.as_ref() {
            "query" => asked.query = Some(value.into_owned()),
            "documentId" => asked.document_id = Some(value.into_owned()),
            "operationName" => asked.operation_name = Some(value.into_owned()),
            "variables" => asked.variables = object()?,
            "extensions" => asked.extensions = object()?,
            _ => {}
        }
    }
    Ok(asked)
}

/// An answer as a response, in one of the forms of JSON.
pub(super) fn render(media: Media, status: StatusCode, answer: &Answer) -> Response {
    // Where a stream was asked for, what goes wrong before it begins is said as JSON, with a status.
    let name = match media {
        Media::GraphqlJson => "application/graphql-response+json; charset=utf-8",
        _ => "application/json; charset=utf-8",
    };
    let body = match answer.to_json() {
        Ok(body) => body,
        Err(cause) => {
            let error = &cause as &dyn std::error::Error;
            tracing::error!(error, "an answer could not be written");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let headers = [
        (header::CONTENT_TYPE, name),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept"),
    ];
    let response = (status, headers, body).into_response();
    match answer.retry_after() {
        Some(wait) => {
            let seconds = wait.as_millis().div_ceil(1_000).max(1).to_string();
            with_header(response, header::RETRY_AFTER, &seconds)
        }
        None => response,
    }
}

fn with_header(mut response: Response, name: header::HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
