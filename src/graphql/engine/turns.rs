//! How many requests of one token are carried out at once; the others wait for their turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many tokens are remembered before those without requests are forgotten.
const REMEMBERED: usize = 1_000;

pub(super) struct Turns {
    at_once: usize,
    tokens: Mutex<HashMap<i32, Weak<Semaphore>>>,
}

/// A turn, until this is dropped.
pub(super) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
    /// Those who wait for the same token's turn wait for this very semaphore.
    _token: Arc<Semaphore>,
}

impl Turns {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            at_once,
            tokens: Mutex::default(),
        }
    }

    /// Waits for a turn, in the order in which requests came.
    pub(super) async fn take(&self, token_id: i32) -> Turn {
        let token = self.token(token_id);
        // It is never closed, so there is always a permit to wait for.
        let permit = Arc::clone(&token).acquire_owned().await.ok();
        Turn {
            _permit: permit,
            _token: token,
        }
    }

    fn token(&self, token_id: i32) -> Arc<Semaphore> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tokens.get(&token_id).and_then(Weak::upgrade) {
            return known;
        }
        if tokens.len() >= REMEMBERED {
            tokens.retain(|_, token| token.strong_count() > 0);
        }
        let token = Arc::new(Semaphore::new(self.at_once));
        tokens.insert(token_id, Arc::downgrade(&token));
        token
    }
}
