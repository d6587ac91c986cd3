//! From a filter to its text.
//!
//! What a person would type is tried first and taken when it means exactly the same filter; where nothing of the kind
//! does, `any:(…)` and `-(…)` say it as it is.

use super::conjunction::alternatives;
use super::lower::{LeftOut, Parts, chooses_people, zone_or};
use super::qualifier::{List, Qualifier, Sign, membership, product};
use super::time;
use crate::event::filter::EventFilter;
use chrono_tz::Tz;

/// The text of a filter: [`parse`](super::parse) makes the same filter of it.
#[must_use]
pub fn print(filter: &EventFilter) -> String {
    content(filter, Tz::UTC)
}

/// A filter as the whole text, or as all that is in parentheses.
fn content(filter: &EventFilter, zone: Tz) -> String {
    let alternatives = alternatives(filter.clone());
    if alternatives.len() > 1 {
        return one_of(&alternatives, zone);
    }
    let name = filter.time_zone.as_deref();
    let zone = zone_or(name, zone);
    let named = name.map(|name| {
        let known = name.parse::<Tz>().is_ok_and(|zone| zone.name() == name);
        let name = if known { name.to_owned() } else { quoted(name) };
        term(Qualifier::Zone, &name)
    });
    let inside = EventFilter {
        time_zone: None,
        ..filter.clone()
    };
    let run = run(&inside, zone);
    let parts = named.into_iter().chain((!run.is_empty()).then_some(run));
    parts.collect::<Vec<_>>().join(" ")
}

fn one_of(filters: &[EventFilter], zone: Tz) -> String {
    let texts = filters.iter().map(|filter| alternative(filter, zone));
    texts.collect::<Vec<_>>().join(" OR ")
}

/// A filter between `OR` and `OR`.
fn alternative(filter: &EventFilter, zone: Tz) -> String {
    let in_parentheses = filter.time_zone.is_some()
        || *filter == EventFilter::default()
        || alternatives(filter.clone()).len() > 1;
    if in_parentheses {
        group(filter, zone)
    } else {
        run(filter, zone)
    }
}

fn group(filter: &EventFilter, zone: Tz) -> String {
    format!("({})", content(filter, zone))
}

/// A filter without a time zone of its own, part beside part.
fn run(filter: &EventFilter, zone: Tz) -> String {
    let Parts { own, not, also } = parts(filter);
    let mut texts = criteria(&own, zone);
    for left_out in &not {
        let inside = if left_out.bare {
            match left_out.filter.text.as_deref() {
                Some(text) => word(text),
                None => criteria(&left_out.filter, zone).concat(),
            }
        } else {
            group(&left_out.filter, zone)
        };
        texts.push(format!("-{inside}"));
    }
    texts.extend(own.any.as_ref().map(|any| {
        let alternatives = one_of(any, zone);
        term(Qualifier::Any, &format!("({alternatives})"))
    }));
    texts.extend(own.text.as_deref().map(word));
    for filter in &also {
        texts.push(match &filter.text {
            Some(text) if is_only_text(filter) => word(text),
            _ => group(filter, zone),
        });
    }
    texts.join(" ")
}

/// The parts that make exactly this filter, as a person would put them.
fn parts(filter: &EventFilter) -> Parts {
    let mut own = filter.clone();
    let (not, any) = (own.not.take().map(|not| *not), own.any.take());
    let bare = |filter: &EventFilter| {
        is_bare(filter) && !(own.membership.is_some() && chooses_people(filter))
    };
    let left_out = |filters: &[EventFilter]| -> Vec<LeftOut> {
        let filters = filters.iter().cloned().map(|filter| LeftOut {
            bare: bare(&filter),
            filter,
        });
        filters.collect()
    };
    let whole: Vec<EventFilter> = not.iter().cloned().collect();
    let each: Vec<EventFilter> = not.into_iter().flat_map(alternatives).collect();
    // What is not to be left out is what must hold.
    let (kept, plain): (Vec<_>, Vec<_>) = each.iter().cloned().partition(is_double_negation);
    let kept = || kept.iter().filter_map(|filter| Some(*filter.not.clone()?));

    let (chain, rest) = words(any.as_deref());
    for (not, doubled) in [(&plain, true), (&each, false), (&whole, false)] {
        for also in [&chain, &rest] {
            let doubled = kept().filter(|_| doubled);
            let parts = Parts {
                own: own.clone(),
                not: left_out(not),
                also: also.iter().cloned().chain(doubled).collect(),
            };
            if parts.clone().filter() == *filter {
                return parts;
            }
        }
    }
    Parts {
        not: left_out(&whole),
        own: EventFilter { any, ..own },
        also: Vec::new(),
    }
}

