//! What a deleted issue is made of again: the system fields that the webhook of its deletion told. Pure.

use crate::event::restore::{Draft, Kept, Left};
use crate::source::look::Look;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How a field is given to a new issue.
#[derive(Clone, Copy)]
enum Form {
    /// A thing by its id, e.g. a priority.
    Thing,
    /// Somebody by account id.
    Person,
    /// Several things by their ids.
    Things,
    /// As it is, e.g. a date.
    Plain,
    /// Text, which the API takes as a document.
    Document,
    /// The estimates, of all that it says about time.
    Estimates,
}

/// THE TABLE of the fields that are given to a new issue; project and type come first, for nothing goes without them.
const FIELDS: [(&str, Form); 16] = [
    ("project", Form::Thing),
    ("issuetype", Form::Thing),
    ("summary", Form::Plain),
    ("description", Form::Document),
    ("environment", Form::Document),
    ("priority", Form::Thing),
    ("labels", Form::Plain),
    ("reporter", Form::Person),
    ("assignee", Form::Person),
    ("parent", Form::Thing),
    ("components", Form::Things),
    ("versions", Form::Things),
    ("fixVersions", Form::Things),
    ("duedate", Form::Plain),
    ("security", Form::Thing),
    ("timetracking", Form::Estimates),
];

/// The fields without which there is no issue.
pub(super) const NEEDED: [&str; 3] = ["project", "issuetype", "summary"];

/// What else an issue says that somebody would miss, and why it does not come back.
const LOST: [(&str, &str); 8] = [
    ("resolution", "only Jira's workflow sets it"),
    ("comment", "comments cannot be written in others' names"),
    ("worklog", "worklogs cannot be written in others' names"),
    ("attachment", "Jira has deleted the files"),
    ("issuelinks", "links end with the issue"),
    ("subtasks", "each is an issue of its own"),
    ("votes", "votes end with the issue"),
    ("timespent", "it is the sum of the worklogs"),
];

/// A deleted issue as it would be made again, before upstream is asked what it takes; `None` when the record does not tell
/// the issue as it was.
pub(super) fn draft(record: &Value) -> Option<Draft> {
    let whole = Look::new(record);
    if !whole.at("webhookEvent").is("jira:issue_deleted") {
        return None;
    }
    let issue = whole.at("issue");
    let fields = issue.at("fields");
    let mut draft = Draft {
        key: issue.at("key").text()?,
        project: fields.at("project").at("key").text()?,
        summary: fields.at("summary").text()?,
        ..Draft::default()
    };
    for (field, form) in FIELDS {
        let value = fields.at(field);
        if let Some(given) = given(value, form) {
            draft.fields.insert(field.to_owned(), given);
            let (field, value) = (field.to_owned(), shown(value));
            draft.sets.push(Kept { field, value });
        }
    }
    if NEEDED
        .iter()
        .any(|field| !draft.fields.contains_key(*field))
    {
        return None;
    }
    let status = fields.at("status");
    draft.status = status.at("id").text();
    if draft.status.is_some() {
        draft.sets.push(Kept {
            field: "status".to_owned(),
            value: shown(status),
        });
    }
    let lost: BTreeMap<&str, &str> = LOST.into_iter().collect();
    for (field, value) in fields.entries() {
        let custom = field
            .starts_with("customfield_")
            .then_some("custom fields are not restored");
        let Some(reason) = custom.or_else(|| lost.get(field).copied()) else {
            continue;
        };
        let value = shown(value);
        if !value.is_empty() {
            let (field, reason) = (field.to_owned(), reason.to_owned());
            draft.leaves.push(Left {
                field,
                value,
                reason,
            });
        }
    }
    Some(draft)
}

impl Draft {
    /// Does without a field.
    pub(super) fn leave(&mut self, field: &str, reason: &str) {
        self.fields.remove(field);
        if field == "status" {
            self.status = None;
        }
        if let Some(place) = self.sets.iter().position(|kept| kept.field == field) {
            let Kept { field, value } = self.sets.remove(place);
            let reason = reason.to_owned();
            self.leaves.push(Left {
                field,
                value,
                reason,
            });
        }
    }
}

/// A value in the form in which a new issue takes it; `None` when there is none.
fn given(value: Look<'_>, form: Form) -> Option<Value> {
    let by_id = |value: Look<'_>| Some(json!({"id": value.at("id").text()?}));
    match form {
        Form::Thing => by_id(value),
        Form::Person => Some(json!({"id": value.at("accountId").text()?})),
        Form::Things => {
            let things: Vec<Value> = value.list().filter_map(by_id).collect();
            (!things.is_empty()).then(|| things.into())
        }
        Form::Plain if value.is_list() => {
            let texts: Vec<String> = value.list().filter_map(Look::text).collect();
            (!texts.is_empty()).then(|| texts.into())
        }
        Form::Plain => value.text().map(Value::from),
        Form::Document if value.is_object() => serde_json::from_str(value.record().get()).ok(),
        Form::Document => value
            .text()
            .filter(|text| !text.is_empty())
            .map(|text| document(&text)),
        Form::Estimates => {
            let names = ["originalEstimate", "remainingEstimate"];
            let estimate = |name: &str| Some((name.to_owned(), value.at(name).text()?.into()));
            let estimates: Map<String, Value> = names.into_iter().filter_map(estimate).collect();
            (!estimates.is_empty()).then(|| estimates.into())
        }
    }
}

