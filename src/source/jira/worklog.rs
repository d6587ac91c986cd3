//! Worklogs: added, edited, deleted. What they say stays in the raw text.

use super::comment::audience;
use super::issue::About;
use super::{Site, members, people};
use crate::event::{Actor, Change, NewEvent, Object, Timestamp};
use crate::source::look::{self, Look};
use serde_json::value::RawValue;

/// The events that a worklog shows as it is now: that it was added, and its last edit if there was one.
#[must_use]
pub fn polled(site: &Site, worklog: Look<'_>, raw: &str) -> Vec<NewEvent> {
    let about = About::by_id(site, worklog.at("issueId").text());
    if worklog.at("worklogId").text().is_some() {
        let gone = (None, worklog.at("updatedTime").time());
        return deleted(site, &about, worklog, gone, raw)
            .into_iter()
            .collect();
    }
    let site = &site.clone().or_of(worklog);
    let created = created(site, &about, worklog, raw);
    let edited = match (worklog.at("created").time(), worklog.at("updated").time()) {
        (Some(created), Some(updated)) => updated > created,
        _ => false,
    };
    let updated = edited
        .then(|| updated(site, &about, worklog, raw))
        .flatten();
    created.into_iter().chain(updated).collect()
}

/// An item of the list of deleted worklogs as a record that says so; by itself it looks like one of those updated.
#[must_use]
pub fn deletion(item: &RawValue) -> Option<Box<RawValue>> {
    RawValue::from_string(format!(r#"{{"deletedWorklog":{}}}"#, item.get())).ok()
}

/// The event in a record that [`deletion`] made: of the worklog no more is known than its id.
#[must_use]
pub fn polled_deletion(site: &Site, record: &RawValue) -> Option<NewEvent> {
    let item = members(record).remove("deletedWorklog")?;
    let value = look::value(item);
    let look = Look::new(&value);
    let gone = (None, look.at("updatedTime").time());
    deleted(site, &About::by_id(site, None), look, gone, item.get())
}

/// That the worklog was added; `None` without an id.
#[must_use]
pub fn created(site: &Site, about: &About, worklog: Look<'_>, raw: &str) -> Option<NewEvent> {
    let id = worklog.at("id").text()?;
    Some(NewEvent {
        actor: people::actor(site, worklog.at("author")),
        time: worklog.at("created").time(),
        ..event(
            site,
            about,
            worklog,
            (format!("worklog/{id}/created"), "worklog_created"),
            raw,
        )
    })
}

/// That the worklog was edited for the last time; `None` without an id or the moment of the edit.
#[must_use]
pub fn updated(site: &Site, about: &About, worklog: Look<'_>, raw: &str) -> Option<NewEvent> {
    let (id, time) = (worklog.at("id").text()?, worklog.at("updated").time()?);
    let key = format!("worklog/{id}/updated/{}", time.millis());
    Some(NewEvent {
        actor: people::actor(site, worklog.at("updateAuthor")),
        time: Some(time),
        ..event(site, about, worklog, (key, "worklog_updated"), raw)
    })
}

/// That the worklog was deleted; `None` without an id. Polling tells neither by whom nor of which issue.
#[must_use]
pub fn deleted(
    site: &Site,
    about: &About,
    worklog: Look<'_>,
    (actor, time): (Option<Actor>, Option<Timestamp>),
    raw: &str,
) -> Option<NewEvent> {
    let id = id(worklog)?;
    Some(NewEvent {
        time,
        actor,
        ..event(
            site,
            about,
            worklog,
            (format!("worklog/{id}/deleted"), "worklog_deleted"),
            raw,
        )
    })
}

fn id(worklog: Look<'_>) -> Option<String> {
    let id = worklog.at("id").text();
    id.or_else(|| worklog.at("worklogId").text())
}

fn event(
    site: &Site,
    about: &About,
    worklog: Look<'_>,
    (key, action): (String, &str),
    raw: &str,
) -> NewEvent {
    let mut event = about.event(site, key, action, raw);
    event.target = Some(Object {
        kind: "worklog".to_owned(),
        id: id(worklog),
        ..Object::default()
    });
    event.objects.extend(audience(worklog));
    event
        .changes
        .extend(worklog.at("timeSpentSeconds").text().map(|seconds| Change {
            field: "timeSpentSeconds".to_owned(),
            from: None,
            to: Some(seconds),
        }));
    event
}
