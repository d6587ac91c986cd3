//! How a Jira Cloud site is asked: searches by time and by token, lists that move, and what is refused.

use crate::upstream::{Asked, Upstream, clock, json, status};
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::event::NewEvent;
use auditgraph::event::directory::{Entry, Listing, ThingKind};
use auditgraph::source::jira_cloud::JiraCloud;
use auditgraph::source::{Page, Part, Source, SourceError};
use axum::response::Response;
use futures::TryStreamExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn settings(url: &str, more: &str) -> Config {
    format!(
        "jira_cloud.base_url = '{url}'\njira_cloud.email = 'lila@acme.example'\njira_cloud.token = 's3cr3t'\n\
         jira_cloud.requests_per_minute = 100000\n{more}"
    )
    .parse()
    .unwrap()
}

fn source(url: &str, clock: &Clock, more: &str) -> JiraCloud {
    let config = settings(url, more);
    JiraCloud::new(&config.jira_cloud, &config.http_client, clock).unwrap()
}

async fn pages(source: &JiraCloud, part: Part) -> Result<Vec<Page>, SourceError> {
    source.pages(part, None).try_collect().await
}

fn events(source: &JiraCloud, pages: &[Page]) -> Vec<NewEvent> {
    let records = pages.iter().flat_map(|page| &page.records);
    records
        .flat_map(|record| source.normalise(record).events)
        .collect()
}

/// The number behind `updated >=`.
fn since(asked: &Asked) -> i64 {
    let jql = asked.body["jql"].as_str().unwrap_or_default();
    let number = jql.strip_prefix("updated >= ").unwrap_or("0");
    number.split(' ').next().unwrap().parse().unwrap()
}

fn issue(id: u32, updated: i64) -> Value {
    json!({"id": id.to_string(), "key": format!("WEB-{id}"),
           "fields": {"created": updated, "updated": updated, "comment": {"comments": [], "total": 0}}})
}

/// A search over these issues, two a page, whose tokens are positions in what was asked for.
fn found(asked: &Asked, issues: &[(u32, i64)]) -> Response {
    let jql = asked.body["jql"].as_str().unwrap();
    let fits: Vec<Value> = issues
        .iter()
        .filter(|(id, updated)| match jql.strip_prefix("id in (") {
            Some(ids) => ids
                .trim_end_matches(')')
                .split(", ")
                .any(|one| one == id.to_string()),
            None => *updated >= since(asked),
        })
        .map(|(id, updated)| issue(*id, *updated))
        .collect();
    let token = asked.body["nextPageToken"].as_str();
    let start: usize = token.map_or(0, |token| token.parse().unwrap());
    let page: Vec<&Value> = fits.iter().skip(start).take(2).collect();
    let next = (start + 2 < fits.len()).then(|| (start + 2).to_string());
    json(&json!({"issues": page, "nextPageToken": next}))
}

fn created(events: &[NewEvent]) -> BTreeSet<String> {
    let keys = events.iter().map(|event| event.upstream_key.clone());
    keys.filter(|key| key.ends_with("/created")).collect()
}

const SEARCH: &str = "/rest/api/3/search/jql";
const BULK: &str = "/rest/api/3/changelog/bulkfetch";

