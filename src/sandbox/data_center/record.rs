//! How a row of an audit log is worded, in REST answers and in log files: the two differ in names, in links, in how time
//! is written, and in the order of their lists.

use super::deeds::{About, Deed};
use super::log::{Actor, Row};
use super::{Instance, user_name};
use crate::sandbox::company::Company;
use chrono::SecondsFormat;
use serde_json::{Value, json};

/// One of the two shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// An answer of `/rest/auditing/1.0/events`.
    Rest,
    /// A line of an audit log file.
    File,
}

/// The id of somebody, as their own records name them.
pub(super) fn user_id(company: &Company, instance: Instance, person: u32) -> String {
    match instance {
        Instance::Bitbucket => (person + 2).to_string(),
        Instance::Jira => (person + 10_000).to_string(),
        Instance::Confluence => {
            let account = &company.people[person as usize].uuid;
            let digits: String = account.chars().filter(char::is_ascii_hexdigit).collect();
            digits
        }
    }
}

/// The id of who did it.
pub(super) fn actor_id(company: &Company, instance: Instance, row: &Row) -> String {
    match row.actor {
        Actor::Person(person) => user_id(company, instance, person),
        Actor::System => "-1".to_owned(),
        Actor::Anonymous => "-2".to_owned(),
        Actor::Token => "9001".to_owned(),
    }
}

/// The person who did it, if it was one.
pub(super) fn actor(row: &Row) -> Option<u32> {
    match row.actor {
        Actor::Person(person) => Some(person),
        Actor::System | Actor::Anonymous | Actor::Token => None,
    }
}

/// The record.
pub(super) fn text(
    company: &Company,
    instance: Instance,
    row: &Row,
    base: &str,
    shape: Shape,
) -> Value {
    let Deed {
        category,
        action,
        area,
        level,
        ..
    } = row.deed;
    let mut kind = json!({"category": category.0, "action": action.0});
    for (name, key) in [("categoryI18nKey", category.1), ("actionI18nKey", action.1)] {
        if !key.is_empty() {
            kind[name] = key.into();
        }
    }
    let mut attributes = attributes(company, instance, row);
    let mut changes = changes(instance, row);
    let mut objects = objects(company, instance, row, base);
    if shape == Shape::File {
        attributes.reverse();
        changes.reverse();
        for object in &mut objects {
            if let Some(members) = object.as_object_mut() {
                members.remove("uri");
            }
        }
    }
    let mut record = json!({
        "author": author(company, instance, row, base, shape),
        "affectedObjects": objects,
        "changedValues": changes,
        "extraAttributes": attributes,
        "system": base,
        "method": if row.actor == Actor::System { "System" } else { "Browser" },
    });
    if row.actor != Actor::System {
        record["source"] = format!("10.50.7.{}", row.host).into();
    }
    if instance == Instance::Bitbucket {
        record["node"] = "5f0c2a9e-1d7b-4c60-9a55-c0de00000001".into();
    }
    match shape {
        Shape::Rest => {
            let time = row.time.to_utc();
            record["timestamp"] = time.to_rfc3339_opts(SecondsFormat::Millis, true).into();
            record["type"] = kind;
        }
        Shape::File => {
            let micros = row.time.micros();
            record["timestamp"] = json!({
                "epochSecond": micros.div_euclid(1_000_000),
                "nano": micros.rem_euclid(1_000_000) * 1_000,
            });
            kind["area"] = area.into();
            kind["level"] = level.into();
            record["auditType"] = kind;
            record["version"] = "1.0".into();
        }
    }
    record
}

fn author(company: &Company, instance: Instance, row: &Row, base: &str, shape: Shape) -> Value {
    let id = actor_id(company, instance, row);
    let (name, kind) = match row.actor {
        Actor::System => ("System".to_owned(), "system"),
        Actor::Anonymous => ("Anonymous".to_owned(), "user"),
        Actor::Token => ("access-token-user/2/1".to_owned(), "SERVICE"),
        Actor::Person(person) => match instance {
            Instance::Bitbucket => (user_name(company, person), "NORMAL"),
            Instance::Jira => (user_name(company, person), "ApplicationUser"),
            Instance::Confluence => (company.card_of(person).name.clone(), "user"),
        },
    };
    let mut author = json!({"id": id, "name": name, "type": kind});
    if let (Shape::Rest, Actor::Person(person)) = (shape, row.actor) {
        author["uri"] = profile(instance, base, &user_name(company, person)).into();
        author["avatarUri"] = "".into();
    }
    author
}

fn profile(instance: Instance, base: &str, name: &str) -> String {
    match instance {
        Instance::Bitbucket => format!("{base}/users/{name}"),
        Instance::Jira => format!("{base}/secure/ViewProfile.jspa?name={name}"),
        Instance::Confluence => format!("{base}/admin/users/viewuser.action?username={name}"),
    }
}

