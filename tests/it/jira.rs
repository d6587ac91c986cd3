//! Jira's records become events: one snapshot for each fixture, every audit summary has its action, nothing panics.

use crate::normalise::{records, view, without_nulls};
use auditgraph::event::action::{self, Vocabulary};
use auditgraph::event::{Facts, System};
use auditgraph::source::import::recognise;
use auditgraph::source::{normaliser, scope_of};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/jira-cloud");
    let mut files: Vec<PathBuf> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn facts(record: &RawValue, scope: &str) -> Facts {
    normaliser(System::JiraCloud).unwrap()(record, scope)
}

fn shown(facts: &Facts) -> Value {
    let events: Vec<Value> = facts.events.iter().map(view).collect();
    without_nulls(json!({"events": events, "entries": facts.entries}))
}

#[test]
fn fixtures_become_events() {
    for file in fixtures() {
        let shown: Vec<Value> = records(&file)
            .iter()
            .map(|record| {
                let facts = facts(record, "acme.atlassian.net");
                for event in &facts.events {
                    assert!(record.get().contains(&event.raw), "{}", event.upstream_key);
                }
                self::shown(&facts)
            })
            .collect();
        let name = file.file_stem().unwrap().to_str().unwrap();
        insta::assert_json_snapshot!(name, shown);
    }
}

#[test]
fn the_shape_says_whose_a_record_is() {
    for file in fixtures() {
        for record in records(&file) {
            // Some say nothing of where they are from.
            let said = record.get().contains("accountId") || record.get().contains("\"self\"");
            let system = recognise(&record);
            assert!(!said || system == Some(System::JiraCloud), "{record}");
        }
    }
    for (text, system) in [
        (
            r#"{"webhookEvent":"x","user":{"accountId":"a"}}"#,
            System::JiraCloud,
        ),
        (
            r#"{"webhookEvent":"x","issue":{"self":"https://acme.atlassian.net/rest/api/2/issue/1"}}"#,
            System::JiraCloud,
        ),
        (
            r#"{"webhookEvent":"x","user":{"key":"JIRAUSER1","self":"https://jira.example.com/rest/api/2/user"}}"#,
            System::JiraDc,
        ),
        (
            r#"{"id":"1","key":"WEB-1","fields":{"creator":{"name":"lila","displayName":"Lila"}},"changelog":{"histories":[]}}"#,
            System::JiraDc,
        ),
        (
            r#"{"issueId":"1","changeHistories":[{"author":{"accountId":"a"}}]}"#,
            System::JiraCloud,
        ),
    ] {
        let record = RawValue::from_string(text.to_owned()).unwrap();
        assert_eq!(recognise(&record), Some(system), "{text}");
    }
}

#[test]
fn data_center_people_are_known_by_their_keys() {
    let text = r#"{"id":"1","key":"WEB-1","self":"https://jira.example.com/ctx/rest/api/2/issue/1",
        "fields":{"created":"2026-11-01T08:00:00.000+0000","creator":{"name":"lila","key":"JIRAUSER10100","displayName":"Lila"}},
        "changelog":{"histories":[{"id":"5","author":{"name":"bob","displayName":"Bob"},"created":"2026-11-02T08:00:00.000+0000",
        "items":[{"field":"assignee","fieldtype":"jira","from":null,"to":"JIRAUSER10100","toString":"Lila"}]}]}}"#;
    let record = RawValue::from_string(text.to_owned()).unwrap();
    let site = auditgraph::source::jira::Site::new(System::JiraDc, "", "");
    let facts = auditgraph::source::jira::facts(&record, &site);
    let [created, changed] = facts.events.as_slice() else {
        panic!("{facts:#?}");
    };
    let creator = created.actor.as_ref().unwrap();
    assert_eq!(creator.alias.namespace, "data-center:jira.example.com/ctx");
    assert_eq!(creator.alias.value, "JIRAUSER10100");
    assert_eq!(changed.actor.as_ref().unwrap().alias.value, "bob");
    assert_eq!(changed.changes[0].to.as_deref(), Some("JIRAUSER10100"));
    let assignee = changed.objects[0].user.as_ref().unwrap();
    assert_eq!(assignee.alias, creator.alias);
    let url = changed.target.as_ref().unwrap().url.as_deref();
    assert_eq!(url, Some("https://jira.example.com/ctx/browse/WEB-1"));
}