#[tokio::test]
async fn issues_are_searched_by_time_and_by_token_within_an_instant() {
    let clock = clock();
    let now = clock.now().millis();
    // Five in one instant are three pages of tokens; one token is refused once.
    let issues = [
        (1, now - 9),
        (2, now - 5),
        (3, now - 5),
        (4, now - 5),
        (5, now - 5),
        (6, now - 5),
        (7, now - 1),
    ];
    let refused = std::sync::atomic::AtomicBool::new(false);
    let upstream = Upstream::start(&clock, move |asked, _| match asked.path.as_str() {
        SEARCH if asked.body["nextPageToken"] == "2" => {
            if refused.swap(true, std::sync::atomic::Ordering::Relaxed) {
                found(asked, &issues)
            } else {
                status(400, r#"{"errorMessages":["The token has expired."]}"#)
            }
        }
        SEARCH => found(asked, &issues),
        BULK => json(&json!({"issueChangeLogs": []})),
        _ => json(&json!([])),
    })
    .await;
    let source = source(
        &upstream.url,
        &clock,
        "jira_cloud.projects = ['WEB', 'OPS']",
    );
    let pages = pages(&source, Part::Issues).await.unwrap();
    assert_eq!(created(&events(&source, &pages)).len(), 7);
    let asked = upstream.asked();
    let first = asked.iter().find(|asked| asked.path == SEARCH).unwrap();
    let jql = format!(
        "updated >= {} and project in (\"WEB\", \"OPS\") order by updated asc",
        now - 300_000
    );
    assert_eq!(first.body["jql"], jql.as_str());
    assert_eq!(
        first.headers["authorization"],
        "Basic bGlsYUBhY21lLmV4YW1wbGU6czNjcjN0"
    );
    assert!(asked.iter().any(|asked| asked.body["nextPageToken"] == "4"));

    // What was read and has settled is not read again.
    clock.advance(std::time::Duration::from_mins(2));
    let cursor = pages.last().unwrap().cursor.clone();
    let (before, mut again) = (upstream.count(), source.pages(Part::Issues, cursor.clone()));
    let mut last = None;
    while let Some(page) = again.try_next().await.unwrap() {
        last = page.cursor;
    }
    drop(again);
    let third: Vec<_> = source
        .pages(Part::Issues, last)
        .try_collect()
        .await
        .unwrap();
    assert!(
        third.iter().all(|page| page.records.is_empty()),
        "{third:?}"
    );
    assert!(upstream.count() > before);
}

#[tokio::test]
async fn changelogs_and_comments_are_read_issue_by_issue_where_need_be() {
    let clock = clock();
    let now = clock.now().millis();
    let upstream = Upstream::start(&clock, move |asked, _| {
        let start: usize = asked.get("startAt").parse().unwrap_or(0);
        let history = |id: usize| json!({"id": id.to_string(), "created": now, "items": [{"field": "labels"}]});
        match asked.path.as_str() {
            SEARCH if asked.body["jql"].as_str().unwrap().starts_with("id in") => status(400, "{}"),
            SEARCH => found(asked, &[(1, now), (2, now)]),
            BULK => status(404, "{}"),
            // Pages are capped at two whatever is asked for, and nothing says where the list ends.
            "/rest/api/3/issue/1/changelog" => {
                let values: Vec<Value> = (start..5).take(2).map(history).collect();
                json(&json!({"startAt": start, "maxResults": 2, "values": values}))
            }
            "/rest/api/3/issue/1/comment" => {
                let comment = |id: usize| json!({"id": id.to_string(), "created": now, "updated": now + 1});
                let comments: Vec<Value> = (start..3).take(2).map(comment).collect();
                json(&json!({"startAt": start, "total": 3, "comments": comments}))
            }
            path if path.starts_with("/rest/api/3/issue/2/") => status(404, "{}"),
            _ => json(&json!([])),
        }
    })
    .await;
    let source = source(&upstream.url, &clock, "");
    let pages = pages(&source, Part::Issues).await.unwrap();
    let found = events(&source, &pages);
    let with = |start: &str| {
        found
            .iter()
            .filter(|event| event.upstream_key.starts_with(start))
            .count()
    };
    assert_eq!(
        (with("changelog/"), with("comment/"), with("issue/")),
        (5, 6, 2)
    );
    let bulk = upstream
        .asked()
        .iter()
        .filter(|asked| asked.path == BULK)
        .count();
    assert_eq!(bulk, 1, "what is not there is not asked for again");
}

#[tokio::test]
async fn nothing_found_is_believed_only_of_a_credential_that_works() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| match asked.path.as_str() {
        SEARCH => json(&json!({"issues": []})),
        "/rest/api/3/myself" => status(401, "{}"),
        _ => json(&json!([])),
    })
    .await;
    let source = source(&upstream.url, &clock, "");
    let error = pages(&source, Part::Issues).await.unwrap_err();
    assert!(matches!(error, SourceError::Credential { .. }), "{error}");
    assert!(error.to_string().contains("jira_cloud.email"), "{error}");
}

