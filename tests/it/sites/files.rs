//! Recorded files: normalised to snapshots, and imported once.

use super::{fixtures, records, snapshots};
use auditgraph::event::System;
use auditgraph::source::{import, normaliser};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::process::{Command, Stdio};

#[test]
fn confluence_fixtures_become_events() {
    snapshots(System::ConfluenceCloud, "larkspur.atlassian.net");
}

#[test]
fn assets_fixtures_become_events() {
    snapshots(System::Assets, "larkspur.atlassian.net");
}

#[test]
fn hidden_values_and_names_are_in_the_record_alone() {
    let normalise = normaliser(System::ConfluenceCloud).unwrap();
    for file in fixtures("confluence-cloud") {
        for record in records(&file) {
            for event in normalise(&record, "s").events {
                let told = json!([event.changes, event.message, event.method]).to_string();
                let names = ["Noor", "noor.galanis", "Bram", "-secret"];
                assert!(!names.iter().any(|name| told.contains(name)), "{told}");
            }
        }
    }
}

#[test]
fn a_key_does_not_depend_on_the_form_of_a_record() {
    let normalise = normaliser(System::ConfluenceCloud).unwrap();
    let key = |text: &str| {
        let record = RawValue::from_string(text.to_owned()).unwrap();
        normalise(&record, "").events[0].upstream_key.clone()
    };
    let one = r#"{"author":{"accountId":"a","displayName":"Ann"},"creationDate":1763630102967,"summary":"Space created",
        "associatedObjects":[{"name":"x","objectType":"User"},{"name":"y","objectType":"User"}]}"#;
    let same = r#"{"summary":"Space created","creationDate":"2025-11-20T09:15:02.967Z","author":{"displayName":"Ann Lee","accountId":"a"},
        "associatedObjects":[{"objectType":"User","name":"y"},{"name":"x","objectType":"User"}],"description":"","isNew":true}"#;
    assert_eq!(key(one), key(same));
    for other in [
        one.replace("967", "968"),
        one.replace("\"a\"", "\"b\""),
        one.replace("created", "deleted"),
        one.replace("\"y\"", "\"z\""),
    ] {
        assert_ne!(key(one), key(&other), "{other}");
    }
}

#[test]
fn recorded_requests_yield_the_records_of_their_answers() {
    let exchange = |body: &str| {
        format!(r#"{{"path":"/wiki/rest/api/audit","method":"GET","status":200,"body":{body}}}"#)
    };
    let (one, two) = (
        r#"{"summary":"a","creationDate":1}"#,
        r#"{"summary":"b","creationDate":2}"#,
    );
    let none = exchange(r#"{"results":[],"start":4}"#);
    let page = exchange(&format!(r#"{{"results":[{one}, {two}],"size":37}}"#));
    for file in [
        format!("[{none},{page}]"),
        page.clone(),
        format!("{none}\n{page}"),
    ] {
        let found: Vec<String> = import::records(file.as_bytes())
            .map(|record| record.unwrap().get().to_owned())
            .collect();
        assert_eq!(found, [one, two], "{file}");
    }
}

#[test]
fn files_are_imported_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("a.db").display());
    for system in ["confluence-cloud", "assets"] {
        let files = fixtures(system);
        let count: usize = files.iter().map(|file| records(file).len()).sum();
        let import = || {
            let output = Command::new(env!("CARGO_BIN_EXE_auditgraph"))
                .args(["import", "--output", "json", "--as", system])
                .args(&files)
                .args(["--database-url", &url])
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        };
        assert_eq!(
            import(),
            json!({"read": count, "new": count, "repeated": 0})
        );
        assert_eq!(
            import(),
            json!({"read": count, "new": 0, "repeated": count})
        );
    }
}
