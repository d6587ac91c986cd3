//! Where a filter looks: projects, addresses and networks.

use super::{Lookup, wrong};
use crate::event::node::{NodeId, NodeKind};
use crate::store::append::ip_number;
use crate::store::entity::container;
use crate::store::{StoreError, clean};
use ipnet::IpNet;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use std::net::IpAddr;
use uuid::Uuid;

impl Lookup<'_> {
    /// The numbers of projects, by global id or key.
    pub(super) async fn projects(
        &self,
        names: &[String],
        path: &str,
        field: &str,
    ) -> Result<Vec<i64>, StoreError> {
        let mut ids = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let mut found = container::Entity::find()
                .select_only()
                .column(container::Column::Id);
            found = match NodeId::number_of(name, NodeKind::Project) {
                Some(number) => found.filter(container::COLUMN.id.eq(number)),
                None => found.filter(container::COLUMN.key.eq(clean(name.clone()))),
            };
            let found: Vec<i64> = found.into_tuple().all(&self.store.read).await?;
            if found.is_empty() && self.sees_all {
                return Err(wrong(
                    format!("{path}.{field}[{place}]"),
                    format!("there is no project `{name}`; give a project's id or key"),
                ));
            }
            ids.extend(found);
        }
        Ok(ids)
    }
}

/// Addresses and networks as ranges of addresses.
pub(super) fn networks(ips: &[String], path: &str) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let mut ranges = Vec::new();
    for (place, text) in ips.iter().enumerate() {
        let network = text
            .trim()
            .parse::<IpNet>()
            .or_else(|_| text.trim().parse::<IpAddr>().map(IpNet::from));
        let Ok(network) = network else {
            return Err(wrong(
                format!("{path}.ips[{place}]"),
                format!(
                    "`{text}` is not an IP address or network; give 203.0.113.9 or 203.0.113.0/24"
                ),
            ));
        };
        let first = ip_number(&network.network().to_string());
        let last = ip_number(&network.broadcast().to_string());
        ranges.extend(first.zip(last));
    }
    Ok(ranges)
}