#[tokio::test]
async fn an_audit_log_that_moves_is_read_whole() {
    let clock = clock();
    let now = clock.now().millis();
    let upstream = Upstream::start(&clock, move |asked, before| {
        assert_eq!(asked.path, "/ex/jira/c0/rest/api/3/auditing/record");
        assert!(asked.get("from").ends_with("+0000"), "{}", asked.get("from"));
        // A record comes in with every other request and pushes all others on; pages are never longer than three.
        let newest = 20 + i64::try_from(before.min(6)).unwrap() / 2;
        let offset: usize = asked.get("offset").parse().unwrap();
        let ids = (1..=newest).rev().skip(offset).take(3);
        let records = ids.map(|id| json!({"id": id, "summary": "Group created", "created": now - 1000 + id}));
        json(&json!({"offset": offset, "limit": 3, "total": 4, "records": records.collect::<Vec<_>>()}))
    })
    .await;
    let base = format!("{}/ex/jira/c0", upstream.url);
    let source = source(
        &base,
        &clock,
        "jira_cloud.site_url = 'https://acme.atlassian.net'\njira_cloud.lateness_hours = 0",
    );
    let pages = pages(&source, Part::Events).await.unwrap();
    let found = events(&source, &pages);
    let keys: BTreeSet<&str> = found
        .iter()
        .map(|event| event.upstream_key.as_str())
        .collect();
    for id in 1..=20 {
        assert!(keys.contains(format!("audit/{id}").as_str()), "{id}");
    }
    let (last, before) = pages.split_last().unwrap();
    assert!(last.cursor.is_some() && last.covered.is_some());
    assert!(
        before
            .iter()
            .all(|page| page.cursor.is_none() && page.covered.is_none())
    );
    let site = found[0].container.as_ref().unwrap();
    assert_eq!(site.id.as_deref(), Some("acme.atlassian.net"));
}

#[tokio::test]
async fn worklogs_are_followed_from_list_to_list() {
    let clock = clock();
    let now = clock.now().millis();
    let upstream = Upstream::start(&clock, move |asked, _| {
        let since: i64 = asked.get("since").parse().unwrap_or(0);
        let day = 86_400_000;
        match asked.path.as_str() {
            "/rest/api/3/worklog/updated" if since < now - day => json(&json!({
                "values": [{"worklogId": 1, "updatedTime": now - day}, {"worklogId": 2, "updatedTime": now - day}],
                "since": since, "until": now - day, "lastPage": false,
                "nextPage": "https://elsewhere.example.com/"})),
            "/rest/api/3/worklog/updated" => json(&json!({
                "values": [{"worklogId": 3, "updatedTime": now - 90_000}], "until": now - 60_000, "lastPage": true})),
            "/rest/api/3/worklog/list" => {
                let ids = asked.body["ids"].as_array().unwrap();
                let worklog = |id: &Value| json!({"id": id.to_string(), "issueId": "7", "timeSpentSeconds": 60,
                    "created": now - day, "updated": now - day, "author": {"accountId": "a1"}});
                json(&ids.iter().filter(|id| **id != 2).map(worklog).collect())
            }
            "/rest/api/3/worklog/deleted" => json(&json!({
                "values": [{"worklogId": 9, "updatedTime": now - 90_000, "properties": []}], "until": now - 60_000})),
            other => panic!("{other}"),
        }
    })
    .await;
    let source = source(&upstream.url, &clock, "");
    let pages = pages(&source, Part::Worklogs).await.unwrap();
    let found = events(&source, &pages);
    let keys: Vec<&str> = found
        .iter()
        .map(|event| event.upstream_key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "worklog/1/created",
            "worklog/3/created",
            "worklog/9/deleted"
        ]
    );
    assert!(found[2].actor.is_none() && found[2].issue.is_none());
    let cursor = pages.last().unwrap().cursor.clone();
    let before = upstream.count();
    let _: Vec<Page> = source
        .pages(Part::Worklogs, cursor)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        upstream.asked()[before].get("since"),
        (now - 180_000).to_string()
    );
}

