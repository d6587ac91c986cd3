//! Records of Confluence's audit log, as Confluence words them: names instead of ids, and no id of their own.
//!
//! Pure: the same fact gives the same texts every time.

use super::{Note, doer};
use crate::event::Timestamp;
use crate::sandbox::catalogue::{self, deed};
use crate::sandbox::company::{Card, Company, Kind, Person};
use crate::sandbox::log::Fact;
use crate::sandbox::names;
use serde_json::{Value, json};

/// Who did something.
pub(super) enum Doer<'a> {
    /// Confluence itself.
    System,
    /// Somebody, under the name they had then.
    Somebody(&'a Card, &'a Person),
}

/// Something that happens in Confluence alone.
pub(super) struct What {
    summary: &'static str,
    category: &'static str,
    /// What it is done to.
    on: On,
    /// Whether nobody does it.
    pub(super) by_system: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum On {
    Space,
    Page,
    Site,
    User,
    Nothing,
}

const fn what(summary: &'static str, category: &'static str, on: On) -> What {
    What {
        summary,
        category,
        on,
        by_system: matches!(on, On::User | On::Nothing),
    }
}

/// All that can happen in Confluence alone; the last is something that no reader has ever heard of.
pub(super) const NOTES: [What; 12] = [
    what("Space configuration updated", "Spaces", On::Space),
    what("Space logo uploaded", "Spaces", On::Space),
    what("Space archived", "Spaces", On::Space),
    what("Space export", "Import/export", On::Space),
    what("Page archived", "Page", On::Page),
    what("Page trashed", "Page", On::Page),
    what("Page restored", "Page", On::Page),
    what("Content restriction added", "Permissions", On::Page),
    what("Global settings changed", "Global administration", On::Site),
    what("User details updated", "Users and groups", On::User),
    what("User reactivated", "Users and groups", On::Nothing),
    what("Lantern trimmed", "Lighthouse", On::Site),
];

/// The records of something that the organization's log tells, too.
pub(super) fn of_fact(company: &Company, fact: &Fact, place: usize) -> Vec<String> {
    let actor = doer(company, fact.actor);
    let card = company.cards.get(fact.other as usize);
    let name = card.map_or("", |card| card.name.as_str());
    let groups = "Users and groups";
    match fact.deed {
        catalogue::GROUP_JOINED | catalogue::GROUP_LEFT => {
            let Some(group) = company.groups.get(fact.object as usize) else {
                return Vec::new();
            };
            let summary = if fact.deed == catalogue::GROUP_JOINED {
                "User added to group"
            } else {
                "User removed from group"
            };
            let group = thing(&format!("{}:{}", group.name, group.id), "Group");
            let user = json!([thing(name, "User")]);
            vec![record(
                &actor,
                fact.time,
                (summary, groups),
                &group,
                &[],
                &user,
            )]
        }
        catalogue::DEACTIVATED => {
            let named = thing(&format!("{name} (Deactivated)"), "User");
            let active = [change("Active", "Yes", "No")];
            let none = json!([]);
            let says = |summary, on: &Value, changes: &[Value]| {
                record(
                    &Doer::System,
                    fact.time,
                    (summary, groups),
                    on,
                    changes,
                    &none,
                )
            };
            vec![
                says("User details updated", &named, &active),
                says("User deactivated", &thing("", ""), &[]),
            ]
        }
        _ => permissions(company, fact, place, &actor),
    }
}

/// Permissions come in bundles, some of them twice.
fn permissions(company: &Company, fact: &Fact, place: usize, actor: &Doer<'_>) -> Vec<String> {
    let Some(project) = company.projects.get(fact.object as usize) else {
        return Vec::new();
    };
    let added = deed(fact.deed).action.contains("added");
    let summary = if added {
        "Space permission added"
    } else {
        "Space permission removed"
    };
    let group = &company.groups[place % company.groups.len().clamp(1, 6)].name;
    let space = json!([thing(&project.name, "Space")]);
    let one = |kind: &str| {
        let side = |value: &'static str, text: &str| {
            if added {
                change(value, "", text)
            } else {
                change(value, text, "")
            }
        };
        let changes = [
            side("Type", kind),
            side("Space", &project.key),
            side("Group", group),
        ];
        let group = thing(group, "Group");
        record(
            actor,
            fact.time,
            (summary, "Permissions"),
            &group,
            &changes,
            &space,
        )
    };
    let kinds = ["VIEWSPACE", "COMMENT", "EDITSPACE", "SETPAGEPERMISSIONS"];
    let mut records: Vec<String> = kinds[..=place % kinds.len()]
        .iter()
        .map(|kind| one(kind))
        .collect();
    if place.is_multiple_of(5) {
        records.push(one(kinds[0]));
    }
    records
}

