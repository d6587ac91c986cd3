//! What graphql-transport-ws says and how it ends, as data: the protocol of the npm package `graphql-ws`.
//!
//! ```text
//! client                                server
//! connection_init {payload?}        →
//!                                   ←   connection_ack
//! subscribe {id, payload}           →
//!                                   ←   next {id, payload}      for each answer
//!                                   ←   complete {id}           after the last one
//!                                   ←   error {id, payload}     instead, when it cannot begin or go on
//! complete {id}                     →                           to hear no more of it
//! ping, pong {payload?}             ↔                           at any time
//! ```
//! Who does not keep to it is told so by the code with which the socket is closed.

use crate::graphql::{Answer, Asked};
use async_graphql::ServerError;
use axum::extract::ws::{CloseFrame, Message};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The name of the protocol in the upgrade.
pub(super) const NAME: &str = "graphql-transport-ws";

/// Bytes of an operation's id, at most: each answer repeats it.
const ID: usize = 1_024;

/// Bytes of a reason, at most: a close frame has no room for more.
const REASON: usize = 123;

/// A JSON object that is read no further than it has to be.
pub(super) type Object<'a> = BTreeMap<String, &'a RawValue>;

/// What a client says.
#[derive(Debug)]
pub(super) enum Heard<'a> {
    ConnectionInit { payload: Object<'a> },
    Ping { payload: Option<&'a RawValue> },
    Pong,
    Subscribe { id: String, asked: Asked },
    Complete { id: String },
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said<'a> {
    ConnectionAck,
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<&'a RawValue>,
    },
    Error {
        id: &'a str,
        payload: &'a [ServerError],
    },
    Complete {
        id: &'a str,
    },
}

/// Why a socket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close {
    code: u16,
    reason: Cow<'static, str>,
}

impl<'a> Heard<'a> {
    /// Reads a message.
    pub(super) fn read(text: &'a str) -> Result<Self, Close> {
        let fields: Object<'a> = serde_json::from_str(text).map_err(|cause| {
            Close::bad_request(if cause.is_data() {
                "the message has to be a JSON object".to_owned()
            } else {
                format!("the message is not JSON: {cause}")
            })
        })?;
        let kind = required(string(&fields, "", "type")?, "type")?;
        Ok(match kind.as_str() {
            "connection_init" => Self::ConnectionInit {
                payload: object(&fields, "", "payload")?.unwrap_or_default(),
            },
            "ping" => {
                object::<Object<'_>>(&fields, "", "payload")?;
                Self::Ping {
                    payload: given(&fields, "payload"),
                }
            }
            "pong" => {
                object::<Object<'_>>(&fields, "", "payload")?;
                Self::Pong
            }
            "subscribe" => Self::Subscribe {
                id: id(&fields)?,
                asked: asked(&required(object(&fields, "", "payload")?, "payload")?)?,
            },
            "complete" => Self::Complete { id: id(&fields)? },
            "connection_ack" | "next" | "error" => {
                let reason = format!("type: only the server says `{kind}`");
                return Err(Close::bad_request(reason));
            }
            _ => {
                let reason = format!("type: there is no message `{kind}`");
                return Err(Close::bad_request(reason));
            }
        })
    }
}

fn id(fields: &Object<'_>) -> Result<String, Close> {
    let id = required(string(fields, "", "id")?, "id")?;
    if id.is_empty() {
        return Err(Close::bad_request("id: is empty".to_owned()));
    }
    if id.len() > ID {
        return Err(Close::bad_request(format!("id: longer than {ID} bytes")));
    }
    Ok(id)
}

/// The request in a `subscribe`.
fn asked(payload: &Object<'_>) -> Result<Asked, Close> {
    let asked = Asked {
        query: string(payload, "payload.", "query")?,
        document_id: string(payload, "payload.", "documentId")?,
        operation_name: string(payload, "payload.", "operationName")?,
        variables: object(payload, "payload.", "variables")?,
        extensions: object(payload, "payload.", "extensions")?,
    };
    let is_by_name = asked.document_id.is_some() || asked.extensions.is_some();
    if !is_by_name {
        required(asked.query.as_deref(), "payload.query")?;
    }
    Ok(asked)
}

/// A field, if there is one that is not null.
fn given<'a>(fields: &Object<'a>, name: &str) -> Option<&'a RawValue> {
    let value = fields.get(name).copied();
    value.filter(|value| value.get() != "null")
}

fn string(fields: &Object<'_>, within: &str, name: &str) -> Result<Option<String>, Close> {
    let value = given(fields, name).map(|value| serde_json::from_str(value.get()));
    value.transpose().map_err(|_| {
        let reason = format!("{within}{name}: has to be a string");
        Close::bad_request(reason)
    })
}

