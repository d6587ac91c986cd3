//! Comments: added, edited, deleted. What they say stays in the raw text.

use super::issue::About;
use super::{Site, people};
use crate::event::{Actor, NewEvent, Object, Timestamp};
use crate::source::look::Look;

/// The events that a comment shows as it is now: that it was added, and its last edit if there was one.
#[must_use]
pub fn polled(site: &Site, about: &About, comment: Look<'_>, raw: &str) -> Vec<NewEvent> {
    let created = created(site, about, comment, raw);
    let edited = match (comment.at("created").time(), comment.at("updated").time()) {
        (Some(created), Some(updated)) => updated > created,
        _ => false,
    };
    let updated = edited.then(|| updated(site, about, comment, raw)).flatten();
    created.into_iter().chain(updated).collect()
}

/// That the comment was added; `None` without an id.
#[must_use]
pub fn created(site: &Site, about: &About, comment: Look<'_>, raw: &str) -> Option<NewEvent> {
    let id = comment.at("id").text()?;
    Some(NewEvent {
        actor: people::actor(site, comment.at("author")),
        time: comment.at("created").time(),
        ..event(
            site,
            about,
            comment,
            (format!("comment/{id}/created"), "comment_created"),
            raw,
        )
    })
}

/// That the comment was edited for the last time; `None` without an id or the moment of the edit.
#[must_use]
pub fn updated(site: &Site, about: &About, comment: Look<'_>, raw: &str) -> Option<NewEvent> {
    let (id, time) = (comment.at("id").text()?, comment.at("updated").time()?);
    let key = format!("comment/{id}/updated/{}", time.millis());
    Some(NewEvent {
        actor: people::actor(site, comment.at("updateAuthor")),
        time: Some(time),
        ..event(site, about, comment, (key, "comment_updated"), raw)
    })
}

/// That the comment was deleted, which only webhooks tell; `None` without an id.
#[must_use]
pub fn deleted(
    site: &Site,
    about: &About,
    comment: Look<'_>,
    (actor, time): (Option<Actor>, Option<Timestamp>),
    raw: &str,
) -> Option<NewEvent> {
    let id = comment.at("id").text()?;
    Some(NewEvent {
        time,
        actor,
        ..event(
            site,
            about,
            comment,
            (format!("comment/{id}/deleted"), "comment_deleted"),
            raw,
        )
    })
}

fn event(
    site: &Site,
    about: &About,
    comment: Look<'_>,
    (key, action): (String, &str),
    raw: &str,
) -> NewEvent {
    let mut event = about.event(site, key, action, raw);
    event.target = Some(Object {
        kind: "comment".to_owned(),
        id: comment.at("id").text(),
        ..Object::default()
    });
    event.objects.extend(audience(comment));
    event
}

/// To whom alone a comment or worklog is shown, where it is not to everybody who sees the issue.
pub(super) fn audience(item: Look<'_>) -> Vec<Object> {
    let visibility = item.at("visibility");
    let restricted = visibility.is_object().then(|| Object {
        kind: match visibility.at("type").text().as_deref() {
            Some("group") => "visible-to-group",
            Some("role") => "visible-to-role",
            _ => "visible-to",
        }
        .to_owned(),
        id: visibility.at("identifier").text(),
        name: visibility.at("value").text(),
        ..Object::default()
    });
    let internal = (item.at("jsdPublic").flag() == Some(false)).then(|| Object {
        kind: "visible-to".to_owned(),
        name: Some("agents".to_owned()),
        ..Object::default()
    });
    restricted.into_iter().chain(internal).collect()
}
