//! Files out: `GET /exports/{id}`, for who asked for the export and administrators.

use super::accept::Media;
use super::credentials::{self, Denied};
use super::request::{render, request_id};
use super::{Site, address};
use crate::event::export::Format;
use crate::event::node::{NodeId, NodeKind};
use crate::graphql::Answer;
use crate::graphql::error::{self, Code};
use crate::store::StoreError;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use tokio::fs::File;
use tokio_util::io::ReaderStream;

/// An export's file.
pub(super) async fn download(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let address = address::of_client(peer.ip(), &headers, &site.server.trusted_proxies);
    let request_id = request_id(&headers);
    let token = credentials::of_headers(&headers);
    let viewer = match site.admit(token, address, &request_id).await {
        Ok(viewer) => viewer,
        Err(denied) => return refuse_entry(denied, &request_id),
    };
    let refuse = |status, code, message: &str| {
        let refusal = Answer::refusal(vec![error::refusal(code, message)], &request_id);
        render(Media::Json, status, &refusal)
    };
    let missing = || {
        let message = "there is no export with this id";
        refuse(StatusCode::NOT_FOUND, Code::NotFound, message)
    };
    let failed = |failure: StoreError| {
        let error = &failure as &dyn std::error::Error;
        tracing::error!(request_id, error, "an export could not be looked up");
        let message = "the database does not answer; try again";
        refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            Code::InternalServerError,
            message,
        )
    };
    let (feed, exports) = (&site.backend.feed, &site.backend.exports);
    let Some(number) = NodeId::number_of(&id, NodeKind::Export) else {
        return missing();
    };
    let row = match feed.store().export(&viewer, number).await {
        Ok(Some(row)) => row,
        Ok(None) => return missing(),
        Err(failure) => return failed(failure),
    };
    if !exports.has_file(&row) {
        let (status, message) = if row.expires_at.is_some() {
            (
                StatusCode::GONE,
                "the file has been deleted: its time is over",
            )
        } else {
            (StatusCode::CONFLICT, "there is no file; `status` says why")
        };
        return refuse(status, Code::Conflict, message);
    }
    let file = File::open(exports.folder().file(&row.file_name)).await;
    let length = match &file {
        Ok(file) => file.metadata().await.map(|about| about.len()),
        Err(error) => Err(error.kind().into()),
    };
    let (Ok(file), Ok(length)) = (file, length) else {
        let message = "the file is not where it was written";
        return refuse(StatusCode::GONE, Code::NotFound, message);
    };
    let is_look = method == Method::HEAD;
    if !is_look {
        let now = site.backend.clock.now();
        let noted = feed.store().note_export_downloaded(&viewer, &row, now);
        if let Err(failure) = feed.recording(Box::pin(noted)).await {
            return failed(failure);
        }
    }
    let media_type = Format::from_number(row.format).map_or("", Format::media_type);
    let mut response = if is_look {
        ().into_response()
    } else {
        Body::from_stream(ReaderStream::new(file)).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = format!("attachment; filename=\"{}\"", row.file_name);
    if let Ok(disposition) = disposition.parse() {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// The answer to who is not let in.
pub(super) fn refuse_entry(denied: Denied, request_id: &str) -> Response {
    let status = match denied {
        Denied::Unauthenticated => StatusCode::UNAUTHORIZED,
        Denied::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        Denied::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = render(Media::Json, status, &denied.answer(request_id));
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer realm=\"auditgraph\"");
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
