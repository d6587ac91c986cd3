//! What the REST interface of Data Center's audit log answers (C40), asked of our log: by category, by action, by affected
//! project and repository, as JSON and as CSV.

use crate::data_center::{PRODUCTS, Site, small};
use crate::exports::Office;
use crate::world::{Kind, administrator, on_both};
use auditgraph::access::Viewer;
use auditgraph::sandbox::{Instance, Settings};
use auditgraph::source::Part;
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both!(
    c40_categories_and_actions_by_text_and_by_key,
    c40_affected_projects_and_repositories,
    c40_the_answer_as_csv_and_json,
);

/// An office that has read a Bitbucket Data Center, and what was written there.
async fn office(kind: Kind) -> (Office, Vec<Value>) {
    let mut office = Office::new(kind).await;
    let clock = office.world.clock.clone();
    let settings = Settings {
        data_center_events: 300,
        ..small(21)
    };
    let site = Site::new(&mut office.world, PRODUCTS[0], settings, clock, |_, _| ()).await;
    for part in [Part::Events, Part::History] {
        office.world.sync(&site.name, part).await.unwrap();
    }
    let written = site.sandbox.written(Instance::Bitbucket).into_iter();
    let written = written.filter(|row| !row.own);
    let written = written.map(|row| serde_json::from_str(&row.rest).unwrap());
    (office, written.collect())
}

/// The records that a filter chooses, as they were received; streams and counts choose as many.
async fn chosen(office: &Office, filter: Value) -> Vec<Value> {
    let records = listed(office, &filter).await;
    let (store, now) = (office.world.store(), office.world.clock.now());
    let (read, sight) = (
        serde_json::from_value(filter.clone()).unwrap(),
        Viewer::server().sight(),
    );
    let test = store.chosen(&read, &sight, now).await.unwrap();
    let newest = store.newest().await.unwrap();
    let log = store.excerpt(0, newest).await.unwrap();
    let streamed = log.choose(store, &test, 0).await.unwrap();
    assert_eq!(streamed.len(), records.len(), "streamed with {filter}");
    let query =
        "query ($filter: EventFilter) { activity(filter: $filter, columns: [\"*\"]) { total } }";
    let answer = office
        .world
        .ask_as(administrator(), query, json!({"filter": filter}))
        .await;
    assert_eq!(
        answer["data"]["activity"]["total"],
        records.len(),
        "counted with {filter}"
    );
    records
}

async fn listed(office: &Office, filter: &Value) -> Vec<Value> {
    let query =
        "query ($filter: EventFilter) { events(filter: $filter, first: 500) { nodes { raw } } }";
    let answer = office
        .world
        .ask_as(administrator(), query, json!({"filter": filter}))
        .await;
    assert_eq!(answer.get("errors"), None, "{filter}: {answer}");
    let nodes = answer["data"]["events"]["nodes"].as_array().unwrap();
    let raw = |node: &Value| serde_json::from_str(node["raw"].as_str().unwrap()).unwrap();
    sorted(nodes.iter().map(raw).collect())
}

fn sorted(mut records: Vec<Value>) -> Vec<Value> {
    records.sort_by_key(Value::to_string);
    records
}

/// What Data Center itself would answer.
fn expected(written: &[Value], fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    sorted(
        written
            .iter()
            .filter(|record| fits(record))
            .cloned()
            .collect(),
    )
}