/// The records of something that only Confluence tells.
pub(super) fn of_note(company: &Company, note: &Note) -> Vec<String> {
    let what = &NOTES[note.what];
    let project = &company.projects[note.space as usize];
    let actor = doer(company, note.actor);
    let page = names::PAGES[note.other as usize % names::PAGES.len()];
    let name = company.cards.get(note.other as usize);
    let name = name.map_or("", |card| card.name.as_str());
    let nothing = json!([]);
    let (on, changes, associated) = match what.on {
        On::Space if what.summary == "Space configuration updated" => {
            let changes = vec![
                change("Space type", "", "global"),
                change("Name", "", &project.name),
                change("Space key", "", &project.key),
            ];
            (thing(&project.name, "Space"), changes, nothing)
        }
        On::Space => (thing(&project.name, "Space"), vec![], nothing),
        On::Page => {
            let of = json!([thing(page, "Page"), thing(&project.name, "Space")]);
            let changes = vec![change("Content status", "CURRENT", "OTHER")];
            (thing(page, "Page"), changes, of)
        }
        On::Site => {
            let mut hidden = change("Secret", "", "");
            hidden["hiddenOldValue"] = "lighthouse-old".into();
            hidden["hiddenNewValue"] = "lighthouse-new".into();
            (thing("", ""), vec![hidden], nothing)
        }
        On::User => {
            let changes = vec![change("Full name", "Somebody", name)];
            (thing(name, "User"), changes, nothing)
        }
        On::Nothing => (thing("", ""), vec![], nothing),
    };
    let words = (what.summary, what.category);
    let text = record(&actor, note.time, words, &on, &changes, &associated);
    (0..note.times).map(|_| text.clone()).collect()
}

fn thing(name: &str, kind: &str) -> Value {
    json!({"name": name, "objectType": kind})
}

fn change(name: &str, old: &str, new: &str) -> Value {
    json!({"name": name, "oldValue": old, "newValue": new, "hiddenOldValue": "", "hiddenNewValue": ""})
}

fn record(
    actor: &Doer<'_>,
    time: Timestamp,
    (summary, category): (&str, &str),
    on: &Value,
    changes: &[Value],
    associated: &Value,
) -> String {
    let (author, address) = match actor {
        Doer::System => (author("System"), String::new()),
        Doer::Somebody(card, person) => {
            let mut author = author(&card.name);
            author["accountId"] = person.account_id.clone().into();
            author["username"] = person.account_id.clone().into();
            author["publicName"] = card.nickname.clone().into();
            if person.kind == Kind::App {
                author["accountType"] = "app".into();
            }
            let network = names::PLACES[person.place].network;
            (author, format!("{network}{}", person.host))
        }
    };
    let record = json!({
        "author": author,
        "remoteAddress": address,
        "creationDate": time.millis(),
        "summary": summary,
        "description": "",
        "category": category,
        "sysAdmin": false,
        "superAdmin": false,
        "affectedObject": on,
        "changedValues": changes,
        "associatedObjects": associated,
    });
    record.to_string()
}

fn author(name: &str) -> Value {
    json!({
        "type": "user",
        "displayName": name,
        "operations": null,
        "isExternalCollaborator": false,
        "accountType": "",
        "publicName": "Unknown user",
        "externalCollaborator": false,
    })
}
