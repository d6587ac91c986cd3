//! User management: profiles and the life cycle of managed accounts.

use super::{Upstream, small, start};
use reqwest::Method;
use serde_json::{Value, json};

/// The path of an account, and whether its profile may be changed.
async fn accounts(it: &Upstream) -> Vec<(String, bool)> {
    let mut accounts = Vec::new();
    for id in it.sandbox.ledger().users().keys() {
        let path = format!("/users/{}/manage", id.replace(':', "%3A"));
        let answer = it.get(&path).await;
        match answer.status {
            200 => {
                let may = answer.json()["profile.write"]["extended_profile.department"]["allowed"]
                    .clone();
                accounts.push((path, may == json!(true)));
            }
            403 => assert_eq!(answer.json()["key"], "forbidden.targetUnverified"),
            _ => assert_eq!(answer.json()["key"], "accountNotFound"),
        }
    }
    accounts
}

#[tokio::test]
async fn a_department_can_be_changed_unless_somebody_else_keeps_the_profile() {
    let it = start(small()).await;
    let patch = async |path: &str, body: &Value| {
        let request = it.request(Method::PATCH, &format!("{path}/profile"));
        Upstream::send(request.body(body.to_string()))
            .await
            .unwrap()
    };
    let accounts = accounts(&it).await;
    let (free, _) = accounts.iter().find(|(_, may)| *may).unwrap();
    let (kept, _) = accounts.iter().find(|(_, may)| !may).unwrap();
    let change = json!({"extended_profile": {"department": "Optics"}});

    let answer = patch(free, &change).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json()["account"]["extended_profile"]["department"],
        "Optics"
    );
    let profile = it.get(&format!("{free}/profile")).await.json();
    assert_eq!(
        profile["account"]["extended_profile"]["department"],
        "Optics"
    );
    let departments: Vec<_> = it
        .sandbox
        .ledger()
        .users()
        .into_values()
        .map(|user| user.department)
        .collect();
    assert!(departments.contains(&"Optics".to_owned()));

    let answer = patch(kept, &change).await;
    assert_eq!(
        (answer.status, &answer.json()["key"]),
        (403, &json!("forbidden.fieldMutation"))
    );
    let answer = patch(free, &json!({"zodiac": "Lyra"})).await;
    assert_eq!(
        (answer.status, &answer.json()["key"]),
        (400, &json!("fieldConstraintsViolated"))
    );
    let answer = patch(free, &json!("nothing")).await;
    assert_eq!(
        (answer.status, &answer.json()["key"]),
        (400, &json!("bodyParseFailure"))
    );
    it.end().await;
}

#[tokio::test]
async fn an_account_can_be_disabled_and_enabled() {
    let it = start(small()).await;
    let accounts = accounts(&it).await;
    let (path, _) = accounts.iter().find(|(_, may)| *may).unwrap();
    for (call, status) in [("disable", "inactive"), ("enable", "active")] {
        let request = it.request(Method::POST, &format!("{path}/lifecycle/{call}"));
        assert_eq!(Upstream::send(request).await.unwrap().status, 204);
        let profile = it.get(&format!("{path}/profile")).await.json();
        assert_eq!(profile["account"]["account_status"], status);
    }
    assert!(
        it.get(&format!("{path}/api-tokens"))
            .await
            .json()
            .is_array()
    );
    let wrong = it.client.get(it.sandbox.url().join(path).unwrap());
    assert_eq!(
        Upstream::send(wrong).await.unwrap().json()["key"],
        "unauthorized"
    );
    it.end().await;
}
