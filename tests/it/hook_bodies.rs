//! Bodies of webhooks become facts: one snapshot for each system, and importing one recognises whose it is.

use crate::normalise::view;
use auditgraph::event::System;
use auditgraph::source::{import, normaliser};
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

#[test]
fn bodies_become_facts() {
    for system in [
        System::JiraCloud,
        System::JiraDc,
        System::BitbucketCloud,
        System::BitbucketDc,
    ] {
        let file = format!("tests/fixtures/hooks/{system}.ndjson");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let records = import::records(BufReader::new(File::open(file).unwrap()));
        let scope = match system {
            System::JiraCloud => "acme.atlassian.net",
            _ => "dc.example.com",
        };
        let mut shown = Vec::new();
        for record in records {
            let record = record.unwrap();
            // A body that names nobody could be of either Jira.
            let known = import::recognise(&record).unwrap();
            assert!(known == system || known == System::JiraCloud, "{record}");
            let facts = normaliser(system).unwrap()(&record, scope);
            assert!(!facts.events.is_empty(), "{record}");
            assert!(facts.events.iter().all(|event| event.raw == record.get()));
            let events: Vec<Value> = facts.events.iter().map(view).collect();
            let mut fact = json!({"events": events});
            if !facts.entries.is_empty() {
                fact["entries"] = json!(facts.entries);
            }
            shown.push(fact);
        }
        insta::assert_json_snapshot!(format!("hooks-{system}"), shown);
    }
}
