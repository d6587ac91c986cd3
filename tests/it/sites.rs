//! Confluence Cloud and Assets from their records to the store: every shape, shifting pages, and many seeds of faults.

mod assets;
mod confluence;
mod files;
mod seeds;

use auditgraph::event::{NewEvent, Object, System};
use auditgraph::source::{Page, Part, Source, SourceError, import, normaliser};
use futures::StreamExt;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// All pages of one round, and what it ended with.
async fn round(
    source: &dyn Source,
    part: Part,
    cursor: Option<String>,
) -> (Vec<Page>, Option<SourceError>) {
    let mut pages = Vec::new();
    let mut stream = source.pages(part, cursor);
    while let Some(page) = stream.next().await {
        match page {
            Ok(page) => pages.push(page),
            Err(error) => return (pages, Some(error)),
        }
        assert!(pages.len() < 2_000, "no end");
    }
    (pages, None)
}

fn last_cursor(pages: &[Page]) -> Option<String> {
    pages.iter().rev().find_map(|page| page.cursor.clone())
}

fn texts(pages: &[Page]) -> Vec<&str> {
    let records = pages.iter().flat_map(|page| &page.records);
    records.map(|record| record.get()).collect()
}

fn records(file: &Path) -> Vec<Box<RawValue>> {
    import::records(BufReader::new(File::open(file).unwrap()))
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The fixtures of a system, in the order of their names.
fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder);
    let files = folder.read_dir().unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The event as JSON with the people in its objects, without the raw text and what is empty.
fn view(event: &NewEvent) -> Value {
    fn with_user(object: &Object) -> Value {
        let mut shown = json!(object);
        if let Some(user) = &object.user {
            shown["user"] = json!(user);
        }
        shown
    }
    let mut shown = json!(event);
    shown.as_object_mut().unwrap().remove("raw");
    shown["target"] = json!(event.target.as_ref().map(with_user));
    shown["objects"] = event.objects.iter().map(with_user).collect();
    without_nulls(shown)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, without_nulls(value)))
            .filter(|(_, value)| !value.is_null() && *value != json!([]) && *value != json!({}))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// One snapshot for each fixture of a system: its events and what else the records show.
fn snapshots(system: System, scope: &str) {
    let normalise = normaliser(system).unwrap();
    for file in fixtures(system.as_str()) {
        let mut shown = Vec::new();
        for record in records(&file) {
            let facts = normalise(&record, scope);
            assert!(facts.events.iter().all(|event| event.raw == record.get()));
            shown.extend(facts.events.iter().map(view));
            shown.extend(facts.entries.iter().map(|entry| json!({"entry": entry})));
        }
        let name = file.file_stem().unwrap().to_str().unwrap();
        insta::assert_json_snapshot!(format!("{system}-{name}"), shown);
    }
}
