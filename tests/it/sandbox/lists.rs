//! The lists of the organization and of Bitbucket, and who may read them.

use super::{Upstream, small, start};
use auditgraph::sandbox::Settings;
use secrecy::ExposeSecret;
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_organization_answers_like_the_real_one() {
    let it = start(small()).await;
    let orgs = it.get("/admin/v1/orgs").await.json();
    let org = it.sandbox.organization_settings().org_id;
    assert_eq!(orgs["data"][0]["id"], org.as_str());
    assert_eq!(it.get(&it.org()).await.json()["data"]["id"], org.as_str());

    let actions = it.get(&format!("{}/event-actions", it.org())).await.json();
    let listed: BTreeSet<_> = actions["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action["id"].as_str().unwrap())
        .collect();
    let counts = it.sandbox.ledger().counts();
    assert!(
        counts
            .keys()
            .filter(|action| listed.contains(*action))
            .count()
            > 20
    );

    let event = it.sandbox.ledger().event(3).unwrap();
    let one = it
        .get(&format!("{}/events/{}", it.org(), event.id))
        .await
        .json();
    assert_eq!(one["data"]["id"], event.id.as_str());
    assert_eq!(one["data"]["attributes"].get("processedAt"), None);
    let none = it.get(&format!("{}/events/{org}", it.org())).await;
    assert_eq!(
        (none.status, &none.json()["errors"][0]["code"]),
        (404, &json!("ADMIN-404-4"))
    );
    let other = it
        .get("/admin/v1/orgs/00000000-0000-4000-8000-000000000000/events-stream")
        .await;
    assert_eq!(
        (other.status, &other.json()["errors"][0]["code"]),
        (404, &json!("ADMIN-404-2"))
    );
    assert_eq!(it.get("/admin/v1/nothing").await.json()["code"], 404);

    let found = it
        .get(&format!(
            "{}/events?action=jira_issue_viewed&limit=500",
            it.org()
        ))
        .await
        .json();
    let found = found["data"].as_array().unwrap();
    assert_eq!(found.len(), counts["jira_issue_viewed"]);
    it.end().await;
}

#[tokio::test]
async fn managed_accounts_and_directory_users_are_listed_page_by_page() {
    let it = start(small()).await;
    let mut accounts = Vec::new();
    let mut next = Some(format!("{}/users", it.org()));
    while let Some(path) = next {
        let page = it.get(&path).await.json();
        accounts.extend(page["data"].as_array().unwrap().clone());
        next = page["links"]["next"].as_str().map(ToOwned::to_owned);
    }
    let users = it.sandbox.ledger().users();
    assert!(accounts.len() > 100 && accounts.len() < users.len());

    let directory = format!("{}/directories/-", it.org().replace("/v1/", "/v2/"));
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut body = json!({"limit": 50, "expand": ["groups", "productAccess"]});
        if let Some(cursor) = &cursor {
            body["cursor"] = cursor.as_str().into();
        }
        let page = it
            .post(&format!("{directory}/users/search"), &body)
            .await
            .json();
        found.extend(page["data"].as_array().unwrap().clone());
        cursor = page["links"]["next"].as_str().map(ToOwned::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), users.len());
    for item in &found {
        let user = &users[item["accountId"].as_str().unwrap()];
        assert_eq!(item["name"], user.name.as_str());
        let groups: BTreeSet<_> = item["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(groups, user.groups);
    }
    it.end().await;
}

#[tokio::test]
async fn groups_and_their_members_are_searched() {
    let it = start(small()).await;
    let users = it.sandbox.ledger().users();
    let directory = format!("{}/directories/-", it.org().replace("/v1/", "/v2/"));
    let groups = it
        .post(
            &format!("{directory}/groups/search"),
            &json!({"limit": 100, "expand": ["counts.users"]}),
        )
        .await
        .json();
    assert_eq!(
        groups["data"].as_array().unwrap().len(),
        it.sandbox.ledger().groups().len()
    );
    let admins = groups["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["name"] == "org-admins")
        .unwrap();
    let members = it
        .post(
            &format!("{directory}/users/search"),
            &json!({"groupIds": [admins["id"]]}),
        )
        .await
        .json();
    assert_eq!(members["data"].as_array().unwrap().len(), 2);
    assert_eq!(admins["counts"]["users"], 2);

    for wrong in [
        json!({"limit": 101}),
        json!({"groupIds": []}),
        json!({"emails": ["a@b.c"], "searchTerm": "a"}),
    ] {
        assert_eq!(
            it.post(&format!("{directory}/users/search"), &wrong)
                .await
                .status,
            400,
            "{wrong}"
        );
    }
    let directories = it.get(directory.trim_end_matches("/-")).await.json();
    assert_eq!(directories["data"].as_array().unwrap().len(), 1);

    let page = it
        .get(&format!("{directory}/users?limit=100&expand=groups"))
        .await
        .json();
    let cursor = page["links"]["next"].as_str().unwrap();
    let rest = it
        .get(&format!("{directory}/users?cursor={cursor}"))
        .await
        .json();
    assert_eq!(100 + rest["data"].as_array().unwrap().len(), users.len());

    let somebody = users
        .values()
        .find(|user| !user.last_active.is_empty())
        .unwrap();
    let id = somebody.account_id.replace(':', "%3A");
    let active = it
        .get(&format!(
            "{}/directory/users/{id}/last-active-dates",
            it.org()
        ))
        .await
        .json();
    assert!(
        active["data"]["product_access"]
            .as_array()
            .unwrap()
            .iter()
            .any(|access| access["last_active"].is_string())
    );
    let nobody = it
        .get(&format!(
            "{}/directory/users/nobody/last-active-dates",
            it.org()
        ))
        .await;
    assert_eq!(nobody.json()["errors"][0]["code"], "ADMIN-404-8");
    it.end().await;
}

#[tokio::test]
async fn bitbucket_lists_are_followed_by_their_links() {
    for workspace_dates in [true, false] {
        let it = start(Settings {
            workspace_dates,
            ..small()
        })
        .await;
        assert!(it.get("/2.0/user").await.json()["account_id"].is_string());
        let spaces = it.get("/2.0/user/workspaces").await.json();
        let space = &spaces["values"][0]["workspace"];
        let uuid = space["uuid"]
            .as_str()
            .unwrap()
            .replace('{', "%7B")
            .replace('}', "%7D");
        assert_eq!(
            it.get(&format!("/2.0/workspaces/{uuid}")).await.json()["slug"],
            space["slug"]
        );
        let lists = [
            (
                "workspaces/larkspur/permissions",
                it.sandbox
                    .ledger()
                    .users()
                    .values()
                    .filter(|user| user.workspace.is_some())
                    .count(),
            ),
            (
                "workspaces/larkspur/members",
                it.sandbox
                    .ledger()
                    .users()
                    .values()
                    .filter(|user| user.workspace.is_some())
                    .count(),
            ),
            (
                "workspaces/larkspur/projects",
                it.sandbox.ledger().projects().len(),
            ),
            (
                "repositories/larkspur",
                it.sandbox.ledger().repositories().len(),
            ),
        ];
        for (list, expected) in lists {
            let mut values = Vec::new();
            let mut next = Some(format!("/2.0/{list}"));
            while let Some(path) = next {
                let page = it.get(&path).await.json();
                values.extend(page["values"].as_array().unwrap().clone());
                next = page["next"].as_str().map(ToOwned::to_owned);
            }
            assert_eq!(values.len(), expected, "{list}");
            if list.ends_with("permissions") {
                assert!(
                    values
                        .iter()
                        .all(|value| value.get("last_accessed").is_some() == workspace_dates)
                );
            }
        }
        let owners = it
            .get("/2.0/workspaces/larkspur/permissions?q=permission%3D%22owner%22")
            .await
            .json();
        assert_eq!(owners["size"], 2);
        let grants = it
            .get("/2.0/workspaces/larkspur/permissions/repositories?pagelen=100")
            .await
            .json();
        assert_eq!(grants["pagelen"], 100);
        assert_eq!(
            it.get("/2.0/repositories/larkspur?pagelen=101")
                .await
                .status,
            400
        );
        let other = it.get("/2.0/repositories/elsewhere").await;
        assert_eq!(
            (other.status, &other.json()["type"]),
            (404, &json!("error"))
        );
        it.end().await;
    }
}

#[tokio::test]
async fn credentials_are_checked_in_each_systems_own_words() {
    let it = start(small()).await;
    let wrong = |path: &str| {
        it.client
            .get(it.sandbox.url().join(path).unwrap())
            .bearer_auth("wrong")
    };
    let answer = Upstream::send(wrong("/admin/v1/orgs")).await.unwrap();
    assert_eq!(
        (answer.status, answer.json()),
        (401, json!({"code": 401, "message": "Unauthorized"}))
    );
    let answer = Upstream::send(wrong("/2.0/user")).await.unwrap();
    assert_eq!(
        (answer.status, &answer.json()["type"]),
        (401, &json!("error"))
    );
    let none = it.client.get(it.sandbox.url().join("/2.0/user").unwrap());
    assert_eq!(Upstream::send(none).await.unwrap().status, 401);

    let token = it.sandbox.bitbucket_access_token_settings().token;
    let with_token = |path: &str| {
        it.client
            .get(it.sandbox.url().join(path).unwrap())
            .bearer_auth(token.expose_secret())
    };
    assert_eq!(
        Upstream::send(with_token("/2.0/workspaces/larkspur/projects"))
            .await
            .unwrap()
            .status,
        200
    );
    assert_eq!(
        Upstream::send(with_token("/2.0/workspaces/larkspur/permissions"))
            .await
            .unwrap()
            .status,
        403
    );
    it.end().await;
}
