//! Versions, boards, sprints and whatever else a source lists by name: what a listing says, compared with what was there
//! before.
//!
//! A difference becomes an event unless the log was told of it since the listing before: a webhook or the audit log
//! knows better than a comparison when it happened, and says who did it.

use super::entity::{action, container, event, thing};
use super::listing::Comparison;
use super::observation::Observation;
use super::{StoreError, append, bulk, clean, indexed};
use crate::event::directory::{DirectoryThing, Listing, ThingKind};
use crate::event::{Change, Object, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

/// How much upstream's clock may be behind ours without a report being taken for older than the listing before.
const SKEW: Duration = Duration::from_mins(15);

/// What happened to a thing, and under which other codes the log may have been told of it.
struct Difference {
    code: &'static str,
    told_as: &'static [&'static str],
    row: thing::Model,
    changes: Vec<Change>,
}

impl Comparison<'_, '_> {
    /// Things that a listing names.
    pub(super) async fn things(&mut self, listed: Vec<DirectoryThing>) -> Result<(), StoreError> {
        let mut kinds: BTreeMap<ThingKind, Vec<DirectoryThing>> = BTreeMap::new();
        for thing in listed {
            kinds.entry(thing.kind).or_default().push(thing);
        }
        for (kind, listed) in kinds {
            self.things_of(kind, listed).await?;
        }
        Ok(())
    }

    async fn things_of(
        &mut self,
        kind: ThingKind,
        listed: Vec<DirectoryThing>,
    ) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        let before = self.baseline(Listing::Things(kind)).await?;
        let ids: BTreeSet<String> = listed.iter().map(|one| indexed(one.id.clone())).collect();
        let named = bulk::texts(transaction, ids.iter().map(String::as_str))?;
        let known = self
            .things_known(kind)
            .filter(thing::COLUMN.upstream_id.in_subquery(named))
            .all(transaction)
            .await?;
        let mut rows: BTreeMap<String, thing::Model> = known
            .into_iter()
            .map(|row| (row.upstream_id.clone(), row))
            .collect();
        let mut differences = Vec::new();
        for listed in listed {
            let container_id = match &listed.container {
                Some(container) => self.resolver.container(container).await?,
                None => None,
            };
            let id = indexed(listed.id.clone());
            let old = rows.remove(&id);
            let row = self.merged(id.clone(), &listed, container_id, old.as_ref());
            differences.extend(compared(kind, old.as_ref(), &row));
            rows.insert(id, row);
        }
        let ids: Vec<String> = rows.keys().cloned().collect();
        for ids in ids.chunks(append::LOOKUP) {
            thing::Entity::delete_many()
                .filter(thing::COLUMN.source_id.eq(self.source_id))
                .filter(thing::COLUMN.kind.eq(kind.number()))
                .filter(thing::COLUMN.upstream_id.is_in(ids.iter().cloned()))
                .exec(transaction)
                .await?;
        }
        let rows: Vec<thing::Model> = rows.into_values().collect();
        bulk::insert(transaction, &rows).await?;
        match before {
            Some(before) => self.tell(kind, differences, before).await,
            None => Ok(()),
        }
    }

    fn things_known(&self, kind: ThingKind) -> sea_orm::Select<thing::Entity> {
        thing::Entity::find()
            .filter(thing::COLUMN.source_id.eq(self.source_id))
            .filter(thing::COLUMN.kind.eq(kind.number()))
    }

    /// The row of a thing by what was known of it and what is listed now.
    fn merged(
        &self,
        upstream_id: String,
        listed: &DirectoryThing,
        container_id: Option<i64>,
        old: Option<&thing::Model>,
    ) -> thing::Model {
        let seen_at = self.began.micros();
        thing::Model {
            source_id: self.source_id,
            kind: listed.kind.number(),
            upstream_id,
            name: listed.name.clone().map(clean).or_else(|| old?.name.clone()),
            container_id: container_id.or_else(|| old?.container_id),
            details: clean(serde_json::to_string(&listed.details).unwrap_or_default()),
            seen_at: old.map_or(seen_at, |old| old.seen_at.max(seen_at)),
            gone_at: None,
        }
    }

    /// How many things of a kind the listing named, and how many it did not.
    pub(super) async fn count_things(&self, kind: ThingKind) -> Result<(u64, u64), StoreError> {
        let transaction = self.resolver.transaction;
        let all = self
            .things_known(kind)
            .filter(thing::COLUMN.gone_at.is_null());
        let missing = all
            .clone()
            .filter(thing::COLUMN.seen_at.lt(self.began.micros()))
            .count(transaction)
            .await?;
        Ok((all.count(transaction).await? - missing, missing))
    }

    /// The listing is complete: what it did not name has gone.
    pub(super) async fn sweep_things(&mut self, kind: ThingKind) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        let gone = self
            .things_known(kind)
            .filter(thing::COLUMN.gone_at.is_null())
            .filter(thing::COLUMN.seen_at.lt(self.began.micros()))
            .all(transaction)
            .await?;
        thing::Entity::update_many()
            .col_expr(thing::Column::GoneAt, Expr::value(self.now.micros()))
            .filter(thing::COLUMN.source_id.eq(self.source_id))
            .filter(thing::COLUMN.kind.eq(kind.number()))
            .filter(thing::COLUMN.gone_at.is_null())
            .filter(thing::COLUMN.seen_at.lt(self.began.micros()))
            .exec(transaction)
            .await?;
        let Some(before) = self.baseline(Listing::Things(kind)).await? else {
            return Ok(());
        };
        let (code, told_as) = code(kind, Fate::Gone);
        let differences = gone.into_iter().map(|row| Difference {
            code,
            told_as,
            row,
            changes: Vec::new(),
        });
        self.tell(kind, differences.collect(), before).await
    }

    /// Makes events of the differences that nobody has told since the listing before.
    async fn tell(
        &mut self,
        kind: ThingKind,
        differences: Vec<Difference>,
        before: Timestamp,
    ) -> Result<(), StoreError> {
        let mut told: HashMap<&str, HashSet<String>> = HashMap::new();
        for difference in differences {
            if !told.contains_key(difference.code) {
                let ids = self.told(&difference, before).await?;
                told.insert(difference.code, ids);
            }
            if told[difference.code].contains(&difference.row.upstream_id) {
                continue;
            }
            let place = match difference.row.container_id {
                Some(id) => {
                    container::Entity::find_by_id(id)
                        .one(self.resolver.transaction)
                        .await?
                }
                None => None,
            };
            let place = match place {
                Some(place) => Some(self.place(&place).await?),
                None => None,
            };
            let target = Object {
                kind: kind.as_str().to_owned(),
                id: Some(difference.row.upstream_id),
                name: difference.row.name,
                ..Object::default()
            };
            let observation = Observation::of_thing(difference.code, kind, target, place);
            self.observe(observation.changes(difference.changes));
        }
        Ok(())
    }

    /// The things of which the log was told such a thing since the listing before: both by upstream's clock, so that
    /// what is read late does not count, and by ours.
    async fn told(
        &self,
        difference: &Difference,
        before: Timestamp,
    ) -> Result<HashSet<String>, StoreError> {
        let transaction = self.resolver.transaction;
        let codes = difference.told_as.iter().chain([&difference.code]).copied();
        let actions: Vec<i32> = action::Entity::find()
            .select_only()
            .column(action::Column::Id)
            .filter(action::COLUMN.code.is_in(codes))
            .into_tuple()
            .all(transaction)
            .await?;
        let told: Vec<Option<String>> = event::Entity::find()
            .select_only()
            .column(event::Column::TargetId)
            .distinct()
            .filter(event::COLUMN.action_id.is_in(actions))
            .filter(event::COLUMN.time.gte(before.minus(SKEW).micros()))
            .filter(event::COLUMN.recorded_at.gte(before.micros()))
            .into_tuple()
            .all(transaction)
            .await?;
        Ok(told.into_iter().flatten().collect())
    }
}

