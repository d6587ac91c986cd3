//! Answers in the body of an HTTP response, one after the other: a subscription holds the connection open until it is
//! over, the client goes away, its token stops working, or the server stops.
//!
//! The body is carried on only as fast as the connection takes it; one answer at most is made ahead.

use super::accept::Media;
use super::places::{BUSY, Place, Taken};
use super::{Site, event_stream, multipart};
use crate::graphql::error;
use crate::graphql::{Answer, Ready};
use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::stream::{self, BoxStream, StreamExt};

/// How answers are written one after the other.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) content_type: &'static str,
    /// What comes before anything else.
    pub(super) begin: &'static str,
    /// An answer of the operation.
    pub(super) answer: fn(&Answer) -> serde_json::Result<Bytes>,
    /// What the transport itself has to say; the end follows.
    pub(super) failure: fn(&Answer) -> serde_json::Result<Bytes>,
    /// A sign of life.
    pub(super) alive: &'static str,
    /// What comes after the last answer, so that the client knows that it was the last.
    pub(super) end: &'static str,
}

impl Form {
    /// The form for a media type that can carry more than one answer.
    pub(super) fn of(media: Media) -> Option<Self> {
        match media {
            Media::EventStream => Some(event_stream::FORM),
            Media::Multipart => Some(multipart::FORM),
            Media::Json | Media::GraphqlJson | Media::Html => None,
        }
    }

    /// A response with one answer and the end.
    pub(super) fn whole(self, answer: &Answer) -> Response {
        match (self.answer)(answer) {
            Ok(text) => self.respond([self.begin.as_bytes(), &text, self.end.as_bytes()].concat()),
            Err(cause) => {
                let error = &cause as &dyn std::error::Error;
                tracing::error!(error, "an answer could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    fn respond(self, body: impl Into<Body>) -> Response {
        let headers = [
            (header::CONTENT_TYPE.as_str(), self.content_type),
            (header::CACHE_CONTROL.as_str(), "no-store"),
            (header::VARY.as_str(), "accept"),
            // A proxy such as nginx would collect answers until they are worth sending.
            ("x-accel-buffering", "no"),
        ];
        (headers, body.into()).into_response()
    }
}

/// Why a subscription has to wait: all places are taken.
pub(super) struct Busy {
    pub(super) status: StatusCode,
    message: String,
}

impl Busy {
    /// What the client hears.
    pub(super) fn answer(&self, request_id: &str) -> Answer {
        Answer::later(&self.message, BUSY, request_id)
    }
}

/// Begins to answer a subscription.
pub(super) fn open(
    site: &Site,
    form: Form,
    ready: Ready,
    token_id: i32,
    request_id: &str,
) -> Result<Response, Busy> {
    let take = |place, status| {
        let taken = site.places.take(place);
        taken.map_err(|message| Busy { status, message })
    };
    let places = [
        take(Place::Connection, StatusCode::SERVICE_UNAVAILABLE)?,
        take(Place::ConnectionOf(token_id), StatusCode::TOO_MANY_REQUESTS)?,
        take(Place::StreamOf(token_id), StatusCode::TOO_MANY_REQUESTS)?,
    ];
    let mut answers = site.engine.stream(ready).fuse();
    // Begun before the client hears of it: what happens after that is not to be missed.
    let first = answers.next().now_or_never().flatten();
    let open = Open {
        answers: stream::iter(first).chain(answers).boxed(),
        site: site.clone(),
        form,
        token_id,
        request_id: request_id.to_owned(),
        _places: places,
    };
    let begin = Bytes::from_static(form.begin.as_bytes());
    let rest = stream::unfold(Some(open), async |open| Some(open?.next().await));
    let body = stream::once(async { Ok(begin) }).chain(rest);
    Ok(form.respond(Body::from_stream(body)))
}

/// A subscription that is being answered.
struct Open {
    answers: BoxStream<'static, Answer>,
    site: Site,
    form: Form,
    token_id: i32,
    request_id: String,
    _places: [Taken; 3],
}

impl Open {
    /// The next piece of the body, and what there is to say after it.
    async fn next(mut self) -> (Result<Bytes, BoxError>, Option<Self>) {
        let (site, form) = (&self.site, self.form);
        let (clock, keep_alive) = (&site.backend.clock, site.engine.limits().keep_alive());
        let piece = tokio::select! {
            biased;
            // Without the end that the protocol asks for: the client is to come back and read on from where it was.
            () = site.stop.cancelled() => return (Err("the server is stopping".into()), None),
            () = site.revocations.revoked(self.token_id) => {
                let error = error::of_request(error::unauthenticated());
                let answer = Answer::refusal(vec![error], &self.request_id);
                let last = (form.failure)(&answer);
                let last = last.map(|text| [&text, form.end.as_bytes()].concat().into());
                return (last.map_err(Into::into), None);
            }
            answer = self.answers.next() => match answer {
                Some(answer) => (form.answer)(&answer),
                None => return (Ok(Bytes::from_static(form.end.as_bytes())), None),
            },
            () = clock.alarm(keep_alive) => Ok(Bytes::from_static(form.alive.as_bytes())),
        };
        match piece {
            Ok(piece) => (Ok(piece), Some(self)),
            Err(cause) => {
                let (request_id, error) = (&self.request_id, &cause as &dyn std::error::Error);
                tracing::error!(request_id, error, "an answer could not be written");
                (Err(cause.into()), None)
            }
        }
    }
}
