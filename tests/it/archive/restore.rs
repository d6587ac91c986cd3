//! The log again, out of the archive: what everybody saw of it is what they see of the new one.

use super::{archive, archive_in, auditgraph, catch_up, files, records};
use crate::database::Database;
use crate::world::{Kind, World, at, event, on_both, person};
use auditgraph::event::archived::Archived;
use auditgraph::event::directory::{DirectoryIssue, Entry, SecurityLevel};
use auditgraph::event::{Change, IssueRef, NewEvent, Object, System};
use auditgraph::sandbox::Settings;
use auditgraph::source;
use auditgraph::store::Batch;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

on_both!(
    c38_an_import_gives_an_equal_log_of_every_source,
    c38_what_no_record_says_comes_back_too,
    c38_faults_are_told_and_keep_nothing_else_out,
    c38_records_alone_are_imported_as_what_they_are,
);

/// Everything of an event but where and when the log has it.
const EVENT: &str = "source upstreamId time product category action { code label category product } upstreamAction
    actor { kind name email } actorResolvedFrom { source upstreamId }
    target { type id name url } objects { type id name url }
    container { type id key name url container { type id key name url container { type id key } } }
    project { kind key name url private }
    issue { id key issue { upstreamId site key keys type summary requestType securityLevel { id name }
        project { key name } deleted deletedAt } }
    changes { field from to } location { ip city region country } method message raw";

