//! The multipart subscription protocol, as Apollo's clients read it.
//!
//! A part is complete for its reader only when the next boundary has arrived, so each part is sent together with the
//! boundary that follows it.

use super::stream::Form;
use axum::body::Bytes;
use serde::Serialize;

/// `multipart/mixed`.
pub(super) const FORM: Form = Form {
    content_type: "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0",
    begin: "\r\n--graphql",
    answer: |answer| {
        part(|part| {
            part.extend_from_slice(b"{\"payload\":");
            answer.write(part)?;
            part.push(b'}');
            Ok(())
        })
    },
    // What goes wrong outside the operation stands beside its payload.
    failure: |answer| {
        let failure = Failure {
            payload: (),
            errors: answer.errors(),
        };
        part(|part| serde_json::to_writer(part, &failure))
    },
    alive: "\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql",
    end: "--\r\n",
};

#[derive(Serialize)]
struct Failure<E> {
    payload: (),
    errors: E,
}

fn part(write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) -> serde_json::Result<Bytes> {
    let mut part = b"\r\ncontent-type: application/json\r\n\r\n".to_vec();
    write(&mut part)?;
    part.extend_from_slice(b"\r\n--graphql");
    Ok(part.into())
}
