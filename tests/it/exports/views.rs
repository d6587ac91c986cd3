//! What is exported: counts, views of issues, last activity; the same as queries answer.

use super::forms::{rows, sheets};
use super::{Office, lines};
use crate::world::{Kind, administrator, event, on_both, person, project};
use auditgraph::event::directory::{
    ActivitySignal, DirectoryMember, DirectoryUser, Entry, Listing,
};
use auditgraph::event::{Alias, Container, ContainerKind, IssueRef, NewEvent, System};
use auditgraph::store::Batch;
use serde_json::{Value, json};
use std::process::{Command, Output, Stdio};

on_both!(
    c20_counts_are_exported_as_the_query_has_them,
    c25_views_of_issues_are_exported,
    c34_the_members_of_a_workspace_are_exported,
    c35_last_activity_is_exported_with_its_sign,
);

async fn c20_counts_are_exported_as_the_query_has_them(kind: Kind) {
    let office = Office::busy(kind).await;
    let somebody = |who: &str, place: Option<&str>, number: usize| NewEvent {
        actor: Some(person(&format!("557058:{who}"), who)),
        container: place.map(project),
        ..event(&format!("{who}-{number}"), "2026-11-19T10:00:00Z")
    };
    let more = [
        somebody("bob", Some("WEB"), 1),
        somebody("bob", None, 2),
        somebody("bob", None, 3),
    ];
    office.world.append(more.to_vec()).await;
    let settings = json!({"format": "CSV", "view": "AGGREGATED", "columns": ["issue.deleted", "issue.created"],
        "breakdown": ["PROJECT"], "activityOrder": {"field": "ACTOR", "direction": "ASC"}});
    let (export, bytes) = office.made(administrator(), settings.clone()).await;
    assert_eq!(export["records"], 4);
    let mut all = rows(&bytes);
    assert_eq!(
        all.remove(0),
        [
            "Author",
            "Project",
            "Issue deleted",
            "Issue created",
            "Total"
        ]
    );
    let query = "{ activity(columns: [\"issue.deleted\", \"issue.created\"], breakdown: [PROJECT],
        orderBy: {field: ACTOR, direction: ASC}) { nodes { actor { name } project { key } counts { count } total } } }";
    let told = office.world.data(query).await;
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "Non-project activities".to_owned(),
        number => number.to_string(),
    };
    let nodes = told["activity"]["nodes"].as_array().unwrap().iter();
    let expected: Vec<Vec<String>> = nodes
        .map(|node| {
            let cells = [
                &node["actor"]["name"],
                &node["project"]["key"],
                &node["counts"][0]["count"],
                &node["counts"][1]["count"],
                &node["total"],
            ];
            cells.map(text).to_vec()
        })
        .collect();
    assert_eq!(all, expected);
    let mut xlsx = settings;
    xlsx["format"] = json!("XLSX");
    let (_, bytes) = office.made(administrator(), xlsx).await;
    let sheets = sheets(&bytes);
    assert_eq!(sheets[0].0, "Activity");
    assert_eq!(sheets[0].1[1..], expected);
    let (_, bytes) = office
        .made(
            administrator(),
            json!({"format": "NDJSON", "view": "AGGREGATED", "breakdown": ["TRANSITION", "ISSUE"], "columns": ["issue.deleted"]}),
        )
        .await;
    assert!(bytes.is_empty(), "no issue was deleted by a transition");
}

async fn c25_views_of_issues_are_exported(kind: Kind) {
    let office = Office::new(kind).await;
    let look = |id: &str, action: &str, system: System, time: &str| NewEvent {
        system,
        action: action.to_owned(),
        target: None,
        issue: Some(IssueRef {
            id: None,
            key: Some("WEB-1".to_owned()),
        }),
        ..event(id, time)
    };
    office
        .world
        .append(vec![
            look(
                "one",
                "jira_issue_viewed",
                System::Organization,
                "2026-11-20T08:00:00Z",
            ),
            event("another", "2026-11-20T08:30:00Z"),
        ])
        .await;
    let batch = Batch {
        part: "views",
        events: vec![look(
            "two",
            "view/customer_portal",
            System::JiraCloud,
            "2026-11-20T09:00:00Z",
        )],
        ..Batch::default()
    };
    let now = office.world.clock.now();
    let posted = office
        .world
        .feed
        .append("jira", System::JiraCloud, batch, now);
    posted.await.unwrap();
    let input = json!({"format": "CSV", "view": "ISSUE_VIEWS", "timeZone": "America/New_York"});
    let (export, bytes) = office.made(administrator(), input).await;
    assert!(
        export["fileName"]
            .as_str()
            .unwrap()
            .starts_with("issue-views-")
    );
    let expected = [
        ["Date", "Author", "Issue Key", "Summary", "Project", "Place"],
        [
            "2026-11-20T04:00:00-05:00",
            "Ann Lee",
            "WEB-1",
            "",
            "WEB",
            "Customer Portal",
        ],
        [
            "2026-11-20T03:00:00-05:00",
            "Ann Lee",
            "WEB-1",
            "",
            "WEB",
            "Issue View",
        ],
    ];
    assert_eq!(rows(&bytes), expected);
}

fn user(name: &str, activity: &[(&str, &str)]) -> DirectoryUser {
    let sign = |(evidence, time): &(&str, &str)| ActivitySignal {
        evidence: (*evidence).to_owned(),
        time: crate::world::at(time),
    };
    DirectoryUser {
        aliases: vec![
            Alias::account(name),
            Alias::bitbucket(format!("{{{name}}}")),
        ],
        name: Some(format!("Name of {name}")),
        nickname: Some(name.to_owned()),
        activity: activity.iter().map(sign).collect(),
        ..DirectoryUser::default()
    }
}

