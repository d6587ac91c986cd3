//! When people were last active: which signs count, what never and unknown mean, and the day that becomes an event.

use crate::world::{Kind, World, at, event, on_both};
use auditgraph::event::directory::{
    ActivitySignal, DirectoryMember, DirectoryUser, Entry, Listing, UserStatus,
};
use auditgraph::event::{
    Actor, ActorKind, Alias, Container, ContainerKind, NewEvent, System, Timestamp,
};
use auditgraph::export::last_active::{self, State};
use auditgraph::store::Batch;
use serde_json::json;

on_both!(
    the_newest_activity_counts_and_signing_in_is_none,
    never_is_not_unknown,
    a_new_day_of_activity_becomes_an_event,
    a_workspace_is_exported_with_everybody_in_it,
);

fn somebody(aliases: Vec<Alias>, activity: &[(&str, &str)]) -> DirectoryUser {
    let sign = |(evidence, time): &(&str, &str)| ActivitySignal {
        evidence: (*evidence).to_owned(),
        time: at(time),
    };
    DirectoryUser {
        name: aliases
            .first()
            .map(|alias| format!("Name of {}", alias.value)),
        aliases,
        status: Some(UserStatus::Active),
        activity: activity.iter().map(sign).collect(),
        ..DirectoryUser::default()
    }
}

async fn store(world: &World, source: &str, system: System, entries: Vec<Entry>, began: &str) {
    let batch = Batch {
        part: "directory",
        entries,
        listing_began: Some(at(began)),
        ..Batch::default()
    };
    world
        .feed
        .append(source, system, batch, at(began))
        .await
        .unwrap();
}

fn listing(users: Vec<DirectoryUser>) -> Vec<Entry> {
    let users = users.into_iter().map(|user| Entry::User(Box::new(user)));
    users.chain([Entry::End(Listing::Users)]).collect()
}

fn did(account: &str, action: &str, time: &str) -> NewEvent {
    NewEvent {
        action: action.to_owned(),
        actor: Some(Actor {
            alias: Alias::account(account),
            kind: ActorKind::Person,
            name: None,
            email: None,
        }),
        ..event(&format!("{account} {action}"), time)
    }
}

async fn last_active_of(world: &World, account: &str) -> serde_json::Value {
    let query = format!(
        "{{ user(accountId: \"{account}\") {{ lastActiveState lastActive {{ at signal source evidence precision }}
            activitySignals {{ signal worth }} }} }}"
    );
    world.data(&query).await["user"].take()
}

async fn the_newest_activity_counts_and_signing_in_is_none(kind: Kind) {
    let world = World::new(kind).await;
    let ann = || Alias::account("ann");
    let organization = vec![
        somebody(
            vec![ann()],
            &[
                ("product-access:jira", "2026-11-01T10:00:00Z"),
                ("last-active-date:confluence", "2026-11-03"),
            ],
        ),
        somebody(vec![Alias::account("bo")], &[]),
        somebody(vec![Alias::account("cy")], &[]),
    ];
    let began = "2026-11-10T00:00:00Z";
    store(
        &world,
        "organization",
        System::Organization,
        listing(organization),
        began,
    )
    .await;
    let first = last_active_of(&world, "ann").await;
    let date = json!({"at": "2026-11-03T00:00:00Z", "signal": "ORG_LAST_ACTIVE_DATE", "source": "organization",
        "evidence": "last-active-date:confluence", "precision": "DAY"});
    assert_eq!(first["lastActive"], date);

    let bitbucket = vec![somebody(
        vec![ann(), Alias::bitbucket("{ann}")],
        &[("workspace:acme", "2026-11-03T08:00:00Z")],
    )];
    store(
        &world,
        "bitbucket-cloud",
        System::BitbucketCloud,
        listing(bitbucket),
        began,
    )
    .await;
    let there = vec![somebody(
        vec![Alias::data_center("jira.example.com", "cy")],
        &[("last-authentication", "2026-11-09T08:00:00Z")],
    )];
    store(&world, "jira-dc", System::JiraDc, listing(there), began).await;
    world
        .append(vec![
            did("ann", "user_login", "2026-11-08T08:00:00Z"),
            did("ann", "user_login_failed", "2026-11-09T08:00:00Z"),
            did("bo", "user_login", "2026-11-08T08:00:00Z"),
        ])
        .await;
    let ann = last_active_of(&world, "ann").await;
    assert_eq!(ann["lastActive"]["signal"], "BITBUCKET_LAST_ACCESSED");
    assert_eq!(ann["lastActive"]["source"], "bitbucket-cloud");
    let signs = json!([
        {"signal": "SIGN_IN", "worth": "SIGN_IN"},
        {"signal": "BITBUCKET_LAST_ACCESSED", "worth": "ACTIVITY"},
        {"signal": "ORG_LAST_ACTIVE_DATE", "worth": "ACTIVITY"},
        {"signal": "ORG_PRODUCT_ACCESS", "worth": "ACTIVITY"},
    ]);
    assert_eq!(ann["activitySignals"], signs);
    let bo = last_active_of(&world, "bo").await;
    assert_eq!(bo["lastActive"]["signal"], "SIGN_IN", "better than nothing");

    world
        .append(vec![did(
            "ann",
            "jira_issue_deleted",
            "2026-11-05T08:00:00Z",
        )])
        .await;
    let ann = last_active_of(&world, "ann").await;
    let own = json!({"at": "2026-11-05T08:00:00Z", "signal": "OWN_EVENT", "source": "organization",
        "evidence": "issue.deleted", "precision": "INSTANT"});
    assert_eq!(ann["lastActive"], own);
    assert_eq!(ann["lastActiveState"], "ACTIVE");
}

