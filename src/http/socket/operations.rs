//! The running operations of a socket: each works on one answer at a time, and they take turns to say it.

use super::protocol::{Close, Said, next};
use crate::graphql::Answer;
use crate::http::places::Taken;
use axum::extract::ws::Message;
use futures::stream::{self, AbortHandle, Abortable, BoxStream, FuturesUnordered, StreamFuture};
use futures::{Stream, StreamExt};
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The running operations of a socket.
#[derive(Default)]
pub(super) struct Operations {
    open: HashMap<Arc<str>, Open>,
    working: FuturesUnordered<StreamFuture<Running>>,
    /// Whose turn it is, with what there is to say: nothing more, or an answer.
    turns: VecDeque<(Option<Answer>, Running)>,
}

struct Open {
    stop: AbortHandle,
    _place: Taken,
}

struct Running {
    id: Arc<str>,
    answers: Abortable<BoxStream<'static, Answer>>,
}

impl Stream for Running {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        self.answers.poll_next_unpin(cx)
    }
}

impl Operations {
    /// Whether one of this id is running.
    pub(super) fn has(&self, id: &str) -> bool {
        self.open.contains_key(id)
    }

    /// Begins one.
    pub(super) fn begin(&mut self, id: &str, answers: BoxStream<'static, Answer>, place: Taken) {
        let id: Arc<str> = id.into();
        let (answers, stop) = stream::abortable(answers);
        let open = Open {
            stop,
            _place: place,
        };
        self.open.insert(Arc::clone(&id), open);
        self.working.push(Running { id, answers }.into_future());
    }

    /// Ends one without a word; that there is none is no mistake.
    pub(super) fn end(&mut self, id: &str) {
        if let Some(open) = self.open.remove(id) {
            open.stop.abort();
            self.turns
                .retain(|(_, running)| !running.answers.is_aborted());
        }
    }

    /// Lets all of them go on, each until it has its next answer.
    pub(super) fn work(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some((answer, running))) = self.working.poll_next_unpin(cx) {
            if !running.answers.is_aborted() {
                self.turns.push_back((answer, running));
            }
        }
    }

    /// What the next in turn says.
    pub(super) fn next(&mut self) -> Result<Option<Message>, Close> {
        let Some((answer, running)) = self.turns.pop_front() else {
            return Ok(None);
        };
        let id = Arc::clone(&running.id);
        let said = match &answer {
            None => Said::Complete { id: &id },
            Some(refusal) if refusal.is_refusal() => Said::Error {
                id: &id,
                payload: refusal.errors(),
            },
            Some(answer) => {
                // It goes to the end of the line.
                self.working.push(running.into_future());
                return next(&id, answer).map(Some);
            }
        };
        self.open.remove(&id);
        said.message().map(Some)
    }
}
