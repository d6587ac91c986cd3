//! Which events tell of the same act: what the witness of a report without a name is, and where to look for it.

use super::entity::{action, alias, change, container, event, source, user};
use super::issues::{IssueName, Named};
use super::names::Resolver;
use super::query::issue_reference;
use super::sites::{Sites, scope_of};
use super::{StoreError, indexed};
use crate::event::action::late::{ISSUE_UPDATED, changelog_fields, may_be_awaited};
use crate::event::{ActorKind, System};
use sea_orm::sea_query::Condition;
use sea_orm::{EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeSet, HashMap};

/// How far apart two reports of one act may be, in microseconds.
pub(super) const APART: i64 = 120_000_000;

/// The names by which the issues of some events are known.
pub(super) struct Names(HashMap<String, Vec<String>>);

impl Names {
    pub(super) async fn of<'e>(
        resolver: &Resolver<'_>,
        rows: impl Iterator<Item = &'e event::Model>,
    ) -> Result<Self, StoreError> {
        let names: Vec<IssueName> = rows.filter_map(issue_name).collect();
        let mut all = HashMap::new();
        if !names.is_empty() {
            let known = Named::load(resolver.transaction, &names).await?;
            for name in names {
                let issue = known.find(&name);
                let also = issue
                    .into_iter()
                    .flat_map(|issue| [Some(issue.upstream_id.clone()), issue.key.clone()]);
                let own = [name.id.clone(), name.key.clone()];
                let every: BTreeSet<String> = own.into_iter().chain(also).flatten().collect();
                for own in [name.id, name.key].into_iter().flatten() {
                    all.insert(own, every.iter().cloned().collect());
                }
            }
        }
        Ok(Self(all))
    }

    fn every<'a>(&'a self, row: &'a event::Model) -> BTreeSet<&'a str> {
        let own = row.issue_id.iter().chain(&row.issue_key);
        let also = own.clone().filter_map(|own| self.0.get(own)).flatten();
        own.chain(also).map(String::as_str).collect()
    }
}

fn issue_name(row: &event::Model) -> Option<IssueName> {
    (row.issue_id.is_some() || row.issue_key.is_some()).then(|| IssueName {
        id: row.issue_id.clone(),
        key: row.issue_key.clone(),
        container_id: row.container_id,
    })
}

/// What an event is about, as far as that can bring a report without a name and one with a name together.
pub(super) fn subjects(row: &event::Model, code: &str, names: &Names) -> BTreeSet<String> {
    let mut subjects = BTreeSet::new();
    if may_be_awaited(code) {
        let target = row.target_id.iter().map(|id| format!("{code} {id}"));
        let person = row.target_alias_id.iter().map(|id| format!("{code} @{id}"));
        let place = row.container_id.filter(|_| code.starts_with("project."));
        let place = place.map(|id| format!("{code} #{id}"));
        subjects.extend(target.chain(person).chain(place));
    }
    if code == ISSUE_UPDATED || !changelog_fields(code).is_empty() {
        subjects.extend(
            names
                .every(row)
                .into_iter()
                .map(|name| format!("issue {name}")),
        );
    }
    subjects.into_iter().map(indexed).collect()
}

/// The people and apps behind these aliases: a system that acts, or nobody in particular, is no witness's word.
pub(super) async fn people(
    resolver: &Resolver<'_>,
    aliases: BTreeSet<i64>,
) -> Result<HashMap<i64, i64>, StoreError> {
    let named = alias::Entity::find()
        .filter(alias::COLUMN.id.is_in(aliases))
        .all(resolver.transaction)
        .await?;
    let nobody = [ActorKind::System, ActorKind::Anonymous].map(ActorKind::number);
    let people: Vec<i64> = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(
            user::COLUMN
                .id
                .is_in(named.iter().map(|alias| alias.user_id)),
        )
        .filter(user::COLUMN.kind.is_not_in(nobody))
        .into_tuple()
        .all(resolver.transaction)
        .await?;
    let named = named.into_iter();
    Ok(named
        .filter(|alias| people.contains(&alias.user_id))
        .map(|alias| (alias.id, alias.user_id))
        .collect())
}