async fn never_is_not_unknown(kind: Kind) {
    let world = World::new(kind).await;
    let began = "2026-11-10T00:00:00Z";
    let quiet = || somebody(vec![Alias::account("quiet")], &[]);
    let silent = listing(vec![quiet()]);
    store(&world, "organization", System::Organization, silent, began).await;
    let state = last_active_of(&world, "quiet").await["lastActiveState"].take();
    assert_eq!(state, "UNKNOWN", "the source tells of nobody's activity");
    let sign = [("product-access:jira", "2026-11-01T10:00:00Z")];
    let told = listing(vec![quiet(), somebody(vec![Alias::account("ann")], &sign)]);
    store(&world, "organization", System::Organization, told, began).await;
    let quiet = last_active_of(&world, "quiet").await;
    assert_eq!(quiet["lastActiveState"], "NEVER");
    assert_eq!(quiet["lastActive"], serde_json::Value::Null);
    // Only named, never listed.
    world
        .append(vec![did("bo", "user_login_failed", "2026-11-08T08:00:00Z")])
        .await;
    let bo = last_active_of(&world, "bo").await;
    assert_eq!(bo["lastActiveState"], "UNKNOWN");
}

async fn a_new_day_of_activity_becomes_an_event(kind: Kind) {
    let world = World::new(kind).await;
    let listed = |time: &str| {
        let sign = [("product-access:confluence", time)];
        listing(vec![somebody(vec![Alias::account("ann")], &sign)])
    };
    for time in [
        "2026-11-01T10:00:00Z",
        "2026-11-01T11:00:00Z",
        "2026-11-03T23:59:00Z",
        "2026-11-03T23:59:30Z",
        "2026-11-02T10:00:00Z",
        "2026-11-04T00:00:00Z",
    ] {
        let began = "2026-11-10T00:00:00Z";
        store(
            &world,
            "organization",
            System::Organization,
            listed(time),
            began,
        )
        .await;
    }
    let days = world
        .data(r#"{ events(filter: {actions: ["user.last_active"]}, orderBy: {field: TIME, direction: ASC}) {
            nodes { time source product category actor { user { accountId } } target { type user { accountId } } message } } }"#)
        .await;
    let day = |time: &str| {
        json!({
            "time": time, "source": "directory", "product": "CONFLUENCE", "category": "USERS",
            "actor": {"user": {"accountId": "ann"}},
            "target": {"type": "user", "user": {"accountId": "ann"}},
            "message": "organization: product-access:confluence",
        })
    };
    let expected = json!([day("2026-11-03T23:59:00Z"), day("2026-11-04T00:00:00Z")]);
    assert_eq!(days["events"]["nodes"], expected);
    let ann = last_active_of(&world, "ann").await;
    assert_eq!(ann["lastActive"]["signal"], "ORG_PRODUCT_ACCESS");
    assert_eq!(ann["activitySignals"].as_array().unwrap().len(), 1);
}

