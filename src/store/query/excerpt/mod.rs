//! A stretch of the log in memory, and which of its events a tree of tests chooses.
//!
//! It is read once, whoever looks at it: the events, and then, as soon as the first test needs them, the facts that
//! stand beside events. Facts are of the moment when they were first needed, which is after the events were stored.

mod facts;
mod holds;

use super::chosen::Test;
use crate::store::entity::event;
use crate::store::{Store, StoreError};
use facts::{Facts, needs};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};
use std::sync::Arc;

/// A stretch of the log: every event in it, in order.
#[derive(Debug)]
pub struct Excerpt {
    after: i64,
    until: i64,
    events: Vec<Arc<event::Model>>,
    facts: Facts,
}

impl Store {
    /// The log behind one position, up to another that has been seen already.
    pub async fn excerpt(&self, after: i64, until: i64) -> Result<Excerpt, StoreError> {
        let events = event::Entity::find()
            .filter(event::COLUMN.seq.between(after + 1, until))
            .order_by_asc(event::Column::Seq)
            .all(&self.read)
            .await?;
        Ok(Excerpt {
            after,
            until,
            events: events.into_iter().map(Arc::new).collect(),
            facts: Facts::default(),
        })
    }
}

impl Excerpt {
    /// The position of its last event.
    #[must_use]
    pub fn until(&self) -> i64 {
        self.until
    }

    /// Whether it holds what comes next behind a position.
    #[must_use]
    pub fn goes_on_from(&self, position: i64) -> bool {
        (self.after..self.until).contains(&position)
    }

    /// The events behind a position that pass a test.
    pub async fn choose(
        &self,
        store: &Store,
        test: &Test,
        after: i64,
    ) -> Result<Vec<Arc<event::Model>>, StoreError> {
        self.facts.load(store, &self.events, needs(test)).await?;
        let behind = self.events.iter().filter(|event| event.seq > after);
        let chosen = behind.filter(|event| holds::holds(test, event, &self.facts));
        Ok(chosen.cloned().collect())
    }
}
