//! What people choose filters from: everything by the start of a word, for each as much as they may see.

use crate::world::{Kind, World, administrator, event, on_both, project};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::directory::{
    DirectoryGroup, DirectoryThing, DirectoryUser, Entry, Listing, ThingKind,
};
use auditgraph::event::{Alias, Change, Container, ContainerKind, NewEvent, System};
use auditgraph::store::Batch;
use serde_json::{Value, json};

on_both!(
    c06_pickers_find_by_the_start_of_a_word,
    c06_a_picker_lists_each_name_once_page_by_page,
    c06_who_sees_only_some_projects_chooses_among_what_is_in_them,
);

fn user(account: &str, name: &str, email: &str, groups: &[(&str, &str)]) -> Entry {
    let group = |(id, name): &(&str, &str)| DirectoryGroup {
        id: (*id).to_owned(),
        name: Some((*name).to_owned()),
        description: None,
    };
    Entry::User(Box::new(DirectoryUser {
        aliases: vec![Alias::account(account)],
        name: Some(name.to_owned()),
        email: Some(email.to_owned()),
        groups: Some(groups.iter().map(group).collect()),
        ..DirectoryUser::default()
    }))
}

fn thing(kind: ThingKind, id: &str, name: &str) -> Entry {
    Entry::Thing(Box::new(DirectoryThing {
        kind,
        id: id.to_owned(),
        name: Some(name.to_owned()),
        container: None,
        details: std::collections::BTreeMap::new(),
    }))
}

fn changing(id: &str, place: &str, field: &str, from: &str, to: &str) -> NewEvent {
    NewEvent {
        container: Some(project(place)),
        changes: vec![Change {
            field: field.to_owned(),
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
        }],
        ..event(id, "2026-11-20T10:00:00Z")
    }
}

/// A small company: what a directory and Jira list, and what only changes tell of.
async fn company(kind: Kind) -> World {
    let world = World::new(kind).await;
    let site = Container {
        name: Some("Public Website".to_owned()),
        ..project("WEB")
    };
    let entries = vec![
        user(
            "557058:ann",
            "Ann Lee",
            "ann.lee@example.com",
            &[("g1", "jira-admins"), ("jsm-organization/7", "Acme Ltd")],
        ),
        user("557058:bo", "Bo Ek", "bo@example.org", &[]),
        Entry::End(Listing::Users),
        Entry::Container(site),
        Entry::Container(project("OPS")),
        thing(ThingKind::Status, "1", "To Do"),
        thing(ThingKind::Status, "2", "In Review"),
        thing(ThingKind::Status, "3", "In Review"),
        thing(ThingKind::Status, "4", "Done"),
        thing(ThingKind::Version, "1", "In Reverse"),
        thing(ThingKind::Resolution, "1", "Won't Fix"),
        thing(ThingKind::Field, "customfield_1", "Story Points"),
        thing(ThingKind::Field, "labels", "Labels"),
    ];
    let now = world.clock.now();
    let batch = Batch {
        part: "directory",
        entries,
        listing_began: Some(now),
        ..Batch::default()
    };
    let appended = world.feed.append("jira", System::JiraCloud, batch, now);
    appended.await.unwrap();
    world
        .append(vec![
            changing("a", "WEB", "status", "Legacy Open", "DONE"),
            changing("b", "OPS", "status", "To Do", "Secretly Reviewed"),
            changing("c", "WEB", "resolution", "", "Fixed"),
            changing("d", "OPS", "Rank", "1", "2"),
        ])
        .await;
    world
}

/// The names on a page of a picker.
async fn names(world: &World, viewer: Viewer, picker: &str) -> Vec<String> {
    let answer = world
        .ask_as(viewer, &format!("{{ {picker} }}"), json!({}))
        .await;
    assert_eq!(answer.get("errors"), None, "{picker}");
    let data = answer["data"].as_object().unwrap().values().next().unwrap();
    let nodes = data["nodes"].as_array().or(data.as_array()).unwrap();
    let name = |node: &Value| {
        let name = ["name", "label"].iter().find_map(|key| node[key].as_str());
        name.or(node["key"].as_str()).unwrap().to_owned()
    };
    nodes.iter().map(name).collect()
}

