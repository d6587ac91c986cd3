//! `GET /rest/v2/data`: what one saved filter chooses, for programs that hold an access token of it (C31, C32).
//!
//! Only here a token may stand in the URL, for clients that send it so; the header is better. URLs are never logged, and no
//! answer is kept by anybody on the way.

use super::accept::Media;
use super::credentials::{self, Denied};
use super::exports::refuse_entry;
use super::request::{render, request_id};
use super::{Site, address};
use crate::export::{ExportError, rest};
use crate::graphql::Answer;
use crate::graphql::error::{self, Code};
use crate::store::StoreError;
use crate::store::access_tokens::Opened;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use url::form_urlencoded;

/// What pages cost, in the measure of documents that answer with as much.
const DETAIL_COST: u32 = 10_000;
const AGGREGATED_COST: u32 = 20_000;

/// The greatest number of a page.
const LAST_PAGE: i64 = 1_000_000;

/// Seconds after which to ask again while counts are being prepared.
const SOON: u16 = 5;

/// What a URL asks for.
#[derive(Debug, PartialEq, Eq)]
struct Parameters {
    detail: bool,
    page: i64,
}

/// A page of a saved filter.
pub(super) async fn data(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(url): RawQuery,
    headers: HeaderMap,
) -> Response {
    let address = address::of_client(peer.ip(), &headers, &site.server.trusted_proxies);
    let request_id = request_id(&headers);
    let (token, asked) = parameters(&url.unwrap_or_default());
    let token = credentials::of_headers(&headers).or(token.as_deref());
    let opened = match site.open(token, address, &request_id).await {
        Ok(opened) => opened,
        Err(denied) => return denied_entry(denied, &request_id),
    };
    let answer = match asked {
        Ok(asked) => Box::pin(site.read(&opened, &asked, &request_id)).await,
        Err(message) => Err(refuse(
            StatusCode::BAD_REQUEST,
            (Code::BadUserInput, &message),
            &request_id,
        )),
    };
    answer.unwrap_or_else(|refusal| refusal)
}

