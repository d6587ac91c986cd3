//! Server-sent events, as the client library `graphql-sse` reads them: one connection for each operation.

use super::stream::Form;
use crate::graphql::Answer;
use axum::body::Bytes;

/// `text/event-stream`.
pub(super) const FORM: Form = Form {
    content_type: "text/event-stream; charset=utf-8",
    // Some browsers hold back the head until there is a body.
    begin: ALIVE,
    answer: next,
    failure: next,
    alive: ALIVE,
    // A browser's `EventSource` drops an event that has no data at all.
    end: "event: complete\ndata:\n\n",
};

/// A comment, which readers skip.
const ALIVE: &str = ":\n\n";

fn next(answer: &Answer) -> serde_json::Result<Bytes> {
    let mut event = b"event: next\ndata: ".to_vec();
    answer.write(&mut event)?;
    event.extend_from_slice(b"\n\n");
    Ok(event.into())
}
