//! Where a filter looks: projects and what lies inside them, addresses and networks, countries.

use super::text::lower;
use super::{Compiler, column, wrong};
use crate::event::node::{NodeId, NodeKind};
use crate::store::StoreError;
use crate::store::append::ip_number;
use crate::store::entity::{container, event};
use ipnet::IpNet;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use std::net::IpAddr;

impl Compiler<'_> {
    pub(super) async fn projects(
        &self,
        names: &[String],
        path: &str,
    ) -> Result<Condition, StoreError> {
        let mut ids = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let mut found = container::Entity::find()
                .select_only()
                .column(container::Column::Id);
            found = match NodeId::number_of(name, NodeKind::Project) {
                Some(number) => found.filter(container::COLUMN.id.eq(number)),
                None => found.filter(container::COLUMN.key.eq(name.clone())),
            };
            let found: Vec<i64> = found.into_tuple().all(&self.store.read).await?;
            if found.is_empty() && self.sees_all {
                return Err(wrong(
                    format!("{path}.projects[{place}]"),
                    format!("there is no project `{name}`; give a project's id or key"),
                ));
            }
            ids.extend(found);
        }
        let inside = self.among(event::Column::ContainerId, inside(&ids)).await?;
        Ok(Condition::all().add(inside))
    }

    pub(super) fn countries(&self, names: &[String]) -> Condition {
        let names = names.iter().map(|name| name.trim().to_ascii_lowercase());
        let country = lower(self.store, column(event::Column::Country));
        Condition::all().add(country.is_in(names))
    }
}

/// These containers and what lies directly inside one of them.
pub(super) fn inside(containers: &[i64]) -> SelectStatement {
    let ids = || containers.iter().copied();
    Query::select()
        .column(container::Column::Id)
        .from(container::Entity)
        .cond_where(
            Condition::any()
                .add(Expr::col(container::Column::Id).is_in(ids()))
                .add(Expr::col(container::Column::ParentId).is_in(ids())),
        )
        .to_owned()
}

pub(super) fn networks(ips: &[String], path: &str) -> Result<Condition, StoreError> {
    let mut any = Condition::any();
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
        if let (Some(first), Some(last)) = (first, last) {
            any = any.add(column(event::Column::IpNumber).between(first, last));
        }
    }
    Ok(any)
}