fn object<'a, T: Deserialize<'a>>(
    fields: &Object<'a>,
    within: &str,
    name: &str,
) -> Result<Option<T>, Close> {
    let value = given(fields, name).map(|value| serde_json::from_str(value.get()));
    value.transpose().map_err(|cause| {
        Close::bad_request(if cause.is_data() {
            format!("{within}{name}: has to be an object")
        } else {
            format!("{within}{name}: {cause}")
        })
    })
}

fn required<T>(value: Option<T>, name: &str) -> Result<T, Close> {
    value.ok_or_else(|| Close::bad_request(format!("{name}: is missing")))
}

impl Said<'_> {
    /// The message as it travels.
    pub(super) fn message(&self) -> Result<Message, Close> {
        let text = serde_json::to_string(self).map_err(|cause| unwritten(&cause))?;
        Ok(Message::Text(text.into()))
    }
}

/// The message that brings an answer of an operation.
pub(super) fn next(id: &str, answer: &Answer) -> Result<Message, Close> {
    let mut text = b"{\"type\":\"next\",\"id\":".to_vec();
    let written = serde_json::to_writer(&mut text, id).and_then(|()| {
        text.extend_from_slice(b",\"payload\":");
        answer.write(&mut text)
    });
    written.map_err(|cause| unwritten(&cause))?;
    text.push(b'}');
    let text = String::from_utf8(text).map_err(|cause| unwritten(&cause))?;
    Ok(Message::Text(text.into()))
}

fn unwritten(cause: &(dyn std::error::Error + 'static)) -> Close {
    tracing::error!(error = cause, "a message could not be written");
    Close::INTERNAL
}

impl Close {
    /// Before a `subscribe` there has to be a `connection_ack`.
    pub(super) const UNAUTHORIZED: Self = Self::of(4401, "Unauthorized");
    pub(super) const FORBIDDEN: Self = Self::of(4403, "Forbidden");
    pub(super) const REVOKED: Self = Self::of(4403, "Forbidden: the token is no longer valid");
    pub(super) const OTHER_PROTOCOL: Self = Self::of(4406, "Subprotocol not acceptable");
    pub(super) const NO_INIT: Self = Self::of(4408, "Connection initialisation timeout");
    pub(super) const SECOND_INIT: Self = Self::of(4429, "Too many initialisation requests");
    pub(super) const TOO_MANY_FAILED: Self = Self::of(
        4429,
        "Too many attempts from this address with a token that does not work",
    );
    pub(super) const INTERNAL: Self = Self::of(4500, "Internal server error");
    pub(super) const BINARY: Self =
        Self::of(4400, "binary messages mean nothing; send JSON as text");

    pub(super) const STOPPING: Self = Self::of(
        1001,
        "the server stops; reconnect and resume after the last cursor",
    );
    pub(super) const SILENT: Self = Self::of(
        1001,
        "no answer to two pings; reconnect and resume after the last cursor",
    );
    pub(super) const NOT_UTF8: Self = Self::of(1007, "a text message has to be UTF-8");
    pub(super) const UNAVAILABLE: Self = Self::of(1013, "the database does not answer; try again");

    const fn of(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
        }
    }

    fn new(code: u16, mut reason: String) -> Self {
        reason.truncate(reason.floor_char_boundary(REASON));
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// The message makes no sense.
    pub(super) fn bad_request(reason: String) -> Self {
        Self::new(4400, reason)
    }

    /// There is an operation of this id already.
    pub(super) fn id_in_use(id: &str) -> Self {
        let around = "Subscriber for  already exists".len();
        let id = &id[..id.floor_char_boundary(REASON - around)];
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    /// The WebSocket protocol (RFC 6455) itself is not kept.
    pub(super) fn broken(reason: String) -> Self {
        Self::new(1002, reason)
    }

    pub(super) fn too_large(most_kib: usize) -> Self {
        let reason = format!("the message is larger than {most_kib} KiB (limits.request_kib)");
        Self::new(1009, reason)
    }

    /// There is no place left; later there may be one.
    pub(super) fn full(reason: String) -> Self {
        Self::new(1013, reason)
    }

    /// As the log has it.
    pub(super) fn parts(&self) -> (u16, &str) {
        (self.code, &self.reason)
    }

    /// The message as it travels.
    pub(super) fn message(self) -> Message {
        Message::Close(Some(CloseFrame {
            code: self.code,
            reason: self.reason.as_ref().into(),
        }))
    }
}
