//! Clients of a server under test: GraphQL over HTTP, and graphql-transport-ws over a WebSocket.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Longer than anything takes on a busy machine; only a failing test waits for so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// An answer over HTTP.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) json: Value,
}

/// Asks over HTTP, with a token or without.
pub(crate) async fn post(url: &str, token: Option<&str>, query: &str) -> Answer {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.post(url).json(&json!({"query": query}));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        json: response.json().await.unwrap(),
    }
}

/// Asks over HTTP and expects data.
pub(crate) async fn ask(url: &str, token: &str, query: &str) -> Value {
    let answer = post(url, Some(token), query).await;
    assert_eq!(answer.json.get("errors"), None, "{query}");
    answer.json["data"].clone()
}

/// What a socket says next.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Message(Value),
    /// The code and the reason with which the server hung up.
    Closed(u16, String),
    /// The connection ended without a word.
    Gone,
}

impl Heard {
    #[track_caller]
    pub(crate) fn message(self) -> Value {
        let Self::Message(message) = self else {
            panic!("a message was expected, not {self:?}");
        };
        message
    }

    #[track_caller]
    pub(crate) fn code(&self) -> u16 {
        let Self::Closed(code, _) = self else {
            panic!("the end was expected, not {self:?}");
        };
        *code
    }
}

/// A socket.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket, with an `Origin` when it is a browser; the HTTP status when it is refused, 0 when cut off.
    pub(crate) async fn open(address: SocketAddr, origin: Option<&str>) -> Result<Self, u16> {
        let origin = origin.map(|origin| ("origin", origin));
        let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
        let headers: Vec<_> = std::iter::once(protocol).chain(origin).collect();
        Self::open_with(address, &headers).await
    }

    /// Opens a socket with these headers; the HTTP status when it is refused, 0 when cut off.
    pub(crate) async fn open_with(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let url = format!("ws://{address}/graphql/ws");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(_) => Err(0),
        }
    }

    /// A socket over a connection that has been upgraded already.
    pub(crate) async fn upgraded(connection: TcpStream) -> Self {
        let connection = MaybeTlsStream::Plain(connection);
        Self(WebSocketStream::from_raw_socket(connection, Role::Client, None).await)
    }

    /// Opens a socket and says who is there.
    pub(crate) async fn greeted(address: SocketAddr, token: &str) -> Self {
        let mut socket = Self::open(address, None).await.unwrap();
        socket.init(Some(token)).await;
        assert_eq!(
            socket.heard().await.message(),
            json!({"type": "connection_ack"})
        );
        socket
    }

    pub(crate) async fn init(&mut self, token: Option<&str>) {
        let payload = token.map_or(
            json!({}),
            |token| json!({"Authorization": format!("Bearer {token}")}),
        );
        self.say(json!({"type": "connection_init", "payload": payload}))
            .await;
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        // Who was cut off finds out when listening.
        let _ = self.0.send(message).await;
    }

    /// Subscribes to the events that a filter (in GraphQL) chooses, after a position or from now on.
    pub(crate) async fn follow(&mut self, id: &str, filter: &str, after: Option<&str>) {
        let after = after.map_or(String::new(), |after| format!("after: {}", json!(after)));
        let query = format!(
            "subscription {{ events(filter: {{{filter}}} {after}) {{ cursor node {{ position upstreamId }} }} }}"
        );
        self.subscribe(id, &query).await;
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({"type": "subscribe", "id": id, "payload": {"query": query}}))
            .await;
    }

    /// Waits until everything that was said before has been read: the server answers in order.
    pub(crate) async fn settled(&mut self) {
        self.say(json!({"type": "ping"})).await;
        assert_eq!(self.heard().await.message()["type"], "pong");
    }

    /// The next thing the server says.
    pub(crate) async fn heard(&mut self) -> Heard {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await;
            return match message.unwrap() {
                Some(Ok(Message::Text(text))) => {
                    Heard::Message(serde_json::from_str(&text).unwrap())
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    Heard::Closed(frame.code.into(), frame.reason.to_string())
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(other)) => panic!("{other:?}"),
                None | Some(Err(_)) => Heard::Gone,
            };
        }
    }

    /// The next event of a stream: cursor and upstream id.
    pub(crate) async fn event(&mut self) -> (String, String) {
        edge(&self.heard().await.message())
    }

    /// The first of the errors that end an operation.
    pub(crate) async fn refusal(&mut self) -> Value {
        let message = self.heard().await.message();
        assert_eq!(message["type"], "error", "{message}");
        message["payload"][0].clone()
    }
}

/// The cursor and the upstream id in a message of a stream.
#[track_caller]
pub(crate) fn edge(message: &Value) -> (String, String) {
    assert_eq!(message["type"], "next", "{message}");
    let edge = &message["payload"]["data"]["events"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert_eq!(edge["cursor"], edge["node"]["position"], "{message}");
    (text(&edge["cursor"]), text(&edge["node"]["upstreamId"]))
}
