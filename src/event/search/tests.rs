//! What texts mean, that every filter has one, and what is said of those that mean nothing.

mod documented;
mod properties;
mod times;

use super::{Problem, parse, print};
use serde_json::{Value, json};

#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "what is expected is written in place"
)]
fn reads(text: &str, expected: Value) {
    let read = parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    assert_eq!(serde_json::to_value(&read).unwrap(), expected, "{text}");
    assert_eq!(parse(&print(&read)), Ok(read), "{text}");
}

#[test]
fn a_text_is_a_filter() {
    reads(
        r#"actor:lila action:issue.deleted -project:WEB created:>=2026-11-01 ip:203.0.113.0/24 "release notes""#,
        json!({
            "users": ["lila"], "actions": ["issue.deleted"], "not": {"projects": ["WEB"]},
            "time": {"between": {"from": "2026-11-01T00:00:00Z"}}, "ips": ["203.0.113.0/24"], "text": "release notes",
        }),
    );
    reads("", json!({}));
    reads(" ( ) ", json!({}));
    reads(
        "action:a,b action:\"c d\" action:(e OR f g,h)",
        json!({
            "actions": ["a", "b", "c d", "e", "f", "g", "h"],
        }),
    );
    reads(
        "STATUS-from:Open statusTo:Done product:jira,Service_Management",
        json!({
            "statusFrom": ["Open"], "statusTo": ["Done"], "products": ["JIRA", "SERVICE_MANAGEMENT"],
        }),
    );
    reads("field:* project:()", json!({"fields": [], "projects": []}));
    reads("field:\"*\"", json!({"fields": ["*"]}));
    reads(
        "group:admins membership:at-event-time -group:bots",
        json!({
            "groups": ["admins"], "membership": "AT_EVENT_TIME",
            "not": {"groups": ["bots"], "membership": "AT_EVENT_TIME"},
        }),
    );
    reads(
        r#"jql:"project = WEB AND \"x\" is empty" 557058:ann and 12:30"#,
        json!({
            "jql": "project = WEB AND \"x\" is empty", "text": "557058:ann",
            "any": [{"text": "and", "any": [{"text": "12:30"}]}],
        }),
    );
    reads(
        r#""C:\paths \\ and \" quotes""#,
        json!({"text": "C:\\paths \\ and \" quotes"}),
    );
}

#[test]
fn operators_become_any_and_not() {
    reads(
        "a OR b c OR -d",
        json!({
            "any": [{"text": "a"}, {"text": "b", "any": [{"text": "c"}]}, {"not": {"text": "d"}}],
        }),
    );
    reads(
        "project:WEB (actor:a OR action:b)",
        json!({
            "projects": ["WEB"], "any": [{"users": ["a"]}, {"actions": ["b"]}],
        }),
    );
    // What has room beside the rest needs no parentheses.
    reads(
        "(project:WEB) AND (actor:a)",
        json!({"projects": ["WEB"], "users": ["a"]}),
    );
    // Side by side, people are alternatives; with AND, each must hold.
    reads("actor:a group:b", json!({"users": ["a"], "groups": ["b"]}));
    reads(
        "actor:a AND group:b",
        json!({"users": ["a"], "any": [{"groups": ["b"]}]}),
    );
    reads(
        "action:a AND action:b",
        json!({"actions": ["a"], "any": [{"actions": ["b"]}]}),
    );
    reads(
        "status-from:a AND status-to:b",
        json!({
            "statusFrom": ["a"], "any": [{"statusTo": ["b"]}],
        }),
    );
    reads(
        "-project:A -project:B NOT actor:c",
        json!({
            "not": {"any": [{"projects": ["A", "B"]}, {"users": ["c"]}]},
        }),
    );
    reads(
        "-(project:A actor:c) -(x OR y)",
        json!({
            "not": {"any": [{"users": ["c"], "projects": ["A"]}, {"text": "x"}, {"text": "y"}]},
        }),
    );
    reads("NOT NOT a", json!({"not": {"not": {"text": "a"}}}));
    // There is one `any` only; what must not be missing must be there.
    reads(
        "(a OR b) (c OR d)",
        json!({
            "any": [{"text": "a"}, {"text": "b"}], "not": {"not": {"any": [{"text": "c"}, {"text": "d"}]}},
        }),
    );
    reads(
        "any:(project:A) any:()",
        json!({"any": [{"projects": ["A"], "any": []}]}),
    );
}

#[test]
fn a_time_zone_holds_in_its_parentheses() {
    reads(
        "created:2026-11-20 tz:europe/berlin",
        json!({
            "time": {"between": {"from": "2026-11-19T23:00:00Z", "to": "2026-11-20T23:00:00Z"}},
            "timeZone": "Europe/Berlin",
        }),
    );
    reads(
        "created:today OR (created:2026-11-20 tz:Asia/Tokyo) OR created:2026-11-20 tz:Europe/Berlin",
        json!({
            "any": [
                {"time": {"preset": "TODAY"}},
                {"timeZone": "Asia/Tokyo", "time": {"between": {"from": "2026-11-19T15:00:00Z", "to": "2026-11-20T15:00:00Z"}}},
                {"time": {"between": {"from": "2026-11-19T23:00:00Z", "to": "2026-11-20T23:00:00Z"}}},
            ],
            "timeZone": "Europe/Berlin",
        }),
    );
    reads(
        "since:2026-11-01 until:2026-11-30",
        json!({
            "time": {"between": {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}},
        }),
    );
    reads(
        "created:today created:last-12-hours",
        json!({
            "time": {"preset": "TODAY"}, "any": [{"time": {"last": {"hours": 12}}}],
        }),
    );
}

