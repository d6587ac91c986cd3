//! The lines of the contract about the detail view: what is shown of each event, and in which orders, asked of a running
//! server.

use crate::client;
use crate::world::{Kind, World, administrator, at, event, on_both, person, project};
use auditgraph::access::Role;
use auditgraph::event::directory::{DirectoryIssue, Entry};
use auditgraph::event::{
    Change, Container, ContainerKind, IssueRef, NewEvent, Object, Product, System,
};
use auditgraph::store::Batch;
use serde_json::{Value, json};

on_both!(
    c23_every_column_of_the_detail_view_is_there,
    c23_the_detail_view_sorts_by_every_column_all_the_way_down,
    c23_nobody_but_who_may_look_people_up_is_led_to_a_profile,
    c24_details_show_the_issue_and_what_changed,
    c24_what_has_no_issue_has_no_changes,
);

const SITE: &str = "acme.atlassian.net";

/// A server under test, with a token for it.
struct Server {
    url: String,
    token: String,
}

impl Server {
    async fn of(world: &World) -> Self {
        let token = world.token(Role::Administrator).await;
        let url = format!("http://{}/graphql", world.serve().await);
        Self { url, token }
    }

    async fn ask(&self, query: &str) -> Value {
        client::ask(&self.url, &self.token, query).await
    }

    /// The events that a filter chooses, in the order in which they were recorded.
    async fn events(&self, filter: &str, fields: &str) -> Vec<Value> {
        let order = "orderBy: {field: RECORDED, direction: ASC}";
        let query =
            format!("{{ events({filter} {order}, first: 500) {{ nodes {{ {fields} }} }} }}");
        let data = self.ask(&query).await;
        data["events"]["nodes"].as_array().unwrap().clone()
    }
}

fn target(kind: &str, id: &str, name: &str) -> Object {
    Object {
        kind: kind.to_owned(),
        id: Some(id.to_owned()),
        name: Some(name.to_owned()),
        url: Some(format!("https://{SITE}/{kind}/{id}")),
        ..Object::default()
    }
}

/// The site as Jira is read from it, and a project there.
fn place() -> Container {
    let site = Container {
        url: Some(format!("https://{SITE}")),
        ..Container::new(ContainerKind::Site, "", SITE)
    };
    Container {
        id: None,
        key: Some("WEB".to_owned()),
        name: Some("Website".to_owned()),
        parent: Some(Box::new(site)),
        ..Container::new(ContainerKind::Project, SITE, "")
    }
}

fn done(id: &str, action: &str, target: impl Into<Option<Object>>) -> NewEvent {
    NewEvent {
        system: System::JiraCloud,
        action: action.to_owned(),
        container: Some(place()),
        target: target.into(),
        ..event(id, "2026-11-20T10:00:00Z")
    }
}

async fn c23_every_column_of_the_detail_view_is_there(kind: Kind) {
    let world = World::new(kind).await;
    let kinds = [
        ("issue", "jira:issue_created"),
        ("status", "status_created"),
        ("comment", "comment_deleted"),
        ("issue_link", "issuelink_created"),
        ("worklog", "worklog_created"),
        ("project", "project_created"),
        ("version", "jira:version_released"),
        ("sprint", "sprint_started"),
        ("board", "board_created"),
        ("global_feature", "option_voting_changed"),
    ];
    let named = kinds
        .iter()
        .map(|(kind, action)| done(kind, action, target(kind, "7", &format!("The {kind}"))));
    let to_bo = NewEvent {
        target: Some(Object {
            user: Some(person("557058:bo", "Bo Ek")),
            ..target("user", "557058:bo", "Bo Ek")
        }),
        ..done("user", "user_updated", None)
    };
    let nowhere = NewEvent {
        container: None,
        ..done("nowhere", "option_voting_changed", None)
    };
    world.append(named.chain([to_bo, nowhere]).collect()).await;
    let server = Server::of(&world).await;
    let fields = "upstreamId time actor { name user { profileUrl } } target { type id name url user { name } }
        action { code label } upstreamAction project { key name } message";
    let events = server.events("", fields).await;
    assert_eq!(events.len(), kinds.len() + 2);
    for one in &events {
        assert_eq!(
            at(one["time"].as_str().unwrap()),
            at("2026-11-20T10:00:00Z")
        );
        assert_eq!(
            one["actor"],
            json!({
                "name": "Ann Lee",
                "user": {"profileUrl": format!("https://{SITE}/jira/people/557058:ann")},
            })
        );
        assert!(one["action"]["label"].as_str().unwrap().len() > 3, "{one}");
        assert!(one["message"].is_string(), "{one}");
    }
    for (event, (kind, action)) in events.iter().zip(kinds) {
        assert_eq!(event["upstreamAction"], action);
        assert_eq!(
            event["target"],
            json!({
                "type": kind, "id": "7", "name": format!("The {kind}"),
                "url": format!("https://{SITE}/{kind}/7"), "user": null,
            })
        );
        assert_eq!(event["project"], json!({"key": "WEB", "name": "Website"}));
    }
    let [.., to_bo, nowhere] = &events[..] else {
        panic!("two more were told");
    };
    assert_eq!(to_bo["target"]["name"], "Bo Ek");
    assert_eq!(to_bo["target"]["user"]["name"], "Bo Ek");
    assert_eq!(nowhere["project"], Value::Null, "not available");
    assert_eq!(nowhere["target"], Value::Null);
}

