//! The aggregated view: always equal to counting the events, in every breakdown; and what the contract says of it.

use crate::filters::{Known, list_people, random_event, random_filter};
use crate::world::{Kind, World, administrator, at, event, on_both, person, project};
use auditgraph::access::{Sight, Viewer};
use auditgraph::activity::{Activity, Breakdown, Question, RowKey};
use auditgraph::event::directory::{DirectoryIssue, Entry, SecurityLevel};
use auditgraph::event::filter::EventFilter;
use auditgraph::event::order::EventOrderField;
use auditgraph::event::{Change, Container, ContainerKind, IssueRef, NewEvent, System};
use auditgraph::store::Batch;
use auditgraph::store::beside::Wanted;
use auditgraph::store::entity::event;
use auditgraph::store::issues::IssueName;
use auditgraph::store::query::chosen::fold;
use auditgraph::store::read::Range;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

on_both!(
    activity_is_what_counting_the_events_gives,
    c04_counts_are_of_the_last_30_days_and_of_a_year_at_most,
    c17_hidden_issues_are_counted_and_not_shown,
    c18_a_row_an_actor_and_a_column_an_action,
    c19_a_count_opens_its_issues,
    c20_rows_are_divided_by_project_status_transition_issue_and_field,
    c21_field_combines_with_project_and_issue_only,
    c22_the_total_of_a_project_opens_all_that_was_moved_there,
);

const MONITORED: [&str; 2] = ["PRIORITY", "größe"];
const KEYS: [&str; 4] = ["WEB-1", "WEB-2", "OPS-1", "OPS-77"];

fn every_breakdown() -> Vec<Breakdown> {
    let bit = |number: u32, place: u32| number >> place & 1 == 1;
    let states = (0..16).map(|number| Breakdown {
        project: bit(number, 0),
        status: bit(number, 1),
        transition: bit(number, 2),
        issue: bit(number, 3),
        field: false,
    });
    let fields = (0..4).map(|number| Breakdown {
        project: bit(number, 0),
        issue: bit(number, 1),
        field: true,
        ..Breakdown::default()
    });
    states.chain(fields).collect()
}

fn in_project(key: &str) -> Container {
    Container {
        id: None,
        key: Some(key.to_owned()),
        ..Container::new(ContainerKind::Project, "acme.atlassian.net", "")
    }
}

/// Lets two of the issues be known, one of them by a second key.
async fn list_issues(world: &World) {
    let issue = |id: &str, key: &str, time: &str| {
        Entry::Issue(Box::new(DirectoryIssue {
            scope: "acme.atlassian.net".to_owned(),
            id: id.to_owned(),
            at: Some(at(time)),
            key: key.to_owned().into(),
            project: Some(in_project(key.split('-').next().unwrap())),
            ..DirectoryIssue::default()
        }))
    };
    let batch = Batch {
        part: "issues",
        entries: vec![
            issue("1", "WEB-1", "2026-11-01T10:00:00Z"),
            issue("2", "OPS-77", "2026-11-01T10:00:00Z"),
            issue("2", "OPS-1", "2026-11-02T10:00:00Z"),
        ],
        ..Batch::default()
    };
    let learned = world
        .feed
        .append("jira", System::JiraCloud, batch, world.clock.now());
    learned.await.unwrap();
}

fn random_of_issue(dice: &mut StdRng, id: u32) -> NewEvent {
    let issue = IssueRef {
        id: ["1", "2", "3"]
            .choose(dice)
            .filter(|_| dice.random_bool(0.4))
            .map(|id| (*id).to_owned()),
        key: KEYS
            .choose(dice)
            .filter(|_| dice.random_bool(0.7))
            .map(|key| (*key).to_owned()),
    };
    let random = random_event(dice, id);
    // Within a second of a bound, and on either side of it.
    let time = random.time.map(|time| {
        let micros = time.micros() + dice.random_range(-1_500_000..1_500_000);
        auditgraph::event::Timestamp::from_micros(micros)
    });
    NewEvent {
        issue: dice.random_bool(0.6).then_some(issue),
        time: time.filter(|_| dice.random_bool(0.5)).or(random.time),
        ..random
    }
}