impl Site {
    /// The page that an access token opens.
    async fn read(
        &self,
        opened: &Opened,
        asked: &Parameters,
        request_id: &str,
    ) -> Result<Response, Response> {
        let cost = if asked.detail {
            DETAIL_COST
        } else {
            AGGREGATED_COST
        };
        // It counts as if its owner had asked.
        let (owner, work) = (opened.viewer.token_id, Box::pin(self.page(opened, asked)));
        let work = self.engine.within_limits(owner, cost, request_id, work);
        let page = match work.await {
            Ok(page) => page,
            Err(refusal) => {
                let status = match refusal.code() {
                    Some(Code::RateLimited) => StatusCode::TOO_MANY_REQUESTS,
                    _ => StatusCode::SERVICE_UNAVAILABLE,
                };
                return Err(render(Media::Json, status, &refusal));
            }
        };
        let page = page.map_err(|failure| failed(&failure, request_id))?;
        let body = serde_json::to_vec(&page)
            .map_err(|error| failed(&ExportError::File(error.into()), request_id))?;
        let headers = [
            (header::CONTENT_TYPE, "application/json; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "authorization"),
        ];
        Ok((headers, body).into_response())
    }

    async fn page(&self, opened: &Opened, asked: &Parameters) -> Result<rest::Answer, ExportError> {
        let store = self.backend.feed.store();
        let saved = store.opened_filter(opened).await?;
        let saved = saved.ok_or_else(|| StoreError::NotFound {
            what: "saved filter that the owner of this token may still see".to_owned(),
        })?;
        self.backend.note_viewed(&opened.viewer);
        let (viewer, now) = (opened.viewer.clone(), self.backend.clock.now());
        let within = self.backend.exports.within(viewer, now, i64::MAX);
        if asked.detail {
            rest::detail(within, &opened.token, &saved, asked.page).await
        } else {
            rest::aggregated(&within, &saved, asked.page).await
        }
    }
}

/// The token in a URL, and what else it asks for, or what is wrong with that. The token is looked at before all else.
fn parameters(url: &str) -> (Option<String>, Result<Parameters, String>) {
    let (mut token, mut kind, mut page) = (None, None, None);
    let mut wrong = None;
    for (name, value) in form_urlencoded::parse(url.as_bytes()) {
        let place = match name.as_ref() {
            "token" => &mut token,
            "dataType" => &mut kind,
            "page" => &mut page,
            _ => {
                wrong.get_or_insert_with(|| {
                    "there is an unknown parameter; this takes `token`, `dataType` and `page`"
                        .to_owned()
                });
                continue;
            }
        };
        if place.replace(value.into_owned()).is_some() {
            wrong.get_or_insert_with(|| format!("{name}: given twice; give it once"));
        }
    }
    let read = || {
        let detail = match kind.as_deref() {
            None | Some("aggregated") => false,
            Some("detail") => true,
            Some(other) => {
                return Err(format!(
                    "dataType: `{other}` is none; give `aggregated`, which is meant when it is absent, or `detail`"
                ));
            }
        };
        let page = page.as_deref().unwrap_or("1");
        let number = page.parse().ok();
        let number = number.filter(|page| (1..=LAST_PAGE).contains(page));
        number
            .map(|page| (detail, page))
            .ok_or_else(|| format!("page: `{page}` is no number of a page; give 1 to {LAST_PAGE}"))
    };
    let read = wrong.map_or_else(read, Err);
    (
        token,
        read.map(|(detail, page)| Parameters { detail, page }),
    )
}

fn refuse(status: StatusCode, (code, message): (Code, &str), request_id: &str) -> Response {
    let refusal = Answer::refusal(vec![error::refusal(code, message)], request_id);
    render(Media::Json, status, &refusal)
}

fn denied_entry(denied: Denied, request_id: &str) -> Response {
    if denied != Denied::Unauthenticated {
        return refuse_entry(denied, request_id);
    }
    let message = "a valid access token of a saved filter is needed: send the header `Authorization: Bearer <token>`; the \
        mutation `createAccessToken` makes one";
    let error = (Code::Unauthenticated, message);
    let mut response = refuse(StatusCode::UNAUTHORIZED, error, request_id);
    let challenge = HeaderValue::from_static("Bearer realm=\"auditgraph\"");
    let headers = response.headers_mut();
    headers.insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// What a client hears of a failure. What is wrong with the saved filter is a conflict: the request itself was right.
fn failed(failure: &ExportError, request_id: &str) -> Response {
    let broken = |message: &str| {
        let message = format!("the saved filter cannot be run: {message}");
        let error = (Code::Conflict, message.as_str());
        refuse(StatusCode::CONFLICT, error, request_id)
    };
    let told = failure.to_string();
    match failure {
        ExportError::TooMuch(message) => refuse(
            StatusCode::BAD_REQUEST,
            (Code::BadUserInput, message),
            request_id,
        ),
        ExportError::Store(StoreError::NotFound { .. }) => {
            refuse(StatusCode::NOT_FOUND, (Code::NotFound, &told), request_id)
        }
        ExportError::Store(StoreError::TimedOut) => {
            broken("the database gave up (database.statement_seconds); narrow the filter")
        }
        ExportError::Store(StoreError::Upstream(message)) => {
            let error = (Code::UpstreamUnavailable, message.as_str());
            refuse(StatusCode::SERVICE_UNAVAILABLE, error, request_id)
        }
        ExportError::Activity(_) if failure.may_pass() => {
            let error = (Code::UpstreamUnavailable, told.as_str());
            let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, error, request_id);
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, SOON.into());
            response
        }
        ExportError::Store(StoreError::Filter { .. } | StoreError::Forbidden(_))
        | ExportError::Activity(_) => broken(&told),
        _ => {
            let error = failure as &dyn std::error::Error;
            tracing::error!(
                request_id,
                error,
                "a saved filter could not be read over REST"
            );
            let message =
                "something went wrong inside; the log has the cause under this request id";
            let error = (Code::InternalServerError, message);
            refuse(StatusCode::INTERNAL_SERVER_ERROR, error, request_id)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Parameters, parameters};

    #[test]
    fn parameters_are_read_strictly() {
        let (token, asked) = parameters("page=2&token=a%2Bb&dataType=detail");
        assert_eq!(token.as_deref(), Some("a+b"));
        let second = Parameters {
            detail: true,
            page: 2,
        };
        assert_eq!(asked, Ok(second));
        for (url, named) in [
            ("page=0", "give 1 to"),
            ("page=-1", "give 1 to"),
            ("page=x", "give 1 to"),
            ("page=9999999999999999999999", "give 1 to"),
            ("page=1&page=2", "twice"),
            ("dataType=details", "`aggregated`"),
            ("datatype=detail", "`token`, `dataType` and `page`"),
        ] {
            let (_, asked) = parameters(url);
            assert!(asked.unwrap_err().contains(named), "{url}");
        }
    }
}