async fn c40_categories_and_actions_by_text_and_by_key(kind: Kind) {
    let (office, written) = office(kind).await;
    for (criterion, text, key) in [
        ("categories", "category", "categoryI18nKey"),
        ("actions", "action", "actionI18nKey"),
    ] {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for record in &written {
            let name = |name: &str| record["type"][name].as_str().map(str::to_owned);
            names.extend(name(text).zip(name(key)));
        }
        assert!(names.len() > 3, "{names:?}");
        for (said, keyed) in &names {
            let right = expected(&written, |record| {
                record["type"][key] == json!(keyed) || record["type"][text] == json!(said)
            });
            assert!(!right.is_empty());
            for name in [said.clone(), keyed.clone(), keyed.to_uppercase()] {
                let found = chosen(&office, json!({criterion: [name]})).await;
                assert_eq!(found, right, "{criterion} {name}");
                let as_text = json!({"search": format!("{criterion}:\"{name}\"")});
                let query = "query ($search: String) { events(search: $search, first: 500) { nodes { id } } }";
                let answer = office.world.ask_as(administrator(), query, as_text).await;
                let found = answer["data"]["events"]["nodes"].as_array().unwrap();
                assert_eq!(found.len(), right.len(), "{criterion}:{name}");
            }
        }
        // Several, as `actions=a,b` has them; and what is left out.
        let two: Vec<&String> = names.values().take(2).collect();
        let both = expected(&written, |record| {
            two.iter().any(|key_| record["type"][key] == json!(key_))
        });
        assert_eq!(chosen(&office, json!({criterion: two})).await, both);
    }
    let unknown = json!({"filter": {"categories": ["bitbucket.service.audit.category.none"]}});
    let query = "query ($filter: EventFilter) { events(filter: $filter) { nodes { id } } }";
    let refused = office.world.ask_as(administrator(), query, unknown).await;
    let message = refused["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("there is no category"), "{message}");
}

async fn c40_affected_projects_and_repositories(kind: Kind) {
    let (office, written) = office(kind).await;
    let affects = |record: &Value, kind: &str, id: &str| {
        let objects = record["affectedObjects"].as_array().into_iter().flatten();
        let mut objects = objects.filter(|object| object["type"] == kind);
        objects.any(|object| object["id"] == id)
    };
    let mut objects: BTreeMap<(String, String), String> = BTreeMap::new();
    for record in &written {
        for object in record["affectedObjects"].as_array().into_iter().flatten() {
            let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
            if ["PROJECT", "REPOSITORY"].contains(&text("type").as_str()) && text("id") != "0" {
                objects.insert((text("type"), text("id")), text("uri"));
            }
        }
    }
    let kinds = |kind: &str| objects.keys().filter(|(known, _)| known == kind).count();
    assert!(
        kinds("PROJECT") > 1 && kinds("REPOSITORY") > 1,
        "{objects:?}"
    );
    for ((kind, id), uri) in &objects {
        let right = expected(&written, |record| affects(record, kind, id));
        let parts: Vec<&str> = uri.split("/projects/").nth(1).unwrap().split('/').collect();
        let key = match parts.as_slice() {
            [project, "repos", slug, ..] => format!("{project}/{slug}"),
            [project, ..] => (*project).to_owned(),
            [] => unreachable!(),
        };
        let lower = kind.to_lowercase();
        for name in [key, format!("{kind},{id}"), format!("{lower}, {id}")] {
            let found = chosen(&office, json!({"projects": [name]})).await;
            assert_eq!(found.len(), right.len(), "{name}");
            assert_eq!(found, right, "{name}");
        }
    }
    // A list of objects chooses what affects any of them, and narrows with actions and categories.
    let of = |kind: &str| {
        objects
            .keys()
            .find(|(known, _)| known == kind)
            .unwrap()
            .1
            .clone()
    };
    let (project, repository) = (of("PROJECT"), of("REPOSITORY"));
    let both = expected(&written, |record| {
        affects(record, "PROJECT", &project) || affects(record, "REPOSITORY", &repository)
    });
    let projects = json!([
        format!("PROJECT,{project}"),
        format!("REPOSITORY,{repository}")
    ]);
    assert_eq!(chosen(&office, json!({"projects": projects})).await, both);
    let category = &both[0]["type"]["categoryI18nKey"];
    let narrower = expected(&both, |record| {
        record["type"]["categoryI18nKey"] == *category
    });
    let filter = json!({"projects": projects, "categories": [category]});
    assert_eq!(chosen(&office, filter).await, narrower);
    for unknown in ["PROJECT,999", "REPOSITORY,999", "NONE/none"] {
        let query = "query ($filter: EventFilter) { events(filter: $filter) { nodes { id } } }";
        let filter = json!({"filter": {"projects": [unknown]}});
        let refused = office.world.ask_as(administrator(), query, filter).await;
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.contains("or a repository as `KEY/slug`"),
            "{message}"
        );
    }
}

async fn c40_the_answer_as_csv_and_json(kind: Kind) {
    let (office, written) = office(kind).await;
    let category = "bitbucket.service.audit.category.repositories";
    let of_category = |record: &Value| record["type"]["categoryI18nKey"] == category;
    let right = expected(&written, of_category);
    let repository = right
        .iter()
        .flat_map(|record| record["affectedObjects"].as_array().unwrap())
        .find(|object| object["type"] == "REPOSITORY" && object["id"] != "0")
        .unwrap();
    let id = repository["id"].as_str().unwrap();
    let right = expected(&right, |record| {
        let objects = record["affectedObjects"].as_array().unwrap();
        objects
            .iter()
            .any(|object| object["type"] == "REPOSITORY" && object["id"] == id)
    });
    let filter = json!({"categories": [category], "projects": [format!("REPOSITORY,{id}")]});
    for format in ["CSV", "JSON"] {
        let input = json!({"format": format, "filter": filter});
        let (export, bytes) = office.made(administrator(), input).await;
        assert_eq!(export["records"], right.len());
        let times: Vec<String> = if format == "CSV" {
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            let rows = reader.records().map(|row| row.unwrap()[0].to_owned());
            rows.collect()
        } else {
            let rows: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
            rows.iter()
                .map(|row| row["date"].as_str().unwrap().to_owned())
                .collect()
        };
        let mut told: Vec<&str> = right
            .iter()
            .map(|record| record["timestamp"].as_str().unwrap())
            .collect();
        told.sort_unstable();
        told.reverse();
        let seconds = |text: &str| text[..19].to_owned();
        assert_eq!(
            times.iter().map(|time| seconds(time)).collect::<Vec<_>>(),
            told.iter().map(|time| seconds(time)).collect::<Vec<_>>(),
            "{format}"
        );
    }
    // `limit` is `first`.
    let query =
        "query ($filter: EventFilter) { events(filter: $filter, first: 1) { nodes { id } } }";
    let answer = office
        .world
        .ask_as(administrator(), query, json!({"filter": filter}))
        .await;
    assert_eq!(
        answer["data"]["events"]["nodes"].as_array().unwrap().len(),
        1
    );
}
