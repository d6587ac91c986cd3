//! A request that changes something upstream. It is sent once: what may have been carried out is not sent again.

use super::answer;
use super::{Bucket, Http};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::Value;
use url::Url;

/// A request that changes something.
#[derive(Debug)]
pub struct Change<'a> {
    /// What it does, in words for people.
    pub what: &'a str,
    /// How.
    pub verb: Verb,
    /// Where.
    pub url: Url,
    /// To what.
    pub body: Value,
    /// The budget that it is paid from.
    pub bucket: &'a Bucket,
}

/// The methods that change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Changes a part of what is there.
    Patch,
    /// Makes something new.
    Post,
}

/// Why a change was not made, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// Upstream refused it. Nothing was changed.
    #[error("{what} was refused ({status}): {message}")]
    Refused {
        /// What was to be done.
        what: String,
        /// HTTP status.
        status: u16,
        /// Upstream's words.
        message: String,
        /// Its whole answer; null when that was no JSON.
        answer: Value,
    },
    /// It did not get there, or upstream had no time for it. Nothing was changed.
    #[error("{what} could not be asked for: {message}")]
    NotSent {
        /// What was to be done.
        what: String,
        /// Why not.
        message: String,
    },
    /// It was sent, and no answer says what became of it.
    #[error("{what} may have been carried out or not: {message}")]
    Unclear {
        /// What was to be done.
        what: String,
        /// What came instead of an answer.
        message: String,
    },
}

impl Http {
    /// Sends a change, once, and reads the answer; null when it is empty.
    pub async fn change(&self, change: Change<'_>) -> Result<Value, ChangeError> {
        let what = change.what;
        let not_sent = |message: String| ChangeError::NotSent {
            what: what.to_owned(),
            message,
        };
        let unclear = |message: String| ChangeError::Unclear {
            what: what.to_owned(),
            message,
        };
        if change.url.origin() != self.base.origin() {
            let reason = format!("the credential is for {} only", self.origin());
            return Err(not_sent(reason));
        }
        change.bucket.take().await;
        let method = match change.verb {
            Verb::Patch => Method::PATCH,
            Verb::Post => Method::POST,
        };
        let request = self
            .client
            .request(method, change.url)
            .header(header::AUTHORIZATION, self.authorization.clone())
            .json(&change.body);
        let response = request.send().await.map_err(|error| {
            let connected = !error.is_connect() && !error.is_builder();
            let message = answer::explain(error);
            if connected {
                unclear(message)
            } else {
                not_sent(message)
            }
        })?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(not_sent(
                "upstream wants fewer requests; try again in a minute".to_owned(),
            ));
        }
        if !status.is_success() && !status.is_client_error() {
            return Err(unclear(format!("status {}", status.as_u16())));
        }
        let text = text(response).await;
        if status.is_success() {
            let text = text.map_err(unclear)?;
            if text.trim().is_empty() {
                return Ok(Value::Null);
            }
            return serde_json::from_str(&text).map_err(|error| unclear(error.to_string()));
        }
        let text = text.unwrap_or_default();
        let message = self.redact(&answer::in_words(&text).message);
        Err(ChangeError::Refused {
            what: what.to_owned(),
            status: status.as_u16(),
            message: match status {
                StatusCode::UNAUTHORIZED => format!("{message}. {}", self.advice),
                _ => message,
            },
            answer: serde_json::from_str(&text).unwrap_or_default(),
        })
    }
}

/// The answer as text, as much of it as anything that was changed needs.
async fn text(response: Response) -> Result<String, String> {
    let body = answer::body(response, MOST).await;
    let body = body.map_err(|error| match error {
        answer::Unreadable::Senseless(message) | answer::Unreadable::Unusable(message) => message,
    })?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Bytes of an answer that are read.
const MOST: usize = 1024 * 1024;
