//! Who sends a request: the bearer token, and hearing when it stops working.

use super::Site;
use crate::access::Viewer;
use crate::graphql::Backend;
use crate::store::StoreError;
use axum::http::{HeaderMap, header};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often it is looked which tokens have stopped working; open streams end within this time.
const LOOK: Duration = Duration::from_millis(500);

/// The token in an `Authorization: Bearer …` text.
pub(super) fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The token in a request's headers.
pub(super) fn of_headers(headers: &HeaderMap) -> Option<&str> {
    bearer(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

impl Site {
    /// Who holds this token; nobody without a valid one.
    pub(super) async fn viewer(
        &self,
        token: Option<&str>,
    ) -> Result<Option<Arc<Viewer>>, StoreError> {
        let Some(token) = token else { return Ok(None) };
        let store = self.backend.feed.store();
        Ok(store
            .viewer(token, self.backend.clock.now())
            .await?
            .map(Arc::new))
    }
}

/// Which tokens have stopped working, kept up to date for whoever holds a stream open.
#[derive(Clone)]
pub(super) struct Revocations(watch::Receiver<HashSet<i32>>);

impl Revocations {
    pub(super) fn start(backend: &Backend, stop: CancellationToken) -> Self {
        let (sender, receiver) = watch::channel(HashSet::new());
        let (feed, clock) = (backend.feed.clone(), backend.clock.clone());
        backend.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = clock.sleep(LOOK) => {}
                }
                // Without an open stream nobody needs to know.
                if sender.receiver_count() <= 1 {
                    continue;
                }
                match feed.store().dead_tokens(clock.now()).await {
                    Ok(dead) => {
                        sender.send_if_modified(|known| {
                            let changed = *known != dead;
                            *known = dead;
                            changed
                        });
                    }
                    Err(error) => tracing::warn!(%error, "cannot look which tokens were revoked"),
                }
            }
        });
        Self(receiver)
    }

    /// Waits until the token stops working.
    pub(super) async fn revoked(&self, token_id: i32) {
        let mut dead = self.0.clone();
        if dead
            .wait_for(|dead| dead.contains(&token_id))
            .await
            .is_err()
        {
            // The server is stopping, which ends the stream anyway.
            std::future::pending::<()>().await;
        }
    }
}