#[test]
fn every_audit_summary_of_the_requirements_has_its_action() {
    for (number, summary) in [
        (14, "Project created"),
        (15, "Project updated"),
        (16, "Project deleted"),
        (17, "Project role created"),
        (18, "Project role updated"),
        (19, "Project role deleted"),
        (20, "Project category changed"),
        (21, "User created"),
        (22, "User updated"),
        (27, "User added to group"),
        (28, "User removed from group"),
        (36, "Project version created"),
        (65, "Permission scheme created"),
        (66, "Permission scheme copied"),
        (67, "Permission scheme deleted"),
        (68, "Permission scheme updated"),
        (69, "Permission added"),
        (70, "Permission removed"),
        (70, "Permission deleted"),
        (71, "Global permission added"),
        (72, "Global permission deleted"),
        (73, "Customer permissions changed"),
        (74, "Agent Portal Announcement Update Permission"),
        (75, "Permission scheme added to project"),
        (76, "Project roles changed"),
        (77, "JIRA Service Desk configuration"),
        (78, "Login-free portal settings changed"),
        (79, "Public signup enabled"),
        (80, "Public signup disabled"),
        (81, "Requirement for email verification for signup changed"),
        (82, "Help center permissions changed"),
        (83, "Help center updated"),
    ] {
        for summary in [summary.to_owned(), summary.to_uppercase()] {
            let record = json!({"id": 1, "summary": summary, "created": "2026-11-20T09:15:02.967+0000", "category": "permissions"});
            let record = RawValue::from_string(record.to_string()).unwrap();
            let facts = facts(&record, "");
            let action = action::resolve(System::JiraCloud, &facts.events[0].action, None);
            assert_eq!(
                action.and_then(|action| action.number),
                Some(number),
                "{summary}"
            );
        }
    }
    let hooks = [
        "jira:issue_created",
        "jira:issue_updated",
        "comment_created",
    ];
    for hook in hooks {
        assert!(action::by_name(Vocabulary::JiraHook, hook).is_some());
    }
}

#[test]
fn a_scope_is_an_address_without_what_all_share() {
    for (url, scope) in [
        ("https://Acme.atlassian.net/", "acme.atlassian.net"),
        ("https://acme.atlassian.net/wiki", "acme.atlassian.net"),
        (
            "https://bb.example.com/BitBucket/",
            "bb.example.com/bitbucket",
        ),
        ("http://127.0.0.1:7990", "127.0.0.1:7990"),
        (
            "https://api.atlassian.com/ex/jira/C0",
            "api.atlassian.com/ex/jira/c0",
        ),
    ] {
        assert_eq!(scope_of(&url.parse().unwrap()), scope);
    }
}

/// JSON that likes the names that normalisation looks for.
fn anything() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "id",
        "key",
        "fields",
        "changelog",
        "histories",
        "items",
        "field",
        "fieldId",
        "from",
        "to",
        "toString",
        "author",
        "accountId",
        "created",
        "updated",
        "comment",
        "comments",
        "total",
        "issue",
        "issueId",
        "changeHistories",
        "deletedWorklog",
        "worklogId",
        "since",
        "summary",
        "category",
        "objectItem",
        "associatedItems",
        "typeName",
        "changedValues",
        "fieldName",
        "self",
        "updateAuthor",
        "timeSpentSeconds",
        "security",
        "project",
        "requestType",
        "name",
        "visibility",
        "tmpToAccountId",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "\0",
            "USER",
            "WEB-1",
            "-1",
            "status",
            "[a, b]",
            "https://x/rest/",
            "unknown",
            "2026-11-20T09:15:02.967+0000",
            "assignee",
            "permissions",
            "Permission added ",
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 80, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..9).prop_map(|members| members
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect()),
        ]
    })
}

fn check(text: String) -> Result<(), TestCaseError> {
    let Ok(record) = RawValue::from_string(text) else {
        return Ok(());
    };
    let found = facts(&record, "acme.atlassian.net");
    for event in &found.events {
        prop_assert!(record.get().contains(&event.raw));
        prop_assert!(!event.upstream_key.is_empty() && !event.action.is_empty());
    }
    prop_assert_eq!(&found, &facts(&record, "acme.atlassian.net"));
    prop_assert!(!shown(&found).to_string().contains("\\u0000"));
    let _ = recognise(&record);
    Ok(())
}

proptest! {
    #[test]
    fn any_json_becomes_facts(value in anything()) {
        check(value.to_string())?;
    }

    #[test]
    fn damaged_records_become_facts(
        file in prop::sample::select(fixtures()),
        pick in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let records = records(&file);
        let mut bytes = pick.get(&records).get().as_bytes().to_vec();
        let cut = cut.index(bytes.len());
        bytes[cut] = byte;
        check(String::from_utf8_lossy(&bytes).into_owned())?;
    }
}