async fn c06_pickers_find_by_the_start_of_a_word(kind: Kind) {
    let world = company(kind).await;
    for (picker, expected) in [
        (r#"users(search: "l") { nodes { name } }"#, vec!["Ann Lee"]),
        (
            r#"users(search: "EK bo") { nodes { name } }"#,
            vec!["Bo Ek"],
        ),
        (
            r#"users(search: "bo@ex") { nodes { name } }"#,
            vec!["Bo Ek"],
        ),
        (r#"users(search: "ee") { nodes { name } }"#, vec![]),
        (
            r#"groups(search: "adm") { nodes { name } }"#,
            vec!["jira-admins"],
        ),
        (r#"groups(search: "dmins") { nodes { name } }"#, vec![]),
        (r#"groups(search: "%") { nodes { name } }"#, vec![]),
        (
            r#"organizations(search: "L") { nodes { name } }"#,
            vec!["Acme Ltd"],
        ),
        ("organizations { nodes { name } }", vec!["Acme Ltd"]),
        (
            r#"projects(search: "web") { nodes { name } }"#,
            vec!["Public Website"],
        ),
        (
            r#"projects(search: "publ") { nodes { name } }"#,
            vec!["Public Website"],
        ),
        (r#"projects(search: "lic") { nodes { name } }"#, vec![]),
        (
            "statuses { nodes { name } }",
            vec![
                "Done",
                "In Review",
                "Legacy Open",
                "Secretly Reviewed",
                "To Do",
            ],
        ),
        (
            r#"statuses(search: "rev") { nodes { name } }"#,
            vec!["In Review", "Secretly Reviewed"],
        ),
        (
            r#"statuses(search: "rev in") { nodes { name } }"#,
            vec!["In Review"],
        ),
        (
            r#"resolutions(search: "fix") { nodes { name } }"#,
            vec!["Fixed", "Won't Fix"],
        ),
        (
            r#"fields(search: "point") { nodes { name } }"#,
            vec!["Story Points"],
        ),
        (
            r#"actions(search: "board.del") { label }"#,
            vec!["Board deleted"],
        ),
    ] {
        let found = names(&world, administrator(), picker).await;
        assert_eq!(found, expected, "{picker}");
    }
    let fields = world
        .data("{ fields { nodes { name listed monitored } } }")
        .await;
    let field = |name: &str, listed: bool, monitored: bool| json!({"name": name, "listed": listed, "monitored": monitored});
    assert_eq!(
        fields["fields"]["nodes"],
        json!([
            field("Labels", true, true),
            field("Rank", false, false),
            field("resolution", false, false),
            field("status", false, false),
            field("Story Points", true, true),
        ])
    );
    // What a picker offers, the filter takes.
    for filter in [
        json!({"statusFrom": ["Legacy Open"]}),
        json!({"peopleInOrganizations": ["Acme Ltd"]}),
        json!({"fields": ["Rank"]}),
    ] {
        let query = "query ($filter: EventFilter) { events(filter: $filter) { nodes { id } } }";
        let answer = world.ask(query, json!({"filter": filter})).await;
        assert_eq!(answer.get("errors"), None, "{filter}");
    }
}

async fn c06_a_picker_lists_each_name_once_page_by_page(kind: Kind) {
    let world = company(kind).await;
    let all = [
        "Done",
        "In Review",
        "Legacy Open",
        "Secretly Reviewed",
        "To Do",
    ];
    for (size, start, next, more, cursor) in [
        ("first", "after", "after", "hasNextPage", "endCursor"),
        ("last", "before", "before", "hasPreviousPage", "startCursor"),
    ] {
        let (mut seen, mut mark) = (Vec::new(), Value::Null);
        loop {
            let query = format!(
                "query ($mark: String) {{ statuses({size}: 2, {start}: $mark) {{ nodes {{ name }} \
                 pageInfo {{ {more} {cursor} }} }} }}"
            );
            let answer = world.ask(&query, json!({"mark": mark})).await;
            let page = &answer["data"]["statuses"];
            let nodes = page["nodes"].as_array().unwrap().iter();
            let names: Vec<String> = nodes
                .map(|node| node["name"].as_str().unwrap().to_owned())
                .collect();
            if next == "after" {
                seen.extend(names);
            } else {
                seen.splice(0..0, names);
            }
            if page["pageInfo"][more] != true {
                break;
            }
            mark = page["pageInfo"][cursor].clone();
        }
        assert_eq!(seen, all, "{size}");
    }
}

async fn c06_who_sees_only_some_projects_chooses_among_what_is_in_them(kind: Kind) {
    let world = company(kind).await;
    let web = world
        .store()
        .containers_by_key(&Viewer::server(), "WEB", &[ContainerKind::Project])
        .await
        .unwrap();
    let granted = |projects: Vec<i64>| Viewer {
        role: Role::Viewer,
        projects,
        ..administrator()
    };
    for (picker, expected) in [
        ("users { nodes { name } }", vec![]),
        ("groups { nodes { name } }", vec![]),
        ("organizations { nodes { name } }", vec![]),
        ("projects { nodes { name } }", vec!["Public Website"]),
        ("statuses { nodes { name } }", vec!["DONE", "Legacy Open"]),
        ("resolutions { nodes { name } }", vec!["Fixed"]),
        ("fields { nodes { name } }", vec!["resolution", "status"]),
    ] {
        let viewer = granted(vec![web[0].id]);
        assert_eq!(names(&world, viewer, picker).await, expected, "{picker}");
        let nothing: [&str; 0] = [];
        let blind = granted(Vec::new());
        assert_eq!(names(&world, blind, picker).await, nothing, "{picker}");
    }
}
