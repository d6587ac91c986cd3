//! Which site a scope means: the organization's log names sites by id, everything else by host.

use super::entity::container;
use super::{Store, StoreError};
use crate::event::ContainerKind;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};
use std::collections::HashMap;

/// The scope in which a container's events are; `None` where that is not known.
pub(super) fn scope_of(place: &container::Model) -> Option<String> {
    let scope = if place.kind == ContainerKind::Site.number() {
        place.upstream_id.clone()?
    } else {
        place.scope.clone()
    };
    Some(scope).filter(|scope| !scope.is_empty())
}

/// The hosts of the sites whose ids are known.
pub(super) struct Sites(HashMap<String, String>);

impl Sites {
    pub(super) async fn load(db: &impl ConnectionTrait) -> Result<Self, StoreError> {
        let sites = container::Entity::find()
            .filter(container::COLUMN.kind.eq(ContainerKind::Site.number()))
            .all(db)
            .await?;
        let host = |site: container::Model| {
            let url = site.url?.to_lowercase();
            let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            let host = host.trim_end_matches('/').trim_end_matches("/wiki");
            Some((site.upstream_id?, host.to_owned()))
        };
        Ok(Self(sites.into_iter().filter_map(host).collect()))
    }

    /// The host that a scope means; `None` for the id of a site whose host nobody has said.
    pub(super) fn host<'a>(&'a self, scope: &'a str) -> Option<&'a str> {
        let known = self.0.get(scope).map(String::as_str);
        known.or_else(|| scope.contains(['.', ':']).then_some(scope))
    }

    /// Whether two scopes may mean one site: what is not known to differ may.
    pub(super) fn may_agree(&self, one: Option<&str>, other: Option<&str>) -> bool {
        let hosts = (
            one.and_then(|one| self.host(one)),
            other.and_then(|other| self.host(other)),
        );
        one == other || !matches!(hosts, (Some(one), Some(other)) if one != other)
    }

    /// Whether two scopes are known to mean one site.
    pub(super) fn agree(&self, one: Option<&str>, other: Option<&str>) -> bool {
        one.is_some() && other.is_some() && {
            let host = |scope: Option<&'_ str>| {
                scope.map(|scope| self.host(scope).unwrap_or(scope).to_owned())
            };
            host(one) == host(other)
        }
    }

    /// All scopes that mean the same site as this one.
    pub(super) fn all_of(&self, scope: &str) -> Vec<String> {
        let ids = self.0.iter().filter(|(_, host)| *host == scope);
        std::iter::once(scope.to_owned())
            .chain(ids.map(|(id, _)| id.clone()))
            .collect()
    }
}

impl Store {
    /// The host of a site of Atlassian's cloud, where people's profiles are; the first by name where there are several.
    pub async fn cloud_host(&self) -> Result<Option<String>, StoreError> {
        let sites = Sites::load(&self.read).await?;
        let hosts = sites.0.into_values();
        Ok(hosts.filter(|host| host.ends_with(".atlassian.net")).min())
    }
}
