//! Recorded files of every form yield the same records; faults are named by line and column.

use auditgraph::event::System;
use auditgraph::source::import::{ImportError, recognise, records};
use serde_json::value::RawValue;

fn read(text: &str) -> Result<Vec<String>, ImportError> {
    records(text.as_bytes())
        .map(|record| record.map(|record| record.get().to_owned()))
        .collect()
}

fn tokio_may_move(_: &impl Send) -> bool {
    true
}

#[test]
fn every_form_yields_the_records_as_they_stand() {
    let (one, two) = (
        r#"{"id":1,  "x":[1.0e2] }"#,
        r#"{"id":2,"data":[{"no":1}],"action":"a"}"#,
    );
    let forms = [
        format!("{{\"data\":[{one},\n {two} ],\"meta\":{{}}}}"),
        format!("{{\"meta\":null,\"entities\":[{one},{two}]}}"),
        format!("{{\"values\":[{one},{two}],\"next\":\"x\"}}"),
        format!(" [{one} , {two}]\n"),
        format!("{one}\n{two}\n"),
        format!("\u{feff}{one}\r\n\r\n{two}"),
        format!("{{\"data\":{one}}}\n{{\"data\":[{two}]}}"),
    ];
    for form in forms {
        assert_eq!(read(&form).unwrap(), [one, two], "{form}");
    }
    assert_eq!(read(one).unwrap(), [one]);
    assert!(tokio_may_move(&records(one.as_bytes())));
    assert_eq!(read("").unwrap(), Vec::<String>::new());
    assert_eq!(read(r#"{"data":[]}"#).unwrap(), Vec::<String>::new());
}

#[test]
fn faults_are_named_by_line_and_column() {
    let cases = [
        (
            "{\"id\":1}\n{\"id\":",
            1,
            "line 2, column 6: EOF while parsing a value",
        ),
        (
            "{\"id\":1}\n  <html>",
            1,
            "line 2, column 3: expected value",
        ),
        (
            "{\"id\":1}\n{\"id\":2}\n\"three\"",
            2,
            "line 3, column 7: a record is an object, not \"three\"",
        ),
        (
            "[{\"id\":1}, 2]",
            1,
            "line 1, column 13: a record is an object, not 2",
        ),
    ];
    for (text, good, message) in cases {
        let mut found = records(text.as_bytes());
        for _ in 0..good {
            assert!(found.next().unwrap().is_ok(), "{text}");
        }
        assert_eq!(
            found.next().unwrap().unwrap_err().to_string(),
            message,
            "{text}"
        );
        assert!(found.next().is_none(), "{text}");
    }
}

#[test]
fn systems_are_recognised_by_shape() {
    let cases = [
        (
            r#"{"id":"1","attributes":{"action":"user_login"}}"#,
            Some(System::Organization),
        ),
        (
            r#"{"timestamp":"2026-01-01T00:00:00Z","type":{"actionI18nKey":"bitbucket.service.x"}}"#,
            Some(System::BitbucketDc),
        ),
        (
            r#"{"auditType":{"actionI18nKey":"atlassian.x","categoryI18nKey":"jira.auditing.y"}}"#,
            Some(System::JiraDc),
        ),
        (
            r#"{"auditType":{"actionI18nKey":"audit.logging.summary.x"}}"#,
            Some(System::ConfluenceDc),
        ),
        (
            r#"{"auditType":{"actionI18nKey":"atlassian.audit.x"}}"#,
            None,
        ),
        (
            r#"{"id":1,"summary":"User created","created":"2022-01-24T08:48:05.645+0000"}"#,
            Some(System::JiraCloud),
        ),
        (
            r#"{"summary":"Space logo uploaded","creationDate":1643097094621}"#,
            Some(System::ConfluenceCloud),
        ),
        (r#"{"summary":"?"}"#, None),
        ("7", None),
    ];
    for (text, system) in cases {
        let record = RawValue::from_string(text.to_owned()).unwrap();
        assert_eq!(recognise(&record), system, "{text}");
    }
}
