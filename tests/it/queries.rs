//! Query cases: every `.graphql` file in `tests/queries` is asked of one small world, on both databases, and must get
//! the answer in the `.snap` file beside it.
//!
//! A new case is a new file; `INSTA_UPDATE=always cargo nextest run queries` writes its answer, to be read before it is
//! committed. A first line `# variables: {...}` gives variables as JSON; a text in them that begins with `base64:` is
//! sent encoded, as global ids (`base64:event:3`) and cursors are.

use crate::world::{Kind, World, at, event, on_both, person, project};
use auditgraph::event::directory::{
    ActivitySignal, DirectoryGroup, DirectoryIssue, DirectoryMember, DirectoryUser, Entry, Listing,
    SecurityLevel, UserStatus,
};
use auditgraph::event::{
    Actor, ActorKind, Alias, Change, Container, ContainerKind, IssueRef, Location, NewEvent,
    Object, Product, System,
};
use auditgraph::store::Batch;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

on_both!(queries_are_answered);

async fn queries_are_answered(kind: Kind) {
    let world = seeded(kind).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries");
    let cases = files(&folder, "graphql");
    assert!(!cases.is_empty());
    for case in &cases {
        let query = std::fs::read_to_string(case).unwrap();
        let answer = world.ask(&query, variables(&query)).await;
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(case.parent().unwrap());
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let name = case.file_stem().unwrap().to_str().unwrap();
        settings.bind(|| insta::assert_json_snapshot!(name, answer));
    }
    let asked: BTreeSet<PathBuf> = cases.iter().map(|case| case.with_extension("")).collect();
    for answer in files(&folder, "snap") {
        let case = answer.with_extension("");
        assert!(asked.contains(&case), "{} has no query", answer.display());
    }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|known| known == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn variables(query: &str) -> Value {
    let first = query.lines().next().unwrap_or_default();
    let given = first
        .strip_prefix("# variables:")
        .map_or_else(|| json!({}), |text| serde_json::from_str(text).unwrap());
    encoded(given)
}

fn encoded(value: Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("base64:") {
            Some(plain) => URL_SAFE_NO_PAD.encode(plain).into(),
            None => text.into(),
        },
        Value::Array(items) => items.into_iter().map(encoded).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, encoded(value)))
            .collect(),
        other => other,
    }
}

/// Two listings of a directory, ten days apart, and the events of a week.
pub(crate) async fn seeded(kind: Kind) -> World {
    let world = World::new(kind).await;
    list(
        &world,
        "2026-11-01T08:00:00Z",
        &["admins", "developers"],
        &["developers"],
    )
    .await;
    list(
        &world,
        "2026-11-11T08:00:00Z",
        &["admins", "developers"],
        &["admins"],
    )
    .await;
    world.append(events()).await;
    let own = Batch {
        part: "test",
        events: vec![pushed()],
        ..Batch::default()
    };
    world
        .feed
        .append("bitbucket", System::BitbucketCloud, own, world.clock.now())
        .await
        .unwrap();
    let known = Batch {
        part: "issues",
        entries: issues()
            .into_iter()
            .map(Box::new)
            .map(Entry::Issue)
            .collect(),
        ..Batch::default()
    };
    world
        .feed
        .append("jira", System::JiraCloud, known, world.clock.now())
        .await
        .unwrap();
    world
}

