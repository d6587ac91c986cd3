//! Records without an id: known by their content, and told apart by counting where that is the same.
//!
//! Some upstream systems give their records no id. The key of such a record is a hash over what it says. When two things
//! that say the same happened in the same instant, the second is the second: its key gets a number. The number comes from
//! counting within one reading of one stretch of the log, so neither page boundaries nor reading again change it.

use crate::event::NewEvent;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

/// How the keys of records without an id begin.
const PREFIX: &str = "content:";

/// The key of a record without an id: a hash over the parts that make it what it is, in this order.
///
/// The same fact must give the same parts in whatever shape it comes: times as microseconds, lists sorted, text as it is.
#[must_use]
pub fn content_key<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut key = PREFIX.to_owned();
    for byte in &hash.finalize()[..16] {
        // Writing to a string cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// Counts identical records within one reading.
#[derive(Debug, Default)]
pub struct Repeats(HashMap<String, u32>);

impl Repeats {
    /// Begins a new reading.
    pub fn restart(&mut self) {
        self.0.clear();
    }

    /// Gives the second and every further event of the same content a key of its own.
    pub fn tell_apart(&mut self, events: &mut [NewEvent]) {
        for event in events {
            if !event.upstream_key.starts_with(PREFIX) {
                continue;
            }
            let seen = self.0.entry(event.upstream_key.clone()).or_default();
            *seen += 1;
            if *seen > 1 {
                event.upstream_key = format!("{}#{seen}", event.upstream_key);
            }
        }
    }
}
