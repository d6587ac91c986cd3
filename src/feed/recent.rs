//! The end of the log in memory, read once for all who follow it.
//!
//! What stands beside events (who is in a group, who did what) is read with them, so what is kept here is only good for
//! those who began to follow before it was read: for them it is as if they had looked at that moment. Knows nothing of
//! what anybody looks for.

use crate::store::query::excerpt::Excerpt;
use crate::store::{Store, StoreError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// Excerpts that are kept for those who are a little behind.
const KEPT: usize = 8;

/// The excerpts that were read last.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// How many were ever read; each has its number.
    read: AtomicU64,
    kept: Mutex<VecDeque<(u64, Arc<Excerpt>)>>,
}

/// A moment between two readings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(u64);

impl Recent {
    /// What is read from now on counts for whoever begins now.
    pub(super) fn now(&self) -> Moment {
        Moment(self.read.load(Ordering::SeqCst))
    }

    /// What comes behind a position, up to `until` at most; read after `since`.
    pub(super) async fn behind(
        &self,
        store: &Store,
        (position, until): (i64, i64),
        since: Moment,
    ) -> Result<Arc<Excerpt>, StoreError> {
        // Whoever comes first reads, and the others wait for it.
        let mut kept = self.kept.lock().await;
        let mut good = kept.iter().filter(|(number, _)| *number > since.0);
        if let Some((_, found)) = good.find(|(_, excerpt)| excerpt.goes_on_from(position)) {
            return Ok(Arc::clone(found));
        }
        let number = self.read.fetch_add(1, Ordering::SeqCst) + 1;
        let excerpt = Arc::new(store.excerpt(position, until).await?);
        kept.push_back((number, Arc::clone(&excerpt)));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        Ok(excerpt)
    }
}
