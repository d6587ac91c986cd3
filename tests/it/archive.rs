//! The archive (C38): every event as a file, whatever fails and whoever is killed, and the log again out of the files.

mod bucket;
mod restore;

use crate::database::Database;
use crate::world::{Kind, World, at, event, on_both};
use auditgraph::app;
use auditgraph::config::Config;
use auditgraph::deliver::archive::{Archive, Turn, Written};
use auditgraph::event::archived::Archived;
use auditgraph::event::{NewEvent, Stretch, System};
use auditgraph::metrics::Archiving;
use auditgraph::sandbox::Settings;
use auditgraph::store::{Batch, Purpose, Store};
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;

on_both!(
    c38_every_event_is_a_file_with_its_record_as_received,
    c38_a_backfill_takes_whole_days_and_may_be_repeated,
    c38_one_file_system_fault_loses_nothing,
    c38_who_takes_over_goes_on_and_writes_the_same,
    c38_a_killed_process_loses_nothing,
    c38_hostile_ids_stay_inside_and_apart,
    c38_the_archive_is_written_by_itself,
    c38_the_command_line_writes_days,
);

/// A world whose archive is a folder, which lives as long as the first of them.
async fn world(kind: Kind) -> (TempDir, World) {
    let mut world = World::new(kind).await;
    (archive_in(&mut world), world)
}

/// Gives a world an archive in a folder of its own.
fn archive_in(world: &mut World) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    world.config.archive.folder = folder.path().join("archive");
    folder
}

fn archive(world: &World, holder: u128) -> Archive {
    let (settings, holder) = (&world.config.archive, Uuid::from_u128(holder));
    Archive::configured(settings, &world.feed, &world.clock, holder)
        .unwrap()
        .unwrap()
}

/// Writes until there is nothing left to write.
async fn catch_up(archive: &Archive) {
    while archive.turn().await.unwrap() == Turn::Again {}
}

/// All files in a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(one) = folders.pop() {
        for entry in std::fs::read_dir(one).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                found.insert(name.to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The records in an archive, by path: what is beside them is left out.
fn records(folder: &Path) -> BTreeMap<String, String> {
    files(folder)
        .into_iter()
        .filter(|(name, _)| !name.ends_with(".meta.json"))
        .map(|(name, content)| (name, String::from_utf8(content).unwrap()))
        .collect()
}

fn auditgraph(arguments: &[&str], url: &str, folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_auditgraph"))
        .args(arguments)
        .args(["--database-url", url])
        .env("AUDITGRAPH__ARCHIVE__FOLDER", folder)
        .env("RUST_LOG", "off")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

async fn append(world: &World, source: &str, system: System, events: Vec<NewEvent>) {
    let batch = Batch {
        part: "test",
        events,
        ..Batch::default()
    };
    let appended = world.feed.append(source, system, batch, world.clock.now());
    appended.await.unwrap();
}

async fn c38_every_event_is_a_file_with_its_record_as_received(kind: Kind) {
    let settings = Settings {
        history_events: 700,
        history_days: 9,
        people: 10,
        ..Settings::default()
    };
    let mut world = World::with_sandbox(kind, settings).await;
    let _folder = archive_in(&mut world);
    world.sync_all().await;
    let archive = archive(&world, 1);
    catch_up(&archive).await;
    let folder = world.config.archive.folder.clone();
    let (found, published) = (records(&folder), world.published());
    let all = usize::try_from(world.feed.newest()).unwrap();
    assert_eq!(found.len(), all);
    let mut days = BTreeSet::new();
    for (id, raw) in &published {
        let time = serde_json::from_str::<serde_json::Value>(raw).unwrap();
        let time = at(time["attributes"]["time"].as_str().unwrap()).to_string();
        let day = time[..10].replace('-', "/");
        // The sandbox's ids are harmless, but for what is written in upper case.
        let name = format!("{day}/{id}.json");
        assert_eq!(found.get(&name), Some(raw), "{name}");
        days.insert(day);
    }
    assert!(days.len() > 5, "{days:?}");
    for (name, content) in files(&folder) {
        if name.ends_with(".meta.json") {
            let archived = Archived::parse(&content).unwrap();
            let record = files(&folder.join(Path::new(&name).parent().unwrap()));
            let record = &record[&Path::new(&name)
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .replace(".meta.", ".")];
            let stem = archived.restore("it", record.clone()).unwrap();
            assert_eq!(stem.events.len(), 1);
        }
    }
    // Writing all of it again changes no byte.
    let before = files(&folder);
    let consumer = format!("archive/folder {}", folder.display());
    let now = world.clock.now();
    world
        .store()
        .move_position(&consumer, 0, now)
        .await
        .unwrap();
    catch_up(&archive).await;
    assert!(files(&folder) == before);
}

/// The moments around midnight, by id.
fn around_midnight() -> Vec<NewEvent> {
    [
        ("before", "2026-11-17T23:59:59.999999Z"),
        ("first", "2026-11-18T00:00:00Z"),
        ("zoned", "2026-11-18T00:30:00+01:00"),
        ("last", "2026-11-18T23:59:59.999999Z"),
        ("after", "2026-11-19T00:00:00Z"),
    ]
    .map(|(id, time)| event(id, time))
    .into()
}

async fn c38_a_backfill_takes_whole_days_and_may_be_repeated(kind: Kind) {
    let (_folder, world) = world(kind).await;
    world.append(around_midnight()).await;
    let archive = archive(&world, 1);
    let stretch = Stretch {
        from: at("2026-11-18"),
        to: at("2026-11-19"),
    };
    let told = Arc::new(AtomicU64::new(0));
    for _ in 0..2 {
        let progress = |written: u64, total: u64| {
            assert_eq!(total, 2);
            told.fetch_add(written, Ordering::SeqCst);
        };
        let Written { events, bytes } = archive.backfill(stretch, progress).await.unwrap();
        assert_eq!(events, 2);
        let found = files(&world.config.archive.folder);
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "2026/11/18/first.json",
                "2026/11/18/first.meta.json",
                "2026/11/18/last.json",
                "2026/11/18/last.meta.json"
            ]
        );
        let sum: usize = found.values().map(Vec::len).sum();
        assert_eq!(bytes, sum as u64);
    }
    assert_eq!(told.load(Ordering::SeqCst), 4);
    // The follower has its own position, and writes what is left.
    catch_up(&archive).await;
    let found = records(&world.config.archive.folder);
    assert_eq!(found.len(), 5);
    // By UTC it happened the day before.
    assert!(found.contains_key("2026/11/17/zoned.json"), "{found:?}");
}

