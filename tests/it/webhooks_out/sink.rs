//! A target of webhooks on the loopback interface: it remembers what it was sent, and answers as it is told.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What a target does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers.
    Status(u16),
    /// Answers with another header.
    With(u16, String),
    /// Answers with a text.
    Says(u16, String),
    /// Takes it, and never answers.
    Hang,
    /// Closes the connection.
    Cut,
}

/// A request as the target saw it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) reply: Reply,
}

impl Received {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Whether it was answered with a success.
    pub(crate) fn was_taken(&self) -> bool {
        matches!(
            self.reply,
            Reply::Status(200..=299) | Reply::Says(200..=299, _)
        )
    }

    /// Which of the signatures is one over it with that secret, worked out by the standard's text.
    pub(crate) fn signed_with(&self, secret: &str) -> Option<usize> {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let at = &self.headers["webhook-timestamp"];
        mac.update(format!("{}.{at}.", self.id()).as_bytes());
        mac.update(&self.body);
        let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let signatures = self.headers["webhook-signature"].split(' ');
        signatures.into_iter().position(|given| given == wanted)
    }
}

type Script = Box<dyn FnMut(usize) -> Reply + Send>;

/// A running target; it stops when dropped.
pub(crate) struct Sink {
    address: SocketAddr,
    seen: Arc<Seen>,
    server: Option<JoinHandle<()>>,
}

struct Seen {
    script: Mutex<Script>,
    received: Mutex<Vec<Received>>,
    connections: watch::Sender<usize>,
    count: watch::Sender<usize>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.die();
    }
}

impl Sink {
    /// One that takes everything.
    pub(crate) async fn willing() -> Self {
        Self::start(|_| Reply::Status(204)).await
    }

    /// One that does with each request what the script says, which is told how many came before.
    pub(crate) async fn start(script: impl FnMut(usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let seen = Seen {
            script: Mutex::new(Box::new(script)),
            received: Mutex::default(),
            connections: watch::Sender::new(0),
            count: watch::Sender::new(0),
        };
        let mut sink = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::new(seen),
            server: None,
        };
        sink.serve(listener);
        sink
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?key=k3y", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on it does as another script says.
    pub(crate) fn obey(&self, script: impl FnMut(usize) -> Reply + Send + 'static) {
        *self.seen.script.lock().unwrap() = Box::new(script);
    }

    /// All requests so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.seen.received.lock().unwrap().clone()
    }

    /// How many connections there were ever.
    pub(crate) fn connections(&self) -> usize {
        *self.seen.connections.borrow()
    }

    /// Waits until there were so many requests.
    pub(crate) async fn heard(&self, count: usize) {
        let mut heard = self.seen.count.subscribe();
        heard.wait_for(|heard| *heard >= count).await.unwrap();
    }

    /// Closes everything.
    pub(crate) fn die(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
        }
    }

    /// Comes back at the same address.
    pub(crate) async fn revive(&mut self) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }

    fn serve(&mut self, listener: TcpListener) {
        let seen = Arc::clone(&self.seen);
        let serving = async move {
            // Its connections end with it.
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                seen.connections.send_modify(|count| *count += 1);
                let seen = Arc::clone(&seen);
                connections.spawn(async move { converse(stream, &seen).await });
            }
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the task ends with its handle, which the test holds"
        )]
        let server = tokio::spawn(serving);
        self.server = Some(server);
    }
}

/// Answers one request after the other, as far as anybody wants that.
async fn converse(mut stream: TcpStream, seen: &Seen) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let (head, rest) = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = bytes.split_off(at + 4);
                break (String::from_utf8(std::mem::take(&mut bytes)).ok()?, rest);
            }
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let headers: HashMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers.get("content-length")?.parse().ok()?;
        let mut body = rest;
        while body.len() < length {
            stream.read_buf(&mut body).await.ok()?;
        }
        bytes = body.split_off(length);
        let reply = {
            let mut received = seen.received.lock().unwrap();
            let reply = (seen.script.lock().unwrap())(received.len());
            received.push(Received {
                headers,
                body,
                reply: reply.clone(),
            });
            reply
        };
        seen.count.send_modify(|count| *count += 1);
        let (status, header, text) = match reply {
            Reply::Status(status) => (status, String::new(), String::new()),
            Reply::With(status, header) => (status, format!("{header}\r\n"), String::new()),
            Reply::Says(status, text) => (status, String::new(), text),
            Reply::Hang => {
                // Until the other side gives up.
                while stream.read_buf(&mut bytes).await.ok()? > 0 {}
                return None;
            }
            Reply::Cut => return None,
        };
        let length = text.len();
        let answer =
            format!("HTTP/1.1 {status} Told\r\n{header}content-length: {length}\r\n\r\n{text}");
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}
