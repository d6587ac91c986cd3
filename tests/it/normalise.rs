//! Records of the organization's audit log become events: one snapshot for each fixture, and nothing makes it panic.

use auditgraph::event::{NewEvent, Object};
use auditgraph::source::{import, organization};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/organization");
    let mut files: Vec<PathBuf> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

pub(crate) fn records(file: &Path) -> Vec<Box<RawValue>> {
    import::records(BufReader::new(File::open(file).unwrap()))
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The event as JSON with the people in its objects, without the raw text.
pub(crate) fn view(event: &NewEvent) -> Value {
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

pub(crate) fn without_nulls(value: Value) -> Value {
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

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.values().any(has_nul),
        _ => false,
    }
}

#[test]
fn fixtures_become_events() {
    for file in fixtures() {
        let records = records(&file);
        let events: Vec<NewEvent> = records.iter().map(|raw| organization::event(raw)).collect();
        for (record, event) in records.iter().zip(&events) {
            assert_eq!(event.raw, record.get());
        }
        let shown: Vec<Value> = events.iter().map(view).collect();
        let name = file.file_stem().unwrap().to_str().unwrap();
        insta::assert_json_snapshot!(name, shown);
    }
}

fn check(text: String) -> Result<(), TestCaseError> {
    let Ok(record) = RawValue::from_string(text) else {
        return Ok(());
    };
    let event = organization::event(&record);
    prop_assert_eq!(&event.raw, record.get());
    prop_assert!(!event.upstream_key.is_empty() && !event.action.is_empty());
    prop_assert_eq!(&event, &organization::event(&record));
    prop_assert!(!has_nul(&view(&event)));
    Ok(())
}

/// JSON that likes the names that normalisation looks for.
fn anything() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just(String::new()),
        Just("\0".to_owned()),
        Just("users".to_owned()),
        Just("sites".to_owned()),
        Just("WEB-1".to_owned()),
        Just("-1".to_owned()),
        Just("a@b".to_owned()),
        any::<String>(),
    ];
    let key = prop::sample::select(vec![
        "id",
        "type",
        "attributes",
        "action",
        "actor",
        "context",
        "container",
        "time",
        "name",
        "email",
        "location",
        "message",
        "content",
        "links",
        "alt",
        "issueKeyOrId",
        "app",
        "onBehalfOf",
        "product",
        "key",
        "siteName",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|members| members
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_becomes_an_event(value in anything()) {
        check(value.to_string())?;
    }

    #[test]
    fn damaged_records_become_events(
        file in prop::sample::select(fixtures()),
        pick in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let records = records(&file);
        let text = pick.get(&records).get().to_owned();
        let cut = cut.index(text.len());
        check(String::from_utf8_lossy(&text.as_bytes()[..cut]).into_owned())?;
        let mut bytes = text.into_bytes();
        bytes[cut] = byte;
        check(String::from_utf8_lossy(&bytes).into_owned())?;
    }
}

#[test]
fn deep_nesting_is_no_danger() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    check(format!(
        r#"{{"id":"1","attributes":{{"action":"x","context":{deep}}}}}"#
    ))
    .unwrap();
}
