//! Looking into JSON in which everything may be missing, or of another type than promised.
//!
//! Upstream's promises are few and its exceptions many, so a look never fails: what is not there, or not what it should
//! be, is simply not found. Which fields to look for is each system's affair.

use crate::event::Timestamp;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A place in a JSON document; it may not exist.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a>(Option<&'a Value>);

impl<'a> Look<'a> {
    /// A look at the whole of `value`.
    #[must_use]
    pub fn new(value: &'a Value) -> Self {
        Self(Some(value))
    }

    /// The member `key` of an object.
    #[must_use]
    pub fn at(self, key: &str) -> Self {
        Self(self.0.and_then(|value| value.get(key)))
    }

    /// Whether `null` is written here, as opposed to nothing at all.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.0.is_some_and(Value::is_null)
    }

    /// Whether there is an object here.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.0.is_some_and(Value::is_object)
    }

    /// Whether there is an array here.
    #[must_use]
    pub fn is_list(self) -> bool {
        self.0.is_some_and(Value::is_array)
    }

    /// The items of an array; none when there is no array.
    pub fn list(self) -> impl Iterator<Item = Look<'a>> {
        let items = self.0.and_then(Value::as_array);
        items.into_iter().flatten().map(Look::new)
    }

    /// The members of an object; none when there is no object.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, Look<'a>)> {
        let members = self.0.and_then(Value::as_object);
        let members = members.into_iter().flatten();
        members.map(|(key, value)| (key.as_str(), Look::new(value)))
    }

    /// The text here, or the number as text; blank text counts as absent, and NUL, which no database keeps, is replaced.
    #[must_use]
    pub fn text(self) -> Option<String> {
        match self.0? {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text.replace('\0', "\u{fffd}")),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Whether exactly this text is here.
    #[must_use]
    pub fn is(self, text: &str) -> bool {
        self.0.and_then(Value::as_str) == Some(text)
    }

    /// The truth value here.
    #[must_use]
    pub fn flag(self) -> Option<bool> {
        self.0.and_then(Value::as_bool)
    }

    /// What is here, as a record of its own; `null` when there is nothing.
    #[must_use]
    pub fn record(self) -> Box<RawValue> {
        serde_json::value::to_raw_value(&self.0).unwrap_or_default()
    }

    /// The moment here, in any of the forms that Atlassian's systems send.
    #[must_use]
    pub fn time(self) -> Option<Timestamp> {
        self.0.and_then(Timestamp::from_json)
    }
}

/// What can be had of a record's value.
///
/// Valid JSON may hold what is no value to us: a number beyond all ranges, nesting without end. Such a part is left out,
/// the rest is read. Half of a surrogate pair as an escape is no text either; it is read as U+FFFD.
#[must_use]
pub fn value(record: &RawValue) -> Value {
    let text = record.get();
    serde_json::from_str(text).unwrap_or_else(|_| salvage(&mend(text), SALVAGE_DEPTH))
}

/// What looks reach for is not deeper than this.
const SALVAGE_DEPTH: usize = 8;

fn salvage(text: &str, depth: usize) -> Value {
    if let Ok(value) = serde_json::from_str(text) {
        return value;
    }
    if depth == 0 {
        return Value::Null;
    }
    let part = |part: &RawValue| salvage(part.get(), depth - 1);
    if let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
        let members = members.into_iter().map(|(key, value)| (key, part(value)));
        members.collect()
    } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) {
        items.into_iter().map(part).collect()
    } else {
        Value::Null
    }
}

/// Replaces the escapes of unpaired surrogates.
fn mend(text: &str) -> Cow<'_, str> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                mended.push_str(&text[copied..at]);
                mended.push_str("\\ufffd");
                copied = at + 6;
                6
            }
            (Some(_), _) => 6,
            // A backslash escapes one ASCII character.
            (None, _) => 2,
        };
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[copied..]);
    Cow::Owned(mended)
}

#[cfg(test)]
mod tests {
    use super::{Look, mend, value};
    use serde_json::json;
    use serde_json::value::RawValue;

    #[test]
    fn a_look_finds_what_is_there_and_nothing_else() {
        let value =
            json!({"a": {"b": "x\0y"}, "n": 7, "blank": " ", "l": [1, "2"], "t": "2026-11-03"});
        let look = Look::new(&value);
        assert_eq!(look.at("a").at("b").text().as_deref(), Some("x\u{fffd}y"));
        assert_eq!(look.at("n").text().as_deref(), Some("7"));
        assert_eq!(look.at("blank").text(), None);
        assert_eq!(look.at("a").text(), None);
        assert_eq!(look.at("n").at("b").text(), None);
        assert_eq!(look.at("l").list().filter_map(Look::text).count(), 2);
        assert!(look.at("t").time().is_some());
    }

    #[test]
    fn half_pairs_are_mended_and_whole_ones_kept() {
        assert_eq!(
            mend(r#""\ud83d\ude00 \\ud83d \n""#),
            r#""\ud83d\ude00 \\ud83d \n""#
        );
        assert_eq!(mend(r#""\ud83d \ude00\ud83d""#), r#""\ufffd \ufffd\ufffd""#);
        let record = RawValue::from_string(r#"{"id":"x\ud83d"}"#.to_owned()).unwrap();
        assert_eq!(value(&record), json!({"id": "x\u{fffd}"}));
    }

    #[test]
    fn what_can_be_read_is_read() {
        let deep = "[".repeat(9_000) + &"]".repeat(9_000);
        let text = format!(r#"{{"id":"1","far":[1,1e999,{{"a":2}}],"deep":{deep}}}"#);
        let found = value(&RawValue::from_string(text).unwrap());
        assert_eq!(found["id"], "1");
        assert_eq!(found["far"], json!([1, null, {"a": 2}]));
    }
}
