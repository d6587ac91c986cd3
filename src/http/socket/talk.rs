//! What a socket hears, and what it does about it.

use super::operations::Operations;
use super::outgoing::Outgoing;
use super::protocol::{Close, Heard, Object, Said};
use super::{Client, End};
use crate::access::Viewer;
use crate::graphql::{Answer, Asked, Caller};
use crate::http::Site;
use crate::http::credentials::{self, Denied};
use crate::http::places::{BUSY, Place, Taken};
use axum::extract::ws::{Message, WebSocket};
use futures::future::BoxFuture;
use futures::stream::{SplitSink, SplitStream};
use futures::{FutureExt, StreamExt};
use std::pin::pin;
use std::sync::Arc;
use tungstenite::error::ProtocolError;

/// Pings in a row that may stay without any sign of life.
const PINGS: u32 = 2;

/// Characters of the id under which an operation is found in the log.
const REQUEST_ID: usize = 100;

/// How far a socket is in finding out who is there.
enum Who {
    /// `connection_init` has to come before this is over.
    Awaited(BoxFuture<'static, ()>),
    /// The token is being looked up.
    Checked(BoxFuture<'static, Result<Arc<Viewer>, Denied>>),
    /// Somebody, until their token stops working.
    Known {
        viewer: Arc<Viewer>,
        revoked: BoxFuture<'static, ()>,
        _place: Taken,
    },
}

/// What is new about who is there.
enum News {
    Late,
    Looked(Result<Arc<Viewer>, Denied>),
    Revoked,
}

impl Who {
    async fn news(&mut self) -> News {
        match self {
            Self::Awaited(late) => {
                late.await;
                News::Late
            }
            Self::Checked(looked) => News::Looked(looked.await),
            Self::Known { revoked, .. } => {
                revoked.await;
                News::Revoked
            }
        }
    }
}

/// An open socket.
pub(super) struct Talk {
    site: Arc<Site>,
    client: Client,
    who: Who,
    operations: Operations,
    outgoing: Outgoing,
    /// Pings since the last sign of life.
    pings: u32,
}

impl Talk {
    pub(super) fn new(
        site: Arc<Site>,
        client: Client,
        sink: SplitSink<WebSocket, Message>,
    ) -> Self {
        let clock = site.backend.clock.clone();
        let allowed = site.engine.limits().connection_init();
        Self {
            site,
            client,
            who: Who::Awaited(async move { clock.alarm(allowed).await }.boxed()),
            operations: Operations::default(),
            outgoing: Outgoing::new(sink),
            pings: 0,
        }
    }

    /// Ends whatever is going on; what is left is the way out.
    pub(super) fn end(self) -> Outgoing {
        self.outgoing
    }

    /// Does what the client asks until one of the two does not want to go on.
    pub(super) async fn run(&mut self, stream: &mut SplitStream<WebSocket>) -> End {
        let (stop, clock) = (self.site.stop.clone(), self.site.backend.clock.clone());
        let period = self.site.engine.limits().keep_alive();
        let mut stop = pin!(stop.cancelled());
        let mut pulse = pin!(clock.alarm(period));
        loop {
            let outcome = tokio::select! {
                () = &mut stop => Err(Close::STOPPING.into()),
                news = self.who.news() => self.learn(news),
                message = stream.next(), if self.outgoing.has_room() => self.hear(message),
                lives = self.outgoing.speak(&mut self.operations) => lives.map(|lives| {
                    if lives {
                        self.pings = 0;
                    }
                }),
                () = &mut pulse => {
                    pulse.set(clock.alarm(period));
                    self.ping()
                }
            };
            if let Err(end) = outcome {
                return end;
            }
        }
    }

    /// Asks for a sign of life. These are pings of the WebSocket itself: browsers answer them even while a page is busy.
    fn ping(&mut self) -> Result<(), End> {
        if self.pings == PINGS {
            return Err(Close::SILENT.into());
        }
        self.pings += 1;
        self.outgoing.reply(Message::Ping(axum::body::Bytes::new()));
        Ok(())
    }

    fn learn(&mut self, news: News) -> Result<(), End> {
        let viewer = match news {
            News::Looked(Ok(viewer)) => viewer,
            News::Looked(Err(Denied::Unauthenticated)) => return Err(Close::FORBIDDEN.into()),
            News::Looked(Err(Denied::TooMany(_))) => return Err(Close::TOO_MANY_FAILED.into()),
            News::Looked(Err(Denied::Unavailable)) => return Err(Close::UNAVAILABLE.into()),
            News::Late => return Err(Close::NO_INIT.into()),
            News::Revoked => return Err(Close::REVOKED.into()),
        };
        let token = viewer.token_id;
        let place = self.site.places.take(Place::ConnectionOf(token));
        let place = place.map_err(Close::full)?;
        self.client.stranger = None;
        let revocations = self.site.revocations.clone();
        self.who = Who::Known {
            viewer,
            revoked: async move { revocations.revoked(token).await }.boxed(),
            _place: place,
        };
        self.say(&Said::ConnectionAck)
    }

    fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.pings = 0;
        match message {
            Some(Ok(Message::Text(text))) => self.obey(Heard::read(&text)?),
            Some(Ok(Message::Binary(_))) => Err(Close::BINARY.into()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_))) | None => Err(End::Gone),
            Some(Err(cause)) => Err(unreadable(cause, self.site.engine.limits().request_kib)),
        }
    }

    fn obey(&mut self, heard: Heard<'_>) -> Result<(), End> {
        match heard {
            Heard::ConnectionInit { payload } => self.look_up(&payload),
            Heard::Ping { payload } => self.say(&Said::Pong { payload }),
            Heard::Pong => Ok(()),
            Heard::Subscribe { id, asked } => self.begin(&id, &asked),
            Heard::Complete { id } => {
                self.operations.end(&id);
                Ok(())
            }
        }
    }

    fn look_up(&mut self, payload: &Object<'_>) -> Result<(), End> {
        if !matches!(self.who, Who::Awaited(_)) {
            return Err(Close::SECOND_INIT.into());
        }
        let said = ["Authorization", "authorization"]
            .into_iter()
            .find_map(|key| payload.get(key));
        let token = match said.filter(|said| said.get() != "null") {
            None => self.client.token.take(),
            Some(said) => serde_json::from_str::<String>(said.get())
                .ok()
                .and_then(|said| credentials::bearer(&said).map(str::to_owned)),
        };
        let (site, address) = (Arc::clone(&self.site), self.client.address);
        let request_id = self.client.socket_id.clone();
        let looked = async move { site.admit(token.as_deref(), address, &request_id).await };
        self.who = Who::Checked(looked.boxed());
        Ok(())
    }

    fn begin(&mut self, id: &str, asked: &Asked) -> Result<(), End> {
        let Who::Known { viewer, .. } = &self.who else {
            return Err(Close::UNAUTHORIZED.into());
        };
        if self.operations.has(id) {
            return Err(Close::id_in_use(id).into());
        }
        let request_id = format!("{}/{id}", self.client.socket_id);
        let request_id: String = request_id.chars().take(REQUEST_ID).collect();
        let prepared = match self.site.places.take(Place::StreamOf(viewer.token_id)) {
            Ok(place) => {
                let caller = Caller {
                    viewer: Arc::clone(viewer),
                    request_id,
                };
                let ready = self.site.engine.prepare(asked, caller);
                ready.map(|ready| (self.site.engine.stream(ready), place))
            }
            Err(message) => Err(Answer::later(&message, BUSY, &request_id)),
        };
        match prepared {
            Ok((answers, place)) => {
                self.operations.begin(id, answers, place);
                Ok(())
            }
            Err(refusal) => self.say(&Said::Error {
                id,
                payload: refusal.errors(),
            }),
        }
    }

    fn say(&mut self, said: &Said<'_>) -> Result<(), End> {
        self.outgoing.reply(said.message()?);
        Ok(())
    }
}

/// What to make of something that is no message.
fn unreadable(cause: axum::Error, most_kib: usize) -> End {
    let Ok(cause) = cause.into_inner().downcast::<tungstenite::Error>() else {
        return End::Gone;
    };
    End::Unreadable(match *cause {
        tungstenite::Error::Capacity(_) => Close::too_large(most_kib),
        tungstenite::Error::Utf8(_) => Close::NOT_UTF8,
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            return End::Gone;
        }
        tungstenite::Error::Protocol(cause) => Close::broken(cause.to_string()),
        _ => return End::Gone,
    })
}
