//! What a webhook brings: headers and a body, before anything is known of either.
//!
//! Knows nothing of HTTP servers or of proofs: whoever calls [`Source::receive`](crate::source::Source::receive) has made sure
//! that the delivery comes from the source.

use crate::event::Facts;
use crate::source::look::{self, Look};
use serde_json::value::RawValue;

/// One delivery of a webhook.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The headers, as name and value.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, byte for byte.
    pub body: &'a str,
}

/// Why a delivery is no webhook of its source's system. Sending it again will not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHook {
    /// The system sends no webhooks, or none that are understood.
    #[error("no webhooks are taken from this system")]
    Unsupported,
    /// The body is no JSON object.
    #[error("the body is not a JSON object: {0}; webhooks carry application/json in UTF-8")]
    NotJson(String),
    /// The body is JSON, but not what the system sends.
    #[error("this is not a webhook of {system}: {expected}")]
    Unknown {
        /// Whose webhooks are taken, e.g. `Jira`.
        system: &'static str,
        /// What such a webhook has, as a sentence.
        expected: &'static str,
    },
}

impl<'a> Delivery<'a> {
    /// The first header of that name that is not blank, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let named = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named
            .map(|(_, value)| value.trim())
            .find(|value| !value.is_empty())
    }

    /// The body as a record; an object, or it is none.
    pub fn record(&self) -> Result<&'a RawValue, NoHook> {
        let record: &RawValue =
            serde_json::from_str(self.body).map_err(|cause| NoHook::NotJson(cause.to_string()))?;
        if !Look::new(&look::value(record)).is_object() {
            return Err(NoHook::NotJson("it holds something else".to_owned()));
        }
        Ok(record)
    }

    /// The facts with the body, byte for byte, as what upstream said.
    #[must_use]
    pub fn say(&self, mut facts: Facts) -> Facts {
        for event in &mut facts.events {
            self.body.clone_into(&mut event.raw);
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::{Delivery, NoHook};

    #[test]
    fn headers_are_found_in_any_case_and_bodies_are_objects() {
        let delivery = |body| Delivery {
            headers: &[("x-request-uuid", " "), ("X-Request-UUID", " 7 ")],
            body,
        };
        assert_eq!(delivery("").header("X-REQUEST-uuid"), Some("7"));
        assert_eq!(delivery("").header("other"), None);
        assert_eq!(
            delivery(" {\"a\":1}\n").record().unwrap().get(),
            "{\"a\":1}"
        );
        for wrong in ["", "[]", "1", "{\"a\":1", "{} {}", "null"] {
            let outcome = delivery(wrong).record();
            assert!(matches!(outcome, Err(NoHook::NotJson(_))), "{wrong}");
        }
    }
}