async fn activity_is_what_counting_the_events_gives(kind: Kind) {
    let (logs, filters) = if kind == Kind::Sqlite {
        (3, 20)
    } else {
        (1, 15)
    };
    for seed in 0..logs {
        let (mut dice, me) = (StdRng::seed_from_u64(seed), administrator());
        let world = World::new(kind).await;
        list_people(&world).await;
        list_issues(&world).await;
        let monitored = MONITORED.map(str::to_owned);
        let decided = world
            .feed
            .set_monitored_fields(&me, &monitored, world.clock.now());
        decided.await.unwrap();
        let activity = Activity::new(world.store().clone(), world.clock.clone());
        let mut events: Vec<NewEvent> = Vec::new();
        // The columns follow: more comes in between two questions, and persons change.
        for round in 0..3 {
            let more: Vec<NewEvent> = (0..30)
                .map(|id| random_of_issue(&mut dice, round * 100 + id))
                .collect();
            world.append(more.clone()).await;
            events.extend(more);
            let known = Known::of(&events);
            if round == 1 {
                let people = world.store().tide().await.unwrap().people;
                let users: Vec<i64> = user_ids(&world).await;
                let linked = world.feed.link_users(&me, &users[..2], world.clock.now());
                linked.await.unwrap();
                assert!(world.store().tide().await.unwrap().people > people);
            }
            for number in 0..filters {
                let filter = match number {
                    0 => EventFilter::default(),
                    _ => random_filter(&mut dice, &known, 2),
                };
                let every = every_breakdown();
                let breakdowns = [
                    Breakdown::default(),
                    *every.choose(&mut dice).unwrap(),
                    *every.choose(&mut dice).unwrap(),
                ];
                for breakdown in breakdowns {
                    let counted = counted(&world, &activity, &filter, breakdown).await;
                    let expected = naive(&world, &filter, breakdown).await;
                    let json = serde_json::to_string(&filter).unwrap();
                    assert_eq!(counted, expected, "seed {seed}, {breakdown:?}: {json}");
                }
            }
        }
    }
}

async fn user_ids(world: &World) -> Vec<i64> {
    let aliases: Vec<i64> = (1..=4).collect();
    let people = world.store().people(&aliases).await.unwrap();
    let users: BTreeSet<i64> = people.into_iter().map(|(_, user)| user.id).collect();
    users.into_iter().collect()
}

/// Rows by what they are about, with a count an action; and each action's total.
type Counts = (BTreeMap<RowKey, BTreeMap<i32, u64>>, BTreeMap<i32, u64>);

fn some(counts: impl Iterator<Item = (i32, u64)>) -> BTreeMap<i32, u64> {
    counts.filter(|(_, count)| *count > 0).collect()
}

/// Names are spelled in several ways; which one comes first is not the point.
fn folded(key: RowKey) -> RowKey {
    let fold = |name: Option<Arc<str>>| name.map(|name| fold(&name).into());
    RowKey {
        from: fold(key.from),
        to: fold(key.to),
        field: fold(key.field),
        ..key
    }
}

async fn counted(
    world: &World,
    activity: &Activity,
    filter: &EventFilter,
    breakdown: Breakdown,
) -> Counts {
    let store = world.store();
    let (sight, now) = (Sight::Everything, world.clock.now());
    let actions: Vec<i32> = store
        .actions()
        .await
        .unwrap()
        .iter()
        .map(|row| row.id)
        .collect();
    let question = Question {
        test: store.countable(filter, &sight, now).await.unwrap(),
        columns: actions.iter().map(|id| vec![*id]).collect(),
        breakdown,
        fields: store.monitored_fields().await.unwrap(),
    };
    let answer = activity.ask(&administrator(), &question).await.unwrap();
    let by_action = |counts: Vec<u64>| some(actions.iter().copied().zip(counts));
    let rows = answer.rows.into_iter();
    let rows = rows.map(|row| (folded(row.key), by_action(row.counts)));
    (rows.collect(), by_action(answer.totals))
}