/// Text as a document in the Atlassian Document Format, a paragraph a line.
fn document(text: &str) -> Value {
    let paragraphs: Vec<Value> = text
        .lines()
        .map(|line| match line {
            "" => json!({"type": "paragraph", "content": []}),
            line => json!({"type": "paragraph", "content": [{"type": "text", "text": line}]}),
        })
        .collect();
    json!({"type": "doc", "version": 1, "content": paragraphs})
}

/// A value for people: text as it is, a thing by its name, several of them with commas between them; empty for nothing.
fn shown(value: Look<'_>) -> String {
    if let Some(text) = value.text() {
        return text;
    }
    if value.is_list() {
        let all: Vec<String> = value
            .list()
            .map(shown)
            .filter(|text| !text.is_empty())
            .collect();
        return all.join(", ");
    }
    let names = [
        "displayName",
        "name",
        "key",
        "value",
        "filename",
        "originalEstimate",
        "id",
    ];
    if let Some(name) = names.iter().find_map(|name| value.at(name).text()) {
        return name;
    }
    for list in ["comments", "worklogs"] {
        let count = value.at(list).list().count();
        if count > 0 {
            return format!("{count} {list}");
        }
    }
    match value.at("votes").text().as_deref() {
        None | Some("0") => String::new(),
        Some(votes) => votes.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::draft;
    use serde_json::{Value, json};

    fn deleted(fields: &Value) -> Value {
        let mut all = json!({
            "project": {"id": "10000", "key": "WEB"}, "issuetype": {"id": "10001", "name": "Task"},
            "summary": "The lamp blinks",
        });
        all.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        json!({"webhookEvent": "jira:issue_deleted", "issue": {"id": "7", "key": "WEB-7", "fields": all}})
    }

    #[test]
    fn c27_system_fields_are_given_and_others_named_as_lost() {
        let record = deleted(&json!({
            "description": "Since Monday.\n\nAsk Ann.", "labels": ["lamp"], "duedate": null, "components": [],
            "assignee": {"accountId": "a:1", "displayName": "Ann Lee"},
            "fixVersions": [{"id": "3", "name": "1.0"}, {"id": "4", "name": "1.1"}],
            "timetracking": {"originalEstimate": "2d"}, "status": {"id": "5", "name": "In Progress"},
            "customfield_10016": 8, "customfield_10017": null,
            "resolution": {"name": "Done"}, "votes": {"votes": 0}, "comment": {"comments": [{}, {}]},
        }));
        let draft = draft(&record).unwrap();
        assert_eq!(draft.fields["assignee"], json!({"id": "a:1"}));
        assert_eq!(
            draft.fields["fixVersions"],
            json!([{"id": "3"}, {"id": "4"}])
        );
        assert_eq!(
            draft.fields["timetracking"],
            json!({"originalEstimate": "2d"})
        );
        assert_eq!(
            draft.fields["description"]["content"][0],
            json!({"type": "paragraph", "content": [{"type": "text", "text": "Since Monday."}]})
        );
        assert_eq!(
            draft.fields["description"]["content"][1],
            json!({"type": "paragraph", "content": []})
        );
        for absent in ["duedate", "components", "reporter", "resolution"] {
            assert!(!draft.fields.contains_key(absent), "{absent}");
        }
        let sets: Vec<_> = draft
            .sets
            .iter()
            .map(|kept| (&*kept.field, &*kept.value))
            .collect();
        assert!(sets.contains(&("fixVersions", "1.0, 1.1")), "{sets:?}");
        assert!(sets.contains(&("status", "In Progress")), "{sets:?}");
        let leaves: Vec<_> = draft
            .leaves
            .iter()
            .map(|left| (&*left.field, &*left.value))
            .collect();
        assert_eq!(
            leaves,
            [
                ("comment", "2 comments"),
                ("customfield_10016", "8"),
                ("resolution", "Done")
            ]
        );
    }

    #[test]
    fn what_does_not_tell_the_issue_is_no_draft() {
        assert_eq!(
            draft(&json!({"webhookEvent": "jira:issue_deleted", "issue": {"key": "WEB-7"}})),
            None
        );
        assert_eq!(draft(&json!({"webhookEvent": "jira:issue_updated"})), None);
        let mut without_type = deleted(&json!({}));
        without_type["issue"]["fields"]["issuetype"] = Value::Null;
        assert_eq!(draft(&without_type), None);
    }
}
