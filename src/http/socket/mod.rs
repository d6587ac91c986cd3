//! GraphQL over a WebSocket, by the protocol graphql-transport-ws.
//!
//! One task a socket does three things at once: it listens, it lets the operations work, and it says what there is to
//! say. Who reads slowly makes only their own streams slow; who asks for much does not become deaf by it.

mod operations;
mod outgoing;
mod protocol;
mod talk;

use super::accept::Media;
use super::credentials;
use super::places::{BUSY, Place, Taken};
use super::{Site, address, request};
use crate::graphql::Answer;
use crate::graphql::error::{self, Code};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures::{FutureExt, StreamExt};
use protocol::Close;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use talk::Talk;
use url::Url;

/// What a socket reads at once; clients send little, and most sockets only wait.
const READ_BUFFER: usize = 512;

/// What a socket writes at once.
const WRITE_BUFFER: usize = 4 * 1_024;

/// How long a client has to take the farewell and to hang up.
const FAREWELL: Duration = Duration::from_secs(1);

/// Characters of a socket's id in the log; those of its operations have more behind it.
const SOCKET_ID: usize = 63;

/// Opens a socket.
pub(super) async fn upgrade(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let request_id = request::request_id(&headers);
    let refuse = |status, code, message: &str| {
        let error = error::refusal(code, message);
        let answer = Answer::refusal(vec![error], &request_id);
        request::render(Media::Json, status, &answer)
    };
    if !may_connect(&site, &headers) {
        let message = "origin: not this server's own, and not in server.allowed_origins";
        return refuse(StatusCode::FORBIDDEN, Code::Forbidden, message);
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.protocols([protocol::NAME]),
        Err(cause) => return refuse(cause.status(), Code::BadUserInput, &cause.body_text()),
    };
    let address = address::of_client(peer.ip(), &headers, &site.server.trusted_proxies);
    let stranger = Place::StrangerFrom(address::neighbourhood(address));
    let places = site.places.take(Place::Connection);
    let places = places.and_then(|place| Ok((place, site.places.take(stranger)?)));
    let (place, stranger) = match places {
        Ok(places) => places,
        Err(message) => {
            let busy = Answer::later(&message, BUSY, &request_id);
            return request::render(Media::Json, StatusCode::SERVICE_UNAVAILABLE, &busy);
        }
    };
    let client = Client {
        address,
        token: credentials::of_headers(&headers).map(str::to_owned),
        socket_id: request_id.chars().take(SOCKET_ID).collect(),
        stranger: Some(stranger),
    };
    let most = site.engine.limits().request_bytes();
    // Most sockets only wait, so each shares what it need not own.
    let site = Arc::new(site);
    // The server waits for open sockets before it ends, so that each gets its farewell.
    let tracked = site.backend.tasks.token();
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(most)
        .max_frame_size(most)
        .on_upgrade(move |socket| {
            // Boxed, so that the task holds it once, and not a second time where it was made.
            Box::pin(async move {
                talk(site, client, socket).await;
                drop((place, tracked));
            })
        })
}

/// Whether a page of that origin may open a socket; programs send no origin.
fn may_connect(site: &Site, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let allowed = &site.server.allowed_origins;
    if allowed
        .iter()
        .any(|allowed| allowed.trim_end_matches('/') == origin)
    {
        return true;
    }
    let Ok(url) = Url::parse(origin) else {
        return false;
    };
    let (Some(host), Some(own)) = (url.host_str(), text(header::HOST)) else {
        return false;
    };
    let port = url.port_or_known_default();
    let with_port = port.is_some_and(|port| own.eq_ignore_ascii_case(&format!("{host}:{port}")));
    with_port || (url.port().is_none() && own.eq_ignore_ascii_case(host))
}

/// Who opened a socket, as far as the upgrade tells.
struct Client {
    address: IpAddr,
    token: Option<String>,
    socket_id: String,
    /// Its place until it is known who it is.
    stranger: Option<Taken>,
}

/// Why a socket ends.
enum End {
    /// The client has hung up.
    Gone,
    /// It is closed from our side.
    Closed(Close),
    /// It is closed from our side, and what the client says cannot be read any more.
    Unreadable(Close),
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Closed(close)
    }
}

async fn talk(site: Arc<Site>, client: Client, socket: WebSocket) {
    let (clock, metrics) = (site.backend.clock.clone(), site.metrics.clone());
    let request_id = client.socket_id.clone();
    let is_spoken = socket.protocol().is_some();
    let (sink, mut stream) = socket.split();
    let mut talk = Talk::new(site, client, sink);
    let end = if is_spoken {
        let whole = AssertUnwindSafe(talk.run(&mut stream)).catch_unwind().await;
        whole.unwrap_or_else(|_| {
            metrics.panics.inc();
            tracing::error!(request_id, "a socket panicked");
            Close::INTERNAL.into()
        })
    } else {
        Close::OTHER_PROTOCOL.into()
    };
    let mut outgoing = talk.end();
    // Hanging up before the client has read everything would take its last messages away from it.
    let farewell = async {
        let is_unreadable = matches!(end, End::Unreadable(_));
        if let End::Closed(close) | End::Unreadable(close) = end {
            let (code, reason) = close.parts();
            tracing::debug!(request_id, code, reason, "closing a socket");
            if outgoing.close(close).await.is_err() {
                return;
            }
        }
        while let Some(Ok(_)) = stream.next().await {}
        if is_unreadable {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = farewell => {}
        () = clock.sleep(FAREWELL) => {}
    }
}