/// The same from the events themselves, one by one.
async fn naive(world: &World, filter: &EventFilter, breakdown: Breakdown) -> Counts {
    let store = world.store();
    let range = Range {
        limit: 500,
        after: None,
        before: None,
        from_end: false,
        descending: false,
    };
    let page = store
        .events(
            filter,
            &Sight::Everything,
            EventOrderField::Recorded,
            range,
            Wanted::ALL,
            world.clock.now(),
        )
        .await
        .unwrap();
    assert!(!page.0.more);
    let monitored = store.monitored_fields().await.unwrap();
    let monitored: BTreeSet<String> = monitored.iter().map(|name| fold(name)).collect();
    let mut rows: BTreeMap<RowKey, BTreeMap<i32, u64>> = BTreeMap::new();
    let mut totals: BTreeMap<i32, u64> = BTreeMap::new();
    for row in page.0.rows {
        let keys = keys_of(world, &row, breakdown, &monitored).await;
        if !keys.is_empty() {
            *totals.entry(row.action_id).or_default() += 1;
        }
        for key in keys {
            *rows
                .entry(key)
                .or_default()
                .entry(row.action_id)
                .or_default() += 1;
        }
    }
    (rows, totals)
}

/// The rows in which an event counts.
async fn keys_of(
    world: &World,
    row: &event::Model,
    breakdown: Breakdown,
    monitored: &BTreeSet<String>,
) -> BTreeSet<RowKey> {
    let store = world.store();
    let mut key = RowKey::default();
    let late = store.late_actors(&[row.seq]).await.unwrap();
    let alias = row.actor_id.or(late.first().map(|late| late.alias_id));
    if let Some(alias) = alias {
        key.user_id = store.people(&[alias]).await.unwrap()[0].0.user_id;
    }
    if breakdown.project
        && let Some(id) = row.container_id
    {
        let containers = store.containers_by_id(&[id]).await.unwrap();
        if containers[0].kind == ContainerKind::Project.number() {
            key.project_id = id;
        }
    }
    let has_issue = row.issue_id.is_some() || row.issue_key.is_some();
    if breakdown.issue && has_issue {
        let name = IssueName {
            id: row.issue_id.clone(),
            key: row.issue_key.clone().filter(|_| row.issue_id.is_none()),
            container_id: row.container_id,
        };
        let found = store
            .issues_named(&administrator(), std::slice::from_ref(&name))
            .await;
        key.issue_id = found.unwrap().get(&name).map_or(0, |issue| issue.id);
    }
    let changes = store.changes(&[row.seq]).await.unwrap();
    let name = |text: Option<&String>| Some(fold(text.map_or("", |text| text)).into());
    if breakdown.status || breakdown.transition {
        let moves = changes
            .iter()
            .filter(|change| fold(&change.field) == "status" && has_issue);
        let moves = moves.map(|change| RowKey {
            from: name(change.from_value.as_ref()).filter(|_| breakdown.transition),
            to: name(change.to_value.as_ref()),
            ..key.clone()
        });
        moves.collect()
    } else if breakdown.field {
        let fields = changes.iter().map(|change| fold(&change.field));
        let fields = fields.filter(|field| monitored.contains(field));
        fields
            .map(|field| RowKey {
                field: Some(field.into()),
                ..key.clone()
            })
            .collect()
    } else {
        BTreeSet::from([key])
    }
}

// ---- what the contract says, asked as a user would

const ROWS: &str =
    "query ($filter: EventFilter, $breakdown: [ActivityBreakdown!], $columns: [String!],
    $order: ActivityOrder, $first: Int, $after: String, $last: Int, $before: String) {
    activity(filter: $filter, breakdown: $breakdown, columns: $columns, orderBy: $order,
        first: $first, after: $after, last: $last, before: $before) {
        totalCount total totals { action { code } count } columns { code }
        nodes { actor { name } project { key } status transition { from to } field issue { key }
            total counts { count } }
        pageInfo { endCursor startCursor hasNextPage hasPreviousPage }
    }
}";

async fn asked(world: &World, variables: Value) -> Value {
    let answer = world.ask(ROWS, variables.clone()).await;
    assert_eq!(answer.get("errors"), None, "{variables}");
    answer["data"]["activity"].clone()
}

/// What is wrong with a question.
async fn refused(world: &World, variables: Value) -> String {
    let answer = world.ask(ROWS, variables).await;
    assert_eq!(
        answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
        "{answer}"
    );
    answer["errors"][0]["message"].as_str().unwrap().to_owned()
}

