//! From a tree to a filter.

use super::conjunction::{both, left_out};
use super::qualifier::List;
use super::time::joined;
use super::tree::{All, Item, Run, Term, Tree};
use crate::event::filter::EventFilter;
use chrono_tz::Tz;

/// The filter that a tree stands for, where clocks show the time of this zone unless the tree names another one.
pub(super) fn filter(tree: Tree, zone: Tz) -> EventFilter {
    let name = tree.zone;
    let zone = zone_or(name.as_deref(), zone);
    let mut any: Vec<EventFilter> = tree.any.into_iter().map(|all| all_of(all, zone)).collect();
    let filter = if any.len() > 1 {
        EventFilter {
            any: Some(any),
            ..EventFilter::default()
        }
    } else {
        any.pop().unwrap_or_default()
    };
    with_zone(filter, name)
}

/// The time zone of that name; where there is none, the one around it.
pub(super) fn zone_or(name: Option<&str>, around: Tz) -> Tz {
    name.and_then(|name| name.parse().ok()).unwrap_or(around)
}

/// The filter in a time zone; its own holds inside.
fn with_zone(filter: EventFilter, name: Option<String>) -> EventFilter {
    let inside = match name {
        None => return filter,
        Some(_) if filter.time_zone.is_none() => filter,
        Some(_) => EventFilter {
            any: Some(vec![filter]),
            ..EventFilter::default()
        },
    };
    EventFilter {
        time_zone: name,
        ..inside
    }
}

fn all_of(all: All, zone: Tz) -> EventFilter {
    all.into_iter()
        .map(|run| Parts::of(run, zone).filter())
        .reduce(both)
        .unwrap_or_default()
}

/// What stands side by side.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// The criteria themselves; also alternatives that are to stay as they are.
    pub(super) own: EventFilter,
    /// What is left out.
    pub(super) not: Vec<LeftOut>,
    /// What must hold besides, each by itself.
    pub(super) also: Vec<EventFilter>,
}

/// Something that is left out.
#[derive(Clone, Debug)]
pub(super) struct LeftOut {
    pub(super) filter: EventFilter,
    /// Whether it is a criterion without parentheses: then the time of membership is that of the criteria beside it.
    pub(super) bare: bool,
}

impl Parts {
    fn of(run: Run, zone: Tz) -> Self {
        let mut parts = Self::default();
        for item in run {
            parts.add(item, zone);
        }
        parts
    }

    fn add(&mut self, item: Item, zone: Tz) {
        match item {
            Item::Term(term) => self.add_term(term, zone),
            Item::Group(tree) => self.also.push(filter(tree, zone)),
            Item::Any(tree) => {
                let any = any_of(tree, zone);
                if self.own.any.is_none() {
                    self.own.any = Some(any);
                } else {
                    self.also.push(EventFilter {
                        any: Some(any),
                        ..EventFilter::default()
                    });
                }
            }
            Item::Not(item) => {
                let bare = matches!(*item, Item::Term(_));
                let filter = Self::of(vec![*item], zone).filter();
                self.not.push(LeftOut { filter, bare });
            }
        }
    }

    fn add_term(&mut self, term: Term, zone: Tz) {
        let own = &mut self.own;
        let besides = match term {
            Term::List(list, values) => {
                list.in_mut(own).get_or_insert_default().extend(values);
                return;
            }
            Term::Products(products) => {
                own.products.get_or_insert_default().extend(products);
                return;
            }
            Term::Membership(membership) => {
                own.membership = Some(membership);
                return;
            }
            Term::Time(written) => {
                let time = written.within(zone);
                let Some(before) = &own.time else {
                    own.time = Some(time);
                    return;
                };
                if let Some(whole) = joined(before, &time) {
                    own.time = Some(whole);
                    return;
                }
                EventFilter {
                    time: Some(time),
                    ..EventFilter::default()
                }
            }
            Term::Jql(jql) if own.jql.is_none() => {
                own.jql = Some(jql);
                return;
            }
            Term::Text(text) if own.text.is_none() => {
                own.text = Some(text);
                return;
            }
            Term::Jql(jql) => EventFilter {
                jql: Some(jql),
                ..EventFilter::default()
            },
            Term::Text(text) => EventFilter {
                text: Some(text),
                ..EventFilter::default()
            },
        };
        self.also.push(besides);
    }

    /// All of it in one filter.
    pub(super) fn filter(self) -> EventFilter {
        let mut filter = self.own;
        let membership = filter.membership;
        let not = self.not.into_iter().map(|left_out| {
            let mut filter = left_out.filter;
            if left_out.bare && chooses_people(&filter) && filter.membership.is_none() {
                filter.membership = membership;
            }
            filter
        });
        filter.not = left_out(not.collect());
        self.also.into_iter().fold(filter, both)
    }
}

/// Whether one of its own criteria is about what people belong to.
pub(super) fn chooses_people(filter: &EventFilter) -> bool {
    let mut people = List::ALL.into_iter().filter(|list| list.is_people());
    people.any(|list| list.of(filter).is_some())
}

/// Alternatives, each as it is.
fn any_of(tree: Tree, zone: Tz) -> Vec<EventFilter> {
    let name = tree.zone;
    let zone = zone_or(name.as_deref(), zone);
    let mut any: Vec<EventFilter> = tree.any.into_iter().map(|all| all_of(all, zone)).collect();
    if any.is_empty() && name.is_some() {
        any.push(EventFilter::default());
    }
    any.into_iter()
        .map(|filter| with_zone(filter, name.clone()))
        .collect()
}
