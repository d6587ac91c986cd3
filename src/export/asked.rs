//! Whether what is asked of an export makes sense, as far as that shows without asking the store.

use super::reader::wrong;
use crate::event::export::Question;
use crate::event::filter::{EventFilter, zone_named};
use crate::event::saved::View;
use crate::store::StoreError;
use chrono_tz::Tz;

/// What of a filter chooses people.
const OF_PEOPLE: [&str; 6] = [
    "users",
    "groups",
    "peopleInProjects",
    "peopleInOrganizations",
    "membership",
    "timeZone",
];

/// Refuses what goes with another view.
pub(super) fn fits(question: &Question) -> Result<(), StoreError> {
    zone(question)?;
    let view = &question.view;
    let counts = view.kind == View::Aggregated;
    for (given, goes, path, with) in [
        (view.columns.is_some(), counts, "columns", "AGGREGATED"),
        (view.breakdown.is_some(), counts, "breakdown", "AGGREGATED"),
        (
            view.activity_order.is_some(),
            counts,
            "activityOrder",
            "AGGREGATED",
        ),
        (
            view.event_order.is_some(),
            view.kind == View::Detail,
            "eventOrder",
            "DETAIL",
        ),
        (
            question.workspace.is_some(),
            view.kind == View::LastActive,
            "workspace",
            "LAST_ACTIVE",
        ),
    ] {
        if given && !goes {
            return Err(wrong(path, format!("goes with the view {with} only")));
        }
    }
    if view.kind != View::LastActive {
        return Ok(());
    }
    if question.workspace.is_some() && question.filter != EventFilter::default() {
        let message = "has all members of the workspace; leave the filter out".to_owned();
        return Err(wrong("workspace", message));
    }
    let criteria = serde_json::to_value(&question.filter).unwrap_or_default();
    let criteria = criteria.as_object().into_iter().flatten();
    match criteria.map(|(name, _)| name).find(|name| !OF_PEOPLE.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(wrong(
            &format!("filter.{name}"),
            "with LAST_ACTIVE only users, groups, peopleInProjects and peopleInOrganizations choose"
                .to_owned(),
        )),
    }
}

/// The time zone of a question's dates.
pub(super) fn zone(question: &Question) -> Result<Tz, StoreError> {
    zone_named(question.zone()).map_err(|error| {
        let own = question.time_zone.is_some();
        let path = if own { "timeZone" } else { "filter.timeZone" };
        wrong(path, error.to_string())
    })
}
