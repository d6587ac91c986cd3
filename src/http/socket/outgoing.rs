//! What leaves a socket: replies first, then the operations' answers in turn, never faster than the client takes them.

use super::End;
use super::operations::Operations;
use super::protocol::Close;
use axum::extract::ws::{Message, WebSocket};
use futures::SinkExt;
use futures::stream::SplitSink;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

/// Bytes of replies that may wait; as long as more do, the client is not listened to.
const WAITING: usize = 16 * 1_024;

/// The way out of a socket.
pub(super) struct Outgoing {
    sink: SplitSink<WebSocket, Message>,
    replies: VecDeque<Message>,
    bytes: usize,
    is_flushed: bool,
    is_blocked: bool,
}

impl Outgoing {
    pub(super) fn new(sink: SplitSink<WebSocket, Message>) -> Self {
        Self {
            sink,
            replies: VecDeque::new(),
            bytes: 0,
            is_flushed: true,
            is_blocked: false,
        }
    }

    /// Says this as soon as there is room.
    pub(super) fn reply(&mut self, message: Message) {
        self.bytes += size(&message);
        self.replies.push_back(message);
    }

    /// Whether there is room for one more reply.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < WAITING
    }

    /// Says one thing when there is one and room for it, while the operations go on. Tells whether the client has taken
    /// something that it had kept waiting: a sign of life. Nothing is lost when this is dropped.
    pub(super) async fn speak(&mut self, operations: &mut Operations) -> Result<bool, End> {
        poll_fn(|cx| self.poll_speak(operations, cx)).await
    }

    fn poll_speak(
        &mut self,
        operations: &mut Operations,
        cx: &mut Context<'_>,
    ) -> Poll<Result<bool, End>> {
        // Also when the client takes nothing: an operation that stood still half-way would keep others from the database.
        operations.work(cx);
        if self.is_blocked {
            ready!(self.sink.poll_flush_unpin(cx)).map_err(|_| End::Gone)?;
            (self.is_blocked, self.is_flushed) = (false, true);
            return Poll::Ready(Ok(true));
        }
        let room = self.sink.poll_ready_unpin(cx).map_err(|_| End::Gone)?;
        if room.is_pending() {
            self.is_blocked = true;
            return Poll::Pending;
        }
        let next = match self.replies.pop_front() {
            None => operations.next()?,
            reply => reply.inspect(|reply| self.bytes -= size(reply)),
        };
        if let Some(message) = next {
            self.is_flushed = false;
            let said = self.sink.start_send_unpin(message);
            return Poll::Ready(said.map(|()| false).map_err(|_| End::Gone));
        }
        if !self.is_flushed {
            let flushed = self.sink.poll_flush_unpin(cx).map_err(|_| End::Gone)?;
            self.is_flushed = flushed.is_ready();
            self.is_blocked = flushed.is_pending();
        }
        Poll::Pending
    }

    /// Says what is left to say, and why this is the end. Fails only when nobody is there any more.
    pub(super) async fn close(&mut self, close: Close) -> Result<(), axum::Error> {
        for reply in self.replies.drain(..) {
            self.sink.feed(reply).await?;
        }
        self.sink.send(close.message()).await
    }
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(data) | Message::Ping(data) | Message::Pong(data) => data.len(),
        Message::Close(_) => 0,
    }
}
