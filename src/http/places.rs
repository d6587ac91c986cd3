//! How many connections and streams may be open, in all and for each token.

use crate::config::Limits;
use crate::metrics::Metrics;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// When to try again while all places are taken.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// What takes a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// A socket or event stream, whoever holds it.
    Connection,
    /// A socket of this network that has not said yet who is there.
    StrangerFrom(IpAddr),
    /// A socket or event stream of this token.
    ConnectionOf(i32),
    /// A running stream of this token.
    StreamOf(i32),
}

/// The places that there are; clones share them.
#[derive(Clone)]
pub(super) struct Places(Arc<Shared>);

struct Shared {
    taken: Mutex<HashMap<Place, usize>>,
    limits: Limits,
    metrics: Metrics,
}

/// A place that is taken, until this is dropped.
pub(super) struct Taken {
    places: Places,
    place: Place,
}

impl Places {
    pub(super) fn new(limits: &Limits, metrics: Metrics) -> Self {
        Self(Arc::new(Shared {
            taken: Mutex::default(),
            limits: limits.clone(),
            metrics,
        }))
    }

    /// Takes a place; fails with what to tell the client when all are taken.
    pub(super) fn take(&self, place: Place) -> Result<Taken, String> {
        let limits = &self.0.limits;
        let (most, what, setting) = match place {
            Place::Connection => (limits.connections, "connections", "connections"),
            Place::StrangerFrom(_) => (
                limits.strangers_per_address,
                "sockets of this address that have not said who is there",
                "strangers_per_address",
            ),
            Place::ConnectionOf(_) => (
                limits.connections_per_token,
                "connections of this token",
                "connections_per_token",
            ),
            Place::StreamOf(_) => (
                limits.streams_per_token,
                "streams of this token",
                "streams_per_token",
            ),
        };
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(place).or_default();
        if *count >= most {
            return Err(format!("all {most} {what} are in use (limits.{setting})"));
        }
        *count += 1;
        drop(taken);
        self.0.count(place, 1);
        Ok(Taken {
            places: self.clone(),
            place,
        })
    }
}

impl Shared {
    fn count(&self, place: Place, change: i64) {
        match place {
            Place::Connection => self.metrics.connections.inc_by(change),
            Place::StreamOf(_) => self.metrics.streams.inc_by(change),
            Place::StrangerFrom(_) | Place::ConnectionOf(_) => 0,
        };
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let shared = &self.places.0;
        let mut taken = shared.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.place) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.place);
            }
        }
        drop(taken);
        shared.count(self.place, -1);
    }
}
