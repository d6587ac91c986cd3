//! Opaque cursors: where a listing goes on, and what it was a listing of.
//!
//! A cursor carries its order and filters, so that nobody has to repeat them; it is signed with the seed, so that
//! nobody can build one; and it belongs to a generation, so that old ones can be forgotten.

use super::dice::Dice;
use super::log::{Order, Span};
use crate::event::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The content of a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Which listing.
    #[serde(rename = "k")]
    pub(super) kind: String,
    /// Which generation of cursors.
    #[serde(rename = "g")]
    pub(super) generation: u32,
    /// Where to go on.
    #[serde(rename = "p")]
    pub(super) position: usize,
    #[serde(rename = "d", default)]
    descending: bool,
    #[serde(rename = "f", default)]
    from: Option<i64>,
    #[serde(rename = "t", default)]
    to: Option<i64>,
    /// The other filters, in the listing's own words.
    #[serde(rename = "q", default)]
    pub(super) filter: String,
    #[serde(rename = "m", default)]
    made: Option<i64>,
}

impl Cursor {
    /// A cursor of a listing without order and span.
    pub(super) fn new(kind: &str, generation: u32, position: usize) -> Self {
        Self {
            kind: kind.to_owned(),
            generation,
            position,
            ..Self::default()
        }
    }

    /// The same, with these filters.
    pub(super) fn filtered(self, filter: String) -> Self {
        Self { filter, ..self }
    }

    /// The same, made then.
    pub(super) fn made_at(self, moment: Timestamp) -> Self {
        Self {
            made: Some(moment.millis()),
            ..self
        }
    }

    /// When it was made, if it says so.
    pub(super) fn made(&self) -> Option<Timestamp> {
        self.made.and_then(Timestamp::from_millis)
    }

    /// The same, with this order and span.
    pub(super) fn ordered(self, order: Order, span: Span) -> Self {
        Self {
            descending: order == Order::Descending,
            from: span.from,
            to: span.to,
            ..self
        }
    }

    /// The same, at another position.
    pub(super) fn at(&self, position: usize) -> Self {
        Self {
            position,
            ..self.clone()
        }
    }

    /// Its order.
    pub(super) fn order(&self) -> Order {
        if self.descending {
            Order::Descending
        } else {
            Order::Ascending
        }
    }

    /// Its span.
    pub(super) fn span(&self) -> Span {
        Span {
            from: self.from,
            to: self.to,
        }
    }

    /// The text that clients see.
    pub(super) fn seal(&self, seed: u64) -> String {
        let content = serde_json::to_string(self).unwrap_or_default();
        let sealed = format!("{:016x}{content}", signature(seed, &content));
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// What a text from a client says, if it is a cursor of this listing and generation.
    pub(super) fn open(text: &str, seed: u64, kind: &str, generation: u32) -> Option<Self> {
        let sealed = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (sign, content) = sealed.split_at_checked(16)?;
        if u64::from_str_radix(sign, 16).ok()? != signature(seed, content) {
            return None;
        }
        let cursor: Self = serde_json::from_str(content).ok()?;
        (cursor.kind == kind && cursor.generation == generation).then_some(cursor)
    }
}

fn signature(seed: u64, content: &str) -> u64 {
    content
        .bytes()
        .fold(seed, |sum, byte| Dice::new(sum, u64::from(byte)).next())
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Order, Span};

    #[test]
    fn a_cursor_comes_back_as_it_was_and_cannot_be_made_up() {
        let span = Span {
            from: Some(-1),
            to: None,
        };
        let cursor = Cursor::new("stream", 2, 77).ordered(Order::Descending, span);
        let sealed = cursor.seal(9);
        assert_eq!(Cursor::open(&sealed, 9, "stream", 2), Some(cursor));
        assert_eq!(Cursor::open(&sealed, 8, "stream", 2), None);
        assert_eq!(Cursor::open(&sealed, 9, "events", 2), None);
        assert_eq!(Cursor::open(&sealed, 9, "stream", 3), None);
        assert_eq!(Cursor::open("AAAA", 9, "stream", 2), None);
        assert_eq!(Cursor::open("", 9, "stream", 2), None);
    }
}
