//! Saved filters: kept, shared with some and nobody else, and run by id wherever a filter is taken.

use crate::client::Socket;
use crate::visibility::viewer;
use crate::world::{Kind, World, administrator, event, on_both, person, project};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::directory::{
    DirectoryGroup, DirectoryMember, DirectoryUser, Entry, Listing,
};
use auditgraph::event::{Alias, NewEvent, System};
use auditgraph::store::Batch;
use serde_json::{Value, json};

on_both!(
    c11_a_filter_is_kept_found_starred_changed_and_deleted,
    c12_a_filter_is_shared_with_some_and_nobody_else,
    c12_editors_may_change_and_viewers_may_not,
    a_saved_filter_runs_wherever_a_filter_is_taken,
    whoever_runs_it_sees_what_they_may_see,
    what_it_names_and_is_gone_is_shown_as_broken,
    what_cannot_be_saved_is_refused_with_its_place,
    what_is_done_with_saved_filters_is_in_the_log,
);

fn user(account: &str, name: &str, groups: &[(&str, &str)]) -> DirectoryUser {
    let group = |(id, name): &(&str, &str)| DirectoryGroup {
        id: (*id).to_owned(),
        name: Some((*name).to_owned()),
        description: None,
    };
    DirectoryUser {
        aliases: vec![Alias::account(format!("557058:{account}"))],
        name: Some(name.to_owned()),
        groups: Some(groups.iter().map(group).collect()),
        ..DirectoryUser::default()
    }
}

async fn list(world: &World, users: Vec<DirectoryUser>) {
    world.clock.advance(std::time::Duration::from_mins(1));
    let mut entries: Vec<Entry> = users
        .into_iter()
        .map(|user| Entry::User(Box::new(user)))
        .collect();
    entries.push(Entry::End(Listing::Users));
    let bob = DirectoryMember {
        container: project("WEB"),
        user: Box::new(user("bob", "Bob", &[])),
        permission: Some("Developers".to_owned()),
        since: None,
    };
    entries.push(Entry::Member(bob));
    let now = world.clock.now();
    let batch = Batch {
        part: "directory",
        entries,
        listing_began: Some(now),
        ..Batch::default()
    };
    let appended = world.feed.append("jira", System::JiraCloud, batch, now);
    appended.await.unwrap();
}

/// Ann is in a group, Bob in a project, Cat in a customer organization, Dan in nothing.
async fn company(kind: Kind) -> World {
    let world = World::new(kind).await;
    let users = vec![
        user("ann", "Ann", &[("g1", "auditors")]),
        user("bob", "Bob", &[]),
        user("cat", "Cat", &[("jsm-organization/7", "Acme Ltd")]),
        user("dan", "Dan", &[]),
    ];
    list(&world, users).await;
    let deed = |id: &str, place: &str, who: &str| NewEvent {
        actor: Some(person(&format!("557058:{who}"), who)),
        container: Some(project(place)),
        action: "jira_issue_viewed".to_owned(),
        ..event(id, "2026-11-20T10:00:00Z")
    };
    world
        .append(vec![
            deed("one", "WEB", "ann"),
            deed("two", "OPS", "ann"),
            deed("three", "WEB", "bob"),
        ])
        .await;
    world
}

const CREATE: &str = "mutation ($input: CreateSavedFilterInput!) {
    createSavedFilter(input: $input) { savedFilter {
        id name description search isPrivate isOwn isFavorite mayEdit problems { path message }
        view { kind columns breakdown activityOrder { field column direction } eventOrder { field direction } }
        owner { name user { name } } createdAt updatedAt
        viewers { users { name } groups { name } projects { key } organizations { name } }
        editors { users { name } groups { name } projects { key } organizations { name } } } } }";

async fn create(world: &World, viewer: Viewer, input: Value) -> Value {
    let answer = world.ask_as(viewer, CREATE, json!({"input": input})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"]["createSavedFilter"]["savedFilter"].clone()
}

const UPDATE: &str = "mutation ($input: UpdateSavedFilterInput!) {
    updateSavedFilter(input: $input) { savedFilter { name description search isPrivate mayEdit } } }";

async fn update(world: &World, viewer: Viewer, input: Value) -> Value {
    world.ask_as(viewer, UPDATE, json!({"input": input})).await
}

fn id(saved: &Value) -> &str {
    saved["id"].as_str().unwrap()
}

