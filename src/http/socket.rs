//! Streams over a WebSocket: the protocol graphql-transport-ws.
//!
//! A message is taken from a stream only when the socket has taken the one before it: who reads slowly makes only their
//! own stream slow.

use super::{Site, credentials, request};
use crate::access::Viewer;
use crate::graphql::{self, error};
use async_graphql::Data;
use async_graphql::http::{WebSocketProtocols, WsMessage};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use futures::{SinkExt, StreamExt, future};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::Url;

const PROTOCOL: &str = "graphql-transport-ws";

/// The largest message a client may send, in bytes.
const MESSAGE_LIMIT: usize = 256 * 1024;

/// What a socket reads at once; clients send little, and most sockets only listen.
const READ_BUFFER: usize = 4 * 1024;

/// How long a client has to take the farewell and to hang up.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a client hears when its token could not be looked up; it may well be valid.
const UNAVAILABLE: &str = "the database does not answer; try again";

const GOING_AWAY: u16 = 1001;
const TRY_AGAIN_LATER: u16 = 1013;
const UNAUTHORIZED: u16 = 4401;
const FORBIDDEN: u16 = 4403;

/// Opens a socket.
pub(super) async fn upgrade(
    State(site): State<Site>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    if !may_connect(&site, &headers) {
        return (
            StatusCode::FORBIDDEN,
            "this origin is not in server.allowed_origins",
        )
            .into_response();
    }
    let offered = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok());
    if !offered
        .flat_map(|value| value.split(','))
        .any(|name| name.trim() == PROTOCOL)
    {
        return (
            StatusCode::BAD_REQUEST,
            "the WebSocket protocol must be graphql-transport-ws",
        )
            .into_response();
    }
    let token = credentials::of_headers(&headers).map(str::to_owned);
    let request_id = request::request_id(&headers);
    // The server waits for open sockets before it ends, so that each gets its farewell.
    let tracked = site.backend.tasks.token();
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(MESSAGE_LIMIT)
        .on_upgrade(move |socket| async move {
            talk(site, socket, token, request_id).await;
            drop(tracked);
        })
}

/// Whether a page of that origin may open a socket; programs send no origin.
fn may_connect(site: &Site, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else {
        return true;
    };
    if site
        .server
        .allowed_origins
        .iter()
        .any(|allowed| allowed.trim_end_matches('/') == origin)
    {
        return true;
    }
    let Ok(url) = Url::parse(origin) else {
        return false;
    };
    let own = text(header::HOST).unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    own == host
        || url
            .port_or_known_default()
            .is_some_and(|port| own == format!("{host}:{port}"))
}

/// Why a socket is closed from our side.
enum End {
    Over,
    Revoked,
    Stopping,
}

async fn talk(site: Site, socket: WebSocket, token: Option<String>, request_id: String) {
    let (mut sink, mut stream) = socket.split();
    let holder: Arc<OnceLock<Arc<Viewer>>> = Arc::default();
    let init = {
        let (site, holder) = (site.clone(), Arc::clone(&holder));
        move |payload: serde_json::Value| async move {
            let given = payload
                .get("Authorization")
                .or_else(|| payload.get("authorization"));
            let given = given
                .and_then(serde_json::Value::as_str)
                .and_then(credentials::bearer);
            let viewer = site.viewer(given.or(token.as_deref())).await;
            let viewer = viewer.map_err(|cause| {
                let error = &cause as &dyn std::error::Error;
                tracing::error!(request_id, error, "a token could not be looked up");
                async_graphql::Error::new(UNAVAILABLE)
            })?;
            let viewer = viewer.ok_or_else(error::unauthenticated)?;
            let _ = holder.set(Arc::clone(&viewer));
            let mut data = Data::default();
            graphql::on_behalf_of_socket(&mut data, &site.backend, viewer, request_id);
            Ok(data)
        }
    };
    let end = {
        let incoming = stream
            .by_ref()
            .take_while(|message| future::ready(message.is_ok()))
            .filter_map(|message| future::ready(message.ok()))
            .filter(|message| {
                future::ready(matches!(message, Message::Text(_) | Message::Binary(_)))
            })
            .map(Message::into_data);
        let outgoing = async_graphql::http::WebSocket::new(
            site.schema.clone(),
            incoming,
            WebSocketProtocols::GraphQLWS,
        )
        .on_connection_init(init);
        futures::pin_mut!(outgoing);
        loop {
            let message = tokio::select! {
                message = outgoing.next() => message,
                () = revoked(&site, &holder) => break End::Revoked,
                () = site.stop.cancelled() => break End::Stopping,
            };
            let Some(message) = message else {
                break End::Over;
            };
            let message = match message {
                WsMessage::Text(text) => Message::Text(text.into()),
                WsMessage::Close(_, reason) if reason == UNAVAILABLE => {
                    close(TRY_AGAIN_LATER, &reason)
                }
                WsMessage::Close(_, reason) if holder.get().is_none() => {
                    close(UNAUTHORIZED, &reason)
                }
                WsMessage::Close(code, reason) => close(code, &reason),
            };
            // A client that does not read must not keep its stream beyond its token's life.
            let sent = tokio::select! {
                sent = sink.send(message) => sent,
                () = revoked(&site, &holder) => break End::Revoked,
                () = site.stop.cancelled() => break End::Stopping,
            };
            if sent.is_err() {
                return;
            }
        }
    };
    let farewell = match end {
        End::Over => None,
        End::Revoked => Some(close(FORBIDDEN, "the token is no longer valid")),
        End::Stopping => Some(close(
            GOING_AWAY,
            "the server stops; resume with the last cursor",
        )),
    };
    // Hanging up before the client has read everything would take its last messages away from it.
    let part = async {
        if let Some(farewell) = farewell {
            let _ = sink.send(farewell).await;
        }
        while let Some(Ok(_)) = stream.next().await {}
    };
    tokio::select! {
        () = part => {}
        () = site.backend.clock.sleep(FAREWELL) => {}
    }
}

async fn revoked(site: &Site, holder: &OnceLock<Arc<Viewer>>) {
    match holder.get() {
        Some(viewer) => site.revocations.revoked(viewer.token_id).await,
        None => future::pending().await,
    }
}

fn close(code: u16, reason: &str) -> Message {
    // A close frame holds 123 bytes of reason.
    let end = reason.floor_char_boundary(123);
    Message::Close(Some(CloseFrame {
        code,
        reason: reason[..end].into(),
    }))
}
