//! Where a filter looks: projects, addresses and networks.

use super::{Lookup, wrong};
use crate::event::ContainerKind;
use crate::event::node::{NodeId, NodeKind};
use crate::store::append::ip_number;
use crate::store::entity::container;
use crate::store::{StoreError, clean};
use ipnet::IpNet;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use std::net::IpAddr;
use uuid::Uuid;

impl Lookup<'_> {
    /// The numbers of projects and repositories, by global id, by key, as `KEY/slug`, or by kind and upstream's id.
    pub(super) async fn projects(
        &self,
        names: &[String],
        path: &str,
        field: &str,
    ) -> Result<Vec<i64>, StoreError> {
        let mut ids = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let found: Vec<i64> = container::Entity::find()
                .select_only()
                .column(container::Column::Id)
                .filter(called(&clean(name.clone())))
                .into_tuple()
                .all(&self.store.read)
                .await?;
            if found.is_empty() && self.sees_all {
                return Err(wrong(
                    format!("{path}.{field}[{place}]"),
                    format!(
                        "there is no project `{name}`; give a project's id or key, or a repository as `KEY/slug`"
                    ),
                ));
            }
            ids.extend(found);
        }
        Ok(ids)
    }
}

/// That a container is what people call so.
fn called(name: &str) -> Condition {
    if let Some(number) = NodeId::number_of(name, NodeKind::Project) {
        return Condition::all().add(container::COLUMN.id.eq(number));
    }
    // As Data Center writes the objects that its audit log is asked about.
    if let Some((kind, id)) = name.split_once(',')
        && let Some(kind) = kind_named(kind.trim())
    {
        return Condition::all()
            .add(container::COLUMN.kind.eq(kind.number()))
            .add(container::COLUMN.upstream_id.eq(id.trim()));
    }
    let by_key = Condition::any().add(container::COLUMN.key.eq(name));
    let Some((around, slug)) = name.split_once('/') else {
        return by_key;
    };
    let around = Query::select()
        .column(container::Column::Id)
        .from(container::Entity)
        .and_where(Expr::col(container::Column::Key).eq(around))
        .to_owned();
    by_key.add(
        Condition::all()
            .add(
                container::COLUMN
                    .kind
                    .eq(ContainerKind::Repository.number()),
            )
            .add(container::COLUMN.key.eq(slug))
            .add(container::COLUMN.parent_id.in_subquery(around)),
    )
}

fn kind_named(word: &str) -> Option<ContainerKind> {
    let kinds = [
        ("project", ContainerKind::Project),
        ("repository", ContainerKind::Repository),
        ("space", ContainerKind::Space),
    ];
    let named = kinds
        .into_iter()
        .find(|(name, _)| word.eq_ignore_ascii_case(name));
    named.map(|(_, kind)| kind)
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