/// All events, by source and upstream id.
async fn events(world: &World) -> BTreeMap<(String, String), Value> {
    let (mut found, mut after) = (BTreeMap::new(), json!(null));
    let query = format!(
        "query ($after: String) {{ events(first: 250, after: $after, orderBy: {{field: TIME, direction: ASC}}) {{
            nodes {{ {EVENT} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    loop {
        let mut answer = world.ask(&query, json!({"after": after})).await;
        assert_eq!(answer.get("errors"), None);
        let page = &mut answer["data"]["events"];
        for node in page["nodes"].as_array_mut().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let key = (text(&node["source"]), text(&node["upstreamId"]));
            assert_eq!(found.insert(key, node.take()), None, "twice");
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return found;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

/// Imports a folder into a database; what was counted.
fn import(url: &str, folder: &Path) -> Value {
    let folder = folder.to_str().unwrap();
    let arguments = ["import", "--output", "json", folder];
    let imported = auditgraph(&arguments, url, Path::new(""));
    let counts = String::from_utf8(imported.stdout).unwrap();
    assert!(imported.status.success(), "{:?}", imported.stderr);
    serde_json::from_str(counts.lines().last().unwrap()).unwrap()
}

/// An empty world, after a folder was imported into it.
async fn restored(kind: Kind, folder: &Path) -> (World, Value) {
    let database = Database::new(kind).await;
    let counts = import(&database.url, folder);
    (World::on(database).await, counts)
}

/// Imports an archive anew and compares; then imports it once more into either.
async fn assert_comes_back(kind: Kind, world: World) {
    catch_up(&archive(&world, 1)).await;
    let folder = world.config.archive.folder.clone();
    let expected = events(&world).await;
    assert_eq!(records(&folder).len(), expected.len());
    let (again, counts) = restored(kind, &folder).await;
    let all = expected.len();
    assert_eq!(counts, json!({"read": all, "new": all, "repeated": 0}));
    let found = events(&again).await;
    for (key, event) in &expected {
        assert_eq!(found.get(key), Some(event), "{key:?}");
    }
    assert_eq!(found.len(), expected.len());
    // What the other one archives is the same, but for where and when it has it.
    let mut again = again;
    let other = archive_in(&mut again);
    catch_up(&archive(&again, 1)).await;
    let plain = |folder: &Path| -> BTreeMap<String, Value> {
        let read = |(name, content): (String, Vec<u8>)| {
            let mut content: Value = serde_json::from_slice(&content).unwrap();
            if name.ends_with(".meta.json") {
                let members = content.as_object_mut().unwrap();
                members.remove("position").unwrap();
                members.remove("recordedAt").unwrap();
            }
            (name, content)
        };
        files(folder).into_iter().map(read).collect()
    };
    let (expected, found) = (plain(&folder), plain(&other.path().join("archive")));
    for (name, content) in &expected {
        assert_eq!(found.get(name), Some(content), "{name}");
    }
    assert_eq!(found.len(), expected.len());
    let known = json!({"read": all, "new": 0, "repeated": all});
    for world in [again, world] {
        let url = world.database.url.clone();
        if kind == Kind::Postgres {
            assert_eq!(import(&url, &folder), known);
            continue;
        }
        // A file takes one writer, and the world is one.
        let copy = tempfile::tempdir().unwrap();
        let file = copy.path().join("copy.db");
        copy_database(&world, &file).await;
        assert_eq!(
            import(&format!("sqlite://{}", file.display()), &folder),
            known
        );
    }
}

/// Copies a SQLite database while it is open.
async fn copy_database(world: &World, file: &Path) {
    use sqlx::Connection;
    let mut plain = sqlx::SqliteConnection::connect(&world.database.url)
        .await
        .unwrap();
    let copy = format!("VACUUM INTO '{}'", file.display());
    sqlx::query(sqlx::AssertSqlSafe(copy))
        .execute(&mut plain)
        .await
        .unwrap();
}

async fn c38_an_import_gives_an_equal_log_of_every_source(kind: Kind) {
    let settings = Settings {
        history_events: 600,
        history_days: 8,
        people: 12,
        groups: 4,
        projects: 3,
        data_center_events: 60,
        ..Settings::default()
    };
    let mut world = World::with_sandbox(kind, settings).await;
    let _folder = archive_in(&mut world);
    let sandbox = world.sandbox();
    let (jira, confluence, assets) = (
        sandbox.jira_settings(),
        sandbox.confluence_settings(),
        sandbox.assets_settings(),
    );
    let centers = (
        sandbox.bitbucket_dc_settings(),
        sandbox.jira_dc_settings(),
        sandbox.confluence_dc_settings(),
    );
    world.config.jira_cloud = jira;
    world.config.confluence_cloud = confluence;
    world.config.assets = assets;
    world.config.bitbucket_dc = centers.0;
    world.config.jira_dc = centers.1;
    world.config.confluence_dc = centers.2;
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    world.sync_all().await;
    // What happens on this server is in its log, too.
    world
        .data(
            r#"mutation { setMonitoredFields(input: {fields: ["summary"]}) { monitoredFields } }"#,
        )
        .await;
    let logged: BTreeSet<String> = events(&world)
        .await
        .into_keys()
        .map(|(name, _)| name)
        .collect();
    let expected = [
        "assets",
        "auditgraph",
        "bitbucket-dc",
        "confluence-cloud",
        "confluence-dc",
        "directory",
        "jira-cloud",
        "jira-dc",
        "organization",
    ];
    for source in expected {
        assert!(logged.contains(source), "{source}: {logged:?}");
    }
    Box::pin(assert_comes_back(kind, world)).await;
}

/// What is known of an issue that was moved, and has a security level.
fn moved_issue() -> Vec<Entry> {
    let known = |key: &str, day: &str| DirectoryIssue {
        scope: "site-1".to_owned(),
        id: "10001".to_owned(),
        key: Some(key.to_owned()),
        at: Some(at(day)),
        ..DirectoryIssue::default()
    };
    let moved = DirectoryIssue {
        summary: Some("Secret".to_owned()),
        security: Some(Some(SecurityLevel {
            id: "9".to_owned(),
            name: Some("Board".to_owned()),
        })),
        ..known("WEB-1", "2026-11-02")
    };
    let entries = [known("OLD-1", "2026-11-01"), moved];
    entries.map(|issue| Entry::Issue(Box::new(issue))).into()
}

async fn c38_what_no_record_says_comes_back_too(kind: Kind) {
    let mut world = World::new(kind).await;
    let _folder = archive_in(&mut world);
    let issue = |id: &str, key: &str| {
        Some(IssueRef {
            id: Some(id.to_owned()),
            key: Some(key.to_owned()),
        })
    };
    let hook = |key: &str, actor: Option<&str>| NewEvent {
        system: System::JiraCloud,
        action: "jira:version_released".to_owned(),
        actor: actor.map(|account| person(account, account)),
        target: Some(Object {
            kind: "version".to_owned(),
            id: Some("7".to_owned()),
            ..Object::default()
        }),
        ..event(key, "2026-11-18T10:00:00Z")
    };
    let all = vec![
        NewEvent {
            raw: "no JSON at all, \"quoted\"".to_owned(),
            ..event("text", "2026-11-18T10:00:00Z")
        },
        NewEvent {
            raw: "\"JSON, but only text\"".to_owned(),
            ..event("string", "2026-11-18T10:00:00Z")
        },
        NewEvent {
            raw: " {\"spaces\" : [1.50,\t\"\\u00e4\"] }\n".to_owned(),
            issue: issue("10001", "OLD-1"),
            ..event("a\0b", "2026-11-18T10:00:00Z")
        },
        NewEvent {
            action: "nobody_knows_this".to_owned(),
            objects: vec![Object {
                kind: "user".to_owned(),
                user: Some(person("557058:bob", "Bob")),
                ..Object::default()
            }],
            changes: vec![
                Change {
                    field: "b".to_owned(),
                    from: None,
                    to: Some(String::new()),
                },
                Change {
                    field: "a".to_owned(),
                    from: Some("x\ny".to_owned()),
                    to: None,
                },
            ],
            ..event("whole", "+12345-01-01T00:00:00Z")
        },
        hook("version/7", None),
    ];
    for (events, entries) in [
        (all, moved_issue()),
        (vec![hook("version/7", Some("557058:cy"))], Vec::new()),
    ] {
        let batch = Batch {
            part: "test",
            events,
            entries,
            ..Batch::default()
        };
        let append = world
            .feed
            .append("hooked", System::JiraCloud, batch, world.clock.now());
        append.await.unwrap();
        // The first one is archived before its actor is known.
        catch_up(&archive(&world, 1)).await;
    }
    let found = events(&world).await;
    let version = &found[&("hooked".to_owned(), "version/7".to_owned())];
    assert_eq!(version["actor"]["name"], "557058:cy", "{version}");
    let folder = world.config.archive.folder.clone();
    let found = records(&folder);
    assert_eq!(
        found["2026/11/18/text@hooked.json"],
        r#""no JSON at all, \"quoted\"""#
    );
    assert_eq!(
        found["2026/11/18/string@hooked.json"],
        r#""JSON, but only text""#
    );
    Box::pin(assert_comes_back(kind, world)).await;
}

async fn c38_faults_are_told_and_keep_nothing_else_out(kind: Kind) {
    let mut world = World::new(kind).await;
    let _folder = archive_in(&mut world);
    let ids = ["changed", "gone", "good", "later", "broken"];
    let all = ids.map(|id| event(id, "2026-11-18T10:00:00Z"));
    world.append(all.into()).await;
    catch_up(&archive(&world, 1)).await;
    let day = world.config.archive.folder.join("2026/11/18");
    std::fs::write(day.join("changed.json"), r#"{"id":"forged"}"#).unwrap();
    std::fs::remove_file(day.join("gone.json")).unwrap();
    std::fs::write(day.join("broken.meta.json"), "{").unwrap();
    let later = day.join("later.meta.json");
    let text = std::fs::read_to_string(&later).unwrap();
    std::fs::write(&later, text.replace("\"form\": 1", "\"form\": 2")).unwrap();
    // What a kill leaves in the middle of a write.
    std::fs::write(day.join("good.json#1"), "{").unwrap();
    let database = Database::new(kind).await;
    let folder = world.config.archive.folder.to_str().unwrap();
    let imported = auditgraph(
        &["import", "--output", "json", folder],
        &database.url,
        Path::new(""),
    );
    assert!(!imported.status.success());
    let counts: Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!(counts, json!({"read": 1, "new": 1, "repeated": 0}));
    let told = String::from_utf8(imported.stderr).unwrap();
    for fault in [
        "`changed.json` has been changed: its SHA-256 is ",
        "gone.meta.json: cannot read `gone.json`",
        "broken.meta.json: it is not what the archive says of an event",
        "later.meta.json: it is of form 2; this version reads form 1",
        "everything else is imported",
    ] {
        assert!(told.contains(fault), "{fault}: {told}");
    }
    let again = World::on(database).await;
    let found: Vec<String> = events(&again).await.into_keys().map(|(_, id)| id).collect();
    assert_eq!(found, ["good"]);
    let said = std::fs::read(day.join("good.meta.json")).unwrap();
    let said = Archived::parse(&said).unwrap();
    assert_eq!((said.position, said.recorded_at), (3, world.clock.now()));
}

async fn c38_records_alone_are_imported_as_what_they_are(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join("2026/1/9");
    std::fs::create_dir_all(&day).unwrap();
    for id in ["one", "two"] {
        let record = json!({"id": id, "type": "events", "attributes":
            {"time": "2026-01-09T10:00:00Z", "action": "user_login"}});
        std::fs::write(day.join(format!("{id}.json")), record.to_string()).unwrap();
    }
    let (world, counts) = restored(kind, folder.path()).await;
    assert_eq!(counts, json!({"read": 2, "new": 2, "repeated": 0}));
    let found: Vec<_> = events(&world).await.into_keys().collect();
    let organization = |id: &str| ("organization".to_owned(), id.to_owned());
    assert_eq!(found, [organization("one"), organization("two")]);
}
