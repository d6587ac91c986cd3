//! Views of issues in: `POST /hooks/{source}/issue-view`, from a browser script or an app.
//!
//! A script in a browser can keep no secret from those who run it, so it has one of its own that is good for nothing else.
//! What webhooks are signed with, and an administrator's token, are as good. Pages of the source's own site may post.

use super::hooks::{Refusal, text};
use super::proof::{Proof, secrets};
use super::{PREFLIGHT, Site, X_REQUEST_ID, address, credentials::Denied};
use crate::access::Role;
use crate::sync::hook::{self, ViewError};
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// Lets the pages post that may ask, and those of the sites that views are of.
pub(super) fn cors(site: &Site) -> CorsLayer {
    let sources = site.backend.sources.iter();
    let sites = sources.filter_map(|source| {
        let views = source.issue_views()?;
        Some(views.site.origin().ascii_serialization())
    });
    let allowed = &site.server.allowed_origins;
    let allowed = allowed
        .iter()
        .map(|origin| origin.trim_end_matches('/').to_owned());
    let origins: HashSet<HeaderValue> = allowed
        .chain(sites)
        .filter(|origin| origin.contains("://"))
        .filter_map(|origin| HeaderValue::from_str(&origin).ok())
        .collect();
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| {
            origins.contains(origin)
        }))
        .allow_methods([Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([X_REQUEST_ID, header::RETRY_AFTER])
        .max_age(PREFLIGHT)
}

/// One view or several.
pub(super) async fn receive(
    State(site): State<Site>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let address = address::of_client(peer.ip(), &headers, &site.server.trusted_proxies);
    match site.take_views(&name, address, &headers, body).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Site {
    async fn take_views(
        &self,
        name: &str,
        address: IpAddr,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(), Refusal> {
        let mut sources = self.backend.sources.iter();
        let found = sources.find_map(|source| {
            let views = source.issue_views()?;
            (source.name() == name).then_some((source.as_ref(), views))
        });
        let (source, views) = found.ok_or(Refusal::NotFound(
            "no views are taken here: /hooks/…/issue-view has the name of a configured source of Jira in it",
        ))?;
        let proof = Proof::of(headers);
        let signed = source.hook_secret();
        let mut proven = [Some(views.secret), signed]
            .into_iter()
            .flatten()
            .any(|secret| proof.shows(secret));
        let has_secret = signed.is_some_and(|secret| secrets(secret).next().is_some());
        let can_be_signed = proof.is_signed() && has_secret;
        if !proven && !can_be_signed {
            self.token_may_post(proof, address).await?;
            proven = true;
        }
        let (body, _room) = self.read_hook(headers, body).await?;
        if !proven && !signed.is_some_and(|secret| proof.signs(&body, secret)) {
            return Err(self.unproven(proof, address));
        }
        let (feed, now) = (&self.backend.feed, self.backend.clock.now());
        let stored = hook::view(source, text(&body)?, feed, now).await;
        stored.map_err(|error| match error {
            ViewError::Wrong(message) => Refusal::Unreadable(message),
            ViewError::Store(cause) => {
                let error = &cause as &dyn std::error::Error;
                tracing::error!(source = name, error, "views of issues could not be stored");
                Refusal::Unavailable
            }
        })?;
        Ok(())
    }

    /// Whether an API token is offered that may add to the log: an administrator's.
    async fn token_may_post(&self, proof: Proof<'_>, address: IpAddr) -> Result<(), Refusal> {
        let Some(token) = proof.bearer() else {
            return Err(self.unproven(proof, address));
        };
        match self.admit(Some(token), address, "").await {
            Ok(viewer) if viewer.role == Role::Administrator => Ok(()),
            Ok(_) => Err(Refusal::Forbidden(
                "this token may not add to the log: post views with the issue_view_secret or an administrator's token",
            )),
            Err(Denied::TooMany(wait)) => Err(Refusal::TooMany(wait)),
            Err(Denied::Unavailable) => Err(Refusal::Unavailable),
            Err(Denied::Unauthenticated) => Err(Refusal::Unproven(
                "the proof does not hold: Authorization: Bearer must carry the issue_view_secret, the hook_secret or an \
                 administrator's token",
            )),
        }
    }
}
