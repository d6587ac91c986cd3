//! The company lives: its directory changes, its log grows, its past stays.

use super::{small, start, truth};
use auditgraph::sandbox::Settings;
use std::time::Duration;

#[tokio::test]
async fn the_company_lives_and_old_records_stay_as_they_were() {
    let it = start(small()).await;
    let before = truth(&it.sandbox);
    let ledger = it.sandbox.ledger();
    let somebody = ledger
        .users()
        .into_values()
        .filter(|user| user.status == "active")
        .nth(7)
        .unwrap();
    let id = &somebody.account_id;
    assert!(it.sandbox.rename(id, "Juno Halberd"));
    assert!(!it.sandbox.rename(id, "Juno Halberd"));
    assert!(
        it.sandbox.join_group(id, "security-watch") || it.sandbox.leave_group(id, "security-watch")
    );
    assert!(it.sandbox.deactivate(id) && it.sandbox.reactivate(id));
    let hired = it.sandbox.hire();
    assert_eq!(ledger.users()[&hired].workspace, Some("member"));
    assert!(
        ledger.users()[&hired]
            .groups
            .contains("jira-users-larkspur")
    );
    assert!(it.sandbox.leave(&hired) && !it.sandbox.leave(&hired));
    assert!(!ledger.users().contains_key(&hired));
    let repository = it.sandbox.create_repository();
    assert!(ledger.repositories().contains_key(&repository));
    assert!(it.sandbox.delete_repository(&repository));
    let group = it.sandbox.create_group();
    assert!(it.sandbox.join_group(id, &group) && it.sandbox.delete_group(&group));
    assert!(!ledger.users()[id].groups.contains(&group));
    assert_eq!(ledger.users()[id].name, "Juno Halberd");

    let after = truth(&it.sandbox);
    assert_eq!(after[..before.len()], before);
    let actions: Vec<_> = ledger
        .events()
        .skip(before.len())
        .map(|event| event.action)
        .collect();
    for action in [
        "user_detail_change",
        "managed_account_deactivated",
        "user_invitation_sent",
        "bitbucket_repository_deleted",
    ] {
        assert!(actions.contains(&action), "{action}");
    }
    for _ in 0..300 {
        it.clock.advance(Duration::from_secs(1));
        it.sandbox.live_one();
    }
    assert!(ledger.len() >= after.len() + 290);
    let (records, _) = it.read("limit=500").await;
    assert_eq!(records, truth(&it.sandbox));
    it.end().await;
}

#[tokio::test]
async fn it_lives_by_itself_until_it_is_stopped() {
    let it = start(small()).await;
    let before = it.sandbox.ledger().len();
    it.sandbox.live();
    while it.sandbox.ledger().len() < before + 20 {
        tokio::task::yield_now().await;
    }
    it.end().await;
}

#[tokio::test]
async fn the_smallest_company_works() {
    let it = start(Settings {
        people: 0,
        groups: 0,
        projects: 0,
        repositories: 0,
        history_days: 0,
        history_events: 0,
        ..Settings::default()
    })
    .await;
    assert!(it.sandbox.ledger().is_empty());
    assert_eq!(it.read("").await.0, Vec::<String>::new());
    it.sandbox.publish(300);
    for _ in 0..100 {
        it.sandbox.change();
    }
    assert_eq!(it.read("").await.0, truth(&it.sandbox));
    it.end().await;
}