/// What may become of a thing.
#[derive(Clone, Copy)]
enum Fate {
    Appeared,
    Changed,
    Gone,
}

/// The code of what became of a thing of this kind, and other codes under which the log may be told of it.
fn code(kind: ThingKind, fate: Fate) -> (&'static str, &'static [&'static str]) {
    use Fate::{Appeared, Changed, Gone};
    match (kind, fate) {
        (ThingKind::Version, Appeared) => ("version.created", &[]),
        (ThingKind::Version, Changed) => ("version.updated", &[]),
        (ThingKind::Version, Gone) => ("version.deleted", &["version.merged"]),
        (ThingKind::Board, Appeared) => ("board.created", &[]),
        (ThingKind::Board, Changed) => ("board.updated", &[]),
        (ThingKind::Board, Gone) => ("board.deleted", &[]),
        (ThingKind::Sprint, Appeared) => ("sprint.created", &[]),
        (ThingKind::Sprint, Changed) => ("sprint.updated", &[]),
        (ThingKind::Sprint, Gone) => ("sprint.deleted", &[]),
        (ThingKind::Filter, Appeared) => ("filter.created", &[]),
        (ThingKind::Filter, Changed) => ("filter.updated", &[]),
        (ThingKind::Filter, Gone) => ("filter.deleted", &[]),
        (ThingKind::IssueType, Appeared) => ("issue_type.created", &[]),
        (ThingKind::IssueType, Changed) => ("issue_type.updated", &[]),
        (ThingKind::IssueType, Gone) => ("issue_type.deleted", &[]),
        (ThingKind::ProjectRole, Appeared) => ("project_role.created", &[]),
        (ThingKind::ProjectRole, Changed) => ("project_role.updated", &[]),
        (ThingKind::ProjectRole, Gone) => ("project_role.deleted", &[]),
        (ThingKind::PermissionScheme, Appeared) => {
            ("permission_scheme.created", &["permission_scheme.copied"])
        }
        (ThingKind::PermissionScheme, Changed) => (
            "permission_scheme.updated",
            &["permission.added", "permission.deleted"],
        ),
        (ThingKind::PermissionScheme, Gone) => ("permission_scheme.deleted", &[]),
        (ThingKind::Status, Appeared) => ("directory.status_added", &["status.created"]),
        (ThingKind::Status, Changed) => ("directory.status_changed", &["status.updated"]),
        (ThingKind::Status, Gone) => ("directory.status_removed", &["status.deleted"]),
        (ThingKind::Resolution, Appeared) => {
            ("directory.resolution_added", &["resolution.created"])
        }
        (ThingKind::Resolution, Changed) => ("directory.resolution_changed", &[]),
        (ThingKind::Resolution, Gone) => ("directory.resolution_removed", &[]),
        (ThingKind::Field, Appeared) => ("directory.field_added", &["custom_field.created"]),
        (ThingKind::Field, Changed) => ("directory.field_changed", &["custom_field.updated"]),
        (ThingKind::Field, Gone) => ("directory.field_removed", &["custom_field.deleted"]),
        (ThingKind::SecurityLevel, Appeared) => ("directory.security_level_added", &[]),
        (ThingKind::SecurityLevel, Changed) => ("directory.security_level_changed", &[]),
        (ThingKind::SecurityLevel, Gone) => ("directory.security_level_removed", &[]),
        (ThingKind::CustomerOrganization, Appeared) => {
            ("directory.customer_organization_added", &[])
        }
        (ThingKind::CustomerOrganization, Changed) => {
            ("directory.customer_organization_changed", &[])
        }
        (ThingKind::CustomerOrganization, Gone) => ("directory.customer_organization_removed", &[]),
    }
}

/// What a thing's row says otherwise than before; a thing that was gone and is back has appeared again.
fn compared(kind: ThingKind, old: Option<&thing::Model>, row: &thing::Model) -> Vec<Difference> {
    let difference = |(code, told_as), changes| Difference {
        code,
        told_as,
        row: row.clone(),
        changes,
    };
    let appeared = old.is_none_or(|old| old.gone_at.is_some());
    let mut found = Vec::new();
    if appeared {
        found.push(difference(code(kind, Fate::Appeared), Vec::new()));
    }
    let changes = changes(old, row);
    let (steps, rest): (Vec<Change>, Vec<Change>) = changes
        .into_iter()
        .partition(|change| step(kind, change).is_some());
    for change in steps {
        if let Some(code) = step(kind, &change) {
            found.push(difference((code, &[]), vec![change]));
        }
    }
    if !appeared && !rest.is_empty() {
        found.push(difference(code(kind, Fate::Changed), rest));
    }
    found
}

/// The action of its own that such a change is.
fn step(kind: ThingKind, change: &Change) -> Option<&'static str> {
    let (from, to) = (change.from.as_deref(), change.to.as_deref());
    match (kind, change.field.as_str()) {
        (ThingKind::Version, "released") => match (from, to) {
            (_, Some("true")) => Some("version.released"),
            (Some("true"), _) => Some("version.unreleased"),
            _ => None,
        },
        (ThingKind::Sprint, "state") => match to {
            Some("active") if from != Some("closed") => Some("sprint.started"),
            Some("closed") => Some("sprint.completed"),
            _ => None,
        },
        // The first word on a board's configuration is no change of it.
        (ThingKind::Board, "configuration") => from.and(Some("board.configuration_changed")),
        _ => None,
    }
}

/// Field by field what differs; of what is new, every detail.
fn changes(old: Option<&thing::Model>, row: &thing::Model) -> Vec<Change> {
    let details = |row: &thing::Model| -> BTreeMap<String, String> {
        serde_json::from_str(&row.details).unwrap_or_default()
    };
    let (before, after) = (old.map(details).unwrap_or_default(), details(row));
    let mut changes = Vec::new();
    let mut compare = |field: &str, from: Option<&String>, to: Option<&String>| {
        if from != to {
            changes.push(Change {
                field: field.to_owned(),
                from: from.cloned(),
                to: to.cloned(),
            });
        }
    };
    compare(
        "name",
        old.and_then(|old| old.name.as_ref()),
        row.name.as_ref(),
    );
    let fields: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for field in fields {
        compare(field, before.get(field), after.get(field));
    }
    changes
}
