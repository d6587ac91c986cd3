//! What goes back upstream, through GraphQL, against the sandbox: profiles, and deleted issues made again.

use crate::world::{Kind, World, administrator, on_both};
use auditgraph::access::{Role, Viewer};
use auditgraph::config::Config;
use auditgraph::event::System;
use auditgraph::sandbox::{Fault, Settings};
use auditgraph::source::{self, Part};
use auditgraph::store::Batch;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    c37_a_department_is_changed_once_the_dry_run_has_shown_it,
    c37_what_upstream_refuses_is_told_with_its_reason,
    c37_a_lost_answer_is_told_as_such,
    c27_a_deleted_issue_is_made_again_once,
    c27_what_jira_refuses_is_left_out_and_told,
    c27_an_issue_whose_answer_was_lost_is_found_and_not_made_twice,
    nobody_else_writes_back,
    what_the_settings_do_not_allow_is_refused,
);

const PROFILE: &str =
    "mutation ($input: UpdateUserProfileInput!) { updateUserProfile(input: $input) {
    user { name } accountId changed fields { field from to lockedBecause } } }";

const RESTORE: &str = "mutation ($input: RestoreIssueInput!) { restoreIssue(input: $input) {
    event { issue { key } } key url sets { field value } leaves { field value reason } demands } }";

async fn world(kind: Kind) -> World {
    let settings = Settings {
        history_days: 5,
        history_events: 300,
        people: 40,
        ..Settings::default()
    };
    let mut world = World::with_sandbox(kind, settings).await;
    world.config.jira_cloud = world.sandbox().jira_settings();
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    world
}

/// A world that knows its people.
async fn with_people(kind: Kind) -> World {
    let world = world(kind).await;
    world.sync("organization", Part::Directory).await.unwrap();
    world
}

/// The answer to changing a profile.
async fn change(world: &World, viewer: Viewer, input: Value) -> Value {
    world.ask_as(viewer, PROFILE, json!({"input": input})).await
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
}

fn message(answer: &Value) -> &str {
    answer["errors"][0]["message"].as_str().unwrap()
}

/// Somebody of whom a dry run says this: the id, and what it says.
async fn somebody(world: &World, fits: impl Fn(&Value) -> bool) -> (String, Value) {
    let users = world.data("{ users(first: 100) { nodes { id } } }").await;
    for user in users["users"]["nodes"].as_array().unwrap() {
        let input = json!({"user": user["id"], "department": "Lamps", "dryRun": true});
        let answer = change(world, administrator(), input).await;
        if fits(&answer) {
            return (user["id"].as_str().unwrap().to_owned(), answer);
        }
    }
    panic!("nobody fits");
}

/// The department in what a dry run says.
fn department(answer: &Value) -> &Value {
    &answer["data"]["updateUserProfile"]["fields"][0]
}

fn is_free(answer: &Value) -> bool {
    answer.get("errors").is_none() && department(answer)["lockedBecause"].is_null()
}

/// The events of this server whose codes begin so, oldest first.
async fn told(world: &World, prefix: &str) -> Vec<Value> {
    let query = "{ events(filter: {categories: [\"AUDITGRAPH\"]}, orderBy: {field: RECORDED, direction: ASC}) { nodes {
        action { code } actor { name } target { id name } issue { key } message changes { field from to } } } }";
    let data = world.data(query).await;
    let events = data["events"]["nodes"].as_array().unwrap().clone();
    let mut events = events;
    events.retain(|event| {
        event["action"]["code"]
            .as_str()
            .unwrap()
            .starts_with(prefix)
    });
    events
}

fn codes(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["action"]["code"].as_str().unwrap())
        .collect()
}

async fn c37_a_department_is_changed_once_the_dry_run_has_shown_it(kind: Kind) {
    let world = with_people(kind).await;
    let (user, shown) = somebody(&world, is_free).await;
    let before = &department(&shown)["from"];
    assert_eq!(shown["data"]["updateUserProfile"]["changed"], false);
    assert_eq!(department(&shown)["to"], "Lamps");
    assert_eq!(told(&world, "profile_change.").await, [] as [Value; 0]);
    let input = json!({"user": user, "department": " Lamps "});
    let done = change(&world, administrator(), input.clone()).await;
    assert_eq!(done["data"]["updateUserProfile"]["changed"], true, "{done}");
    let events = told(&world, "profile_change.").await;
    assert_eq!(
        codes(&events),
        ["profile_change.begun", "profile_change.done"]
    );
    for event in &events {
        assert_eq!(event["actor"]["name"], "test");
        assert_eq!(
            event["target"]["id"],
            done["data"]["updateUserProfile"]["accountId"]
        );
        assert_eq!(
            event["changes"],
            json!([{"field": "department", "from": before, "to": "Lamps"}])
        );
    }
    // What is so already is not sent.
    let again = change(&world, administrator(), input).await;
    assert_eq!(again["data"]["updateUserProfile"]["changed"], false);
    assert_eq!(department(&again)["from"], "Lamps");
    assert_eq!(told(&world, "profile_change.").await.len(), 2);
    // The directory has it once it is read.
    world.sync("organization", Part::Directory).await.unwrap();
    let query = format!("{{ node(id: \"{user}\") {{ ... on User {{ department }} }} }}");
    assert_eq!(world.data(&query).await["node"]["department"], "Lamps");
    // Null takes a value away.
    let input = json!({"user": user, "department": null});
    let done = change(&world, administrator(), input).await;
    assert_eq!(done["data"]["updateUserProfile"]["changed"], true);
    assert_eq!(department(&done)["to"], Value::Null);
}

