//! Views of issues that are no new ones: the same person, the same issue, the same place, within five minutes (C25).
//!
//! The rule is applied on arrival, whichever of two views happened first: who looked at 10:00 and 10:04 has one view in the
//! log, the one that came first. So no two stored views are within five minutes of one another, and every view that came
//! is within five minutes of a stored one, in whatever order they came. Of several that come at once, the earliest counts.
//!
//! Views in the organization's log are merged only with those that were posted to us, never with one another: upstream
//! has merged them already, and what it counted twice was twice.

use super::StoreError;
use super::entity::{action, alias, event};
use super::names::Resolver;
use crate::event::view::{self, ONE_VIEW, ViewPlace};
use crate::event::{IssueRef, NewEvent, System};
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Issues looked up at once; SQLite takes 32,766 parameters.
const LOOKUP: usize = 5_000;

/// A stored view: action, source, time, alias, and the issue's id and key.
type Row = (i32, i32, i64, Option<i64>, Option<String>, Option<String>);

/// A view, stored or about to be.
struct View {
    system: System,
    source_id: i32,
    user: i64,
    issue: IssueRef,
    place: ViewPlace,
    /// In microseconds.
    time: i64,
}

impl View {
    fn is_repeated_by(&self, later: &Self) -> bool {
        let meets = ViewPlace::may_meet(later.system, self.system)
            && (later.system != self.system || later.source_id == self.source_id);
        let near = self.time.abs_diff(later.time);
        meets
            && self.user == later.user
            && self.place == later.place
            && near < u64::try_from(ONE_VIEW.as_micros()).unwrap_or(u64::MAX)
            && same(&self.issue, &later.issue)
    }
}

/// Ids decide, for keys change; without them keys do.
fn same(one: &IssueRef, other: &IssueRef) -> bool {
    match (&one.id, &other.id) {
        (Some(one), Some(other)) => one == other,
        _ => one.key.is_some() && one.key == other.key,
    }
}

/// Which of these events, by their place in the list, are views that are no new ones. `is_new` says which are new at all;
/// people must have been learned.
pub(super) async fn repeats(
    resolver: &Resolver<'_>,
    source_id: i32,
    events: &[NewEvent],
    now: i64,
    is_new: impl Fn(&NewEvent) -> bool,
) -> Result<HashSet<usize>, StoreError> {
    let mut repeats = HashSet::new();
    let views = events.iter().enumerate().filter_map(|(at, event)| {
        let place = view::place(event)?;
        let issue = event
            .issue
            .clone()
            .filter(|issue| *issue != IssueRef::default())?;
        let alias = resolver.alias(&event.actor.as_ref()?.alias)?;
        let view = View {
            system: event.system,
            source_id,
            user: alias,
            issue,
            place,
            time: event.time.map_or(now, crate::event::Timestamp::micros),
        };
        is_new(event).then_some((at, view))
    });
    let mut views: Vec<(usize, View)> = views.collect();
    let Some(system) = views.first().map(|(_, view)| view.system) else {
        return Ok(repeats);
    };
    let mut known = stored(resolver, system, &mut views).await?;
    views.sort_by_key(|(at, view)| (view.time, *at));
    for (at, view) in views {
        if known.iter().any(|known| known.is_repeated_by(&view)) {
            repeats.insert(at);
        } else if ViewPlace::may_meet(system, system) {
            known.push(view);
        }
    }
    Ok(repeats)
}

/// Whose these aliases are.
async fn people(
    resolver: &Resolver<'_>,
    aliases: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, i64>, StoreError> {
    let aliases: BTreeSet<i64> = aliases.collect();
    let rows = alias::Entity::find().filter(alias::COLUMN.id.is_in(aliases));
    let rows = rows.all(resolver.transaction).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.user_id)).collect())
}

/// The stored views that one of these could repeat. Aliases are replaced by the people whose they are.
async fn stored(
    resolver: &Resolver<'_>,
    system: System,
    views: &mut [(usize, View)],
) -> Result<Vec<View>, StoreError> {
    let transaction = resolver.transaction;
    let actions = ViewPlace::ALL.map(ViewPlace::action).into_iter();
    let actions = action::Entity::find()
        .filter(
            action::COLUMN
                .name
                .is_in(actions.chain(["jira_issue_viewed"])),
        )
        .all(transaction)
        .await?;
    let actions: HashMap<i32, (System, ViewPlace)> = actions
        .into_iter()
        .filter_map(|row| {
            let known = System::parse(&row.system)?;
            let place = ViewPlace::of(known, &row.name)?;
            ViewPlace::may_meet(system, known).then_some((row.id, (known, place)))
        })
        .collect();
    if actions.is_empty() && !ViewPlace::may_meet(system, system) {
        return Ok(Vec::new());
    }
    let users = people(resolver, views.iter().map(|(_, view)| view.user)).await?;
    for (_, view) in views.iter_mut() {
        view.user = users.get(&view.user).copied().unwrap_or(view.user);
    }
    let times = || views.iter().map(|(_, view)| view.time);
    let width = i64::try_from(ONE_VIEW.as_micros()).unwrap_or(i64::MAX);
    let from = times().min().unwrap_or(0).saturating_sub(width);
    let to = times().max().unwrap_or(0).saturating_add(width);
    let mut found = Vec::new();
    for views in views.chunks(LOOKUP) {
        let ids = views.iter().filter_map(|(_, view)| view.issue.id.clone());
        let keys = views.iter().filter_map(|(_, view)| view.issue.key.clone());
        let issues = Condition::any()
            .add(event::COLUMN.issue_id.is_in(ids.collect::<BTreeSet<_>>()))
            .add(event::COLUMN.issue_key.is_in(keys.collect::<BTreeSet<_>>()));
        let rows: Vec<Row> = event::Entity::find()
            .select_only()
            .column(event::Column::ActionId)
            .column(event::Column::SourceId)
            .column(event::Column::Time)
            .column(event::Column::ActorId)
            .column(event::Column::IssueId)
            .column(event::Column::IssueKey)
            .filter(event::COLUMN.action_id.is_in(actions.keys().copied()))
            .filter(event::Column::Time.between(from, to))
            .filter(issues)
            .into_tuple()
            .all(transaction)
            .await?;
        found.extend(rows);
    }
    let users = people(resolver, found.iter().filter_map(|row| row.3)).await?;
    let view = |(action, source, time, alias, id, key): Row| {
        let (system, place) = *actions.get(&action)?;
        Some(View {
            system,
            source_id: source,
            user: *users.get(&alias?)?,
            issue: IssueRef { id, key },
            place,
            time,
        })
    };
    Ok(found.into_iter().filter_map(view).collect())
}
