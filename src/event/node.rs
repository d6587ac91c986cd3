//! Global ids: what the outside calls a thing, whatever kind of thing it is.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The kinds of thing that have a global id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// An event, by its position.
    Event,
    /// A user.
    User,
    /// A group.
    Group,
    /// A project, space or repository.
    Project,
    /// A source.
    Source,
    /// An issue.
    Issue,
    /// A saved filter.
    SavedFilter,
    /// An export.
    Export,
    /// A filter subscription.
    FilterSubscription,
    /// A webhook endpoint.
    WebhookEndpoint,
    /// An access token of a saved filter.
    AccessToken,
}

impl NodeKind {
    const ALL: [Self; 11] = [
        Self::Event,
        Self::User,
        Self::Group,
        Self::Project,
        Self::Source,
        Self::Issue,
        Self::SavedFilter,
        Self::Export,
        Self::FilterSubscription,
        Self::WebhookEndpoint,
        Self::AccessToken,
    ];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::User => "user",
            Self::Group => "group",
            Self::Project => "project",
            Self::Source => "source",
            Self::Issue => "issue",
            Self::SavedFilter => "saved-filter",
            Self::Export => "export",
            Self::FilterSubscription => "filter-subscription",
            Self::WebhookEndpoint => "webhook-endpoint",
            Self::AccessToken => "access-token",
        }
    }
}

/// A global id: kind and number, written so that nobody is tempted to build one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId {
    /// What kind of thing.
    pub kind: NodeKind,
    /// Its number in the store.
    pub number: i64,
}

impl NodeId {
    /// The id of the thing with that number.
    #[must_use]
    pub const fn new(kind: NodeKind, number: i64) -> Self {
        Self { kind, number }
    }

    /// The id as the outside sees it.
    #[must_use]
    pub fn encode(self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", self.kind.prefix(), self.number))
    }

    /// Reads an id; `None` when it is not one of ours.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (prefix, number) = text.split_once(':')?;
        let kind = NodeKind::ALL
            .into_iter()
            .find(|kind| kind.prefix() == prefix)?;
        let number: i64 = number.parse().ok()?;
        (number > 0).then_some(Self { kind, number })
    }

    /// The number behind an id of that kind; `None` when it is an id of something else, or none at all.
    #[must_use]
    pub fn number_of(text: &str, kind: NodeKind) -> Option<i64> {
        Self::decode(text)
            .filter(|id| id.kind == kind)
            .map(|id| id.number)
    }
}
