//! What goes back to a client: data, errors with their codes, and what it cost. Never large because of errors alone.

use super::budget::Spent;
use crate::graphql::error::{self, Code};
use async_graphql::{ServerError, Value};
use std::time::Duration;

/// Errors in one answer, at most.
const ERRORS: usize = 10;

/// Characters of an error's message, at most.
const MESSAGE: usize = 400;

/// The answer to a request, or one answer of a stream.
#[derive(Clone, Debug)]
pub struct Answer {
    data: Option<Value>,
    errors: Vec<ServerError>,
    spent: Option<Spent>,
    retry_after: Option<Duration>,
}

impl Answer {
    /// The answer to a request that was not carried out.
    #[must_use]
    pub fn refusal(errors: Vec<ServerError>, request_id: &str) -> Self {
        Self {
            data: None,
            errors: dress(errors, request_id),
            spent: None,
            retry_after: None,
        }
    }

    /// The answer to a request that has to wait.
    #[must_use]
    pub fn later(message: &str, wait: Duration, request_id: &str) -> Self {
        let error = error::refusal(Code::RateLimited, message);
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        let error = error::with(error, "retryAfterMs", wait_ms);
        Self {
            retry_after: Some(wait),
            ..Self::refusal(vec![error], request_id)
        }
    }

    pub(super) fn carried_out(data: Value, errors: Vec<ServerError>, request_id: &str) -> Self {
        Self {
            data: Some(data),
            errors: dress(errors, request_id),
            spent: None,
            retry_after: None,
        }
    }

    pub(super) fn with_cost(self, spent: Spent) -> Self {
        Self {
            spent: Some(spent),
            ..self
        }
    }

    /// Whether the request was not carried out at all: there is no data, not even a null.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.data.is_none()
    }

    /// What went wrong.
    #[must_use]
    pub fn errors(&self) -> &[ServerError] {
        &self.errors
    }

    /// The code of the first error, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.errors.first().and_then(error::code)
    }

    /// How long to wait before asking again, where that would help.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl Answer {
    /// Writes it as JSON. What resolvers have written already goes out as it is.
    pub fn write(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let mut between = b'{';
        let mut begin = |out: &mut Vec<u8>, name: &str| {
            out.push(std::mem::replace(&mut between, b','));
            serde_json::to_writer(&mut *out, name)?;
            out.push(b':');
            serde_json::Result::Ok(())
        };
        if !self.errors.is_empty() {
            begin(out, "errors")?;
            serde_json::to_writer(&mut *out, &self.errors)?;
        }
        if let Some(data) = &self.data {
            begin(out, "data")?;
            write(out, data)?;
        }
        if let Some(Spent { cost, remaining }) = self.spent {
            let cost = serde_json::json!({"cost": {"requested": cost, "remaining": remaining}});
            begin(out, "extensions")?;
            serde_json::to_writer(&mut *out, &cost)?;
        }
        if between == b'{' {
            out.push(b'{');
        }
        out.push(b'}');
        Ok(())
    }

    /// The same as a text of its own.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let mut out = Vec::new();
        self.write(&mut out)?;
        Ok(out)
    }
}

fn write(out: &mut Vec<u8>, value: &Value) -> serde_json::Result<()> {
    match value {
        Value::Object(fields) => {
            out.push(b'{');
            for (place, (key, value)) in fields.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, key.as_str())?;
                out.push(b':');
                write(out, value)?;
            }
            out.push(b'}');
        }
        Value::List(items) => {
            out.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                write(out, item)?;
            }
            out.push(b']');
        }
        // No scalar of the schema is binary: it is JSON that a resolver has written.
        Value::Binary(json) => out.extend_from_slice(json),
        value => serde_json::to_writer(out, value)?,
    }
    Ok(())
}

/// Gives each error a code and the request's id, and keeps all of them small.
fn dress(mut errors: Vec<ServerError>, request_id: &str) -> Vec<ServerError> {
    let more = errors.len().saturating_sub(ERRORS);
    errors.truncate(ERRORS);
    if more > 0 {
        let code = errors
            .first()
            .and_then(error::code)
            .unwrap_or(Code::BadUserInput);
        errors.push(error::refusal(code, format!("and {more} more errors")));
    }
    let dressed = errors.into_iter().map(|mut error| {
        if let Some((end, _)) = error.message.char_indices().nth(MESSAGE) {
            error.message.truncate(end);
            error.message.push('…');
        }
        error.locations.truncate(ERRORS);
        // What the framework finds wrong by itself is wrong with the request.
        if error::code(&error).is_none() {
            error = error::with(error, "code", Code::BadUserInput.as_str());
        }
        error::with(error, "requestId", request_id)
    });
    dressed.collect()
}