fn by(id: &str, who: &str, action: &str, key: &str) -> NewEvent {
    let place = key.split_once('-').map(|(project, _)| in_project(project));
    NewEvent {
        actor: Some(person(&format!("557058:{who}"), who)),
        action: action.to_owned(),
        container: place,
        issue: key.contains('-').then(|| IssueRef {
            id: None,
            key: Some(key.to_owned()),
        }),
        ..event(id, "2026-11-20T10:00:00Z")
    }
}

fn moved(id: &str, who: &str, key: &str, from: &str, to: &str) -> NewEvent {
    let change = Change {
        field: "status".to_owned(),
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
    };
    NewEvent {
        changes: vec![change],
        ..by(id, who, "jira_issue_updated", key)
    }
}

/// Each row as its texts and counts, in the order of the answer.
fn lines(answer: &Value) -> Vec<String> {
    let nodes = answer["nodes"].as_array().unwrap();
    let line = |node: &Value| {
        let mut texts: Vec<String> = Vec::new();
        for pointer in [
            "/actor/name",
            "/project/key",
            "/transition/from",
            "/status",
            "/field",
            "/issue/key",
        ] {
            texts.extend(
                node.pointer(pointer)
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
        }
        let counts = node["counts"].as_array().unwrap().iter();
        texts.extend(counts.map(|count| count["count"].to_string()));
        texts.join(" ")
    };
    nodes.iter().map(line).collect()
}

async fn c04_counts_are_of_the_last_30_days_and_of_a_year_at_most(kind: Kind) {
    let world = World::new(kind).await;
    let then = |id: &str, time: &str| NewEvent {
        time: Some(at(time)),
        ..by(id, "ann", "jira_issue_created", "WEB-1")
    };
    // The clock stands at 2026-11-20T12:00:00Z.
    world
        .append(vec![
            then("a", "2026-10-21T11:59:59.999999Z"),
            then("b", "2026-10-21T12:00:00Z"),
            then("c", "2026-11-20T12:00:00Z"),
            then("d", "2025-11-20T00:00:00Z"),
        ])
        .await;
    assert_eq!(asked(&world, json!({})).await["total"], 2);
    for (time, total) in [
        (json!({"last": {"days": 31}}), 3),
        (json!({"preset": "LAST_365_DAYS"}), 3),
        (json!({"last": {"days": 366}}), 4),
        (json!({"preset": "TODAY"}), 1),
    ] {
        let answer = asked(&world, json!({"filter": {"time": time}})).await;
        assert_eq!(answer["total"], total, "{time}");
    }
    let year = refused(&world, json!({"filter": {"time": {"last": {"days": 367}}}})).await;
    assert_eq!(
        year,
        "filter.time: 367 days are too many; give a range of at most 366 days"
    );
    let open = json!({"filter": {"time": {"between": {"to": "2026-11-20T00:00:00Z"}}}});
    let open = refused(&world, open).await;
    assert_eq!(
        open,
        "filter.time: has no beginning; give a range of at most 366 days"
    );
}

/// The rows of an order, a page for each.
async fn page_by_page(world: &World, order: &Value) -> Vec<String> {
    let (mut walked, mut next) = (Vec::new(), Some(json!({"first": 1})));
    while let Some(page) = next {
        let mut variables = order.clone();
        let page = page.as_object().unwrap().clone();
        variables.as_object_mut().unwrap().extend(page);
        let answer = asked(world, variables).await;
        walked.extend(lines(&answer));
        let info = &answer["pageInfo"];
        let more = info["hasNextPage"] == true;
        next = more.then(|| json!({"first": 1, "after": info["endCursor"]}));
    }
    walked
}

async fn c18_a_row_an_actor_and_a_column_an_action(kind: Kind) {
    let world = World::new(kind).await;
    let nobody = NewEvent {
        actor: None,
        ..by("8", "", "jira_issue_deleted", "WEB-1")
    };
    world
        .append(vec![
            by("1", "ann", "jira_issue_created", "WEB-1"),
            by("2", "ann", "jira_issue_created", "WEB-2"),
            by("3", "bo", "jira_issue_created", "WEB-3"),
            by("4", "bo", "jira_issue_deleted", "WEB-3"),
            by("5", "cy", "jira_issue_deleted", "WEB-2"),
            by("6", "cy", "user_login", ""),
            by("7", "dee", "user_login", ""),
            nobody,
        ])
        .await;
    let answer = asked(&world, json!({})).await;
    let codes = |answer: &Value| -> Vec<String> {
        let columns = answer["columns"].as_array().unwrap().iter();
        columns
            .map(|column| column["code"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        codes(&answer),
        [
            "issue.created",
            "issue.updated",
            "issue.deleted",
            "issue.status_changed",
            "issue.resolved",
            "comment.added",
            "comment.updated",
            "comment.deleted",
        ]
    );
    // Who did nothing of all that has no row; nobody has one.
    assert_eq!(answer["totalCount"], 4);
    assert_eq!(
        (&answer["total"], &answer["totals"][2]["count"]),
        (&json!(6), &json!(3))
    );
    let columns = json!(["Issue deleted", "issue.created"]);
    let ordered = |field: &str, column: Option<&str>, direction: &str| json!({"columns": columns, "order": {"field": field, "column": column, "direction": direction}});
    for (order, expected) in [
        (
            ordered("ACTOR", None, "ASC"),
            ["1 0", "ann 0 2", "bo 1 1", "cy 1 0"],
        ),
        (
            ordered("TOTAL", None, "DESC"),
            ["bo 1 1", "ann 0 2", "cy 1 0", "1 0"],
        ),
        (
            ordered("COLUMN", Some("issue.created"), "ASC"),
            ["1 0", "cy 1 0", "bo 1 1", "ann 0 2"],
        ),
    ] {
        let answer = asked(&world, order.clone()).await;
        assert_eq!(lines(&answer), expected, "{order}");
        assert_eq!(page_by_page(&world, &order).await, expected, "{order}");
        let mut last = order.clone();
        last["last"] = json!(2);
        assert_eq!(lines(&asked(&world, last).await), expected[2..], "{order}");
    }
    let all = asked(&world, json!({"columns": ["*"]})).await;
    assert_eq!(
        codes(&all),
        ["issue.created", "issue.deleted", "user.logged_in"]
    );
    assert_eq!((&all["total"], &all["totalCount"]), (&json!(8), &json!(5)));
    for (variables, message) in [
        (
            json!({"columns": ["issue.creatd"]}),
            "columns[0]: there is no action `issue.creatd`",
        ),
        (
            json!({"columns": ["issue.created", "Issue created"]}),
            "columns[1]: `Issue created` is there twice",
        ),
        (json!({"columns": []}), "columns: 0 are out of range"),
        (
            ordered("COLUMN", Some("issue.viewed"), "ASC"),
            "orderBy.column: there is no column `issue.viewed`",
        ),
        (
            ordered("COLUMN", None, "ASC"),
            "orderBy.column: say by which column",
        ),
        (
            ordered("TOTAL", Some("issue.created"), "ASC"),
            "orderBy.column: goes with",
        ),
    ] {
        let refused = refused(&world, variables).await;
        assert!(refused.starts_with(message), "{refused}");
    }
}

const ISSUES: &str = "query ($breakdown: [ActivityBreakdown!], $column: String, $first: Int, $after: String) {
    activity(breakdown: $breakdown, columns: [\"issue.created\", \"issue.updated\"], orderBy: {field: ACTOR, direction: ASC}) {
        nodes { actor { name } project { key } jiraUrl(column: $column)
            issues(column: $column, first: $first, after: $after) {
                nodes { key } pageInfo { hasNextPage endCursor } } }
    }
}";

/// Lets issues be known.
async fn know(world: &World, keys: &[String]) {
    let issue = |(place, key): (usize, &String)| {
        Entry::Issue(Box::new(DirectoryIssue {
            scope: "acme.atlassian.net".to_owned(),
            id: (1_000 + place).to_string(),
            at: Some(at("2026-11-01T10:00:00Z")),
            key: key.clone().into(),
            project: Some(in_project(key.split('-').next().unwrap())),
            ..DirectoryIssue::default()
        }))
    };
    let batch = Batch {
        part: "issues",
        entries: keys.iter().enumerate().map(issue).collect(),
        ..Batch::default()
    };
    let learned = world
        .feed
        .append("jira", System::JiraCloud, batch, world.clock.now());
    learned.await.unwrap();
}

async fn c17_hidden_issues_are_counted_and_not_shown(kind: Kind) {
    let world = World::new(kind).await;
    know(&world, &["WEB-1".to_owned()]).await;
    let secret = DirectoryIssue {
        scope: "acme.atlassian.net".to_owned(),
        id: "7".to_owned(),
        at: Some(at("2026-11-01T10:00:00Z")),
        key: "WEB-7".to_owned().into(),
        security: Some(Some(SecurityLevel {
            id: "1".to_owned(),
            name: "Staff only".to_owned().into(),
        })),
        project: Some(in_project("WEB")),
        ..DirectoryIssue::default()
    };
    let batch = Batch {
        part: "issues",
        entries: vec![Entry::Issue(Box::new(secret))],
        ..Batch::default()
    };
    let learned = world
        .feed
        .append("jira", System::JiraCloud, batch, world.clock.now());
    learned.await.unwrap();
    world
        .append(vec![
            by("1", "ann", "jira_issue_created", "WEB-1"),
            by("2", "ann", "jira_issue_created", "WEB-7"),
        ])
        .await;
    // Somebody whose token acts for no account, so that Jira cannot be asked about them.
    let somebody = Viewer {
        token_id: 7,
        ..administrator()
    };
    let query =
        "{ activity(columns: [\"issue.created\"], breakdown: [ISSUE], orderBy: {field: TOTAL}) {
        total nodes { issue { key } total jiraUrl issues { nodes { key } } } } }";
    for (viewer, shown) in [(administrator(), 2), (somebody, 1)] {
        let answer = world.ask_as(viewer, query, json!({})).await;
        let activity = &answer["data"]["activity"];
        assert_eq!(activity["total"], 2, "{answer}");
        let rows = activity["nodes"].as_array().unwrap();
        let named = rows.iter().filter(|row| !row["issue"].is_null());
        assert_eq!((rows.len(), named.count()), (2, shown));
        for row in rows.iter().filter(|row| row["issue"].is_null()) {
            let nothing =
                json!({"issue": null, "total": 1, "jiraUrl": null, "issues": {"nodes": []}});
            assert_eq!(*row, nothing);
        }
        assert_eq!(answer.to_string().contains("WEB-7"), shown == 2);
    }
}

async fn c19_a_count_opens_its_issues(kind: Kind) {
    let world = World::new(kind).await;
    let keys: Vec<String> = (1..=101).map(|number| format!("WEB-{number}")).collect();
    know(&world, &keys).await;
    let created = keys.iter().enumerate();
    let created = created.map(|(id, key)| by(&id.to_string(), "ann", "jira_issue_created", key));
    let mut events: Vec<NewEvent> = created.collect();
    events.push(by("u1", "ann", "jira_issue_updated", "WEB-2"));
    events.push(by("u2", "ann", "jira_issue_updated", "WEB-10"));
    events.push(by("u3", "ann", "jira_issue_updated", "WEB-2"));
    world.append(events).await;
    let ask = async |variables: Value| {
        let answer = world.ask(ISSUES, variables).await;
        assert_eq!(answer.get("errors"), None);
        answer["data"]["activity"]["nodes"][0].clone()
    };
    let updated = ask(json!({"column": "issue.updated"})).await;
    let shown: Vec<&Value> = updated["issues"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(shown, [&json!({"key": "WEB-2"}), &json!({"key": "WEB-10"})]);
    assert_eq!(
        updated["jiraUrl"],
        "https://acme.atlassian.net/issues/?jql=key+in+%28WEB-2%2C+WEB-10%29"
    );
    let created = ask(json!({"column": "issue.created", "first": 100})).await;
    assert_eq!(
        created["jiraUrl"],
        Value::Null,
        "a hundred and one are too many for a link"
    );
    let info = &created["issues"]["pageInfo"];
    let rest = ask(json!({"column": "issue.created", "after": info["endCursor"]})).await;
    assert_eq!(rest["issues"]["nodes"], json!([{"key": "WEB-101"}]));
}

async fn c20_rows_are_divided_by_project_status_transition_issue_and_field(kind: Kind) {
    let world = World::new(kind).await;
    know(&world, &["WEB-1".to_owned(), "OPS-1".to_owned()]).await;
    world
        .append(vec![
            moved("1", "ann", "WEB-1", "To Do", "Doing"),
            moved("2", "ann", "WEB-1", "Doing", "Done"),
            moved("3", "ann", "OPS-1", "To Do", "Done"),
            by("4", "ann", "jira_issue_updated", "OPS-1"),
            by("5", "ann", "user_login", ""),
        ])
        .await;
    let (me, monitored) = (administrator(), ["Status".to_owned()]);
    let decided = world
        .feed
        .set_monitored_fields(&me, &monitored, world.clock.now());
    decided.await.unwrap();
    for (breakdown, expected) in [
        (
            json!(["PROJECT"]),
            vec!["ann 0 1", "ann OPS 2 0", "ann WEB 2 0"],
        ),
        (json!(["STATUS"]), vec!["ann Doing 1 0", "ann Done 2 0"]),
        (
            json!(["TRANSITION"]),
            vec![
                "ann Doing Done 1 0",
                "ann To Do Doing 1 0",
                "ann To Do Done 1 0",
            ],
        ),
        (
            json!(["ISSUE"]),
            vec!["ann 0 1", "ann OPS-1 2 0", "ann WEB-1 2 0"],
        ),
        (
            json!(["FIELD", "PROJECT"]),
            vec!["ann OPS status 1 0", "ann WEB status 2 0"],
        ),
        (
            json!(["PROJECT", "STATUS"]),
            vec!["ann OPS Done 1 0", "ann WEB Doing 1 0", "ann WEB Done 1 0"],
        ),
    ] {
        let variables =
            json!({"breakdown": breakdown, "columns": ["issue.updated", "user.logged_in"]});
        let answer = asked(&world, variables).await;
        let mut found = lines(&answer);
        found.sort();
        assert_eq!(found, expected, "{breakdown}");
    }
}

async fn c21_field_combines_with_project_and_issue_only(kind: Kind) {
    let world = World::new(kind).await;
    for breakdown in [
        json!(["FIELD", "STATUS"]),
        json!(["TRANSITION", "PROJECT", "FIELD"]),
    ] {
        let refused = refused(&world, json!({"breakdown": breakdown})).await;
        assert!(
            refused.starts_with("breakdown: FIELD combines with PROJECT and ISSUE only"),
            "{refused}"
        );
    }
    for breakdown in [
        json!(["FIELD", "ISSUE", "PROJECT"]),
        json!(["ISSUE", "PROJECT", "STATUS", "TRANSITION"]),
    ] {
        asked(&world, json!({"breakdown": breakdown})).await;
    }
}

async fn c22_the_total_of_a_project_opens_all_that_was_moved_there(kind: Kind) {
    let world = World::new(kind).await;
    know(
        &world,
        &["WEB-1".to_owned(), "WEB-2".to_owned(), "OPS-1".to_owned()],
    )
    .await;
    world
        .append(vec![
            moved("1", "ann", "WEB-1", "To Do", "Doing"),
            moved("2", "ann", "WEB-1", "Doing", "Done"),
            moved("3", "ann", "WEB-2", "To Do", "Doing"),
            moved("4", "ann", "OPS-1", "To Do", "Done"),
            moved("5", "bo", "WEB-2", "Doing", "Done"),
        ])
        .await;
    let answer = world
        .ask(ISSUES, json!({"breakdown": ["PROJECT"], "first": 10}))
        .await;
    let nodes = answer["data"]["activity"]["nodes"].as_array().unwrap();
    let opened = nodes.iter().map(|node| {
        let keys = node["issues"]["nodes"].as_array().unwrap().iter();
        let keys: Vec<&str> = keys.filter_map(|issue| issue["key"].as_str()).collect();
        format!(
            "{} {} {}",
            node["actor"]["name"],
            node["project"]["key"],
            keys.join(",")
        )
    });
    let mut opened: Vec<String> = opened.collect();
    opened.sort();
    assert_eq!(
        opened,
        [
            "\"ann\" \"OPS\" OPS-1",
            "\"ann\" \"WEB\" WEB-1,WEB-2",
            "\"bo\" \"WEB\" WEB-2",
        ]
    );
    assert_eq!(project("WEB").kind, ContainerKind::Project);
}