async fn c37_what_upstream_refuses_is_told_with_its_reason(kind: Kind) {
    let world = with_people(kind).await;
    let locked = |answer: &Value| {
        answer.get("errors").is_none() && !department(answer)["lockedBecause"].is_null()
    };
    let (synced, shown) = somebody(&world, locked).await;
    let reason = department(&shown)["lockedBecause"].as_str().unwrap();
    assert!(reason.contains("identity provider"), "{reason}");
    let input = json!({"user": synced, "department": "Lamps"});
    let refused = change(&world, administrator(), input).await;
    assert_eq!(code(&refused), "BAD_USER_INPUT");
    assert_eq!(
        refused["errors"][0]["extensions"]["argument"],
        "input.department"
    );
    assert!(message(&refused).contains(reason), "{refused}");
    assert_eq!(told(&world, "profile_change.").await, [] as [Value; 0]);
    // Upstream itself refuses.
    let (user, _) = somebody(&world, is_free).await;
    let input = json!({"user": user, "location": "The moon"});
    let refused = change(&world, administrator(), input).await;
    assert_eq!(code(&refused), "BAD_USER_INPUT");
    assert!(
        message(&refused).contains("extended_profile.location: unsupported"),
        "{refused}"
    );
    let events = told(&world, "profile_change.").await;
    assert_eq!(
        codes(&events),
        ["profile_change.begun", "profile_change.failed"]
    );
    assert!(message(&refused).contains(events[1]["message"].as_str().unwrap()));
    // Whose account is not managed has no profile to change.
    let unmanaged = |answer: &Value| {
        answer.get("errors").is_some() && message(answer).contains("not managed by")
    };
    let (_, refused) = somebody(&world, unmanaged).await;
    assert_eq!(code(&refused), "BAD_USER_INPUT", "{refused}");
    // What no profile takes is not sent.
    for wrong in ["x".repeat(256), "two\nlines".to_owned()] {
        let input = json!({"user": user, "jobTitle": wrong});
        let refused = change(&world, administrator(), input).await;
        assert_eq!(
            refused["errors"][0]["extensions"]["argument"],
            "input.jobTitle"
        );
    }
    let input = json!({"user": user, "accountId": "other", "jobTitle": "Poet"});
    let refused = change(&world, administrator(), input).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["argument"],
        "input.accountId"
    );
}

async fn c37_a_lost_answer_is_told_as_such(kind: Kind) {
    let world = with_people(kind).await;
    let (user, _) = somebody(&world, is_free).await;
    // The profile and what may be changed of it are read first.
    world
        .sandbox()
        .inject(Fault::Truncated.on("/manage/profile").after(1));
    let input = json!({"user": user, "department": "Lamps"});
    let lost = change(&world, administrator(), input).await;
    assert_eq!(code(&lost), "UPSTREAM_UNAVAILABLE");
    assert!(
        message(&lost).contains("may have been carried out or not"),
        "{lost}"
    );
    let events = told(&world, "profile_change.").await;
    assert_eq!(
        codes(&events),
        ["profile_change.begun", "profile_change.unclear"]
    );
    // Looking again tells.
    let input = json!({"user": user, "department": "Lamps", "dryRun": true});
    let shown = change(&world, administrator(), input).await;
    assert_eq!(department(&shown)["from"], "Lamps");
}