#[test]
fn a_filter_is_printed_as_people_write_it() {
    let cases = [
        "actor:lila action:issue.deleted ip:203.0.113.0/24 created:>=2026-11-01 -project:WEB \"release notes\"",
        "release notes for all of them",
        "-project:A,B -actor:c",
        "-field:* -created:today",
        "(a OR b) (c OR d) (e OR f)",
        "tz:Europe/Berlin created:2026-11-01..2026-11-30",
        "a OR b c OR (tz:Asia/Tokyo created:today)",
        "project:WEB any:(actor:a)",
        "-(actor:b project:A)",
        "group:a membership:at-event-time -(group:b)",
        "action:a (action:b)",
        "any:()",
        "any:(())",
        "-()",
        "\"\"",
        "\"AND\" \"-x\" \"a:b\"",
        "actor:557058:ann,\"Ann Lee\",ann@example.com",
    ];
    for text in cases {
        let read = parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        let printed = print(&read);
        assert_eq!(printed, text);
    }
}

#[track_caller]
fn problems(text: &str, expected: &[(usize, &str, Option<&str>)]) {
    let problems = parse(text).unwrap_err();
    let found: Vec<_> = problems
        .iter()
        .map(|problem| {
            (
                problem.column,
                problem.message.as_str(),
                problem.suggestion.as_deref(),
            )
        })
        .collect();
    assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(
            (found.0, found.2),
            (expected.0, expected.2),
            "{text}: {found:?}"
        );
        assert!(found.1.contains(expected.1), "{text}: {found:?}");
    }
}

#[test]
fn problems_say_where_and_what_was_meant() {
    problems(
        "übel acton:issue.deleted",
        &[(6, "there is no qualifier `acton`", Some("action"))],
    );
    problems("http://example.com", &[(1, "put it in quotes", None)]);
    problems(
        "created:yestreday",
        &[(9, "`yestreday` is not a time", Some("yesterday"))],
    );
    problems(
        "tz:Europe/Berln",
        &[(4, "not a time zone", Some("Europe/Berlin"))],
    );
    problems(
        "product:jria,confluence",
        &[(9, "there is no product `jria`", Some("jira"))],
    );
    problems("actor:", &[(7, "expected a value for `actor:`", None)]);
    problems("actor: lila", &[(7, "expected a value", None)]);
    problems("actor:a,,b", &[(9, "expected a value", None)]);
    problems("(a OR b", &[(1, "never closed", None)]);
    problems("a) b", &[(2, "no `(` for this `)`", None)]);
    problems("a \"b", &[(3, "quote is never closed", None)]);
    problems("\"a\"b", &[(4, "expected a space", None)]);
    problems("OR a", &[(1, "before `OR`", None)]);
    problems("a OR", &[(3, "after `OR`", None)]);
    problems("a AND OR b", &[(7, "before `OR`", None)]);
    problems("(a AND )", &[(4, "after `AND`", None)]);
    problems("a - b", &[(3, "left out", None)]);
    problems("NOT", &[(1, "left out", None)]);
    problems("project:*", &[(9, "`*` is no value", None)]);
    problems("field:*,status", &[(7, "stands alone", None)]);
    problems("-tz:UTC", &[(2, "cannot be left out", None)]);
    problems("tz:UTC tz:Asia/Tokyo", &[(8, "give one", None)]);
    problems("membership:now membership:now", &[(16, "twice", None)]);
    problems("membership:never", &[(12, "neither", None)]);
    problems("since:<2026-01-01", &[(7, "already", None)]);
    problems("any:x", &[(1, "in parentheses", None)]);
    problems("action:(a AND b)", &[(11, "alternatives", None)]);
    problems("a b:c d:e", &[(3, "`b`", None), (7, "`d`", None)]);
    problems(&"(".repeat(1_000), &[(17, "nested too deeply", None)]);
    problems(&"-".repeat(1_000), &[(17, "nested too deeply", None)]);
    problems(&"a ".repeat(1_000), &[(65, "too many words", None)]);
    let shown = Problem {
        column: 6,
        message: "there is no qualifier `acton`".to_owned(),
        suggestion: Some("action".to_owned()),
    };
    assert_eq!(
        shown.to_string(),
        "column 6: there is no qualifier `acton`; did you mean \"action\"?"
    );
}

#[test]
fn long_texts_are_read_at_once() {
    for part in [
        "project:A ",
        "-project:A ",
        "-(a b) ",
        "a OR ",
        "x:y ",
        "\" ",
        "a:\"b\"c ",
        "()",
        ")",
        "tz:UTC ",
        ",",
        "product:x ",
        "group:a membership:now ",
    ] {
        // Whatever comes of it.
        let _ = parse(&part.repeat(50_000)).map(|filter| print(&filter));
    }
}
