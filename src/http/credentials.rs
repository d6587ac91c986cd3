//! Who sends a request: the bearer token, how often it may be guessed, and hearing when it stops working.

use super::{Site, address};
use crate::access::Viewer;
use crate::config::Limits;
use crate::event::Timestamp;
use crate::graphql::error::{self, Code};
use crate::graphql::{Answer, Backend};
use crate::store::StoreError;
use crate::store::access_tokens::Opened;
use axum::http::{HeaderMap, header};
use lru::LruCache;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often it is looked which tokens have stopped working; open streams end within this time.
const LOOK: Duration = Duration::from_millis(500);

/// For how long an address is remembered after its first failed attempt.
const WINDOW: Duration = Duration::from_mins(1);

/// Addresses and tokens remembered at most.
const REMEMBERED: usize = 10_000;

/// The token in an `Authorization: Bearer …` text.
pub(super) fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The token in a request's headers.
pub(super) fn of_headers(headers: &HeaderMap) -> Option<&str> {
    bearer(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// There is no token, or it does not work.
    Unauthenticated,
    /// Too many tokens from this address did not work; for how long no unknown one is looked at.
    TooMany(Duration),
    /// The database does not answer; the token may well work.
    Unavailable,
}

impl Denied {
    /// What the client hears.
    pub(super) fn answer(self, request_id: &str) -> Answer {
        let error = match self {
            Self::Unauthenticated => error::of_request(error::unauthenticated()),
            Self::TooMany(wait) => {
                let message = "too many attempts from this address with a token that does not work";
                return Answer::later(message, wait, request_id);
            }
            Self::Unavailable => error::refusal(
                Code::InternalServerError,
                "the database does not answer; try again",
            ),
        };
        Answer::refusal(vec![error], request_id)
    }
}

impl Site {
    /// Who holds this token.
    pub(super) async fn admit(
        &self,
        token: Option<&str>,
        address: IpAddr,
        request_id: &str,
    ) -> Result<Arc<Viewer>, Denied> {
        let store = self.backend.feed.store();
        let found = self.known(token, (address, request_id), |token, now| {
            store.viewer(token, now)
        });
        found.await.map(Arc::new)
    }

    /// What this access token of a saved filter opens.
    pub(super) async fn open(
        &self,
        token: Option<&str>,
        address: IpAddr,
        request_id: &str,
    ) -> Result<Opened, Denied> {
        let store = self.backend.feed.store();
        let found = self.known(token, (address, request_id), |token, now| {
            store.opened_by(token, now)
        });
        found.await
    }

    /// What is known of a token, unless too many were tried from that address.
    async fn known<'t, T, L>(
        &self,
        token: Option<&'t str>,
        (address, request_id): (IpAddr, &str),
        look: impl FnOnce(&'t str, Timestamp) -> L,
    ) -> Result<T, Denied>
    where
        L: Future<Output = Result<Option<T>, StoreError>>,
    {
        let token = token.ok_or(Denied::Unauthenticated)?;
        let now = self.backend.clock.now();
        self.attempts.allow(token, address, now)?;
        let found = look(token, now).await;
        // The connection that was asked goes back to its pool in a task of its own, which must not wait behind what this
        // one does next: everybody else is looked up over the same connection.
        tokio::task::yield_now().await;
        match found {
            Ok(Some(found)) => {
                self.attempts.succeeded(token);
                Ok(found)
            }
            Ok(None) => {
                self.attempts.failed(token, address, now);
                self.metrics.failed_logins.inc();
                Err(Denied::Unauthenticated)
            }
            Err(cause) => {
                let error = &cause as &dyn std::error::Error;
                tracing::error!(request_id, error, "a token could not be looked up");
                Err(Denied::Unavailable)
            }
        }
    }
}

impl Site {
    /// Counts a proof other than a token that did not hold, and says what it is denied for.
    pub(super) fn deny(&self, proof: &str, address: IpAddr) -> Denied {
        let now = self.backend.clock.now();
        if let Err(denied) = self.attempts.allow(proof, address, now) {
            return denied;
        }
        self.attempts.failed(proof, address, now);
        self.metrics.failed_logins.inc();
        Denied::Unauthenticated
    }
}

/// Failed attempts to authenticate, by address. Tokens that have worked are let through all the same: whoever shares an
/// address with somebody who guesses is not to suffer for it.
pub(super) struct Attempts {
    allowed: u32,
    failed: Mutex<HashMap<IpAddr, Failed>>,
    worked: Mutex<LruCache<[u8; 32], ()>>,
}

/// What is remembered of an address.
struct Failed {
    since: Timestamp,
    times: u32,
}

impl Attempts {
    pub(super) fn new(limits: &Limits) -> Self {
        let remembered = NonZeroUsize::new(REMEMBERED).unwrap_or(NonZeroUsize::MIN);
        Self {
            allowed: limits.failed_logins_per_minute,
            failed: Mutex::default(),
            worked: Mutex::new(LruCache::new(remembered)),
        }
    }

    /// Whether a token from this address may be looked up.
    fn allow(&self, token: &str, address: IpAddr, now: Timestamp) -> Result<(), Denied> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = failed.get(&address::neighbourhood(address)) else {
            return Ok(());
        };
        let left = WINDOW.saturating_sub(now.since(known.since));
        if known.times < self.allowed || left.is_zero() {
            return Ok(());
        }
        drop(failed);
        if self.worked().contains(&digest(token)) {
            return Ok(());
        }
        Err(Denied::TooMany(left))
    }

    fn succeeded(&self, token: &str) {
        self.worked().put(digest(token), ());
    }

    fn failed(&self, token: &str, address: IpAddr, now: Timestamp) {
        // A token that worked and does not any more is one more that does not.
        self.worked().pop(&digest(token));
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= REMEMBERED {
            failed.retain(|_, known| now.since(known.since) < WINDOW);
        }
        if failed.len() >= REMEMBERED {
            failed.clear();
        }
        let known = failed
            .entry(address::neighbourhood(address))
            .or_insert(Failed {
                since: now,
                times: 0,
            });
        if now.since(known.since) >= WINDOW {
            *known = Failed {
                since: now,
                times: 0,
            };
        }
        known.times += 1;
    }

    fn worked(&self) -> std::sync::MutexGuard<'_, LruCache<[u8; 32], ()>> {
        self.worked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Which tokens have stopped working, kept up to date for whoever holds a stream open.
#[derive(Clone)]
pub(super) struct Revocations(Arc<watch::Sender<HashSet<i32>>>);

impl Revocations {
    pub(super) fn start(backend: &Backend, stop: CancellationToken) -> Self {
        let sender = Arc::new(watch::Sender::new(HashSet::new()));
        let revocations = Self(Arc::clone(&sender));
        let (feed, clock) = (backend.feed.clone(), backend.clock.clone());
        backend.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = clock.sleep(LOOK) => {}
                }
                // Without an open stream nobody needs to know.
                if sender.receiver_count() == 0 {
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
        revocations
    }

    /// Waits until the token stops working.
    pub(super) async fn revoked(&self, token_id: i32) {
        let mut dead = self.0.subscribe();
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