/// The members of a workspace as Bitbucket lists them.
fn workspace(slug: &str, members: Vec<DirectoryUser>) -> Vec<Entry> {
    let container = Container {
        key: Some(slug.to_owned()),
        ..Container::new(ContainerKind::Workspace, "", format!("{{{slug}}}"))
    };
    let mut entries = vec![Entry::Container(container.clone())];
    for user in members {
        entries.push(Entry::User(Box::new(user.clone())));
        entries.push(Entry::Member(DirectoryMember {
            container: container.clone(),
            user: Box::new(user),
            permission: Some("member".to_owned()),
            since: None,
        }));
    }
    entries.push(Entry::End(Listing::Users));
    entries.push(Entry::End(Listing::Members));
    entries
}

/// A workspace with dates, for some, and one without.
async fn with_workspaces(kind: Kind) -> World {
    let world = World::new(kind).await;
    let member = |name: &str, account: bool, activity: &[(&str, &str)]| {
        let account = account.then(|| Alias::account(name));
        let uuid = Alias::bitbucket(format!("{{{name}}}"));
        DirectoryUser {
            nickname: Some(name.to_owned()),
            ..somebody(account.into_iter().chain([uuid]).collect(), activity)
        }
    };
    let access = "product-access:bitbucket";
    let organization = listing(vec![
        somebody(
            vec![Alias::account("ann")],
            &[(access, "2026-11-09T10:00:00Z")],
        ),
        somebody(
            vec![Alias::account("bo")],
            &[(access, "2026-11-02T10:00:00Z")],
        ),
    ]);
    let began = "2026-11-10T00:00:00Z";
    store(
        &world,
        "organization",
        System::Organization,
        organization,
        began,
    )
    .await;
    assert_eq!(
        last_active::rows(world.store(), "acme").await.unwrap(),
        None
    );
    let members = vec![
        member("zoe", false, &[]),
        member("ann", true, &[("workspace:acme", "2026-11-01T10:00:00.5Z")]),
        member("bo", true, &[]),
    ];
    let acme = workspace("acme", members);
    store(
        &world,
        "bitbucket-cloud",
        System::BitbucketCloud,
        acme,
        began,
    )
    .await;
    let silent = workspace("silent", vec![member("zoe", false, &[])]);
    store(
        &world,
        "bitbucket-other",
        System::BitbucketCloud,
        silent,
        began,
    )
    .await;
    world
}

async fn a_workspace_is_exported_with_everybody_in_it(kind: Kind) {
    let world = with_workspaces(kind).await;
    for name in ["acme", "{acme}"] {
        let rows = last_active::rows(world.store(), name)
            .await
            .unwrap()
            .unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                (
                    row.nickname.as_str(),
                    row.uuid.as_str(),
                    row.state,
                    row.is_fallback,
                )
            })
            .collect();
        let expected = [
            ("ann", "{ann}", State::Active, false),
            ("bo", "{bo}", State::Active, true),
            ("zoe", "{zoe}", State::Never, false),
        ];
        assert_eq!(told, expected);
        assert_eq!(
            rows[0].last_accessed,
            Timestamp::parse("2026-11-01T10:00:00.5Z")
        );
        assert_eq!(
            rows[1].source.as_deref(),
            Some("organization: product-access:bitbucket")
        );
        let text = String::from_utf8(last_active::csv(&rows).unwrap()).unwrap();
        let expected = "nickname,uuid,last_accessed\r\nann,{ann},2026-11-01T10:00:00.500Z\r\n\
            bo,{bo},2026-11-02T10:00:00Z\r\nzoe,{zoe},\r\n";
        assert_eq!(text, expected);
    }
    let rows = last_active::rows(world.store(), "silent")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        rows[0].state,
        State::Unknown,
        "nobody's access is told there"
    );
}