/// The id of the event of an issue's deletion, as a webhook has told it.
async fn deletion(world: &World) -> String {
    let acts = world.sandbox().jira_do("ISSUE_DELETED");
    let source = world.sources.iter().find(|it| it.name() == "jira-cloud");
    let mut events = Vec::new();
    for delivery in world.sandbox().jira_deliveries(acts) {
        let record = RawValue::from_string(delivery.body).unwrap();
        events.extend(source.unwrap().normalise(&record).events);
    }
    let batch = Batch {
        part: "hooks",
        events,
        ..Batch::default()
    };
    let now = world.clock.now();
    let appended = world
        .feed
        .append("jira-cloud", System::JiraCloud, batch, now);
    appended.await.unwrap();
    let query =
        "{ events(filter: {actions: [\"issue.deleted\"], sources: [\"jira-cloud\"]}, first: 1,
        orderBy: {field: RECORDED, direction: DESC}) { nodes { id } } }";
    let data = world.data(query).await;
    data["events"]["nodes"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn restore(world: &World, input: Value) -> Value {
    world.ask(RESTORE, json!({"input": input})).await
}

async fn c27_a_deleted_issue_is_made_again_once(kind: Kind) {
    let world = world(kind).await;
    let event = deletion(&world).await;
    let before = world.sandbox().jira_acts();
    let shown = restore(&world, json!({"event": event, "dryRun": true})).await;
    let shown = &shown["data"]["restoreIssue"];
    assert_eq!(shown["key"], Value::Null, "{shown}");
    let field = |part: &str, name: &str| {
        let fields = shown[part].as_array().unwrap();
        fields.iter().find(|it| it["field"] == name).cloned()
    };
    for name in [
        "project",
        "issuetype",
        "summary",
        "priority",
        "reporter",
        "status",
    ] {
        assert!(field("sets", name).is_some(), "{name}: {shown}");
    }
    assert_eq!(shown["demands"], json!([]));
    assert_eq!(world.sandbox().jira_acts(), before);
    assert_eq!(told(&world, "issue_restore.").await, [] as [Value; 0]);
    let done = restore(&world, json!({"event": event})).await;
    let made = &done["data"]["restoreIssue"];
    let (old, new) = (&made["event"]["issue"]["key"], &made["key"]);
    assert!(new.is_string() && new != old, "{done}");
    let url = made["url"].as_str().unwrap();
    assert!(
        url.ends_with(&format!("/browse/{}", new.as_str().unwrap())),
        "{url}"
    );
    assert_eq!(made["sets"], shown["sets"]);
    let events = told(&world, "issue_restore.").await;
    assert_eq!(
        codes(&events),
        ["issue_restore.begun", "issue_restore.done"]
    );
    assert_eq!(
        events[1]["changes"],
        json!([{"field": "key", "from": old, "to": new}])
    );
    assert_eq!(events[1]["issue"]["key"], *old);
    // Once.
    let acts = world.sandbox().jira_acts();
    for dry_run in [true, false] {
        let again = restore(&world, json!({"event": event, "dryRun": dry_run})).await;
        assert_eq!(code(&again), "CONFLICT");
        assert!(message(&again).contains(new.as_str().unwrap()), "{again}");
    }
    assert_eq!(world.sandbox().jira_acts(), acts);
    assert_eq!(told(&world, "issue_restore.").await.len(), 2);
}

async fn c27_what_jira_refuses_is_left_out_and_told(kind: Kind) {
    let world = world(kind).await;
    let event = deletion(&world).await;
    world.sandbox().refuse_jira_field(Some("priority"));
    let done = restore(&world, json!({"event": event})).await;
    let made = &done["data"]["restoreIssue"];
    assert!(made["key"].is_string(), "{done}");
    let leaves = made["leaves"].as_array().unwrap();
    let left = leaves
        .iter()
        .find(|left| left["field"] == "priority")
        .unwrap();
    assert!(
        left["reason"].as_str().unwrap().contains("create screen"),
        "{left}"
    );
    // Without a summary there is no issue, and nothing is pretended.
    let event = deletion(&world).await;
    world.sandbox().refuse_jira_field(Some("summary"));
    let refused = restore(&world, json!({"event": event})).await;
    assert_eq!(code(&refused), "BAD_USER_INPUT", "{refused}");
    // What was refused may be tried again.
    world.sandbox().refuse_jira_field(None);
    let done = restore(&world, json!({"event": event})).await;
    assert!(done["data"]["restoreIssue"]["key"].is_string(), "{done}");
}

async fn c27_an_issue_whose_answer_was_lost_is_found_and_not_made_twice(kind: Kind) {
    let world = world(kind).await;
    let event = deletion(&world).await;
    let acts = world.sandbox().jira_acts();
    world
        .sandbox()
        .inject(Fault::Truncated.on("/rest/api/3/issue").after(1));
    let lost = restore(&world, json!({"event": event})).await;
    assert_eq!(code(&lost), "UPSTREAM_UNAVAILABLE", "{lost}");
    let made = world.sandbox().jira_acts();
    assert!(made > acts);
    // Whether it was made is looked up only when Jira's search must know it.
    let early = restore(&world, json!({"event": event})).await;
    assert_eq!(code(&early), "CONFLICT");
    assert!(message(&early).contains("finds out first"), "{early}");
    // Looking it up may fail, too, and nothing is made then.
    world.clock.advance(Duration::from_hours(2));
    let broken = Fault::LoginPage.on("/rest/api/3/search/jql").for_good();
    world.sandbox().inject(broken);
    let lost = restore(&world, json!({"event": event})).await;
    assert_eq!(code(&lost), "UPSTREAM_UNAVAILABLE", "{lost}");
    world.sandbox().heal();
    assert_eq!(world.sandbox().jira_acts(), made);
    world.clock.advance(Duration::from_mins(11));
    let found = restore(&world, json!({"event": event})).await;
    let key = &found["data"]["restoreIssue"]["key"];
    assert!(key.is_string(), "{found}");
    let mut truths = world.sandbox().jira_truths(acts..usize::MAX);
    truths.retain(|truth| truth.code == "ISSUE_CREATED");
    assert_eq!(truths.len(), 1, "{truths:?}");
    let again = restore(&world, json!({"event": event})).await;
    assert!(message(&again).contains(key.as_str().unwrap()), "{again}");
    let events = told(&world, "issue_restore.").await;
    let expected = ["begun", "unclear", "begun", "unclear", "begun", "done"]
        .map(|step| format!("issue_restore.{step}"));
    assert_eq!(codes(&events), expected);
}

async fn nobody_else_writes_back(kind: Kind) {
    let world = with_people(kind).await;
    let event = deletion(&world).await;
    let (user, _) = somebody(&world, is_free).await;
    for role in [Role::Manager, Role::Viewer] {
        let viewer = Viewer {
            role,
            ..administrator()
        };
        for dry_run in [true, false] {
            let input = json!({"user": user, "department": "Lamps", "dryRun": dry_run});
            let refused = change(&world, viewer.clone(), input).await;
            assert_eq!(code(&refused), "FORBIDDEN");
            let input = json!({"input": {"event": event, "dryRun": dry_run}});
            let refused = world.ask_as(viewer.clone(), RESTORE, input).await;
            assert_eq!(code(&refused), "FORBIDDEN");
        }
    }
    assert_eq!(told(&world, "profile_change.").await, [] as [Value; 0]);
    assert_eq!(told(&world, "issue_restore.").await, [] as [Value; 0]);
}

async fn what_the_settings_do_not_allow_is_refused(kind: Kind) {
    let mut world = with_people(kind).await;
    let event = deletion(&world).await;
    let (user, _) = somebody(&world, is_free).await;
    // One a day.
    world.config.organization.writes_per_day = 1;
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    let input = json!({"user": user, "department": "Lamps"});
    let done = change(&world, administrator(), input).await;
    assert_eq!(done["data"]["updateUserProfile"]["changed"], true, "{done}");
    let input = json!({"user": user, "department": "Doors"});
    let refused = change(&world, administrator(), input.clone()).await;
    assert_eq!(code(&refused), "CONFLICT");
    assert!(message(&refused).contains("writes_per_day"), "{refused}");
    world.clock.advance(Duration::from_hours(24));
    let done = change(&world, administrator(), input).await;
    assert_eq!(done["data"]["updateUserProfile"]["changed"], true, "{done}");
    // None, which is what the settings say unless they are changed.
    let defaults: Config = "".parse().unwrap();
    assert_eq!(defaults.organization.writes_per_day, 0);
    assert_eq!(defaults.jira_cloud.writes_per_day, 0);
    world.config.organization.writes_per_day = 0;
    world.config.jira_cloud.writes_per_day = 0;
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    let input = json!({"user": user, "department": "Windows"});
    let refused = change(&world, administrator(), input).await;
    assert_eq!(code(&refused), "FORBIDDEN");
    assert!(
        message(&refused).contains("organization.writes_per_day"),
        "{refused}"
    );
    let refused = restore(&world, json!({"event": event})).await;
    assert_eq!(code(&refused), "FORBIDDEN");
    assert!(
        message(&refused).contains("jira_cloud.writes_per_day"),
        "{refused}"
    );
    // Other events are no deleted issues.
    world.config.jira_cloud.writes_per_day = 10;
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    let query = "{ events(first: 1, filter: {categories: [\"AUDITGRAPH\"]}) { nodes { id } } }";
    let other = world.data(query).await["events"]["nodes"][0]["id"].clone();
    let refused = restore(&world, json!({"event": other})).await;
    assert_eq!(code(&refused), "FORBIDDEN");
    let refused = restore(&world, json!({"event": user})).await;
    assert_eq!(code(&refused), "BAD_USER_INPUT");
}
