//! The values behind a qualifier, as they are written and what they stand for.

use super::super::problem::Fault;
use super::super::qualifier::{self, List};
use super::{Parser, ends};
use crate::event::Product;
use crate::event::filter::Membership;

/// A value as it is written, and where.
pub(super) struct Value {
    pub(super) text: String,
    quoted: bool,
    at: usize,
}

impl Parser<'_> {
    /// The values of a criterion; none for an empty list.
    pub(super) fn list(&mut self, list: List, name: &str) -> Option<Vec<String>> {
        let values = self.values(name)?;
        let star = values
            .iter()
            .find(|value| value.text == "*" && !value.quoted);
        let Some(star) = star else {
            return Some(values.into_iter().map(|value| value.text).collect());
        };
        if list == List::Fields && values.len() == 1 {
            return Some(Vec::new());
        }
        let message = if list == List::Fields {
            "`*` means any monitored field and stands alone".to_owned()
        } else {
            format!("`*` is no value; leave `{name}:` out to choose everything")
        };
        self.fault(
            star.at,
            message + "; to search for this text, put it in quotes",
        );
        None
    }

    /// What a value stands for.
    pub(super) fn one<T>(
        &mut self,
        value: &Value,
        read: impl Fn(&Value) -> Result<T, Fault>,
    ) -> Option<T> {
        match read(value) {
            Ok(read) => Some(read),
            Err(fault) => {
                self.add_fault(value.at, fault);
                None
            }
        }
    }

    /// Values with commas between them, or in parentheses.
    pub(super) fn values(&mut self, name: &str) -> Option<Vec<Value>> {
        let (at, mut values) = (self.at, Vec::new());
        if !self.take('(') {
            loop {
                values.push(self.value(name)?);
                if !self.take(',') {
                    self.end_of_value();
                    return Some(values);
                }
            }
        }
        loop {
            self.skip(|c| c.is_whitespace() || c == ',');
            if self.take(')') {
                return Some(values);
            }
            if self.peek().is_none() {
                if !self.given_up {
                    self.fault(at, "this `(` is never closed");
                }
                return None;
            }
            if self.is_word("OR") {
                self.at += "OR".len();
                continue;
            }
            if self.is_word("AND") {
                self.fault(
                    self.at,
                    "the values in parentheses are alternatives; put OR between them",
                );
            }
            values.push(self.value(name)?);
            if !matches!(self.peek(), Some(',')) {
                self.end_of_value();
            }
        }
    }

    /// One value among others.
    fn value(&mut self, name: &str) -> Option<Value> {
        self.single(name, |c| ends(c) || c == ',')
    }

    /// The only value that a qualifier takes.
    pub(super) fn scalar(&mut self, name: &str) -> Option<Value> {
        let value = self.single(name, ends)?;
        self.end_of_value();
        Some(value)
    }

    fn single(&mut self, name: &str, end: impl Fn(char) -> bool) -> Option<Value> {
        let at = self.at;
        let quoted = self.peek() == Some('"');
        let text = if quoted {
            self.quoted()?
        } else {
            self.unquoted(end)
        };
        if text.is_empty() && !quoted {
            let message = format!("expected a value for `{name}:`, directly behind it");
            self.fault(at, message);
            // What stands here instead is read as what it is, except for what could not be read at all.
            self.skip(|c| c == ',');
            return None;
        }
        Some(Value { text, quoted, at })
    }

    pub(super) fn unquoted(&mut self, end: impl Fn(char) -> bool) -> String {
        let rest = self.rest();
        let text = rest[..rest.find(end).unwrap_or(rest.len())].to_owned();
        self.at += text.len();
        text
    }

    /// What is between quotes.
    pub(super) fn quoted(&mut self) -> Option<String> {
        let at = self.at;
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1).peekable();
        while let Some((place, character)) = characters.next() {
            match character {
                '"' => {
                    self.at = at + place + 1;
                    return Some(text);
                }
                '\\' => {
                    let escaped = characters.next_if(|(_, next)| matches!(next, '"' | '\\'));
                    text.push(escaped.map_or('\\', |(_, next)| next));
                }
                other => text.push(other),
            }
        }
        self.fault(at, "this quote is never closed");
        self.give_up();
        None
    }

    /// Behind a value, something else may begin only after a space.
    pub(super) fn end_of_value(&mut self) {
        let at = self.at;
        if let Some(next) = self.peek()
            && !next.is_whitespace()
            && !matches!(next, '(' | ')')
        {
            self.fault(
                at,
                "expected a space; to search for a text with quotes in it, put all of it in quotes, and a \\ before \
                 each quote inside",
            );
            self.unquoted(|c| c.is_whitespace() || matches!(c, '(' | ')'));
        }
    }
}

/// The time zone of that name, in any case; in quotes, whatever is there.
pub(super) fn time_zone(value: &Value) -> Result<String, Fault> {
    if value.quoted {
        return Ok(value.text.clone());
    }
    let mut zones = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    let known = zones.find(|name| name.eq_ignore_ascii_case(&value.text));
    known.map(str::to_owned).ok_or_else(|| {
        let message = format!(
            "`{}` is not a time zone; give an IANA name such as Europe/Berlin",
            value.text
        );
        let zones = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        Fault::new(message).meaning(&value.text, zones)
    })
}

pub(super) fn product(value: &Value) -> Result<Product, Fault> {
    qualifier::product_named(&value.text).ok_or_else(|| {
        let all = Product::ALL.map(qualifier::product);
        let message = format!(
            "there is no product `{}`; give {}",
            value.text,
            all.join(", ")
        );
        Fault::new(message).meaning(&value.text, all)
    })
}

pub(super) fn membership(value: &Value) -> Result<Membership, Fault> {
    qualifier::membership_named(&value.text).ok_or_else(|| {
        let message = format!("`{}` is neither now nor at-event-time", value.text);
        Fault::new(message)
    })
}