async fn names(world: &World, viewer: Viewer, arguments: &str) -> Vec<String> {
    let query = format!("{{ savedFilters{arguments} {{ nodes {{ name }} }} }}");
    let answer = world.ask_as(viewer, &query, json!({})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let nodes = answer["data"]["savedFilters"]["nodes"].as_array().unwrap();
    let name = |node: &Value| node["name"].as_str().unwrap().to_owned();
    nodes.iter().map(name).collect()
}

fn as_user(account: &str) -> Viewer {
    viewer(Role::Manager, Some(account), &[])
}

fn code(answer: &Value) -> &str {
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    code.unwrap_or_else(|| panic!("{answer}"))
}

async fn c11_a_filter_is_kept_found_starred_changed_and_deleted(kind: Kind) {
    let world = company(kind).await;
    let ann = || as_user("ann");
    let saved = create(
        &world,
        ann(),
        json!({
            "name": "Web deletions", "description": "Who deletes what",
            "filter": {"projects": ["WEB"]}, "search": "action:issue.deleted",
            "view": {"kind": "AGGREGATED", "breakdown": ["PROJECT"], "columns": ["issue.deleted"],
                "activityOrder": {"field": "COLUMN", "column": "issue.deleted"}},
        }),
    )
    .await;
    assert_eq!(saved["search"], "action:issue.deleted project:WEB");
    assert_eq!(
        saved["owner"],
        json!({"name": "Ann", "user": {"name": "Ann"}})
    );
    assert_eq!(saved["isPrivate"], true);
    assert_eq!(saved["isOwn"], true);
    assert_eq!(saved["view"]["activityOrder"]["direction"], "DESC");
    assert_eq!(saved["problems"], json!([]));
    create(&world, ann(), json!({"name": "apples"})).await;
    create(&world, ann(), json!({"name": "Recent deletions"})).await;

    assert_eq!(
        names(&world, ann(), "").await,
        ["apples", "Recent deletions", "Web deletions"]
    );
    assert_eq!(
        names(&world, ann(), r#"(search: "del")"#).await,
        ["Recent deletions", "Web deletions"]
    );
    assert_eq!(names(&world, ann(), "(first: 1)").await, ["apples"]);

    let star = "mutation ($id: ID!, $on: Boolean!) {
        setSavedFilterFavorite(input: {id: $id, favorite: $on}) { savedFilter { isFavorite } } }";
    for on in [true, true, false, true] {
        let marked = world
            .ask_as(ann(), star, json!({"id": id(&saved), "on": on}))
            .await;
        assert_eq!(
            marked["data"]["setSavedFilterFavorite"]["savedFilter"]["isFavorite"],
            on
        );
    }
    assert_eq!(
        names(&world, ann(), "(favorite: true)").await,
        ["Web deletions"]
    );
    assert_eq!(
        names(&world, ann(), "(favorite: false)").await,
        ["apples", "Recent deletions"]
    );
    let theirs = administrator();
    assert_eq!(
        names(&world, theirs.clone(), "(favorite: true)").await,
        Vec::<String>::new()
    );
    assert_eq!(
        names(&world, theirs, "(own: true)").await,
        Vec::<String>::new()
    );

    let changed = update(
        &world,
        ann(),
        json!({"id": id(&saved), "name": "Deletions", "description": null}),
    )
    .await;
    let changed = &changed["data"]["updateSavedFilter"]["savedFilter"];
    assert_eq!(changed["name"], "Deletions");
    assert_eq!(changed["description"], Value::Null);
    assert_eq!(changed["search"], "action:issue.deleted project:WEB");

    let node = format!(
        r#"{{ node(id: "{}") {{ ... on SavedFilter {{ name filter }} }} }}"#,
        id(&saved)
    );
    let found = world.ask_as(ann(), &node, json!({})).await;
    let filter = json!({"actions": ["issue.deleted"], "projects": ["WEB"]});
    assert_eq!(
        found["data"]["node"],
        json!({"name": "Deletions", "filter": filter})
    );

    let delete = "mutation ($id: ID!) { deleteSavedFilter(input: {id: $id}) { deletedId } }";
    let deleted = world.ask_as(ann(), delete, json!({"id": id(&saved)})).await;
    assert_eq!(
        deleted["data"]["deleteSavedFilter"]["deletedId"],
        saved["id"]
    );
    assert_eq!(
        names(&world, ann(), "").await,
        ["apples", "Recent deletions"]
    );
    let again = world.ask_as(ann(), delete, json!({"id": id(&saved)})).await;
    assert_eq!(code(&again), "NOT_FOUND");
}

async fn c12_a_filter_is_shared_with_some_and_nobody_else(kind: Kind) {
    let world = company(kind).await;
    let owner = as_user("dan");
    for (name, viewers) in [
        ("private", json!({})),
        ("for a user", json!({"users": ["557058:ann"]})),
        ("for a group", json!({"groups": ["auditors"]})),
        ("for a project", json!({"projects": ["WEB"]})),
        (
            "for an organization",
            json!({"organizations": ["Acme Ltd"]}),
        ),
    ] {
        let saved = create(
            &world,
            owner.clone(),
            json!({"name": name, "viewers": viewers}),
        )
        .await;
        assert_eq!(saved["isPrivate"], name == "private", "{name}");
    }
    let all = [
        "for a group",
        "for a project",
        "for a user",
        "for an organization",
        "private",
    ];
    assert_eq!(names(&world, owner, "").await, all);
    assert_eq!(names(&world, administrator(), "").await, all);
    assert_eq!(
        names(&world, as_user("ann"), "").await,
        ["for a group", "for a user"]
    );
    assert_eq!(names(&world, as_user("bob"), "").await, ["for a project"]);
    assert_eq!(
        names(&world, as_user("cat"), "").await,
        ["for an organization"]
    );
    assert_eq!(
        names(&world, as_user("eve"), "").await,
        Vec::<String>::new()
    );
    let nobody = viewer(Role::Manager, None, &[]);
    assert_eq!(names(&world, nobody, "").await, Vec::<String>::new());
    let web = world.data(r#"{ project(key: "WEB") { id } }"#).await;
    let web = web["project"]["id"].as_str().unwrap();
    let web = auditgraph::event::node::NodeId::decode(web).unwrap().number;
    let granted = viewer(Role::Viewer, None, &[web]);
    assert_eq!(names(&world, granted, "").await, ["for a project"]);

    // Who leaves a group no longer sees what is shared with it.
    list(&world, vec![user("ann", "Ann", &[])]).await;
    assert_eq!(names(&world, as_user("ann"), "").await, ["for a user"]);
}

async fn c12_editors_may_change_and_viewers_may_not(kind: Kind) {
    let world = company(kind).await;
    let saved = create(
        &world,
        as_user("dan"),
        json!({"name": "shared", "viewers": {"groups": ["auditors"]}, "editors": {"users": ["557058:bob"]}}),
    )
    .await;
    assert_eq!(saved["viewers"]["groups"], json!([{"name": "auditors"}]));
    assert_eq!(saved["editors"]["users"], json!([{"name": "Bob"}]));
    let change = |name: &str| json!({"id": id(&saved), "name": name});
    let refused = update(&world, as_user("ann"), change("by ann")).await;
    assert_eq!(code(&refused), "FORBIDDEN");
    let unseen = update(&world, as_user("cat"), change("by cat")).await;
    assert_eq!(code(&unseen), "NOT_FOUND");
    for (who, name) in [(as_user("bob"), "by bob"), (administrator(), "by us")] {
        let done = update(&world, who, change(name)).await;
        assert_eq!(
            done["data"]["updateSavedFilter"]["savedFilter"]["name"],
            name
        );
    }
    // One list given leaves the other as it is.
    let input = json!({"id": id(&saved), "viewers": {}});
    let done = update(&world, as_user("bob"), input).await;
    assert_eq!(
        done["data"]["updateSavedFilter"]["savedFilter"]["mayEdit"],
        true
    );
    assert_eq!(
        names(&world, as_user("ann"), "").await,
        Vec::<String>::new()
    );
    let input = json!({"id": id(&saved), "editors": {}});
    let done = update(&world, as_user("bob"), input).await;
    assert_eq!(
        done["data"]["updateSavedFilter"]["savedFilter"],
        Value::Null
    );
}

async fn a_saved_filter_runs_wherever_a_filter_is_taken(kind: Kind) {
    let world = company(kind).await;
    let admin = administrator;
    let saved = create(
        &world,
        admin(),
        json!({"name": "web", "filter": {"projects": ["WEB"]}}),
    )
    .await;
    let saved = id(&saved);
    for with in [
        "events(ARG) { nodes { id } }",
        "events(ARG, search: \"actor:557058:bob\") { nodes { id } }",
        "events(ARG, filter: {users: [\"557058:bob\"]}) { nodes { id } }",
        "activity(ARG, columns: [\"*\"]) { nodes { total actor { name } } totalCount }",
        "issueViews(ARG) { nodes { time } }",
        "user(accountId: \"557058:ann\") { events(ARG) { nodes { id } } }",
        "project(key: \"OPS\") { events(ARG) { nodes { id } } }",
    ] {
        let by_id = with.replace("ARG", &format!("savedFilterId: \"{saved}\""));
        let inline = if by_id.contains("filter: {") {
            with.replace("ARG, filter: {", "filter: {projects: [\"WEB\"], ")
        } else {
            with.replace("ARG", "filter: {projects: [\"WEB\"]}")
        };
        let (by_id, inline) = (format!("{{ {by_id} }}"), format!("{{ {inline} }}"));
        let by_id = world.ask_as(admin(), &by_id, json!({})).await;
        let inline = world.ask_as(admin(), &inline, json!({})).await;
        assert_eq!(by_id, inline, "{with}");
        assert_eq!(by_id.get("errors"), None, "{by_id}");
    }
    let wrong = world
        .ask_as(
            admin(),
            "{ events(savedFilterId: \"x\") { nodes { id } } }",
            json!({}),
        )
        .await;
    assert_eq!(code(&wrong), "BAD_USER_INPUT");

    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let mut socket = Socket::greeted(address, &token).await;
    let query = format!(
        "subscription {{ events(savedFilterId: \"{saved}\", after: \"0\") {{ cursor node {{ upstreamId }} }} }}"
    );
    socket.subscribe("1", &query).await;
    let mut heard = Vec::new();
    for _ in 0..2 {
        let message = socket.heard().await.message();
        let node = &message["payload"]["data"]["events"]["node"];
        heard.push(node["upstreamId"].as_str().unwrap().to_owned());
    }
    assert_eq!(heard, ["one", "three"]);
}

async fn whoever_runs_it_sees_what_they_may_see(kind: Kind) {
    let world = company(kind).await;
    let web = world.data(r#"{ project(key: "WEB") { id } }"#).await;
    let web = web["project"]["id"].as_str().unwrap();
    let web = auditgraph::event::node::NodeId::decode(web).unwrap().number;
    let saved = create(
        &world,
        administrator(),
        json!({"name": "everything", "viewers": {"projects": ["WEB"]}}),
    )
    .await;
    let query = format!(
        "{{ events(savedFilterId: \"{}\") {{ nodes {{ upstreamId }} }} }}",
        id(&saved)
    );
    let granted = viewer(Role::Viewer, None, &[web]);
    let seen = world.ask_as(granted, &query, json!({})).await;
    let ids = json!([{"upstreamId": "three"}, {"upstreamId": "one"}]);
    assert_eq!(seen["data"]["events"]["nodes"], ids);
    let stranger = viewer(Role::Viewer, None, &[]);
    let refused = world.ask_as(stranger, &query, json!({})).await;
    assert_eq!(code(&refused), "NOT_FOUND");
}

async fn what_it_names_and_is_gone_is_shown_as_broken(kind: Kind) {
    let world = company(kind).await;
    let saved = create(
        &world,
        administrator(),
        json!({"name": "old", "filter": {
            "groups": ["auditors"], "actions": ["issue.deleted"], "not": {"groups": ["auditors"]},
        }}),
    )
    .await;
    // The group is renamed upstream.
    list(&world, vec![user("ann", "Ann", &[("g1", "controllers")])]).await;
    let query = format!(
        "{{ node(id: \"{}\") {{ ... on SavedFilter {{ search problems {{ path message }} }} }} }}",
        id(&saved)
    );
    let found = world.ask(&query, json!({})).await;
    let node = &found["data"]["node"];
    assert_eq!(
        node["search"],
        "group:auditors action:issue.deleted -group:auditors"
    );
    let paths: Vec<&str> = node["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["filter.groups[0]", "filter.not.groups[0]"]);
    let run = format!(
        "{{ events(savedFilterId: \"{}\") {{ nodes {{ id }} }} }}",
        id(&saved)
    );
    let run = world.ask(&run, json!({})).await;
    assert_eq!(code(&run), "BAD_USER_INPUT");
    let message = run["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("savedFilterId: there is no group `auditors`"),
        "{message}"
    );
}

async fn what_cannot_be_saved_is_refused_with_its_place(kind: Kind) {
    let world = company(kind).await;
    let long = "x".repeat(256);
    for (input, place) in [
        (json!({"name": "  "}), "input.name"),
        (json!({"name": long}), "input.name"),
        (
            json!({"name": "n", "description": "x".repeat(4_001)}),
            "input.description",
        ),
        (
            json!({"name": "n", "filter": {"groups": ["auditors", "nobody"]}}),
            "input.filter.groups[1]",
        ),
        (json!({"name": "n", "search": "actoin:x"}), "input.search"),
        (
            json!({"name": "n", "filter": {"timeZone": "Mars/Olympus"}}),
            "input.filter.timeZone",
        ),
        (
            json!({"name": "n", "viewers": {"groups": ["nobody"]}}),
            "input.viewers.groups[0]",
        ),
        (
            json!({"name": "n", "editors": {"projects": ["NONE"]}}),
            "input.editors.projects[0]",
        ),
        (
            json!({"name": "n", "view": {"columns": ["issue.eaten"]}}),
            "input.view.columns[0]",
        ),
        (
            json!({"name": "n", "view": {"breakdown": ["FIELD", "STATUS"]}}),
            "input.view.breakdown",
        ),
        (
            json!({"name": "n", "view": {"activityOrder": {"field": "COLUMN"}}}),
            "input.view.activityOrder.column",
        ),
    ] {
        let answer = world.ask(CREATE, json!({"input": input})).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{input}");
        assert_eq!(
            answer["errors"][0]["extensions"]["argument"], place,
            "{answer}"
        );
    }
    assert_eq!(
        names(&world, administrator(), "").await,
        Vec::<String>::new()
    );
    let web = world.data(r#"{ project(key: "WEB") { id } }"#).await;
    let web = web["project"]["id"].as_str().unwrap();
    let web = auditgraph::event::node::NodeId::decode(web).unwrap().number;
    let granted = || viewer(Role::Viewer, None, &[web]);
    for viewers in [
        json!({"users": ["557058:ann"]}),
        json!({"projects": ["OPS"]}),
    ] {
        let input = json!({"input": {"name": "n", "viewers": viewers}});
        let answer = world.ask_as(granted(), CREATE, input).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{viewers}");
    }
    create(
        &world,
        granted(),
        json!({"name": "n", "viewers": {"projects": ["WEB"]}}),
    )
    .await;
    assert_eq!(names(&world, as_user("bob"), "").await, ["n"]);
}

async fn what_is_done_with_saved_filters_is_in_the_log(kind: Kind) {
    let world = company(kind).await;
    let ann = || as_user("ann");
    let saved = create(
        &world,
        ann(),
        json!({"name": "mine", "filter": {"projects": ["WEB"]}}),
    )
    .await;
    let input =
        json!({"id": id(&saved), "search": "project:OPS", "viewers": {"groups": ["auditors"]}});
    update(&world, ann(), input).await;
    update(&world, ann(), json!({"id": id(&saved), "name": "mine"})).await;
    let delete = "mutation ($id: ID!) { deleteSavedFilter(input: {id: $id}) { deletedId } }";
    world.ask_as(ann(), delete, json!({"id": id(&saved)})).await;
    let told = world
        .data(
            "{ events(filter: {sources: [\"auditgraph\"]}, orderBy: {field: RECORDED, direction: ASC}) { nodes {
                action { code } product actor { name } target { type name } changes { field from to } } } }",
        )
        .await;
    let (actor, target) = (
        json!({"name": "Ann"}),
        json!({"type": "saved_filter", "name": "mine"}),
    );
    let deed = |code: &str, changes: Value| json!({"action": {"code": code}, "product": "AUDITGRAPH", "actor": &actor, "target": &target, "changes": changes});
    let expected = json!([
        deed(
            "saved_filter.created",
            json!([{"field": "filter", "from": null, "to": "project:WEB"}]),
        ),
        deed(
            "saved_filter.changed",
            json!([{"field": "filter", "from": "project:WEB", "to": "project:OPS"}]),
        ),
        deed(
            "saved_filter.shared",
            json!([{"field": "shared with", "from": null, "to": "group auditors"}]),
        ),
        deed(
            "saved_filter.deleted",
            json!([{"field": "filter", "from": "project:OPS", "to": null}]),
        ),
    ]);
    assert_eq!(told["events"]["nodes"], expected);
}