/// A site with one group, two users, one project, a board without sprints, and lists that are refused.
fn site(asked: &Asked) -> Response {
    let list = |values: Value| json(&json!({"values": values, "isLast": true}));
    match asked.path.trim_start_matches("/rest/") {
        "api/3/group/bulk" => list(json!([{"groupId": "g1", "name": "staff"}])),
        "api/3/group/member" => match asked.get("startAt") {
            // The server's pages are shorter than what was asked for, and do not say which is the last.
            "0" => json(
                &json!({"maxResults": 1, "values": [{"accountId": "a1", "displayName": "Lila"}]}),
            ),
            "1" => json(
                &json!({"maxResults": 1, "values": [{"accountId": "a2", "accountType": "app"}]}),
            ),
            _ => json(&json!({"values": []})),
        },
        "servicedeskapi/organization" => {
            json(&json!({"isLastPage": true, "values": [{"id": "3", "name": "Globex"}]}))
        }
        "servicedeskapi/organization/3/user" => json(
            &json!({"isLastPage": true, "values": [{"accountId": "qm:1", "displayName": "Cora"}]}),
        ),
        "api/3/users/search" => match asked.get("startAt") {
            "0" => json(
                &json!([{"accountId": "a1", "displayName": "Lila", "active": true, "accountType": "atlassian"},
                                {"accountId": "a2", "displayName": "Robot", "active": false, "accountType": "app"}]),
            ),
            _ => json(&json!([])),
        },
        "api/3/project/search" => list(json!([
            {"id": "10000", "key": "WEB", "name": "Website", "lead": {"accountId": "a1"}},
            {"id": "10009", "key": "OLD", "name": "Old", "deleted": true}])),
        "api/3/project/10000/version" => {
            list(json!([{"id": "5", "name": "1.0", "released": true}]))
        }
        "api/3/project/10000/role" => json(
            &json!({"Developers": "https://acme.atlassian.net/rest/api/3/project/10000/role/10002"}),
        ),
        "api/3/project/10000/role/10002" => {
            json(&json!({"id": 10002, "name": "Developers", "actors": [
            {"type": "atlassian-group-role-actor", "actorGroup": {"groupId": "g1", "name": "staff"}},
            {"type": "atlassian-user-role-actor", "actorUser": {"accountId": "a3"}}]}))
        }
        "agile/1.0/board" => list(
            json!([{"id": 1, "name": "Kanban", "type": "kanban", "location": {"projectId": 10000}}]),
        ),
        "agile/1.0/board/1/sprint" => status(
            400,
            r#"{"errorMessages":["The board does not support sprints"]}"#,
        ),
        "api/3/permissionscheme" => json(
            &json!({"permissionSchemes": [{"id": 1, "name": "Default", "permissions": [
            {"id": 1, "permission": "BROWSE_PROJECTS", "holder": {"type": "group", "parameter": "staff", "value": "g1"}},
            {"id": 2, "permission": "BROWSE_PROJECTS", "holder": {"type": "anyone"}}]}]}),
        ),
        "api/3/filter/search" => status(403, r#"{"errorMessages":["No."]}"#),
        "api/3/issuesecurityschemes/level/member" => {
            list(json!([{"issueSecurityLevelId": "4", "holder": {"type": "reporter"}}]))
        }
        "api/3/issuesecurityschemes/level" => list(json!([{"id": "4", "name": "Staff only"}])),
        _ => json(&json!([])),
    }
}

#[tokio::test]
async fn a_refused_list_does_not_keep_the_others_from_being_read() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| site(asked)).await;
    let source = source(&upstream.url, &clock, "");
    let (mut entries, mut stream) = (Vec::new(), source.pages(Part::Directory, None));
    let error = loop {
        match stream.try_next().await {
            Ok(Some(page)) => entries.extend(page.entries),
            Ok(None) => panic!("a refusal is said at the end"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(
        error.contains("the list of filters refused the credential"),
        "{error}"
    );
    let ended = |listing| entries.contains(&Entry::End(listing));
    for kind in ThingKind::ALL {
        assert_eq!(
            ended(Listing::Things(kind)),
            kind != ThingKind::Filter,
            "{kind:?}"
        );
    }
    for listing in [
        Listing::Users,
        Listing::Groups,
        Listing::Containers,
        Listing::Members,
    ] {
        assert!(ended(listing), "{listing:?}");
    }
    let users: Vec<(String, Vec<String>)> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::User(user) => {
                let groups = user.groups.iter().flatten().map(|group| group.id.clone());
                Some((user.aliases[0].value.clone(), groups.collect()))
            }
            _ => None,
        })
        .collect();
    let expected = [("a1", "g1"), ("a2", "g1"), ("qm:1", "jsm-organization/3")];
    assert_eq!(
        users,
        expected.map(|(user, group)| (user.to_owned(), vec![group.to_owned()]))
    );
    let members: Vec<(String, String)> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Member(member) => {
                assert_eq!(member.container.key.as_deref(), Some("WEB"));
                Some((
                    member.user.aliases[0].value.clone(),
                    member.permission.clone().unwrap(),
                ))
            }
            _ => None,
        })
        .collect();
    let expected = [
        ("a1", "Developers, Project lead"),
        ("a2", "Developers"),
        ("a3", "Developers"),
    ];
    assert_eq!(
        members,
        expected.map(|(user, role)| (user.to_owned(), role.to_owned()))
    );
    let detail = |kind: ThingKind, name: &str| {
        entries.iter().find_map(|entry| match entry {
            Entry::Thing(thing) if thing.kind == kind => thing.details.get(name).cloned(),
            _ => None,
        })
    };
    assert_eq!(
        detail(ThingKind::Version, "released").as_deref(),
        Some("true")
    );
    assert_eq!(
        detail(ThingKind::SecurityLevel, "members").as_deref(),
        Some("reporter")
    );
    let browse = detail(ThingKind::PermissionScheme, "permission BROWSE_PROJECTS");
    assert_eq!(browse.as_deref(), Some("anyone, group:g1"));
}