async fn c38_one_file_system_fault_loses_nothing(kind: Kind) {
    let (_folder, world) = world(kind).await;
    world.append(around_midnight()).await;
    let writes = archive(&world, 1);
    let folder = world.config.archive.folder.clone();
    // A file where a day's folder is to be: nothing can be written below it, whoever writes.
    std::fs::create_dir_all(folder.join("2026/11")).unwrap();
    std::fs::write(folder.join("2026/11/18"), "in the way").unwrap();
    for _ in 0..3 {
        let error = writes.turn().await.unwrap_err().to_string();
        assert!(error.contains("cannot write 2026/11/18/"), "{error}");
    }
    let consumer = format!("archive/folder {}", folder.display());
    assert_eq!(world.store().position(&consumer).await.unwrap(), 0);
    std::fs::remove_file(folder.join("2026/11/18")).unwrap();
    catch_up(&writes).await;
    assert_eq!(records(&folder).len(), 5);
    assert_eq!(world.store().position(&consumer).await.unwrap(), 5);
}

/// One that was killed has left a file half written and its lease; another one takes over and writes the same.
async fn c38_who_takes_over_goes_on_and_writes_the_same(kind: Kind) {
    let (_folder, world) = world(kind).await;
    let many = |from: u32, to: u32| {
        let one = |id: u32| event(&format!("e{id}"), "2026-11-18T10:00:00Z");
        (from..to).map(one).collect::<Vec<_>>()
    };
    world.append(many(0, 450)).await;
    let (first, second) = (archive(&world, 1), archive(&world, 2));
    assert_eq!(first.turn().await.unwrap(), Turn::Again);
    assert_eq!(second.turn().await.unwrap(), Turn::Taken);
    let folder = world.config.archive.folder.join("2026/11/18");
    // What a kill in the middle of a write leaves: a part of a file under another name, and a record without its other file.
    std::fs::write(folder.join("e300.json#1"), "{\"id\":").unwrap();
    std::fs::write(folder.join("e301.json"), "{\"id\":\"e301\"}").unwrap();
    world.clock.advance(std::time::Duration::from_mins(2));
    catch_up(&second).await;
    // The first one was only asleep: what it does too late does no harm.
    world.clock.advance(std::time::Duration::from_mins(2));
    world.append(many(450, 500)).await;
    let (one, other) = tokio::join!(first.turn(), second.turn());
    assert!([one.unwrap(), other.unwrap()].contains(&Turn::Again));
    world.clock.advance(std::time::Duration::from_mins(2));
    catch_up(&first).await;
    let found = files(&folder);
    assert_eq!(found.len(), 2 * 500 + 1);
    assert_eq!(found["e300.json"], b"{\"id\":\"e300\"}");
    let empty = Stretch {
        from: at("2026-11-18"),
        to: at("2026-11-19"),
    };
    assert_eq!(second.backfill(empty, |_, _| ()).await.unwrap().events, 500);
    assert!(files(&folder) == found);
}