fn objects(company: &Company, instance: Instance, row: &Row, base: &str) -> Vec<Value> {
    let word = |upper: &'static str, title: &'static str| match instance {
        Instance::Confluence => title,
        _ => upper,
    };
    let user = || {
        let id = user_id(company, instance, row.user);
        let name = user_name(company, row.user);
        let link = profile(instance, base, &name);
        match instance {
            Instance::Jira => {
                json!({"id": format!("JIRAUSER{id}"), "name": name, "type": "USER", "uri": link})
            }
            Instance::Bitbucket => json!({"id": id, "name": name, "type": "USER"}),
            Instance::Confluence => json!({
                "id": id, "name": company.card_of(row.user).name, "type": "User", "uri": link,
            }),
        }
    };
    let group = || {
        let name = company.groups.get(row.group as usize);
        let name = name.map_or("users", |group| group.name.as_str());
        json!({"id": name, "name": name, "type": word("GROUP", "Group"),
            "uri": format!("{base}/admin/groups/view?name={name}")})
    };
    let project_of = |place: u32| {
        let project = &company.projects[place as usize];
        let link = match instance {
            Instance::Bitbucket => format!("{base}/projects/{}", project.key),
            Instance::Jira => format!("{base}/browse/{}", project.key),
            Instance::Confluence => format!("{base}/display/{}", project.key),
        };
        json!({"id": (place + 1).to_string(), "name": project.name, "type": word("PROJECT", "Space"), "uri": link})
    };
    let repository = |id: u32| {
        let repository = &company.repositories[row.repository as usize];
        let project = &company.projects[repository.project as usize];
        let link = format!("{base}/projects/{}/repos/{}", project.key, repository.slug);
        vec![
            project_of(repository.project),
            json!({"id": id.to_string(), "name": repository.slug, "type": "REPOSITORY", "uri": link}),
        ]
    };
    match row.deed.about {
        About::Nothing | About::Setting | About::Token => Vec::new(),
        About::User => vec![user()],
        About::FormerUser => vec![json!({"name": user_name(company, row.user), "type": "USER"})],
        About::Group => vec![group()],
        About::Membership => vec![group(), user()],
        About::Project => vec![project_of(row.project)],
        About::Grant if instance == Instance::Confluence => vec![group(), project_of(row.project)],
        About::Grant => vec![user(), project_of(row.project)],
        About::Repository | About::RepositoryRequest if company.repositories.is_empty() => {
            Vec::new()
        }
        About::Repository => repository(row.repository + 1),
        // It has no number before it is there.
        About::RepositoryRequest => repository(0),
        About::Thing("MISC") => {
            vec![json!({"name": "com.example.bitbucket.reviewers", "type": "MISC"})]
        }
        About::Thing(kind) => vec![json!({
            "id": (10_100 + row.host).to_string(), "name": format!("Default {kind}").to_lowercase(), "type": kind,
        })],
    }
}

fn changes(instance: Instance, row: &Row) -> Vec<Value> {
    match row.deed.about {
        About::Setting => vec![
            json!({"key": "Name", "i18nKey": "common.words.name", "from": "Old", "to": format!("New {}", row.host)}),
            json!({"key": "Mode", "i18nKey": "common.words.mode", "from": "", "to": "strict"}),
        ],
        About::Grant if instance == Instance::Confluence => {
            vec![json!({"key": "Type", "i18nKey": "Type", "to": "VIEWSPACE"})]
        }
        _ => Vec::new(),
    }
}

fn attributes(company: &Company, instance: Instance, row: &Row) -> Vec<Value> {
    let attribute = |name: &str, key: &str, value: String| json!({"name": name, "nameI18nKey": key, "value": value});
    if row.deed.action.1.ends_with("audit.search") {
        return vec![
            attribute(
                "ID Range",
                "atlassian.audit.event.attribute.id",
                "1 - 90".to_owned(),
            ),
            attribute(
                "Query",
                "atlassian.audit.event.attribute.query",
                String::new(),
            ),
            attribute(
                "Results returned",
                "atlassian.audit.event.attribute.results",
                row.found.to_string(),
            ),
        ];
    }
    if instance != Instance::Bitbucket {
        return Vec::new();
    }
    match row.deed.about {
        About::Token => vec![
            attribute(
                "Name",
                "bitbucket.access.tokens.audit.attribute.accesstoken.name",
                "ci".to_owned(),
            ),
            attribute(
                "Public key",
                "bitbucket.ssh.audit.attr.sshkey.publickey",
                "ssh-ed25519 AAAA".to_owned(),
            ),
        ],
        About::Grant => vec![
            attribute(
                "Permission",
                "bitbucket.service.user.audit.attribute.permission.permission",
                "PROJECT_ADMIN".to_owned(),
            ),
            attribute(
                "details",
                "bitbucket.audit.attribute.legacy.details",
                json!({"permission": "PROJECT_ADMIN", "user": user_name(company, row.user)})
                    .to_string(),
            ),
        ],
        About::Repository | About::RepositoryRequest => {
            let Some(repository) = company.repositories.get(row.repository as usize) else {
                return Vec::new();
            };
            let key = &company.projects[repository.project as usize].key;
            vec![attribute(
                "target",
                "bitbucket.audit.attribute.legacy.target",
                format!("{key}/{}", repository.slug),
            )]
        }
        _ => Vec::new(),
    }
}
