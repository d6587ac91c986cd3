//! Two filters that both have to hold, as one filter.
//!
//! A filter has room for one value of some criteria and for one list of alternatives, and some criteria mean something
//! else beside each other. What finds no room of its own goes inside: into `any` with a single alternative, or, where
//! there is no end of that, into `not` as what must not be left out.

use super::qualifier::List;
use crate::event::filter::EventFilter;

/// How deep single alternatives go: beyond, a double negation is flatter.
const CHAIN: usize = 3;

/// The filter that chooses what both choose. Where `one` names a time zone, it holds for `other`, too, unless that names
/// one itself.
#[must_use]
pub fn both(mut one: EventFilter, other: EventFilter) -> EventFilter {
    if other == EventFilter::default() {
        return one;
    }
    if one == EventFilter::default() {
        return other;
    }
    if let Err(other) = place(&mut one, other, 0) {
        let kept = EventFilter {
            not: Some(other),
            ..EventFilter::default()
        };
        let not = one.not.take().map(|not| *not);
        one.not = left_out(not.into_iter().chain([kept]).collect());
    }
    one
}

/// Puts a filter where it must hold, too; gives it back when there is no room.
fn place(
    one: &mut EventFilter,
    mut other: EventFilter,
    level: usize,
) -> Result<(), Box<EventFilter>> {
    if fit(one, &other) {
        merge(one, other);
        return Ok(());
    }
    if level == CHAIN {
        return Err(Box::new(other));
    }
    match &mut one.any {
        None => {
            one.any = Some(vec![other]);
            Ok(())
        }
        Some(only) if matches!(&only[..], [inner] if inner.time_zone.is_none()) => {
            place(&mut only[0], other, level + 1)
        }
        any if other.any.is_none() && other.time_zone.is_none() => {
            other.any = any.take();
            one.any = Some(vec![other]);
            Ok(())
        }
        Some(_) => Err(Box::new(other)),
    }
}

/// Whether the criteria of both can stand beside each other and still mean the same.
fn fit(one: &EventFilter, other: &EventFilter) -> bool {
    if other.time_zone.is_some() {
        return false;
    }
    let apart = |has: &dyn Fn(&EventFilter) -> bool| !(has(one) && has(other));
    List::ALL
        .into_iter()
        .all(|list| apart(&|filter| list.of(filter).is_some()))
        && apart(&has_people)
        && apart(&|filter| {
            List::ALL
                .into_iter()
                .any(|list| list.is_change() && list.of(filter).is_some())
        })
        && apart(&|filter| filter.products.is_some())
        && apart(&|filter| filter.time.is_some())
        && apart(&|filter| filter.jql.is_some())
        && apart(&|filter| filter.text.is_some())
        && apart(&|filter| filter.any.is_some())
}

/// Whether it chooses people, or says whose membership counts.
fn has_people(filter: &EventFilter) -> bool {
    let mut lists = List::ALL.into_iter().filter(|list| list.is_people());
    filter.membership.is_some() || lists.any(|list| list.of(filter).is_some())
}

fn merge(one: &mut EventFilter, mut other: EventFilter) {
    for list in List::ALL {
        let values = list.in_mut(&mut other).take();
        let own = list.in_mut(one);
        *own = own.take().or(values);
    }
    one.membership = one.membership.or(other.membership);
    one.products = one.products.take().or(other.products);
    one.time = one.time.take().or(other.time);
    one.jql = one.jql.take().or(other.jql);
    one.text = one.text.take().or(other.text);
    one.any = one.any.take().or(other.any);
    one.not = match (one.not.take(), other.not) {
        (Some(one), Some(other)) => left_out(vec![*one, *other]),
        (one, other) => one.or(other),
    };
}

/// The filter that chooses what one of these chooses, for `not`, as flat as can be; a single one stays as it is.
pub(super) fn left_out(mut filters: Vec<EventFilter>) -> Option<Box<EventFilter>> {
    if filters.len() > 1 {
        filters = joined(filters.into_iter().flat_map(alternatives).collect());
    }
    let only = if filters.len() > 1 {
        EventFilter {
            any: Some(filters),
            ..EventFilter::default()
        }
    } else {
        filters.pop()?
    };
    Some(Box::new(only))
}

/// Values of one criterion that stand in filters of their own, in one filter.
fn joined(filters: Vec<EventFilter>) -> Vec<EventFilter> {
    let mut joined: Vec<EventFilter> = Vec::with_capacity(filters.len());
    let mut places: Vec<(List, usize)> = Vec::new();
    for mut filter in filters {
        let list = only_list(&filter);
        let place = places.iter().find(|(known, _)| Some(*known) == list);
        match (list, place) {
            (Some(list), Some((_, place))) => {
                let values = list.in_mut(&mut filter).take().unwrap_or_default();
                list.in_mut(&mut joined[*place])
                    .get_or_insert_default()
                    .extend(values);
            }
            (list, _) => {
                places.extend(list.map(|list| (list, joined.len())));
                joined.push(filter);
            }
        }
    }
    joined
}

/// The only criterion of a filter, when it is one whose values are texts and it has some.
pub(super) fn only_list(filter: &EventFilter) -> Option<List> {
    let mut given = List::ALL
        .into_iter()
        .filter(|list| list.of(filter).is_some());
    let (Some(list), None) = (given.next(), given.next()) else {
        return None;
    };
    let values = list.of(filter).filter(|values| !values.is_empty())?;
    let mut alone = EventFilter::default();
    *list.in_mut(&mut alone) = Some(values.clone());
    (alone == *filter).then_some(list)
}

/// The filters of which a filter chooses what one of them chooses: itself, unless it is nothing but alternatives.
pub(super) fn alternatives(mut filter: EventFilter) -> Vec<EventFilter> {
    match filter.any.take() {
        Some(any) if any.len() > 1 && filter == EventFilter::default() => any,
        any => {
            filter.any = any;
            vec![filter]
        }
    }
}
