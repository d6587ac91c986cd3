//! Webhooks in: `POST /hooks/{source}`, from the system behind the source of that name.
//!
//! A body is read before it is known who sent it, so its size, its time and the room that all of them take together are
//! bounded. It is stored before it is answered. Which events it holds is the source's to say.

use super::proof::{Proof, secrets};
use super::{Site, address};
use crate::config::Limits;
use crate::event::Timestamp;
use crate::http::credentials::Denied;
use crate::sync::hook::{self, HookError};
use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::json;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// When to come again while there is no room, or no database.
const BUSY: Duration = Duration::from_secs(5);

/// How often refused webhooks of one source are written down: anybody can make them, and writing is not free.
const NOTE: Duration = Duration::from_secs(10);

/// What one permit of the room stands for, in bytes.
const GRAIN: usize = 1_024;

/// Why a request was not taken, in the order in which it is looked at.
#[derive(Debug)]
pub(super) enum Refusal {
    /// There is nothing of that name that takes any.
    NotFound(&'static str),
    /// Nothing proves where it comes from.
    Unproven(&'static str),
    /// It is proven, but not allowed.
    Forbidden(&'static str),
    /// Nothing has proved it too often from this address.
    TooMany(Duration),
    /// It is larger than this many MiB.
    TooLarge(usize),
    /// It came too slowly.
    TooSlow,
    /// It cannot be read.
    Unreadable(String),
    /// There is no room for it now.
    NoRoom,
    /// The database does not answer.
    Unavailable,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, message, again) = match self {
            Self::NotFound(message) => (StatusCode::NOT_FOUND, message.to_owned(), None),
            Self::Unproven(message) => (StatusCode::UNAUTHORIZED, message.to_owned(), None),
            Self::Forbidden(message) => (StatusCode::FORBIDDEN, message.to_owned(), None),
            Self::TooMany(wait) => {
                let message = "too many requests from this address without a proof that holds";
                (
                    StatusCode::TOO_MANY_REQUESTS,
                    message.to_owned(),
                    Some(wait),
                )
            }
            Self::TooLarge(most) => {
                let message = format!("the body is larger than {most} MiB (limits.hook_mib)");
                (StatusCode::PAYLOAD_TOO_LARGE, message, None)
            }
            Self::TooSlow => {
                let message = "the body took longer than limits.execution_seconds to arrive";
                (StatusCode::REQUEST_TIMEOUT, message.to_owned(), None)
            }
            Self::Unreadable(message) => (StatusCode::BAD_REQUEST, message, None),
            Self::NoRoom => {
                let message = "too much is being read at once (limits.hooks_mib); try again";
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    message.to_owned(),
                    Some(BUSY),
                )
            }
            Self::Unavailable => {
                let message = "the database does not answer; try again";
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    message.to_owned(),
                    Some(BUSY),
                )
            }
        };
        let mut response = (status, Json(json!({"error": message}))).into_response();
        if let Some(wait) = again {
            let seconds = wait.as_secs().max(1);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A webhook.
pub(super) async fn receive(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let address = address::of_client(peer.ip(), &headers, &site.server.trusted_proxies);
    match site.take_hook(&name, address, &headers, body).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Site {
    async fn take_hook(
        &self,
        name: &str,
        address: IpAddr,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(), Refusal> {
        let mut sources = self.backend.sources.iter();
        let found = sources.find_map(|source| {
            let secret = source.hook_secret()?;
            secrets(secret).next()?;
            (source.name() == name).then_some((source.as_ref(), secret))
        });
        // Who asks is not to learn which sources there are.
        let (source, secret) = found.ok_or(Refusal::NotFound(
            "no webhooks are taken here: the last part of the address is the name of a configured source, which needs a \
             hook_secret",
        ))?;
        let proof = Proof::of(headers);
        let outcome = async {
            let shown = proof.shows(secret);
            if !shown && !proof.is_signed() {
                return Err(self.unproven(proof, address));
            }
            let body = self
                .hooks
                .read(body, headers, self.engine.limits(), &self.backend.clock);
            let (body, _room) = body.await?;
            if !shown && !proof.signs(&body, secret) {
                return Err(self.unproven(proof, address));
            }
            let body = text(&body)?;
            let named = headers.iter();
            let named =
                named.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
            let named: Vec<_> = named.collect();
            let (feed, now) = (&self.backend.feed, self.backend.clock.now());
            let before = self.hooks.forget(name);
            let stored = hook::receive(source, &named, body, before, feed, now).await;
            stored.map_err(|error| {
                self.hooks.remember(name, before);
                match error {
                    HookError::NoHook(why) => Refusal::Unreadable(why.to_string()),
                    HookError::Store(cause) => {
                        let error = &cause as &dyn std::error::Error;
                        tracing::error!(source = name, error, "a webhook could not be stored");
                        Refusal::Unavailable
                    }
                }
            })
        };
        let Err(refusal) = outcome.await else {
            return Ok(());
        };
        if !matches!(refusal, Refusal::NoRoom | Refusal::Unavailable) {
            let now = self.backend.clock.now();
            if let Some(refused) = self.hooks.refuse(name, now) {
                tracing::warn!(source = name, refused, last = ?refusal, "webhooks were refused");
                if let Err(error) = hook::refuse(source, refused, &self.backend.feed, now).await {
                    tracing::warn!(%error, "refused webhooks could not be noted");
                }
            }
        }
        Err(refusal)
    }

    /// Reads a body within the limits; the room that it takes is given back when the second value is dropped.
    pub(super) async fn read_hook(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Refusal> {
        let (limits, clock) = (self.engine.limits(), &self.backend.clock);
        self.hooks.read(body, headers, limits, clock).await
    }

    pub(super) fn unproven(&self, proof: Proof<'_>, address: IpAddr) -> Refusal {
        let Some(offered) = proof.offered() else {
            return Refusal::Unproven(
                "nothing proves where this comes from: sign the body with the hook_secret (X-Hub-Signature: \
                 sha256=…), or send the secret itself (Authorization: Bearer …)",
            );
        };
        match self.deny(offered, address) {
            Denied::TooMany(wait) => Refusal::TooMany(wait),
            Denied::Unauthenticated | Denied::Unavailable => Refusal::Unproven(
                "the proof does not hold: X-Hub-Signature must be sha256= and the HMAC-SHA256 of the body's bytes with \
                 the hook_secret, Authorization: Bearer must carry the secret itself",
            ),
        }
    }
}

/// A body as text.
pub(super) fn text(body: &[u8]) -> Result<&str, Refusal> {
    str::from_utf8(body)
        .map_err(|cause| Refusal::Unreadable(format!("the body is not UTF-8: {cause}")))
}

/// The room for bodies, and the refusals that have not been written down.
pub(super) struct Gate {
    room: Arc<Semaphore>,
    refused: Mutex<HashMap<String, Refused>>,
}

#[derive(Default)]
struct Refused {
    waiting: u32,
    noted: Option<Timestamp>,
}

impl Gate {
    pub(super) fn new(limits: &Limits) -> Self {
        let permits = limits.hooks_mib * (1_024 * 1_024 / GRAIN);
        Self {
            room: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            refused: Mutex::default(),
        }
    }

    async fn read(
        &self,
        body: Body,
        headers: &HeaderMap,
        limits: &Limits,
        clock: &crate::clock::Clock,
    ) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Refusal> {
        let said = headers.get(header::CONTENT_LENGTH);
        let said: Option<usize> = said.and_then(|length| length.to_str().ok()?.parse().ok());
        if said.is_some_and(|length| length > limits.hook_bytes()) {
            return Err(Refusal::TooLarge(limits.hook_mib));
        }
        let reading = async {
            let mut chunks = body.into_data_stream();
            let (mut bytes, mut room) = (Vec::new(), None::<OwnedSemaphorePermit>);
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.map_err(|cause| {
                    Refusal::Unreadable(format!("the body could not be read to its end: {cause}"))
                })?;
                if bytes.len() + chunk.len() > limits.hook_bytes() {
                    return Err(Refusal::TooLarge(limits.hook_mib));
                }
                let grains = u32::try_from(chunk.len().div_ceil(GRAIN)).unwrap_or(u32::MAX);
                // Whoever waited here would hold what others wait for.
                let more = Arc::clone(&self.room).try_acquire_many_owned(grains);
                let more = more.map_err(|_| Refusal::NoRoom)?;
                match &mut room {
                    Some(room) => room.merge(more),
                    None => room = Some(more),
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok((bytes, room))
        };
        tokio::select! {
            read = reading => read,
            () = clock.sleep(limits.execution()) => Err(Refusal::TooSlow),
        }
    }

    /// Counts a refusal; how many to write down, when it is time to.
    fn refuse(&self, source: &str, now: Timestamp) -> Option<u32> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let known = refused.entry(source.to_owned()).or_default();
        known.waiting = known.waiting.saturating_add(1);
        if known.noted.is_some_and(|noted| now.since(noted) < NOTE) {
            return None;
        }
        known.noted = Some(now);
        Some(std::mem::take(&mut known.waiting))
    }

    /// Takes the refusals that have not been written down.
    fn forget(&self, source: &str) -> u32 {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let known = refused.get_mut(source);
        known.map_or(0, |known| std::mem::take(&mut known.waiting))
    }

    /// Gives them back.
    fn remember(&self, source: &str, waiting: u32) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = refused.get_mut(source) {
            known.waiting = known.waiting.saturating_add(waiting);
        }
    }
}