/// A process that is killed when the test ends, however it ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Stores so many events, and leaves the database to others.
async fn fill(database: &Database, events: u32) {
    let mut settings: Config = "".parse().unwrap();
    settings.database.url = database.url.clone().into();
    let store = Store::open(&settings.database, Purpose::Log).await.unwrap();
    let one = |id: u32| event(&format!("e{id}"), "2026-11-18T10:00:00Z");
    let batch = Batch {
        part: "test",
        events: (0..events).map(one).collect(),
        ..Batch::default()
    };
    let system = System::Organization;
    let append = store.append("organization", system, batch, at("2026-11-20"));
    append.await.unwrap();
}

async fn c38_a_killed_process_loses_nothing(kind: Kind) {
    let database = Database::new(kind).await;
    fill(&database, 3_000).await;
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("archive");
    let day = written.join("2026/11/18");
    let there = || std::fs::read_dir(&day).map_or(0, Iterator::count);
    for goal in [50, 600, 1_500] {
        let child = Command::new(env!("CARGO_BIN_EXE_auditgraph"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--database-url", &database.url])
            .env("AUDITGRAPH__ARCHIVE__FOLDER", &written)
            .env("RUST_LOG", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let process = Process(child);
        while there() < goal {
            tokio::task::yield_now().await;
        }
        drop(process);
        // Nobody waits here until the lease of the dead has run out.
        let db = Box::pin(sea_orm::Database::connect(&database.url));
        let db = db.await.unwrap();
        db.execute_unprepared("DELETE FROM leases").await.unwrap();
        db.close().await.unwrap();
    }
    let mut world = World::on(database).await;
    world.config.archive.folder = written;
    catch_up(&archive(&world, 1)).await;
    let mut found = files(&day);
    // What it was writing when it was killed has another name, and is no file of an event.
    found.retain(|name, _| !name.contains('#'));
    assert_eq!(found.len(), 6_000);
    for id in 0..3_000 {
        let record = format!("{{\"id\":\"e{id}\"}}");
        assert_eq!(found[&format!("e{id}.json")], record.as_bytes());
        let meta = Archived::parse(&found[&format!("e{id}.meta.json")]).unwrap();
        assert_eq!(meta.upstream_id, format!("e{id}"));
    }
}

async fn c38_hostile_ids_stay_inside_and_apart(kind: Kind) {
    let (folder, world) = world(kind).await;
    let long = "x".repeat(4_000);
    let ids = [
        "../../x",
        "..",
        ".",
        "/etc/x",
        "a\0b",
        "a\u{FFFD}c",
        "CON",
        "con",
        "nul",
        "a/b",
        "a\\b",
        "%2e%2e",
        "A",
        "a",
        "Ä",
        "a.meta",
        "a#1",
        "-rf",
        " ",
        "",
        "é",
        "e\u{301}",
        &long,
        "a@b",
        "b:c",
        "\n",
        "=2e",
    ];
    let events = |system: System| -> Vec<NewEvent> {
        let one = |id: &&str| NewEvent {
            system,
            raw: serde_json::json!({"id": id, "of": system}).to_string(),
            ..event(id, "2026-11-18T10:00:00Z")
        };
        ids.iter().map(one).collect()
    };
    world.append(events(System::Organization)).await;
    for (source, system) in [("jira-cloud", System::JiraCloud), ("../B", System::Assets)] {
        append(&world, source, system, events(system)).await;
    }
    catch_up(&archive(&world, 1)).await;
    let all = files(folder.path());
    assert_eq!(all.len(), 2 * 3 * ids.len());
    let mut names = BTreeSet::new();
    for name in all.keys() {
        let file = name.strip_prefix("archive/2026/11/18/").unwrap();
        assert!(file.len() < 250 && !file.contains('/'), "{file}");
        assert!(names.insert(file.to_lowercase()), "{file}");
    }
    let found: BTreeSet<String> = records(folder.path()).into_values().collect();
    assert_eq!(
        found.len(),
        3 * ids.len(),
        "no event is in the place of another"
    );
}

async fn c38_the_archive_is_written_by_itself(kind: Kind) {
    let (_folder, mut world) = world(kind).await;
    world.append(around_midnight()).await;
    let folder = world.config.archive.folder.clone();
    std::fs::create_dir_all(folder.join("2026/11")).unwrap();
    std::fs::write(folder.join("2026/11/18"), "in the way").unwrap();
    let archive = app::archive(&world.config, &world.feed, &world.clock)
        .unwrap()
        .unwrap();
    let (archiving, stop) = (Archiving::default(), world.stop.clone());
    let told = archiving.clone();
    let task = world
        .tasks
        .spawn(async move { archive.run(&told, &stop).await });
    let until = async |holds: &dyn Fn() -> bool| {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    // The clock stands still but for the waits between attempts, which show that it is tried again and again.
    let began = world.clock.now();
    until(&|| archiving.failures.get() > 8).await;
    assert_eq!((archiving.failing.get(), archiving.behind.get()), (1, 5));
    let waited = world.clock.now().since(began).as_secs();
    assert!(waited >= 5 + 10 + 20 + 40 + 80 + 160 + 300, "{waited}");
    // The log goes on meanwhile.
    world
        .append(vec![event("meanwhile", "2026-11-20T00:00:00Z")])
        .await;
    std::fs::remove_file(folder.join("2026/11/18")).unwrap();
    until(&|| archiving.failing.get() == 0 && archiving.behind.get() == 0).await;
    assert_eq!(archiving.on.get(), 1);
    assert_eq!(records(&folder).len(), 6);
    world
        .append(vec![event("later", "2026-11-20T00:00:00Z")])
        .await;
    let later = folder.join("2026/11/20/later.meta.json");
    until(&|| later.is_file()).await;
    world.stop.cancel();
    task.await.unwrap();
    // It has given its lease back, so nobody has to wait for it.
    world.stop = tokio_util::sync::CancellationToken::new();
    let next = self::archive(&world, 2).turn().await.unwrap();
    assert_ne!(next, Turn::Taken);
}

async fn c38_the_command_line_writes_days(kind: Kind) {
    let (_folder, world) = world(kind).await;
    world.append(around_midnight()).await;
    let (url, folder) = (&world.database.url, &world.config.archive.folder);
    let run = |arguments: &[&str]| auditgraph(arguments, url, folder);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let days = ["archive", "--from", "2026-11-18", "--to", "2026-11-20"];
    for _ in 0..2 {
        let written = run(&[&days[..], &["--output", "json"]].concat());
        let counts = text(written.stdout);
        let counts: serde_json::Value =
            serde_json::from_str(counts.lines().last().unwrap()).unwrap();
        let found = files(folder);
        let bytes: usize = found.values().map(Vec::len).sum();
        assert_eq!(counts, serde_json::json!({"events": 3, "bytes": bytes}));
        assert_eq!(found.len(), 6);
    }
    for (from, to, complaint) in [
        ("2026-11-20", "2026-11-20", "is not after --from 2026-11-20"),
        ("yesterday", "2026-11-20", "`yesterday` is not a date"),
        ("2026-02-30", "2026-11-20", "`2026-02-30` is not a date"),
    ] {
        let refused = run(&["archive", "--from", from, "--to", to]);
        assert!(!refused.status.success());
        let said = text(refused.stderr);
        assert!(said.contains(complaint), "{said}");
    }
    let off = text(auditgraph(&days, url, &PathBuf::new()).stderr);
    assert!(off.contains("set archive.folder"), "{off}");
    let checked = text(run(&["check-config"]).stdout);
    let line = format!(
        "ok      archive: folder {} can be written",
        folder.display()
    );
    assert!(checked.contains(&line), "{checked}");
    assert_eq!(files(folder).len(), 6, "a check leaves nothing behind");
    let nowhere = folder.join("2026/11/18/first.json/inside");
    let checked = text(auditgraph(&["check-config"], url, &nowhere).stdout);
    assert!(
        checked.contains("FAILED  archive: archive.folder: "),
        "{checked}"
    );
}

#[test]
fn c38_everything_wrong_with_the_settings_is_told_at_once() {
    let wrong = "[archive]\nfolder = \"a\"\nbucket = \"a/b\"\nurl = \"http://s3.example.com\"\nregion = \"\"\nprefix = \"../x\"\n";
    let told = wrong.parse::<Config>().unwrap_err();
    let told = told.to_string();
    for setting in [
        "folder",
        "bucket",
        "url",
        "region",
        "prefix",
        "access_key_id",
        "secret_access_key",
    ] {
        assert!(
            told.contains(&format!("archive.{setting}: ")),
            "{setting}: {told}"
        );
    }
    let lost = "[archive]\nurl = \"https://s3.example.com\"\n";
    let told = lost.parse::<Config>().unwrap_err();
    assert!(
        told.to_string().contains("archive.bucket: missing"),
        "{told}"
    );
    let good =
        "[archive]\nbucket = \"audit\"\naccess_key_id = \"id\"\nsecret_access_key = \"canary\"\n";
    let named = "[archive]\nbucket = \"a\"\nurl = \"https://me:canary@s3.example.com\"\n";
    let told = named.parse::<Config>().unwrap_err().to_string();
    assert!(told.contains("archive.url: holds a name"), "{told}");
    assert!(!told.contains("canary"), "{told}");
    let good: Config = good.parse().unwrap();
    assert!(!format!("{:?}", good.archive).contains("canary"));
}
