//! As much of JSON schema as the vendors' `OpenAPI` documents use: types, required, enum, items, properties, references.
//!
//! Lenient where the documents are known to be wrong: an optional field may be null.

use serde_json::Value;

/// Everything that is wrong with `value` under `schema`, each as a path, with `*` for any place in a list, and a
/// complaint.
pub(super) fn complaints(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "", &mut found);
    found
}

/// What a schema stands for, behind its references.
fn resolve<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    while let Some(reference) = schema["$ref"].as_str() {
        schema = document
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or(&Value::Null);
    }
    schema
}

fn check(document: &Value, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let schema = resolve(document, schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(document, part, value, path, found);
    }
    for name in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[name].as_array() {
            let fits = choices
                .iter()
                .any(|choice| complaints(document, choice, value).is_empty());
            if !fits {
                found.push(format!("{path}: fits none of {name}"));
            }
        }
    }
    let kind = schema["type"].as_str().unwrap_or_default();
    let right = match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => true,
    };
    if !right {
        found.push(format!("{path}: not of type {kind}: {value}"));
        return;
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        found.push(format!("{path}: {value} is not one of the enum"));
    }
    for item in value.as_array().into_iter().flatten() {
        check(
            document,
            &schema["items"],
            item,
            &format!("{path}/*"),
            found,
        );
    }
    let Some(fields) = value.as_object() else {
        return;
    };
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for name in &required {
        if !fields.contains_key(*name) {
            found.push(format!("{path}/{name}: missing"));
        }
    }
    let closed = schema["additionalProperties"] == false && schema["properties"].is_object();
    for (name, field) in fields {
        let below = format!("{path}/{name}");
        match schema["properties"].get(name) {
            Some(_) if field.is_null() && !required.contains(&name.as_str()) => {}
            Some(schema) => check(document, schema, field, &below, found),
            None if closed => found.push(format!("{below}: not in the document")),
            None if schema["additionalProperties"].is_object() => {
                check(
                    document,
                    &schema["additionalProperties"],
                    field,
                    &below,
                    found,
                );
            }
            None => {}
        }
    }
}

#[test]
fn the_check_finds_what_is_wrong() {
    let document: Value = serde_json::json!({"schemas": {"Cat": {
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {
            "name": {"type": "string"}, "mood": {"type": "string", "enum": ["good", "bad"]},
            "kittens": {"type": "array", "items": {"$ref": "#/schemas/Cat"}},
        },
    }}});
    let schema = serde_json::json!({"$ref": "#/schemas/Cat"});
    let fine = serde_json::json!({"name": "Tom", "mood": null, "kittens": [{"name": "Tim"}]});
    assert_eq!(complaints(&document, &schema, &fine), [""; 0]);
    let bad = serde_json::json!({"mood": "grim", "kittens": [{"name": 1, "age": 2}]});
    assert_eq!(
        complaints(&document, &schema, &bad),
        [
            "/name: missing",
            "/kittens/*/age: not in the document",
            "/kittens/*/name: not of type string: 1",
            "/mood: \"grim\" is not one of the enum",
        ]
    );
}
