//! The multipart subscription protocol, as Apollo's clients read it.
//!
//! A part is complete for its reader only when the next boundary has arrived, so each part is sent together with the
//! boundary that follows it.

use super::stream::Form;
use crate::graphql::Answer;
use axum::body::Bytes;
use serde::Serialize;

/// `multipart/mixed`.
pub(super) const FORM: Form = Form {
    content_type: "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0",
    begin: "\r\n--graphql",
    answer: |answer| part(&Whole { payload: answer }),
    // What goes wrong outside the operation stands beside its payload.
    failure: |answer| {
        part(&Failure {
            payload: (),
            errors: answer.errors(),
        })
    },
    alive: "\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql",
    end: "--\r\n",
};

#[derive(Serialize)]
struct Whole<'a> {
    payload: &'a Answer,
}

#[derive(Serialize)]
struct Failure<E> {
    payload: (),
    errors: E,
}

fn part(content: &impl Serialize) -> serde_json::Result<Bytes> {
    let mut part = b"\r\ncontent-type: application/json\r\n\r\n".to_vec();
    serde_json::to_writer(&mut part, content)?;
    part.extend_from_slice(b"\r\n--graphql");
    Ok(part.into())
}
