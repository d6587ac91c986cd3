//! Who reads the log, told in the log itself: once an hour for each token.

use super::Backend;
use crate::access::Viewer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Which tokens have been told of, by their number: in which hour. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Viewed(Option<Arc<Mutex<HashMap<i32, i64>>>>);

impl Viewed {
    /// Tells of readers if `told`, and of nobody otherwise.
    #[must_use]
    pub fn new(told: bool) -> Self {
        Self(told.then(Arc::default))
    }

    /// Whether nobody has been told of that token in that hour yet.
    fn is_first(&self, token: i32, hour: i64) -> bool {
        let Some(told) = &self.0 else { return false };
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(token, hour) != Some(hour)
    }

    /// Lets the next reading be told of.
    fn forget(&self, token: i32) {
        if let Some(told) = &self.0 {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.remove(&token);
        }
    }
}

impl Backend {
    /// Notes that somebody reads events, without letting them wait for that.
    pub fn note_viewed(&self, viewer: &Viewer) {
        let now = self.clock.now();
        if viewer.is_server() || !self.viewed.is_first(viewer.token_id, now.hour()) {
            return;
        }
        let (this, reader) = (self.clone(), viewer.clone());
        self.tasks.spawn(async move {
            let noted = this.feed.store().note_log_viewed(&reader, now);
            if let Err(error) = this.feed.recording(Box::pin(noted)).await {
                tracing::warn!(%error, token = reader.name, "it could not be noted who reads the log");
                this.viewed.forget(reader.token_id);
            }
        });
    }
}