async fn c23_the_detail_view_sorts_by_every_column_all_the_way_down(kind: Kind) {
    let world = World::new(kind).await;
    // Few values in each column, so that there are ties everywhere, and some that are missing.
    let hour = |id: usize| format!("2026-11-{:02}T10:00:00Z", 1 + id % 3);
    let events = (0..60).map(|id| NewEvent {
        actor: (id % 4 != 0).then(|| {
            person(
                &format!("557058:{}", id % 4),
                ["Bo", "ann", "Cy"][id % 4 % 3],
            )
        }),
        action: ["jira_issue_deleted", "user_login", "made_up"][id / 3 % 3].to_owned(),
        container: (id % 5 != 0).then(|| project(["WEB", "OPS"][id % 2])),
        target: (id % 7 != 0).then(|| target("page", "1", ["pear", "Apple", "fig"][id / 2 % 3])),
        ..event(&format!("{id:02}"), &hour(id))
    });
    let events: Vec<_> = events.collect();
    for half in events.chunks(30) {
        world.append(half.to_vec()).await;
        world.clock.advance(std::time::Duration::from_mins(1));
    }
    let server = Server::of(&world).await;
    let fields = "upstreamId time recordedAt actor { name } action { label } project { key } target { name }";
    let shown = |event: &Value, path: &str| {
        let text = event.pointer(path).and_then(Value::as_str);
        let text = text.unwrap_or_default();
        if path == "/action/label" {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    for (column, path) in [
        ("TIME", "/time"),
        ("RECORDED", "/recordedAt"),
        ("ACTOR", "/actor/name"),
        ("ACTION", "/action/label"),
        ("PROJECT", "/project/key"),
        ("TARGET", "/target/name"),
    ] {
        let mut both = Vec::new();
        for direction in ["ASC", "DESC"] {
            let (mut walked, mut after) = (Vec::new(), "null".to_owned());
            loop {
                let query = format!(
                    "{{ events(orderBy: {{field: {column}, direction: {direction}}}, first: 7, after: {after}) \
                     {{ nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }} }}"
                );
                let page = server.ask(&query).await;
                walked.extend(page["events"]["nodes"].as_array().unwrap().clone());
                let info = &page["events"]["pageInfo"];
                if info["hasNextPage"] != true {
                    break;
                }
                after = info["endCursor"].to_string();
            }
            assert_eq!(walked.len(), 60, "{column} {direction}");
            both.push(walked);
        }
        let [up, mut down] = <[_; 2]>::try_from(both).unwrap();
        let sorted = up.is_sorted_by_key(|event| shown(event, path));
        assert!(sorted, "{column}: {up:#?}");
        down.reverse();
        assert_eq!(
            up, down,
            "{column}: the other way round it is the same list"
        );
    }
}

const DETAILS: &str = "upstreamId actor { name } action { code label } time target { name }
    issue { key issue { key type summary requestType url } } changes { field from to } project { name }";

async fn c24_details_show_the_issue_and_what_changed(kind: Kind) {
    let world = World::new(kind).await;
    let issue = DirectoryIssue {
        scope: SITE.to_owned(),
        id: "10001".to_owned(),
        key: Some("WEB-1".to_owned()),
        kind: Some("Service Request".to_owned()),
        summary: Some("The door is stuck".to_owned()),
        request_type: Some("Get help".to_owned()),
        project: Some(place()),
        ..DirectoryIssue::default()
    };
    let batch = Batch {
        part: "issues",
        entries: vec![Entry::Issue(Box::new(issue))],
        ..Batch::default()
    };
    let learned = world
        .feed
        .append("jira", System::JiraCloud, batch, world.clock.now());
    learned.await.unwrap();
    let change = |field: &str, from: Option<&str>, to: Option<&str>| Change {
        field: field.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let updated = NewEvent {
        issue: Some(IssueRef {
            id: Some("10001".to_owned()),
            key: Some("WEB-1".to_owned()),
        }),
        changes: vec![
            change("status", Some("To Do"), Some("Done")),
            change("resolution", None, Some("Fixed")),
            change("assignee", Some("Bo Ek"), None),
        ],
        ..done(
            "updated",
            "jira:issue_updated",
            target("issue", "10001", "WEB-1"),
        )
    };
    // An issue of which nothing is known but what the event says: it was there before.
    let older = NewEvent {
        issue: Some(IssueRef {
            id: None,
            key: Some("WEB-9".to_owned()),
        }),
        ..done("older", "jira:issue_updated", target("issue", "9", "WEB-9"))
    };
    world.append(vec![updated, older]).await;
    let server = Server::of(&world).await;
    let events = server.events("", DETAILS).await;
    let [updated, older] = &events[..] else {
        panic!("{events:#?}");
    };
    assert_eq!(updated["actor"]["name"], "Ann Lee");
    assert_eq!(updated["action"]["code"], "issue.updated");
    assert_eq!(updated["time"], "2026-11-20T10:00:00Z");
    assert_eq!(
        updated["issue"],
        json!({"key": "WEB-1", "issue": {
            "key": "WEB-1", "type": "Service Request", "summary": "The door is stuck", "requestType": "Get help",
            "url": format!("https://{SITE}/browse/WEB-1"),
        }})
    );
    assert_eq!(
        updated["changes"],
        json!([
            {"field": "status", "from": "To Do", "to": "Done"},
            {"field": "resolution", "from": null, "to": "Fixed"},
            {"field": "assignee", "from": "Bo Ek", "to": null},
        ])
    );
    assert_eq!(older["issue"], json!({"key": "WEB-9", "issue": null}));
    assert_eq!(older["changes"], json!([]));
}

async fn c24_what_has_no_issue_has_no_changes(kind: Kind) {
    let world = World::new(kind).await;
    let released = done(
        "released",
        "jira:version_released",
        target("version", "3", "v3"),
    );
    let asset = NewEvent {
        product: Product::Assets,
        system: System::Assets,
        container: None,
        ..done("asset", "created", target("asset", "4", "Laptop 4"))
    };
    let board = NewEvent {
        container: None,
        ..done("board", "board_deleted", target("board", "5", "Team board"))
    };
    world.append(vec![released, asset, board]).await;
    // Asked as the server itself: Assets is for those who administer Jira, and no Jira says who does here.
    let order = "orderBy: {field: RECORDED, direction: ASC}";
    let data = world
        .data(&format!(
            "{{ events({order}) {{ nodes {{ {DETAILS} }} }} }}"
        ))
        .await;
    let events = data["events"]["nodes"].as_array().unwrap();
    let [released, asset, board] = &events[..] else {
        panic!("{events:#?}");
    };
    for without in [released, asset, board] {
        assert_eq!(without["issue"], Value::Null, "{without}");
        assert_eq!(without["changes"], json!([]), "{without}");
    }
    assert_eq!(released["project"]["name"], "Website");
    assert_eq!(board["action"]["code"], "board.deleted");
    assert_eq!(board["target"]["name"], "Team board");
    assert_eq!(board["project"], Value::Null);
}

async fn c23_nobody_but_who_may_look_people_up_is_led_to_a_profile(kind: Kind) {
    let world = World::new(kind).await;
    let updated = done(
        "updated",
        "jira:issue_updated",
        target("issue", "1", "WEB-1"),
    );
    world.append(vec![updated]).await;
    let web = world
        .store()
        .containers_by_key(
            &auditgraph::access::Viewer::server(),
            "WEB",
            &[ContainerKind::Project],
        )
        .await
        .unwrap();
    let viewer = auditgraph::access::Viewer {
        role: Role::Viewer,
        projects: vec![web[0].id],
        ..administrator()
    };
    let query = "{ events { nodes { actor { name user { profileUrl } } } } }";
    let seen = world.ask_as(viewer, query, json!({})).await;
    let actor = &seen["data"]["events"]["nodes"][0]["actor"];
    assert_eq!(*actor, json!({"name": "Ann Lee", "user": null}));
}
