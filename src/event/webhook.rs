//! Webhooks out, in words: in which form events are sent to an endpoint, and how an endpoint is doing.

use async_graphql::Enum;
use serde::{Deserialize, Serialize};

/// In which form events are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Enum)]
pub enum WebhookFormat {
    /// The event as JSON, with everything that there is to say about it; one a request.
    #[default]
    Event,
    /// A flat JSON object with few fields (`accountId`, `issueKey`, `actionType`, ...), each present; one a request.
    Fields,
    /// A `CloudEvent` 1.0 as structured JSON, with the event as its `data`; one a request.
    #[graphql(name = "CLOUDEVENTS")]
    CloudEvents,
    /// A document of the Elastic Common Schema; one a request.
    Ecs,
    /// What Splunk's HTTP Event Collector takes: a JSON object a line, up to 100 a request. Give the collector's token as
    /// `authorization`, e.g. `Splunk 0e7a…`.
    SplunkHec,
    /// Common Event Format: a line an event, up to 100 a request.
    Cef,
    /// Syslog (RFC 5424): a line an event, its message the event as JSON; up to 100 a request.
    Syslog,
}

impl WebhookFormat {
    /// All formats; a format's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 7] = [
        Self::Event,
        Self::Fields,
        Self::CloudEvents,
        Self::Ecs,
        Self::SplunkHec,
        Self::Cef,
        Self::Syslog,
    ];

    /// The name that people read, as in the schema.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "EVENT",
            Self::Fields => "FIELDS",
            Self::CloudEvents => "CLOUDEVENTS",
            Self::Ecs => "ECS",
            Self::SplunkHec => "SPLUNK_HEC",
            Self::Cef => "CEF",
            Self::Syslog => "SYSLOG",
        }
    }

    /// Whether one request may carry several events.
    #[must_use]
    pub const fn takes_several(self) -> bool {
        matches!(self, Self::SplunkHec | Self::Cef | Self::Syslog)
    }

    /// The format's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        place(&Self::ALL, self)
    }

    /// The format with that number; [`WebhookFormat::Event`] when there is none.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        at(&Self::ALL, number)
    }
}

/// How a webhook endpoint is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Enum)]
pub enum WebhookEndpointState {
    /// It is sent what happens.
    #[default]
    Active,
    /// Somebody has muted it. Its position stays, and it goes on from there when it is made active again.
    Muted,
    /// The server has given up for now, after three days of failures or because it cannot tell any more what to send.
    /// Its position stays, and it goes on from there when it is made active again.
    Paused,
    /// The target has answered 410: it wants nothing any more. Its position stays.
    Disabled,
}

impl WebhookEndpointState {
    /// All states; a state's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 4] = [Self::Active, Self::Muted, Self::Paused, Self::Disabled];

    /// The name that people read, as in the schema.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Muted => "MUTED",
            Self::Paused => "PAUSED",
            Self::Disabled => "DISABLED",
        }
    }

    /// The state's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        place(&Self::ALL, self)
    }

    /// The state with that number; [`WebhookEndpointState::Active`] when there is none.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        at(&Self::ALL, number)
    }
}

/// What has become of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Enum)]
pub enum WebhookDeliveryState {
    /// It has not been taken yet and is tried again.
    #[default]
    Open,
    /// The target has taken it: it answered with a status from 200 to 299.
    Delivered,
    /// It was not taken and is not tried again: it was a test, or the endpoint was told to go on from elsewhere.
    Failed,
}

impl WebhookDeliveryState {
    /// All states; a state's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 3] = [Self::Open, Self::Delivered, Self::Failed];

    /// The state's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        place(&Self::ALL, self)
    }

    /// The state with that number; [`WebhookDeliveryState::Open`] when there is none.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        at(&Self::ALL, number)
    }
}

/// One try to deliver something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began, in microseconds.
    pub at: i64,
    /// The status that the target answered with; absent when it did not answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Why it failed; absent when it did not.
    pub error: Option<String>,
}

fn place<T: Copy + PartialEq>(all: &[T], one: T) -> i16 {
    let place = all.iter().position(|other| *other == one);
    place
        .and_then(|place| i16::try_from(place).ok())
        .unwrap_or(0)
}

fn at<T: Copy + Default>(all: &[T], number: i16) -> T {
    let found = usize::try_from(number)
        .ok()
        .and_then(|place| all.get(place));
    found.copied().unwrap_or_default()
}