async fn list(office: &Office, source: &str, system: System, entries: Vec<Entry>) {
    let now = office.world.clock.now();
    let batch = Batch {
        part: "directory",
        entries,
        listing_began: Some(now),
        ..Batch::default()
    };
    let listed = office.world.feed.append(source, system, batch, now);
    listed.await.unwrap();
}

async fn c34_the_members_of_a_workspace_are_exported(kind: Kind) {
    let office = Office::new(kind).await;
    let workspace = Container {
        key: Some("acme".to_owned()),
        ..Container::new(ContainerKind::Workspace, "", "{acme}")
    };
    let mut entries = vec![Entry::Container(workspace.clone())];
    for somebody in [
        user("ann", &[("workspace:acme", "2026-11-01T10:00:00.5Z")]),
        user("zoe", &[]),
    ] {
        entries.push(Entry::User(Box::new(somebody.clone())));
        entries.push(Entry::Member(DirectoryMember {
            container: workspace.clone(),
            user: Box::new(somebody),
            permission: None,
            since: None,
        }));
    }
    entries.push(Entry::End(Listing::Users));
    entries.push(Entry::End(Listing::Members));
    list(&office, "bitbucket-cloud", System::BitbucketCloud, entries).await;
    let input = json!({"format": "CSV", "view": "LAST_ACTIVE", "workspace": "acme"});
    let (_, bytes) = office.made(administrator(), input).await;
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "nickname,uuid,last_accessed\r\nann,{ann},2026-11-01T10:00:00.500Z\r\nzoe,{zoe},\r\n"
    );
}

async fn c35_last_activity_is_exported_with_its_sign(kind: Kind) {
    let office = Office::new(kind).await;
    let users = [
        user(
            "ann",
            &[
                ("product-access:jira", "2026-11-01T10:00:00Z"),
                ("last-active-date:confluence", "2026-11-03"),
            ],
        ),
        user("bo", &[("product-access:jira", "2026-11-02T10:00:00Z")]),
        user("cy", &[]),
    ];
    let users = users.into_iter().map(|user| Entry::User(Box::new(user)));
    let entries = users.chain([Entry::End(Listing::Users)]).collect();
    list(&office, "organization", System::Organization, entries).await;
    let sign_in = NewEvent {
        action: "user_login".to_owned(),
        actor: Some(person("bo", "Name of bo")),
        ..event("in", "2026-11-19T10:00:00Z")
    };
    office.world.append(vec![sign_in]).await;
    let input = json!({"format": "NDJSON", "view": "LAST_ACTIVE"});
    let (_, bytes) = office.made(administrator(), input.clone()).await;
    let row = |name: &str,
               state: &str,
               last: Value,
               precision: Value,
               sign: Value,
               evidence: Value| {
        let source = (!sign.is_null()).then_some("organization");
        json!({"name": format!("Name of {name}"), "accountId": name, "email": null, "state": state, "lastActive": last,
            "precision": precision, "sign": sign, "source": source, "evidence": evidence})
    };
    let ann = row(
        "ann",
        "ACTIVE",
        json!("2026-11-03"),
        json!("DAY"),
        json!("ORG_LAST_ACTIVE_DATE"),
        json!("last-active-date:confluence"),
    );
    // Signing in is no activity.
    let bo = row(
        "bo",
        "ACTIVE",
        json!("2026-11-02T10:00:00Z"),
        json!("INSTANT"),
        json!("ORG_PRODUCT_ACCESS"),
        json!("product-access:jira"),
    );
    let cy = row(
        "cy",
        "NEVER",
        json!(null),
        json!(null),
        json!(null),
        json!(null),
    );
    // Behind them comes whoever asked for it: they did something, too.
    assert_eq!(lines(&bytes)[..3], [ann, bo.clone(), cy]);
    let mut some = input;
    some["filter"] = json!({"users": ["bo"]});
    let (_, bytes) = office.made(administrator(), some).await;
    assert_eq!(lines(&bytes), [bo]);
}

fn run(office: &Office, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_auditgraph"))
        .args(["export", "--database-url", &office.world.database.url])
        .args(arguments)
        .current_dir(office.folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_writes_beside_a_server() {
    let office = Office::busy(Kind::Sqlite).await;
    let told = run(&office, &["--search", "project:OPS"]);
    assert!(told.status.success(), "{told:?}");
    assert_eq!(rows(&told.stdout).len(), 6);
    let told = run(&office, &["--time-zone", "Europe/Berlin", "all.xlsx"]);
    assert!(told.status.success(), "{told:?}");
    assert!(told.stdout.is_empty());
    let file = std::fs::read(office.folder.path().join("all.xlsx")).unwrap();
    assert_eq!(sheets(&file)[0].1.len(), 31);
    let told = run(&office, &["--format", "xlsx", "-"]);
    assert_eq!(sheets(&told.stdout)[0].1.len(), 31);
    let told = run(&office, &["--view", "aggregated", "--format", "ndjson"]);
    assert_eq!(lines(&told.stdout)[0]["total"], 30);
    for (arguments, word) in [
        (&["--search", "actoin:x"][..], "--search: "),
        (&["--time-zone", "Mars/Olympus"], "Mars/Olympus"),
        (&["--view", "nonsense"], "issue-views"),
    ] {
        let refused = run(&office, arguments);
        assert!(!refused.status.success());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(word), "{said}");
        assert!(refused.stdout.is_empty(), "nothing is written in vain");
    }
}
