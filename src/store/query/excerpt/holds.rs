//! Whether one event passes a test: the same answer as the database gives, from memory. Pure.

use super::facts::Facts;
use crate::event::filter::Membership;
use crate::event::{ContainerKind, Timestamp};
use crate::store::entity::{change, container, event, membership};
use crate::store::query::chosen::{ChangeOf, People, Targets, Test, Text, WordOf, fold};
use std::collections::BTreeSet;

pub(super) fn holds(tree: &Test, event: &event::Model, facts: &Facts) -> bool {
    match tree {
        Test::All(parts) => parts.iter().all(|part| holds(part, event, facts)),
        Test::Any(parts) => parts.iter().any(|part| holds(part, event, facts)),
        Test::Not(left_out) => !holds(left_out, event, facts),
        Test::Time { from, to } => {
            let time = Timestamp::from_micros(event.time);
            from.is_none_or(|from| from <= time) && to.is_none_or(|to| time < to)
        }
        Test::Sources(ids) => ids.contains(&event.source_id),
        Test::Products(products) => products
            .iter()
            .any(|product| product.number() == event.product),
        Test::Actions(names) => facts.action(event).is_some_and(|action| names.name(action)),
        Test::Actors(people) => did(people, event, facts),
        Test::Inside(ids) => facts.place(event).is_some_and(|place| {
            let around = place.parent_id.as_ref();
            ids.contains(&place.id) || around.is_some_and(|around| ids.contains(around))
        }),
        Test::OfIssue => issue_reference(event).is_some(),
        Test::Issues(names) => issue_reference(event).is_some_and(|name| names.contains(name)),
        Test::Sites(scopes) => facts.place(event).is_some_and(|place| is_at(place, scopes)),
        Test::Targets(targets) => is_target(targets, event, facts),
        Test::Changed(wanted) => {
            let mut changes = facts.changes(event).iter();
            changes.any(|change| fits(wanted, change))
        }
        Test::Addresses(ranges) => event.ip_number.is_some_and(|address| {
            ranges
                .iter()
                .any(|(first, last)| (*first..=*last).contains(&address))
        }),
        Test::Word(of, names) => {
            let word = match of {
                WordOf::Country => &event.country,
                WordOf::City => &event.city,
                WordOf::Method => &event.method,
            };
            is_among(word.as_ref(), names)
        }
        Test::Text(text) => has(text, event, facts),
        Test::Shown(standing) => facts.is_shown(standing, event),
    }
}

/// What an event calls its issue.
fn issue_reference(event: &event::Model) -> Option<&String> {
    event.issue_id.as_ref().or(event.issue_key.as_ref())
}

fn is_among(text: Option<&String>, names: &BTreeSet<String>) -> bool {
    text.is_some_and(|text| names.contains(&fold(text)))
}

fn did(people: &People, event: &event::Model, facts: &Facts) -> bool {
    let accounts = facts.actor(event);
    accounts.iter().any(|account| {
        people.users.contains(account)
            || facts.memberships(*account).iter().any(|membership| {
                is_in(people, membership) && lasts(people.membership, membership, event.time)
            })
    })
}

fn is_in(people: &People, membership: &membership::Model) -> bool {
    let among = |id: Option<i64>, ids: &[i64]| id.is_some_and(|id| ids.contains(&id));
    among(membership.group_id, &people.groups) || among(membership.container_id, &people.containers)
}

/// Whether it lasts still, or lasted at that moment. A membership whose beginning nobody saw has always been.
fn lasts(at: Membership, membership: &membership::Model, time: i64) -> bool {
    match at {
        Membership::Now => membership.until.is_none(),
        Membership::AtEventTime => {
            membership.since.is_none_or(|since| since <= time)
                && membership.until.is_none_or(|until| time < until)
        }
    }
}

fn is_at(place: &container::Model, scopes: &[String]) -> bool {
    let is_site = place.kind == ContainerKind::Site.number();
    let itself = place.upstream_id.as_ref().filter(|_| is_site);
    scopes.contains(&place.scope) || itself.is_some_and(|scope| scopes.contains(scope))
}

fn is_target(targets: &Targets, event: &event::Model, facts: &Facts) -> bool {
    is_among(event.target_id.as_ref(), &targets.names)
        || is_among(event.target_name.as_ref(), &targets.names)
        || facts
            .accounts(event.target_alias_id)
            .iter()
            .any(|account| targets.users.contains(account))
}

fn fits(wanted: &ChangeOf, change: &change::Model) -> bool {
    let is = |value: &Option<String>, values: &Option<BTreeSet<String>>| {
        values
            .as_ref()
            .is_none_or(|values| is_among(value.as_ref(), values))
    };
    wanted.fields.contains(&fold(&change.field))
        && is(&change.from_value, &wanted.from)
        && is(&change.to_value, &wanted.to)
}

fn has(text: &Text, event: &event::Model, facts: &Facts) -> bool {
    let wanted = fold(&text.text);
    let contains = |place: &str| fold(place).contains(&wanted);
    let action = facts.action(event);
    let optional = [
        event.message.as_deref(),
        event.target_name.as_deref(),
        event.target_id.as_deref(),
        event.issue_key.as_deref(),
        action.map(|action| action.label.as_str()),
        action.map(|action| action.code.as_str()),
        action.map(|action| action.name.as_str()),
        action.and_then(|action| action.upstream_label.as_deref()),
    ];
    if optional.into_iter().flatten().any(contains) {
        return true;
    }
    let begin = text.text.to_lowercase();
    let called = |account: &i64| {
        let mut words = facts.words(*account).iter();
        words.any(|word| word.starts_with(&begin))
    };
    text.with_people && facts.actor(event).iter().any(called)
}
