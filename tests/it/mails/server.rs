//! An SMTP server of the tests' own, which does what it is told to, connection by connection.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What the server does on a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Accepts everything.
    #[default]
    Accepts,
    /// Closes the connection at once.
    Closes,
    /// Gives this answer to what begins with this word; `.` is the end of the message.
    Answers(&'static str, &'static str),
    /// Never answers what begins with this word. At `.` the mail is accepted all the same.
    Hangs(&'static str),
    /// Closes the connection instead of answering what begins with this word. At `.` the mail is not accepted.
    Drops(&'static str),
}

/// A mail that the server has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    pub(crate) message_id: String,
    pub(crate) to: Vec<String>,
    pub(crate) bytes: Vec<u8>,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    todo: Arc<Mutex<VecDeque<Behaviour>>>,
    accepted: Arc<Mutex<Vec<Accepted>>>,
    connections: Arc<Mutex<usize>>,
    hung: mpsc::UnboundedSender<()>,
}

impl Server {
    /// Starts to listen; what comes out tells that a connection hangs.
    pub(crate) async fn start(
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> (Self, mpsc::UnboundedReceiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (hung, hangs) = mpsc::unbounded_channel();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            todo: Arc::default(),
            accepted: Arc::default(),
            connections: Arc::default(),
            hung,
        };
        let (shared, stop, spawned) = (server.clone(), stop.clone(), tasks.clone());
        tasks.spawn(async move {
            loop {
                let stream = tokio::select! {
                    () = stop.cancelled() => return,
                    stream = listener.accept() => stream.unwrap().0,
                };
                *shared.connections.lock().unwrap() += 1;
                let behaviour = shared.todo.lock().unwrap().pop_front().unwrap_or_default();
                let (shared, stop) = (shared.clone(), stop.clone());
                spawned.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        _ = shared.talk(stream, behaviour) => {}
                    }
                });
            }
        });
        (server, hangs)
    }

    /// What to do on the next connections; afterwards everything is accepted.
    pub(crate) fn will(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.todo.lock().unwrap().extend(behaviours);
    }

    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        self.accepted.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// How often each mail was accepted, by Message-ID.
    pub(crate) fn counts(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for mail in self.accepted() {
            *counts.entry(mail.message_id).or_default() += 1;
        }
        counts
    }

    async fn talk(&self, mut stream: TcpStream, behaviour: Behaviour) -> std::io::Result<()> {
        if behaviour == Behaviour::Closes {
            return Ok(());
        }
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read);
        write.write_all(b"220 here\r\n").await?;
        let (mut to, mut line) = (Vec::new(), String::new());
        loop {
            line.clear();
            if lines.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let said = line.trim_end().to_owned();
            let answer = match said.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => "250-here\r\n250 8BITMIME",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                _ => "250 ok",
            };
            match &behaviour {
                Behaviour::Answers(word, answer) if said.starts_with(word) => {
                    write.write_all(format!("{answer}\r\n").as_bytes()).await?;
                    continue;
                }
                Behaviour::Hangs(word) if said.starts_with(word) => self.hang().await,
                Behaviour::Drops(word) if said.starts_with(word) => return Ok(()),
                _ => {}
            }
            if let Some(address) = said.strip_prefix("RCPT TO:<") {
                to.push(address.trim_end_matches('>').to_owned());
            }
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
            if said == "DATA" {
                let bytes = message(&mut lines).await?;
                match &behaviour {
                    Behaviour::Answers(".", answer) => {
                        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
                        continue;
                    }
                    Behaviour::Drops(".") => return Ok(()),
                    _ => {}
                }
                self.accept(std::mem::take(&mut to), bytes);
                if behaviour == Behaviour::Hangs(".") {
                    self.hang().await;
                }
                write.write_all(b"250 accepted\r\n").await?;
            }
        }
    }

    async fn hang(&self) {
        let _ = self.hung.send(());
        std::future::pending::<()>().await;
    }

    fn accept(&self, to: Vec<String>, bytes: Vec<u8>) {
        let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
        let message_id = parsed.message_id().unwrap().to_owned();
        self.accepted.lock().unwrap().push(Accepted {
            message_id,
            to,
            bytes,
        });
    }
}

/// A message up to the dot that ends it.
async fn message(lines: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(bytes);
        }
        bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
