//! The sandbox's answers against the vendors' `OpenAPI` documents, where those are at hand.
//!
//! The documents lie beside the repository, in `shared/atlassian/openapi` of a folder above; without them there is
//! nothing to check, and the test says so. What the sandbox does differently on purpose is listed here.

mod schema;

use crate::sandbox::{Upstream, small, start};
use schema::complaints;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A request: the document's path, the path that is asked, and the body when it is a POST.
type Row = (&'static str, String, Option<Value>);

/// What the sandbox says although the documents do not, as the real systems do or may come to do: a document, and how
/// the complaint's path ends or what it contains.
const ODDITIES: &[(&str, &str)] = &[
    // In the document's example, not in its schema.
    ("jira-platform-v3", "/authorAccountId: not in the document"),
    ("jira-platform-v3", "/moonPhase: not in the document"),
    // Bulk answers have been seen with numbers.
    ("jira-platform-v3", "/created: not of type string"),
    ("jira-platform-v3", "/accountType: \"agent\" is not one"),
    // Records come without what the document requires, and with kinds of login that it does not know.
    ("org-admin", "/auth/authType: \"session\" is not one"),
    ("org-admin", "/context/*/id: missing"),
    ("org-admin", "/context: missing"),
    ("org-admin", "/data/*/links: missing"),
    ("bitbucket-cloud-2.0", "/links/html: not in the document"),
    ("bitbucket-cloud-2.0", "/links/self: not in the document"),
];

fn documents() -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .map(|folder| folder.join("shared/atlassian/openapi"))
        .find(|folder| folder.is_dir())
}

/// Asks for every row and says what does not fit the document.
async fn compare(it: &Upstream, name: &str, prefix: &str, rows: Vec<Row>) -> Vec<String> {
    let Some(folder) = documents() else {
        eprintln!("skipped: there is no shared/atlassian/openapi in a folder above the repository");
        return Vec::new();
    };
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut found = Vec::new();
    for (template, path, body) in rows {
        let answer = match &body {
            Some(body) => it.post(&format!("{prefix}{path}"), body).await,
            None => it.get(&format!("{prefix}{path}")).await,
        };
        let method = if body.is_some() { "post" } else { "get" };
        let operation = &document["paths"][template][method];
        assert!(operation.is_object(), "{name} has no {method} {template}");
        let response = &operation["responses"][answer.status.to_string()];
        if !response.is_object() || answer.status >= 300 {
            found.push(format!("{path}: {} {}", answer.status, answer.text));
            continue;
        }
        let schema = &response["content"]["application/json"]["schema"];
        for complaint in complaints(&document, schema, &answer.json()) {
            let odd = |(odd, part): &(&str, &str)| *odd == name && complaint.contains(part);
            if !ODDITIES.iter().any(odd) {
                found.push(format!("{template} {complaint}"));
            }
        }
    }
    found
}