/// What is known of issues: one with all its details that has moved, one that has been deleted, one without a project.
fn issues() -> Vec<DirectoryIssue> {
    let issue = |id: &str, key: &str, time: &str| DirectoryIssue {
        scope: "acme.example.com".to_owned(),
        id: id.to_owned(),
        key: Some(key.to_owned()),
        at: Some(at(time)),
        ..DirectoryIssue::default()
    };
    vec![
        issue("10001", "OLD-7", "2026-11-02T08:00:00Z"),
        DirectoryIssue {
            kind: Some("Bug".to_owned()),
            summary: Some("The button does nothing".to_owned()),
            request_type: Some("Report a fault".to_owned()),
            security: Some(Some(SecurityLevel {
                id: "10100".to_owned(),
                name: Some("Staff only".to_owned()),
            })),
            project: Some(project("WEB")),
            ..issue("10001", "WEB-1", "2026-11-03T08:00:00Z")
        },
        DirectoryIssue {
            summary: Some("100% done".to_owned()),
            project: Some(project("WEB")),
            deleted: Some(r#"{"id":"10010"}"#.to_owned()),
            ..issue("10010", "WEB-10", "2026-11-04T08:00:00Z")
        },
        issue("10002", "WEB-2", "2026-11-05T08:00:00Z"),
    ]
}

/// A complete listing of who there is and who is in which group.
async fn list(world: &World, time: &str, anns: &[&str], bos: &[&str]) {
    let somebody = |account: &str, name: &str, groups: &[&str]| DirectoryUser {
        aliases: vec![Alias::account(account)],
        name: Some(name.to_owned()),
        status: Some(UserStatus::Active),
        groups: Some(groups.iter().map(|name| group(name)).collect()),
        ..DirectoryUser::default()
    };
    let ann = DirectoryUser {
        aliases: vec![Alias::account("557058:ann"), Alias::bitbucket("{ann}")],
        nickname: Some("Annie".to_owned()),
        email: Some("Ann.Lee@example.com".to_owned()),
        job_title: Some("Engineer".to_owned()),
        department: Some("Platform".to_owned()),
        added_at: Some(at("2025-02-03T09:00:00Z")),
        activity: vec![
            ActivitySignal {
                evidence: "product-access:jira".to_owned(),
                time: at("2026-10-30T10:00:00Z"),
            },
            ActivitySignal {
                evidence: "product-access:confluence".to_owned(),
                time: at("2026-10-29T10:00:00Z"),
            },
        ],
        ..somebody("557058:ann", "Ann Lee", anns)
    };
    let bot = DirectoryUser {
        kind: ActorKind::App,
        ..somebody("557058:bot", "automation bot", &[])
    };
    let owner = DirectoryMember {
        container: workspace(),
        user: Box::new(ann.clone()),
        permission: Some("owner".to_owned()),
        since: Some(at("2025-03-01T00:00:00Z")),
    };
    let web = Container {
        id: Some("10000".to_owned()),
        name: Some("Website".to_owned()),
        url: Some("https://acme.example.com/browse/WEB".to_owned()),
        private: Some(true),
        ..project("WEB")
    };
    let entries = vec![
        Entry::Group(group("admins")),
        Entry::Group(group("developers")),
        Entry::Group(group("Éclair")),
        Entry::End(Listing::Groups),
        Entry::User(Box::new(ann)),
        Entry::User(Box::new(somebody("557058:bo", "Bo Ek", bos))),
        Entry::User(Box::new(somebody("557058:oz", "Özlem Çelik", &[]))),
        Entry::User(Box::new(bot)),
        Entry::End(Listing::Users),
        Entry::Container(workspace()),
        Entry::Container(web),
        Entry::Container(repository()),
        Entry::End(Listing::Containers),
        Entry::Member(owner),
        Entry::End(Listing::Members),
    ];
    let batch = Batch {
        part: "directory",
        entries,
        listing_began: Some(at(time)),
        ..Batch::default()
    };
    world
        .feed
        .append("organization", System::Organization, batch, at(time))
        .await
        .unwrap();
}

fn group(name: &str) -> DirectoryGroup {
    DirectoryGroup {
        id: format!("id-of-{name}"),
        name: Some(name.to_owned()),
        description: Some(format!("All {name}")),
    }
}

fn workspace() -> Container {
    Container {
        key: Some("acme".to_owned()),
        name: Some("Acme".to_owned()),
        ..Container::new(ContainerKind::Workspace, "", "{acme}")
    }
}

fn repository() -> Container {
    let core = Container {
        key: Some("CORE".to_owned()),
        name: Some("core".to_owned()),
        parent: Some(Box::new(workspace())),
        ..Container::new(ContainerKind::Project, "{acme}", "{core}")
    };
    Container {
        key: Some("engine".to_owned()),
        name: Some("Engine".to_owned()),
        parent: Some(Box::new(core)),
        ..Container::new(ContainerKind::Repository, "{acme}", "{engine}")
    }
}

fn events() -> Vec<NewEvent> {
    let named = |name: &str| {
        Some(Object {
            kind: "page".to_owned(),
            name: Some(name.to_owned()),
            ..Object::default()
        })
    };
    let from = |ip: &str, country: &str| Location {
        ip: Some(ip.to_owned()),
        city: Some("Springfield".to_owned()),
        region: None,
        country: Some(country.to_owned()),
    };
    let space = Container {
        key: Some("DOC".to_owned()),
        name: Some("Documentation".to_owned()),
        ..Container::new(ContainerKind::Space, "site-1", "20000")
    };
    let bo = || Some(person("557058:bo", "Bo Ek"));
    vec![
        NewEvent {
            issue: Some(IssueRef {
                id: Some("10001".to_owned()),
                key: Some("WEB-1".to_owned()),
            }),
            location: from("203.0.113.9", "Germany"),
            method: Some("api-token".to_owned()),
            ..event("one", "2026-11-14T09:00:00Z")
        },
        NewEvent {
            actor: bo(),
            location: from("2001:db8::7", "FRANCE"),
            target: named("apple"),
            changes: vec![
                Change {
                    field: "status".to_owned(),
                    from: Some("Open".to_owned()),
                    to: Some("Done".to_owned()),
                },
                Change {
                    field: "assignee".to_owned(),
                    from: None,
                    to: Some("Ann Lee".to_owned()),
                },
            ],
            action: "jira_issue_updated".to_owned(),
            message: Some("100% of _all_ C:\\paths and \"quotes\"".to_owned()),
            ..event("two", "2026-11-15T10:30:00.250Z")
        },
        // At the same moment as the next one.
        NewEvent {
            actor: Some(person("557058:oz", "Özlem Çelik")),
            target: named("Éclair"),
            product: Product::Confluence,
            container: Some(space.clone()),
            action: "page_made_up".to_owned(),
            message: None,
            ..event("three", "2026-11-16T11:00:00Z")
        },
        NewEvent {
            actor: None,
            target: named("Banana"),
            product: Product::Confluence,
            container: Some(space),
            action: "another_made_up".to_owned(),
            message: Some("ÄRGER im Café".to_owned()),
            ..event("four", "2026-11-16T11:00:00Z")
        },
        NewEvent {
            actor: Some(Actor {
                kind: ActorKind::App,
                ..person("557058:bot", "automation bot")
            }),
            action: "user_added_to_group".to_owned(),
            product: Product::Organization,
            container: None,
            target: Some(Object {
                kind: "user".to_owned(),
                user: bo(),
                ..Object::default()
            }),
            objects: vec![Object {
                kind: "group".to_owned(),
                id: Some("id-of-admins".to_owned()),
                name: Some("admins".to_owned()),
                ..Object::default()
            }],
            message: None,
            ..event("five", "2026-11-18T23:59:59.999999Z")
        },
        NewEvent {
            actor: bo(),
            target: None,
            container: None,
            location: from("203.0.113.77", "Germany"),
            action: "user_login".to_owned(),
            product: Product::Organization,
            message: None,
            ..event("six", "2026-11-20T08:00:00Z")
        },
    ]
}

fn pushed() -> NewEvent {
    NewEvent {
        system: System::BitbucketCloud,
        product: Product::Bitbucket,
        action: "repository_made_up".to_owned(),
        actor: Some(Actor {
            alias: Alias::bitbucket("{ann}"),
            ..person("", "Ann Lee")
        }),
        container: Some(repository()),
        target: None,
        message: None,
        ..event("pushed", "2026-11-17T12:00:00Z")
    }
}
