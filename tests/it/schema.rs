//! The schema as people meet it in GraphiQL: committed as text, described in full, and named by one convention.

use auditgraph::graphql;
use serde_json::Value;
use std::path::Path;

const INTROSPECTION: &str = "{ __schema { directives { name description } types { name kind description
    interfaces { name }
    fields { name description type { ...Type } args { name description type { ...Type } } }
    inputFields { name description type { ...Type } }
    enumValues { name description } } } }
    fragment Type on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

#[test]
fn the_committed_schema_is_the_schema() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let committed = std::fs::read_to_string(file).unwrap();
    assert!(
        committed == graphql::sdl(),
        "schema.graphql is not what the code says; run `cargo run -- schema > schema.graphql`"
    );
}

/// The types that are ours, as introspection shows them.
async fn schema() -> Value {
    let answer = graphql::schema(None).execute(INTROSPECTION).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    answer.data.into_json().unwrap()["__schema"].take()
}

fn types(schema: &Value) -> impl Iterator<Item = &Value> {
    list(&schema["types"]).iter().filter(|one| {
        let name = text(&one["name"]);
        !name.starts_with("__") && !["Boolean", "Float", "ID", "Int", "String"].contains(&name)
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A type as it is written, e.g. `[Event!]!`.
fn written(of: &Value) -> String {
    match text(&of["kind"]) {
        "NON_NULL" => format!("{}!", written(&of["ofType"])),
        "LIST" => format!("[{}]", written(&of["ofType"])),
        _ => text(&of["name"]).to_owned(),
    }
}

#[tokio::test]
async fn everything_is_described() {
    let schema = schema().await;
    let mut silent = Vec::new();
    let mut look = |path: String, one: &Value| {
        let said = text(&one["description"]).trim();
        if said.len() < 3 || !said.ends_with(['.', ')']) {
            silent.push(format!("{path}: {said:?}"));
        }
    };
    for directive in list(&schema["directives"]) {
        look(format!("@{}", text(&directive["name"])), directive);
    }
    for one in types(&schema) {
        let name = text(&one["name"]);
        look(name.to_owned(), one);
        for kind in ["fields", "inputFields", "enumValues"] {
            for member in list(&one[kind]) {
                let path = format!("{name}.{}", text(&member["name"]));
                for argument in list(&member["args"]) {
                    look(format!("{path}({}:)", text(&argument["name"])), argument);
                }
                look(path, member);
            }
        }
    }
    assert!(
        silent.is_empty(),
        "Say what these are, in whole sentences:\n{}",
        silent.join("\n")
    );
}

#[tokio::test]
async fn names_follow_one_convention() {
    let schema = schema().await;
    let alphanumeric = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric());
    let camel =
        |name: &str| alphanumeric(name) && name.starts_with(|c: char| c.is_ascii_lowercase());
    let pascal =
        |name: &str| alphanumeric(name) && name.starts_with(|c: char| c.is_ascii_uppercase());
    let screaming = |name: &str| {
        name.chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let mut odd = Vec::new();
    for one in types(&schema) {
        let name = text(&one["name"]);
        if !pascal(name) {
            odd.push(name.to_owned());
        }
        for kind in ["fields", "inputFields"] {
            for member in list(&one[kind]) {
                let names = std::iter::once(member).chain(list(&member["args"]));
                let found = names.map(|name| text(&name["name"]));
                odd.extend(
                    found
                        .filter(|found| !camel(found))
                        .map(|found| format!("{name}.{found}")),
                );
            }
        }
        let values = list(&one["enumValues"])
            .iter()
            .map(|value| text(&value["name"]));
        odd.extend(
            values
                .filter(|value| !screaming(value))
                .map(|value| format!("{name}.{value}")),
        );
    }
    assert!(odd.is_empty(), "{odd:#?}");
}

#[tokio::test]
async fn lists_and_ids_are_as_relay_wants_them() {
    let schema = schema().await;
    let field = |one: &Value, name: &str| {
        list(&one["fields"])
            .iter()
            .find(|field| field["name"] == name)
            .map(|field| written(&field["type"]))
    };
    let mut odd = Vec::new();
    let mut expect = |place: &str, found: Option<String>, expected: String| {
        if found.as_ref() != Some(&expected) {
            odd.push(format!("{place} is {found:?}, not {expected}"));
        }
    };
    for one in types(&schema) {
        let name = text(&one["name"]);
        if let Some(item) = name.strip_suffix("Connection") {
            // The view is called activity, and what it consists of are rows.
            let item = match item {
                "Activity" => "ActivityRow",
                item => item,
            };
            expect(name, field(one, "edges"), format!("[{item}Edge!]!"));
            expect(name, field(one, "nodes"), format!("[{item}!]!"));
            expect(name, field(one, "pageInfo"), "PageInfo!".to_owned());
        }
        if let Some(item) = name.strip_suffix("Edge") {
            expect(name, field(one, "cursor"), "String!".to_owned());
            expect(name, field(one, "node"), format!("{item}!"));
        }
        if list(&one["interfaces"])
            .iter()
            .any(|known| known["name"] == "Node")
            || name == "Node"
        {
            expect(name, field(one, "id"), "ID!".to_owned());
        }
        for member in list(&one["fields"]) {
            let path = format!("{name}.{}", text(&member["name"]));
            let returned = written(&member["type"]);
            if returned.trim_end_matches('!') == "ID" {
                expect(&path, Some(returned.clone()), "ID!".to_owned());
            }
            if returned.trim_end_matches('!').ends_with("Connection") {
                expect(
                    &path,
                    Some(returned.clone()),
                    format!("{}!", returned.trim_end_matches('!')),
                );
                let arguments = [
                    ("first", "Int"),
                    ("after", "String"),
                    ("last", "Int"),
                    ("before", "String"),
                ];
                for (name, expected) in arguments {
                    let argument = list(&member["args"])
                        .iter()
                        .find(|known| known["name"] == name);
                    let found = argument.map(|known| written(&known["type"]));
                    expect(&format!("{path}({name}:)"), found, expected.to_owned());
                }
            }
        }
    }
    let info = types(&schema)
        .find(|one| one["name"] == "PageInfo")
        .unwrap();
    for (name, expected) in [
        ("hasPreviousPage", "Boolean!"),
        ("hasNextPage", "Boolean!"),
        ("startCursor", "String"),
        ("endCursor", "String"),
    ] {
        expect("PageInfo", field(info, name), expected.to_owned());
    }
    assert!(odd.is_empty(), "{odd:#?}");
}