#[track_caller]
fn report(mut found: Vec<String>) {
    found.sort();
    found.dedup();
    found.truncate(60);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn got(template: &'static str, path: impl Into<String>) -> Row {
    (template, path.into(), None)
}

fn posted(template: &'static str, body: Value) -> Row {
    (template, template.to_owned(), Some(body))
}

/// Requests about issues.
fn about_issues(talked: &str, everything: &Value, ids: &[&str]) -> Vec<Row> {
    let a = |path: &str| format!("/rest/api/3/{path}");
    vec![
        got("/rest/api/3/auditing/record", a("auditing/record")),
        got(
            "/rest/api/3/search/jql",
            a("search/jql?jql=created%3E%3D1000000000&fields=*all"),
        ),
        posted("/rest/api/3/search/jql", everything.clone()),
        posted(
            "/rest/api/3/search/approximate-count",
            json!({"jql": "project = SPEC"}),
        ),
        got(
            "/rest/api/3/issue/{issueIdOrKey}",
            a(&format!("issue/{talked}?expand=changelog")),
        ),
        got(
            "/rest/api/3/issue/{issueIdOrKey}/changelog",
            a(&format!("issue/{talked}/changelog")),
        ),
        posted(
            "/rest/api/3/changelog/bulkfetch",
            json!({"issueIdsOrKeys": ids}),
        ),
        got(
            "/rest/api/3/issue/{issueIdOrKey}/comment",
            a(&format!("issue/{talked}/comment")),
        ),
        got("/rest/api/3/worklog/updated", a("worklog/updated")),
        got("/rest/api/3/worklog/deleted", a("worklog/deleted?since=0")),
        got(
            "/rest/api/3/issue/{issueIdOrKey}/worklog",
            a(&format!("issue/{talked}/worklog")),
        ),
        got(
            "/rest/api/3/issue/{issueIdOrKey}/transitions",
            a(&format!("issue/{talked}/transitions")),
        ),
        posted(
            "/rest/api/3/issue",
            json!({"fields": {
                "project": {"key": "SPEC"}, "issuetype": {"id": "10001"}, "summary": "Again",
            }}),
        ),
    ]
}

/// Requests about people and what they may do.
fn about_people(me: &str, group: &str, talked: &str) -> Vec<Row> {
    let a = |path: &str| format!("/rest/api/3/{path}");
    vec![
        got(
            "/rest/api/3/users/search",
            a("users/search?maxResults=1000"),
        ),
        got("/rest/api/3/user", a(&format!("user?accountId={me}"))),
        got(
            "/rest/api/3/user/bulk",
            a(&format!("user/bulk?accountId={me}")),
        ),
        got(
            "/rest/api/3/user/groups",
            a(&format!("user/groups?accountId={me}")),
        ),
        got(
            "/rest/api/3/user/viewissue/search",
            a(&format!("user/viewissue/search?issueKey={talked}")),
        ),
        got("/rest/api/3/group/bulk", a("group/bulk")),
        got(
            "/rest/api/3/group/member",
            a(&format!("group/member?groupId={group}")),
        ),
        posted(
            "/rest/api/3/permissions/check",
            json!({
                "accountId": me, "globalPermissions": ["ADMINISTER"],
                "projectPermissions": [{"permissions": ["BROWSE_PROJECTS"], "projects": [10_000], "issues": [10_001]}],
            }),
        ),
        posted(
            "/rest/api/3/permissions/project",
            json!({"permissions": ["BROWSE_PROJECTS"]}),
        ),
        got(
            "/rest/api/3/mypermissions",
            a("mypermissions?permissions=BROWSE_PROJECTS,ADMINISTER"),
        ),
        got("/rest/api/3/serverInfo", a("serverInfo")),
        got("/rest/api/3/myself", a("myself")),
    ]
}

/// Requests about projects and how the site is set up.
fn about_projects() -> Vec<Row> {
    let a = |path: &str| format!("/rest/api/3/{path}");
    vec![
        got(
            "/rest/api/3/project/search",
            a("project/search?status=live&status=archived&status=deleted"),
        ),
        got("/rest/api/3/project/{projectIdOrKey}", a("project/SPEC")),
        got(
            "/rest/api/3/project/{projectIdOrKey}/role",
            a("project/SPEC/role"),
        ),
        got(
            "/rest/api/3/project/{projectIdOrKey}/role/{id}",
            a("project/SPEC/role/10002"),
        ),
        got("/rest/api/3/role", a("role")),
        got("/rest/api/3/statuses/search", a("statuses/search")),
        got("/rest/api/3/status", a("status")),
        got("/rest/api/3/resolution/search", a("resolution/search")),
        got("/rest/api/3/field", a("field")),
        got("/rest/api/3/issuetype", a("issuetype")),
        got("/rest/api/3/priority/search", a("priority/search")),
        got("/rest/api/3/projectCategory", a("projectCategory")),
        got(
            "/rest/api/3/filter/search",
            a("filter/search?expand=owner,jql,description,viewUrl,sharePermissions,favourite"),
        ),
        got(
            "/rest/api/3/permissionscheme",
            a("permissionscheme?expand=all"),
        ),
        got(
            "/rest/api/3/project/{projectKeyOrId}/permissionscheme",
            a("project/SPEC/permissionscheme"),
        ),
        got(
            "/rest/api/3/issuesecurityschemes",
            a("issuesecurityschemes"),
        ),
        got(
            "/rest/api/3/issuesecurityschemes/level",
            a("issuesecurityschemes/level"),
        ),
        got(
            "/rest/api/3/issuesecurityschemes/level/member",
            a("issuesecurityschemes/level/member"),
        ),
        got(
            "/rest/api/3/issuesecurityschemes/project",
            a("issuesecurityschemes/project"),
        ),
        got(
            "/rest/api/3/project/{projectKeyOrId}/securitylevel",
            a("project/SPEC/securitylevel"),
        ),
        got(
            "/rest/api/3/project/{projectIdOrKey}/version",
            a("project/SPEC/version"),
        ),
        got(
            "/rest/api/3/project/{projectIdOrKey}/versions",
            a("project/SPEC/versions"),
        ),
        got(
            "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes",
            a("issue/createmeta/SPEC/issuetypes"),
        ),
        got(
            "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
            a("issue/createmeta/SPEC/issuetypes/10001"),
        ),
    ]
}

#[tokio::test]
async fn jira_answers_as_its_document_says() {
    let it = start(small()).await;
    let everything = json!({"jql": "created >= 1000000000", "maxResults": 400, "fields": ["*all"]});
    let issues = it.post("/rest/api/3/search/jql", &everything).await.json();
    let ids: Vec<&str> = issues["issues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["id"].as_str().unwrap())
        .collect();
    let truths = it.sandbox.jira_truths(0..it.sandbox.jira_acts());
    let of = |kind: &str| -> Vec<u64> {
        let kind = truths.iter().filter(|truth| truth.kind == kind);
        kind.map(|truth| truth.id.parse().unwrap()).collect()
    };
    let (comments, worklogs) = (of("comment"), of("worklog"));
    let talked = truths.iter().find(|truth| {
        truth.kind == "comment"
            && truth
                .heard
                .contains(&auditgraph::sandbox::Channel::Comments)
    });
    let talked = talked.unwrap().issue.clone().unwrap().0;
    let me = it.get("/rest/api/3/myself").await.json()["accountId"]
        .as_str()
        .unwrap()
        .to_owned();
    let groups = it.get("/rest/api/3/group/bulk").await.json();
    let group = groups["values"][2]["groupId"].as_str().unwrap().to_owned();
    let ids = &ids[..ids.len().min(1_000)];
    let mut rows = about_issues(&talked, &everything, ids);
    rows.push(posted("/rest/api/3/comment/list", json!({"ids": comments})));
    rows.push(posted("/rest/api/3/worklog/list", json!({"ids": worklogs})));
    rows.extend(about_people(&me, &group, &talked));
    rows.extend(about_projects());
    let mut found = compare(&it, "jira-platform-v3", "", rows).await;
    let rows = vec![
        got("/rest/agile/1.0/board", "/rest/agile/1.0/board"),
        got("/rest/agile/1.0/board/{boardId}", "/rest/agile/1.0/board/1"),
        got(
            "/rest/agile/1.0/board/{boardId}/configuration",
            "/rest/agile/1.0/board/1/configuration",
        ),
        got(
            "/rest/agile/1.0/board/{boardId}/sprint",
            "/rest/agile/1.0/board/1/sprint",
        ),
        got(
            "/rest/agile/1.0/sprint/{sprintId}",
            "/rest/agile/1.0/sprint/1",
        ),
    ];
    found.extend(compare(&it, "jira-software", "", rows).await);
    it.end().await;
    report(found);
}

#[tokio::test]
async fn the_organization_answers_as_its_documents_say() {
    let it = start(small()).await;
    let settings = it.sandbox.organization_settings();
    let org = settings.org_id.clone();
    let (v1, v2) = (format!("/v1/orgs/{org}"), format!("/v2/orgs/{org}"));
    let directories = it.get(&format!("/admin{v2}/directories")).await.json();
    let directory = directories["data"][0]["directoryId"].as_str().unwrap();
    let person = it.sandbox.ledger().users().into_keys().next().unwrap();
    let event = it.sandbox.ledger().ids().remove(0);
    let rows = vec![
        got("/v1/orgs", "/v1/orgs"),
        got("/v1/orgs/{orgId}", v1.clone()),
        got(
            "/v1/orgs/{orgId}/events-stream",
            format!("{v1}/events-stream?limit=500"),
        ),
        got("/v1/orgs/{orgId}/events", format!("{v1}/events?limit=500")),
        got(
            "/v1/orgs/{orgId}/events/{eventId}",
            format!("{v1}/events/{event}"),
        ),
        got(
            "/v1/orgs/{orgId}/event-actions",
            format!("{v1}/event-actions"),
        ),
        got("/v1/orgs/{orgId}/users", format!("{v1}/users")),
        got("/v1/orgs/{orgId}/domains", format!("{v1}/domains")),
        got("/v2/orgs/{orgId}/directories", format!("{v2}/directories")),
        got(
            "/v2/orgs/{orgId}/directories/{directoryId}/users",
            format!("{v2}/directories/{directory}/users"),
        ),
        got(
            "/v2/orgs/{orgId}/directories/{directoryId}/groups",
            format!("{v2}/directories/{directory}/groups"),
        ),
        got(
            "/v1/orgs/{orgId}/directory/users/{accountId}/last-active-dates",
            format!("{v1}/directory/users/{person}/last-active-dates"),
        ),
    ];
    let mut found = compare(&it, "org-admin", "/admin", rows).await;
    let rows = vec![
        got(
            "/users/{account_id}/manage",
            format!("/users/{person}/manage"),
        ),
        got(
            "/users/{account_id}/manage/profile",
            format!("/users/{person}/manage/profile"),
        ),
        got(
            "/users/{account_id}/manage/api-tokens",
            format!("/users/{person}/manage/api-tokens"),
        ),
    ];
    found.extend(compare(&it, "user-management", "", rows).await);
    it.end().await;
    report(found);
}

#[tokio::test]
async fn bitbucket_cloud_answers_as_its_document_says() {
    let it = start(small()).await;
    let w = it.sandbox.bitbucket_settings().workspaces.remove(0);
    let rows = vec![
        got("/user", "/user"),
        got("/user/workspaces", "/user/workspaces"),
        got("/workspaces/{workspace}", format!("/workspaces/{w}")),
        got(
            "/workspaces/{workspace}/permissions",
            format!("/workspaces/{w}/permissions"),
        ),
        got(
            "/workspaces/{workspace}/permissions/repositories",
            format!("/workspaces/{w}/permissions/repositories"),
        ),
        got(
            "/workspaces/{workspace}/members",
            format!("/workspaces/{w}/members"),
        ),
        got(
            "/workspaces/{workspace}/projects",
            format!("/workspaces/{w}/projects"),
        ),
        got("/repositories/{workspace}", format!("/repositories/{w}")),
    ];
    let found = compare(&it, "bitbucket-cloud-2.0", "/2.0", rows).await;
    it.end().await;
    report(found);
}
