//! Jira in the sandbox: shapes, paging, and that it tells the same story as the organization log.

use super::{Upstream, small, start};
use auditgraph::sandbox::{Channel, JiraTruth, Settings};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// All pages of a list in style G.
async fn all(it: &Upstream, path: &str, key: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let place = if key == "records" {
        "offset"
    } else {
        "startAt"
    };
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let answer = it
            .get(&format!("{path}{sign}{place}={}", values.len()))
            .await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let page = answer.json();
        let list = page.as_array().or_else(|| page[key].as_array()).unwrap();
        if list.is_empty() {
            return values;
        }
        values.extend(list.iter().cloned());
        if page["isLast"] == true {
            return values;
        }
    }
}

/// All issues that a query finds.
async fn search(it: &Upstream, jql: &str, fields: &Value) -> Vec<Value> {
    let (mut issues, mut token) = (Vec::new(), Value::Null);
    loop {
        let body = json!({"jql": jql, "maxResults": 200, "fields": fields, "nextPageToken": token});
        let answer = it.post("/rest/api/3/search/jql", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let page = answer.json();
        issues.extend(page["issues"].as_array().unwrap().iter().cloned());
        token = page["nextPageToken"].clone();
        assert_eq!(page["isLast"] == true, token.is_null());
        if token.is_null() {
            return issues;
        }
    }
}

#[tokio::test]
async fn the_lists_answer() {
    let it = start(small()).await;
    let records = all(&it, "/rest/api/3/auditing/record", "records").await;
    assert!(records.len() > 60, "{}", records.len());
    let ids: Vec<u64> = records
        .iter()
        .map(|it| it["id"].as_u64().unwrap())
        .collect();
    assert!(ids.windows(2).all(|two| two[0] > two[1]));
    let issues = search(
        &it,
        "updated >= 1000000000 order by updated asc",
        &json!(["summary"]),
    )
    .await;
    assert!(issues.len() > 500, "{}", issues.len());
    let users = all(&it, "/rest/api/3/users/search", "").await;
    assert_eq!(users.len(), 130);
    it.end().await;
}

/// What is true of everything so far.
fn truths(it: &Upstream) -> Vec<JiraTruth> {
    it.sandbox.jira_truths(0..it.sandbox.jira_acts())
}

#[tokio::test]
async fn the_acts_cover_what_jira_reports_of_the_catalogue() {
    for seed in 1..=8 {
        let it = start(Settings { seed, ..small() }).await;
        let truths = truths(&it);
        let numbers: BTreeSet<u8> = truths.iter().map(|truth| truth.number).collect();
        // Accounts (24 to 26, 29 to 33, 84, 85) and views (88) are the organization's to report, Assets (55, 56, 86,
        // 87) have a home of their own.
        let elsewhere = [24, 25, 26, 29, 30, 31, 32, 33, 55, 56, 84, 85, 86, 87, 88];
        let missing: Vec<u8> = (1..=88)
            .filter(|number| !elsewhere.contains(number) && !numbers.contains(number))
            .collect();
        assert_eq!(missing, [0; 0], "seed {seed}");
        let keys: BTreeSet<&str> = truths.iter().map(|truth| truth.key.as_str()).collect();
        assert_eq!(keys.len(), truths.len(), "keys are unique");
        it.end().await;
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_jira_whenever_it_is_asked() {
    let (one, other) = (start(small()).await, start(small()).await);
    one.sandbox.publish(40);
    assert!(other.sandbox.jira_acts() > 0);
    other.sandbox.publish(40);
    let (mine, theirs) = (truths(&one), truths(&other));
    assert_eq!(mine, theirs);
    let strip = |it: &Upstream| -> Vec<String> {
        let deliveries = it.sandbox.jira_deliveries(0..usize::MAX);
        // With the host: the digits alone may stand in somebody's id, too.
        let address = it.sandbox.url().authority().to_owned();
        let bodies = deliveries.into_iter();
        let bodies = bodies.map(|it| it.body.replace(&address, "here"));
        bodies.collect()
    };
    assert_eq!(strip(&one), strip(&other));
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn organization_and_jira_tell_one_story() {
    let it = start(small()).await;
    let all = truths(&it);
    let told: BTreeMap<&str, Vec<&JiraTruth>> = all
        .iter()
        .filter_map(|truth| Some((truth.organization.as_deref()?, truth)))
        .fold(BTreeMap::new(), |mut all, (id, truth)| {
            all.entry(id).or_default().push(truth);
            all
        });
    let mut seen = BTreeMap::<&str, usize>::new();
    for event in it.sandbox.ledger().events() {
        let expected = match event.action {
            "jira_issue_created" => "issue/",
            "jira_issue_updated" => "changelog/",
            "user_added_to_group" | "user_removed_from_group" => "audit/",
            _ => continue,
        };
        if event.raw.contains("larkspur-labs") {
            continue;
        }
        let truths = &told[event.id.as_str()];
        assert!(truths.iter().all(|truth| truth.key.starts_with(expected)));
        for truth in truths {
            assert_eq!(truth.by, event.actor, "{}", event.raw);
            assert_eq!(truth.time.millis(), event.time.millis());
            if let Some((id, key)) = &truth.issue {
                assert!(event.raw.contains(key.as_str()) && event.raw.contains(id.as_str()));
            }
        }
        *seen.entry(event.action).or_default() += 1;
    }
    assert!(
        seen.len() == 4 && seen.values().all(|count| *count > 2),
        "{seen:?}"
    );
    it.end().await;
}

#[tokio::test]
async fn what_a_client_can_read_is_what_is_true() {
    let it = start(small()).await;
    let all_truths = truths(&it);
    let true_keys = |channel: Channel| -> BTreeSet<String> {
        let heard = all_truths
            .iter()
            .filter(|truth| truth.heard.contains(&channel));
        heard.map(|truth| truth.key.clone()).collect()
    };
    let records = all(&it, "/rest/api/3/auditing/record?limit=100", "records").await;
    let audit: BTreeSet<String> = records
        .iter()
        .map(|it| format!("audit/{}", it["id"]))
        .collect();
    assert_eq!(audit, true_keys(Channel::Audit));

    let fields = json!(["created", "updated", "creator", "status"]);
    let issues = search(&it, "created >= 1000000000 order by created asc", &fields).await;
    let created: BTreeSet<String> = issues
        .iter()
        .map(|issue| format!("issue/{}/created", issue["id"].as_str().unwrap()))
        .collect();
    assert_eq!(created, true_keys(Channel::Search));

    let mut changes = BTreeSet::new();
    for batch in issues.chunks(1_000) {
        let ids: Vec<&Value> = batch.iter().map(|issue| &issue["id"]).collect();
        let mut body = json!({"issueIdsOrKeys": ids, "maxResults": 100});
        loop {
            let page = it
                .post("/rest/api/3/changelog/bulkfetch", &body)
                .await
                .json();
            for log in page["issueChangeLogs"].as_array().unwrap() {
                for history in log["changeHistories"].as_array().unwrap() {
                    changes.insert(history["id"].as_str().unwrap().to_owned());
                }
            }
            body["nextPageToken"] = page["nextPageToken"].clone();
            if body["nextPageToken"].is_null() {
                break;
            }
        }
    }
    let histories: BTreeSet<String> = true_keys(Channel::Changelog)
        .iter()
        .filter_map(|key| {
            Some(
                key.strip_prefix("changelog/")?
                    .split('/')
                    .next()?
                    .to_owned(),
            )
        })
        .collect();
    let missing: Vec<_> = histories.difference(&changes).collect();
    assert_eq!(missing, [""; 0]);
    // Histories whose only item is an attachment have no key of their own.
    assert!(changes.len() >= histories.len());

    let deleted = it.get("/rest/api/3/worklog/deleted").await.json();
    let values = deleted["values"].as_array().unwrap();
    let gone = true_keys(Channel::Worklogs);
    let gone: Vec<_> = gone
        .iter()
        .filter(|key| key.ends_with("/deleted"))
        .collect();
    assert_eq!(values.len(), gone.len());
    it.end().await;
}

#[tokio::test]
async fn the_audit_pages_shift_when_something_happens() {
    let it = start(small()).await;
    let first = it.get("/rest/api/3/auditing/record?limit=5").await.json();
    assert!(!it.sandbox.jira_do("HELP_CENTER_UPDATED").is_empty());
    let second = it
        .get("/rest/api/3/auditing/record?limit=5&offset=5")
        .await
        .json();
    assert_eq!(first["records"][4]["id"], second["records"][0]["id"]);
    let window = "from=2026-11-01T00:00:00.000%2B0000&to=2026-11-10T00:00:00.000%2B0000";
    let page = it
        .get(&format!("/rest/api/3/auditing/record?{window}"))
        .await
        .json();
    let records = page["records"].as_array().unwrap();
    assert!(!records.is_empty());
    assert!(records.iter().all(|it| {
        let created = it["created"].as_str().unwrap();
        ("2026-11-01".."2026-11-10").contains(&created)
    }));
    it.sandbox.set_jira_free_plan(true);
    assert_eq!(it.get("/rest/api/3/auditing/record").await.status, 403);
    it.end().await;
}

#[tokio::test]
async fn tokens_of_the_search_live_for_seven_days() {
    let it = start(small()).await;
    let query = json!({"jql": "project = SPEC", "maxResults": 5});
    let page = it.post("/rest/api/3/search/jql", &query).await.json();
    assert_eq!(page["issues"][0].as_object().unwrap().len(), 1, "ids only");
    let mut next = query.clone();
    next["nextPageToken"] = page["nextPageToken"].clone();
    assert_eq!(it.post("/rest/api/3/search/jql", &next).await.status, 200);
    it.clock.advance(Duration::from_hours(7 * 24));
    assert_eq!(it.post("/rest/api/3/search/jql", &next).await.status, 400);
    let unbounded = json!({"jql": "order by updated"});
    assert_eq!(
        it.post("/rest/api/3/search/jql", &unbounded).await.status,
        400
    );
    it.end().await;
}

#[tokio::test]
async fn worklogs_of_the_last_minute_are_not_there_yet() {
    let it = start(small()).await;
    let since = it.clock.now().millis();
    it.sandbox.jira_do("WORKLOG_CREATED");
    let path = format!("/rest/api/3/worklog/updated?since={since}");
    assert_eq!(it.get(&path).await.json()["values"], json!([]));
    it.clock.advance(Duration::from_secs(61));
    let page = it.get(&path).await.json();
    assert_eq!(page["values"].as_array().unwrap().len(), 1);
    assert_eq!(page["lastPage"], true);
    it.end().await;
}

#[tokio::test]
async fn kanban_boards_have_no_sprints_and_admins_alone_see_everything() {
    let it = start(small()).await;
    let boards = all(&it, "/rest/agile/1.0/board", "values").await;
    for board in &boards {
        let path = format!("/rest/agile/1.0/board/{}/sprint", board["id"]);
        let expected = if board["type"] == "scrum" { 200 } else { 400 };
        assert_eq!(it.get(&path).await.status, expected);
    }
    let users = all(&it, "/rest/api/3/users/search", "").await;
    let check = |id: &Value| {
        json!({"accountId": id, "projectPermissions": [
            {"permissions": ["BROWSE_PROJECTS"], "projects": [10_000, 10_006], "issues": []},
        ]})
    };
    let path = "/rest/api/3/permissions/check";
    let admin = it.post(path, &check(&users[0]["accountId"])).await.json();
    assert_eq!(
        admin["projectPermissions"][0]["projects"],
        json!([10_000, 10_006])
    );
    let nobody = it.post(path, &check(&"nobody".into())).await.json();
    assert_eq!(nobody["projectPermissions"][0]["projects"], json!([]));
    it.end().await;
}

#[tokio::test]
async fn a_deleted_issue_can_be_created_again() {
    let it = start(small()).await;
    let acts = it.sandbox.jira_do("ISSUE_DELETED");
    let deliveries = it.sandbox.jira_deliveries(acts);
    let hook: Value = serde_json::from_str(&deliveries[0].body).unwrap();
    assert_eq!(hook["webhookEvent"], "jira:issue_deleted");
    let old = &hook["issue"]["fields"];
    assert!(old["summary"].is_string() && old["status"]["name"].is_string());
    assert!(deliveries[1..].iter().all(|it| it.flow == "Secondary"));
    let path = format!(
        "/rest/api/3/issue/{}",
        hook["issue"]["key"].as_str().unwrap()
    );
    assert_eq!(it.get(&path).await.status, 404);

    let fields = json!({
        "project": {"id": old["project"]["id"]}, "issuetype": {"id": old["issuetype"]["id"]},
        "summary": "Back again", "duedate": "2026-12-01",
    });
    it.sandbox.refuse_jira_field(Some("duedate"));
    let refused = it
        .post("/rest/api/3/issue", &json!({"fields": fields}))
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["errors"]["duedate"].is_string());
    it.sandbox.refuse_jira_field(None);
    let before = it.sandbox.jira_acts();
    let created = it
        .post("/rest/api/3/issue", &json!({"fields": fields}))
        .await;
    assert_eq!(created.status, 201, "{}", created.text);
    let key = created.json()["key"].as_str().unwrap().to_owned();
    let path = format!("/rest/api/3/issue/{key}");
    assert_eq!(
        it.get(&path).await.json()["fields"]["summary"],
        "Back again"
    );
    let body = json!({"transition": {"id": "41"}});
    assert_eq!(
        it.post(&format!("{path}/transitions"), &body).await.status,
        204
    );
    assert_eq!(
        it.get(&path).await.json()["fields"]["status"]["name"],
        "Done"
    );
    let codes: Vec<_> = it.sandbox.jira_truths(before..usize::MAX);
    let codes: Vec<&str> = codes.iter().map(|truth| truth.code).collect();
    assert_eq!(codes, ["ISSUE_CREATED", "STATUS_CHANGED", "ISSUE_RESOLVED"]);
    it.end().await;
}
