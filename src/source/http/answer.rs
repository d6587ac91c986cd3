//! What comes back: bodies within their limits, and refusals in words.

use crate::source::look::Look;
use reqwest::Response;
use reqwest::header;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use std::error::Error;
use std::fmt::Write;

/// More of a refusal is not read.
const REFUSAL_BYTES: usize = 64 * 1024;

/// More of upstream's words is not repeated.
const EXCERPT_CHARS: usize = 200;

/// Why the body of a good answer is of no use.
pub(super) enum Unreadable {
    /// Cut off, or not JSON at all: the next answer may be better.
    Senseless(String),
    /// Too large, or JSON of another shape.
    Unusable(String),
}

/// Why upstream refused a request.
pub(super) struct Refusal {
    pub(super) code: Option<String>,
    pub(super) message: String,
}

/// The JSON in an answer of at most `limit` bytes, counted after decompression.
pub(super) async fn read<T: DeserializeOwned>(
    response: Response,
    limit: usize,
) -> Result<T, Unreadable> {
    let kind = response.headers().get(header::CONTENT_TYPE).cloned();
    let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or("an unnamed type").to_owned();
    let body = body(response, limit).await?;
    // A stray byte must not block the log behind it for ever, so it is replaced as it comes in.
    let text = String::from_utf8(body)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    serde_json::from_str(&text).map_err(|error| match error.classify() {
        Category::Eof if text.trim().is_empty() => {
            Unreadable::Senseless("an empty answer".to_owned())
        }
        Category::Eof => {
            Unreadable::Senseless(format!("JSON that is cut off after {} bytes", text.len()))
        }
        Category::Data => Unreadable::Unusable(format!("JSON of another shape: {error}")),
        Category::Syntax | Category::Io => Unreadable::Senseless(format!(
            "{} instead of JSON: {}",
            excerpt(&kind),
            excerpt(&text)
        )),
    })
}

pub(super) async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, Unreadable> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                return Err(Unreadable::Unusable(format!(
                    "more than {} MiB",
                    limit / (1024 * 1024)
                )));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => {
                return Err(Unreadable::Senseless(format!(
                    "an answer that broke off after {} bytes: {}",
                    body.len(),
                    explain(error)
                )));
            }
        }
    }
}

/// What upstream says in a refusal, in whichever of its shapes.
pub(super) async fn refusal(response: Response) -> Refusal {
    let mut response = response;
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > REFUSAL_BYTES {
            break;
        }
    }
    in_words(&String::from_utf8_lossy(&body))
}

/// The same, of a body that has been read.
pub(super) fn in_words(body: &str) -> Refusal {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        let message = if body.trim().is_empty() {
            "no reason given".to_owned()
        } else {
            excerpt(body)
        };
        return Refusal {
            code: None,
            message,
        };
    };
    let whole = Look::new(&value);
    let mut code = None;
    let mut said = Vec::new();
    for one in whole.at("errors").list() {
        let this = one.at("code").text();
        let mut words = String::new();
        for part in [
            this.clone(),
            one.at("title").text(),
            one.at("detail").text(),
            one.at("message").text(),
        ]
        .into_iter()
        .flatten()
        {
            let _ = write!(words, "{}{part}", if words.is_empty() { "" } else { ": " });
        }
        said.push(words);
        code = code.or(this);
    }
    for (field, message) in whole.at("errors").entries() {
        said.extend(message.text().map(|message| format!("{field}: {message}")));
    }
    said.extend(whole.at("errorMessages").list().filter_map(Look::text));
    let error = whole.at("error");
    said.extend(
        [
            whole.at("message"),
            whole.at("key"),
            error,
            error.at("message"),
            error.at("detail"),
            whole.at("error_description"),
        ]
        .into_iter()
        .filter_map(Look::text),
    );
    said.retain(|words| !words.is_empty());
    let message = if said.is_empty() {
        excerpt(body)
    } else {
        excerpt(&said.join("; "))
    };
    Refusal {
        code: code.or_else(|| whole.at("code").text()),
        message,
    }
}

/// The beginning of a text, on one line and without control characters.
pub(super) fn excerpt(text: &str) -> String {
    let one_line = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = one_line
        .filter(|word| !word.is_empty())
        .take(EXCERPT_CHARS)
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

/// A client error with its causes, without the address.
pub(super) fn explain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(words, ": {error}");
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{excerpt, in_words};

    #[test]
    fn every_shape_of_refusal_is_put_in_words() {
        let cases = [
            (
                r#"{"errors":[{"id":"1","status":"400","code":"ADMIN-400-1","title":"Bad cursor","detail":"Too old"}]}"#,
                Some("ADMIN-400-1"),
                "ADMIN-400-1: Bad cursor: Too old",
            ),
            (
                r#"{"code":401,"message":"Unauthorized"}"#,
                Some("401"),
                "Unauthorized",
            ),
            (
                r#"{"key":"forbidden.fieldMutation","context":{}}"#,
                None,
                "forbidden.fieldMutation",
            ),
            (
                r#"{"type":"error","error":{"message":"No such workspace","detail":"acme"}}"#,
                None,
                "No such workspace; acme",
            ),
            (
                r#"{"errors":[{"context":null,"message":"Not licensed","exceptionName":null}]}"#,
                None,
                "Not licensed",
            ),
            (
                r#"{"errorMessages":["Gone"],"errors":{"key":"unknown"},"status":404}"#,
                None,
                "key: unknown; Gone",
            ),
            (
                r#"{"statusCode":403,"message":"Not yours","data":{}}"#,
                None,
                "Not yours",
            ),
            (
                "<html>\n <b>Sign in</b></html>",
                None,
                "<html> <b>Sign in</b></html>",
            ),
            ("", None, "no reason given"),
            ("[]", None, "[]"),
        ];
        for (body, code, message) in cases {
            let refusal = in_words(body);
            assert_eq!(refusal.code.as_deref(), code, "{body}");
            assert_eq!(refusal.message, message, "{body}");
        }
    }

    #[test]
    fn excerpts_are_short_and_on_one_line() {
        assert_eq!(excerpt("a\n\u{1b}[31m b\0c"), "a [31m b c");
        assert_eq!(excerpt(&"ü".repeat(500)).chars().count(), 202);
    }
}