/// The reports that say who did what this event reports, nearest first.
pub(super) async fn witnesses(
    resolver: &Resolver<'_>,
    row: &event::Model,
) -> Result<Vec<event::Model>, StoreError> {
    let Some(own) = resolver.action_row(row.action_id) else {
        return Ok(Vec::new());
    };
    let names = Names::of(resolver, std::iter::once(row)).await?;
    let (code, every) = (own.code.as_str(), names.every(row));
    let near = Condition::all()
        .add(
            event::COLUMN
                .time
                .between(row.time - APART, row.time + APART),
        )
        .add(event::COLUMN.actor_id.is_not_null())
        .add(event::COLUMN.seq.ne(row.seq));
    let same = event::Entity::find()
        .filter(near.clone())
        .filter(
            event::COLUMN
                .action_id
                .is_in(actions(resolver, code).await?),
        )
        .all(resolver.transaction)
        .await?;
    let mut found: Vec<event::Model> = same
        .into_iter()
        .filter(|other| {
            let part_of = || {
                !changelog_fields(code).is_empty()
                    && !names.every(other).is_disjoint(&every)
                    && !differ(row, other)
            };
            both(row.target_id.as_ref(), other.target_id.as_ref())
                || both(row.target_alias_id.as_ref(), other.target_alias_id.as_ref())
                || code.starts_with("project.")
                    && both(row.container_id.as_ref(), other.container_id.as_ref())
                || part_of()
        })
        .collect();
    if !changelog_fields(code).is_empty() && !every.is_empty() {
        let updates = event::Entity::find()
            .filter(near)
            .filter(
                event::COLUMN
                    .action_id
                    .is_in(actions(resolver, ISSUE_UPDATED).await?),
            )
            .filter(issue_reference().is_in(every))
            .all(resolver.transaction)
            .await?;
        found.extend(telling_of(resolver, updates, changelog_fields(code)).await?);
    }
    let mut found = at_the_same_site(resolver, row, found).await?;
    found.sort_by_key(|other| (other.time.abs_diff(row.time), other.seq));
    Ok(found)
}

/// The numbers of all names that an action goes by.
async fn actions(resolver: &Resolver<'_>, code: &str) -> Result<Vec<i32>, StoreError> {
    Ok(action::Entity::find()
        .select_only()
        .column(action::Column::Id)
        .filter(action::COLUMN.code.eq(code))
        .into_tuple()
        .all(resolver.transaction)
        .await?)
}

fn both<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    one.is_some() && one == other
}

/// Whether two events are about different things of the same kind.
fn differ(one: &event::Model, other: &event::Model) -> bool {
    let kind = |row: &event::Model| row.target_kind.as_ref().map(|kind| kind.to_lowercase());
    both(kind(one).as_ref(), kind(other).as_ref())
        && one.target_id.is_some()
        && other.target_id.is_some()
        && one.target_id != other.target_id
}

/// The updates of an issue that show this act, or do not say what they changed.
async fn telling_of(
    resolver: &Resolver<'_>,
    updates: Vec<event::Model>,
    fields: &[&str],
) -> Result<Vec<event::Model>, StoreError> {
    let changes = change::Entity::find()
        .filter(change::COLUMN.seq.is_in(updates.iter().map(|row| row.seq)))
        .order_by_asc(change::Column::Seq)
        .all(resolver.transaction)
        .await?;
    let mut told: HashMap<i64, bool> = HashMap::new();
    for change in changes {
        let shows = fields
            .iter()
            .any(|field| field.eq_ignore_ascii_case(&change.field));
        *told.entry(change.seq).or_default() |= shows;
    }
    let updates = updates.into_iter();
    Ok(updates
        .filter(|row| told.get(&row.seq).copied().unwrap_or(true))
        .collect())
}

/// Those of the events that are not known to be from another site: numbers of things are only unique at one.
async fn at_the_same_site(
    resolver: &Resolver<'_>,
    row: &event::Model,
    others: Vec<event::Model>,
) -> Result<Vec<event::Model>, StoreError> {
    if others.iter().all(|other| other.source_id == row.source_id) {
        return Ok(others);
    }
    let places = others
        .iter()
        .chain([row])
        .filter_map(|row| row.container_id);
    let scopes: HashMap<i64, String> = container::Entity::find()
        .filter(container::COLUMN.id.is_in(places.collect::<BTreeSet<_>>()))
        .all(resolver.transaction)
        .await?
        .iter()
        .filter_map(|place| Some((place.id, scope_of(place)?)))
        .collect();
    let jiras: Vec<i32> = source::Entity::find()
        .select_only()
        .column(source::Column::Id)
        .filter(
            source::COLUMN
                .system
                .is_in([System::JiraCloud, System::JiraDc].map(System::as_str)),
        )
        .into_tuple()
        .all(resolver.transaction)
        .await?;
    let sites = Sites::load(resolver.transaction).await?;
    let scope = |row: &event::Model| scopes.get(&row.container_id?).map(String::as_str);
    let same = |other: &event::Model| {
        let (here, there) = (scope(row), scope(other));
        let two_jiras = jiras.contains(&row.source_id) && jiras.contains(&other.source_id);
        other.source_id == row.source_id
            || if two_jiras {
                // Each source is one site, unless both say the same.
                sites.agree(here, there)
            } else {
                sites.may_agree(here, there)
            }
    };
    Ok(others.into_iter().filter(same).collect())
}