#[tokio::test]
async fn a_group_that_cannot_be_seen_ends_no_membership() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| match asked.path.as_str() {
        "/rest/api/3/group/member" => status(403, "{}"),
        _ => site(asked),
    })
    .await;
    let source = source(&upstream.url, &clock, "");
    let (mut entries, mut stream) = (Vec::new(), source.pages(Part::Directory, None));
    while let Ok(Some(page)) = stream.try_next().await {
        entries.extend(page.entries);
    }
    assert!(!entries.contains(&Entry::End(Listing::Members)));
    for entry in &entries {
        if let Entry::User(user) = entry {
            assert_eq!(user.groups, None, "not said");
        }
    }
}

#[tokio::test]
async fn a_check_says_what_is_behind_the_token() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| match asked.path.as_str() {
        "/rest/api/3/serverInfo" => json(&json!({"serverTitle": "Acme"})),
        "/rest/api/3/myself" => json(&json!({"displayName": "Lila Smalls"})),
        _ => json(&json!({"permissions": {"ADMINISTER": {"havePermission": false}}})),
    })
    .await;
    let source = source(&upstream.url, &clock, "");
    let text = source.check().await.unwrap();
    assert!(
        text.starts_with("Jira Cloud site Acme (127.0.0.1:"),
        "{text}"
    );
    assert!(
        text.contains("as Lila Smalls, who may not administer Jira"),
        "{text}"
    );
}

#[test]
fn settings_that_make_no_sense_are_named() {
    for (given, wrong) in [
        ("token = 'x'", "jira_cloud.base_url: missing"),
        (
            "base_url = 'https://api.atlassian.com/ex/jira/c0'",
            "jira_cloud.site_url: missing",
        ),
        ("projects = ['a b']", "`a b` is not a project key"),
        ("page_size = 1", "jira_cloud.page_size: 1 is out of range"),
        (
            "name = 'organization'",
            "jira_cloud.name: `organization` is taken by organization.name",
        ),
    ] {
        let error = format!("[jira_cloud]\n{given}")
            .parse::<Config>()
            .unwrap_err()
            .to_string();
        assert!(error.contains(wrong), "{error}");
    }
}