/// Alternatives as what must hold besides: a single one with the words that it begins with apart, and all of it together.
fn words(any: Option<&[EventFilter]>) -> (Vec<EventFilter>, Vec<EventFilter>) {
    let mut chain = Vec::new();
    let mut rest = any;
    while let Some([filter]) = rest {
        let alone = EventFilter {
            any: None,
            ..filter.clone()
        };
        if !is_only_text(&alone) {
            break;
        }
        chain.push(alone);
        rest = filter.any.as_deref();
    }
    let together = |any: Option<&[EventFilter]>| match any {
        None | Some([]) => None,
        Some([filter]) => Some(filter.clone()),
        Some(any) => Some(EventFilter {
            any: Some(any.to_vec()),
            ..EventFilter::default()
        }),
    };
    chain.extend(together(rest));
    (chain, together(any).into_iter().collect())
}

fn is_double_negation(filter: &EventFilter) -> bool {
    filter.not.is_some()
        && EventFilter {
            not: None,
            ..filter.clone()
        } == EventFilter::default()
}

fn is_only_text(filter: &EventFilter) -> bool {
    filter.text.is_some()
        && EventFilter {
            text: None,
            ..filter.clone()
        } == EventFilter::default()
}

/// Whether it is one criterion, which needs no parentheses to be left out.
fn is_bare(filter: &EventFilter) -> bool {
    let alone = filter.not.is_none()
        && filter.any.is_none()
        && filter.time_zone.is_none()
        && filter.membership.is_none();
    alone && criteria(filter, Tz::UTC).len() + usize::from(filter.text.is_some()) == 1
}

/// The criteria of a filter itself, but for its text.
fn criteria(filter: &EventFilter, zone: Tz) -> Vec<String> {
    // Names all fields, so that nothing compiles before a new one has a text.
    let EventFilter {
        time,
        products,
        membership: of,
        jql,
        time_zone: _,
        text: _,
        not: _,
        any: _,
        users: _,
        groups: _,
        people_in_projects: _,
        people_in_organizations: _,
        actions: _,
        categories: _,
        sources: _,
        projects: _,
        issues: _,
        targets: _,
        status_from: _,
        status_to: _,
        resolutions: _,
        fields: _,
        ips: _,
        countries: _,
        cities: _,
        methods: _,
    } = filter;
    let mut texts = Vec::new();
    for list in List::ALL {
        let qualifier = Qualifier::List(list);
        texts.extend(list.of(filter).map(|values| match &values[..] {
            [] if list == List::Fields => term(qualifier, "*"),
            [] => term(qualifier, "()"),
            values => {
                let values: Vec<String> = values.iter().map(|text| value(text)).collect();
                term(qualifier, &values.join(","))
            }
        }));
    }
    let now = of.map(membership);
    texts.extend(now.map(|word| term(Qualifier::Membership, word)));
    texts.extend(products.as_ref().map(|products| {
        let words: Vec<&str> = products.iter().copied().map(product).collect();
        let all = words.join(",");
        term(
            Qualifier::Products,
            if all.is_empty() { "()" } else { &all },
        )
    }));
    let time = time.as_ref().map(|time| time::print(time, zone));
    texts.extend(time.map(|time| term(Qualifier::Time(Sign::Open), &time)));
    let jql = jql.as_deref().map(quoted);
    texts.extend(jql.map(|jql| term(Qualifier::Jql, &jql)));
    texts
}

fn term(qualifier: Qualifier, value: &str) -> String {
    format!("{}:{value}", qualifier.name())
}

/// A text to search for.
fn word(text: &str) -> String {
    let plain = !text.starts_with('-') && !matches!(text, "AND" | "OR" | "NOT");
    if plain && is_plain(text, "") {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A value among others.
fn value(text: &str) -> String {
    if is_plain(text, ":{}[]") {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Whether a text needs no quotes.
fn is_plain(text: &str, besides: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "._-/@#+&%'".contains(c) || besides.contains(c);
    !text.is_empty() && text.chars().all(plain)
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}
