//! What happens in Assets is for those who lead here and either administer Jira or have a role there.

use crate::visibility::{Jira, append_as, asset, matched, upstream_ids, viewer, with_jira};
use crate::world::{Kind, World, on_both};
use auditgraph::access::Role;
use auditgraph::event::directory::{DirectoryGroup, DirectoryUser, Entry, Listing, RoleHolder};
use auditgraph::event::filter::EventFilter;
use auditgraph::event::{Alias, NewEvent, System};
use auditgraph::store::Batch;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

on_both!(
    c15_assets_are_for_who_leads_here_and_administers_jira,
    c15_assets_are_for_who_leads_here_and_has_a_role_there,
);

async fn c15_assets_are_for_who_leads_here_and_administers_jira(kind: Kind) {
    let (world, _) = with_jira(kind).await;
    let role = |upstream: &str, action: &str| NewEvent {
        action: action.to_owned(),
        ..asset(upstream)
    };
    let events = vec![
        asset("created"),
        role("updated", "object/updated"),
        role("roles", "roles/updated"),
        role("type-roles", "object_type_roles/updated"),
    ];
    append_as(&world, "assets", System::Assets, events).await;
    for role in Role::ALL {
        for account in [None, Some("ann"), Some("bob")] {
            let viewer = viewer(role, account, &[]);
            let leads = role != Role::Viewer;
            let expected = if leads && account == Some("ann") {
                4
            } else {
                0
            };
            let query = "{ events { nodes { upstreamId } } }";
            let answer = world.ask_as(viewer.clone(), query, json!({})).await;
            assert_eq!(upstream_ids(&answer).len(), expected, "{}", viewer.name);
            let streamed = matched(&world, &viewer.sight()).await;
            assert_eq!(
                streamed.len(),
                if role == Role::Viewer { 0 } else { expected }
            );
        }
    }
    // Whoever is no administrator any more sees nothing after some minutes, a stream that is open among it.
    let store = world
        .store()
        .clone()
        .permitting(Arc::new(Jira::silent(&world.clock)));
    let ann = viewer(Role::Manager, Some("ann"), &[]).sight();
    let test = store
        .chosen(&EventFilter::default(), &ann, world.clock.now())
        .await
        .unwrap();
    let condition = store.lasting(&test).await.unwrap();
    let found = store.following(0, &condition, 10).await.unwrap();
    assert!(found.events.is_empty());
}

/// Who asks; Ann is left out, for she administers Jira.
const ACCOUNTS: [&str; 5] = ["bob", "cy", "dot", "eve", "fay"];

/// What a source says of its directory.
async fn say(world: &World, source: &str, system: System, entries: Vec<Entry>) {
    let now = world.clock.now();
    let batch = Batch {
        part: "directory",
        entries,
        listing_began: Some(now),
        ..Batch::default()
    };
    world.feed.append(source, system, batch, now).await.unwrap();
}

/// Somebody who is in these groups.
fn member(account: &str, groups: &[(&str, &str)]) -> Entry {
    let group = |(id, name): &(&str, &str)| DirectoryGroup {
        id: (*id).to_owned(),
        name: Some((*name).to_owned()),
        description: None,
    };
    Entry::User(Box::new(DirectoryUser {
        aliases: vec![Alias::account(format!("557058:{account}"))],
        groups: Some(groups.iter().map(group).collect()),
        ..DirectoryUser::default()
    }))
}

async fn c15_assets_are_for_who_leads_here_and_has_a_role_there(kind: Kind) {
    let (world, _) = with_jira(kind).await;
    append_as(&world, "assets", System::Assets, vec![asset("created")]).await;
    let seers = async || {
        let mut seers = BTreeSet::new();
        for (role, account) in Role::ALL
            .into_iter()
            .flat_map(|role| ACCOUNTS.map(|account| (role, account)))
        {
            let viewer = viewer(role, Some(account), &[]);
            let query = "{ events(filter: {products: [ASSETS]}) { nodes { upstreamId } } }";
            let answer = world.ask_as(viewer.clone(), query, json!({})).await;
            let seen = !upstream_ids(&answer).is_empty();
            let streamed = matched(&world, &viewer.sight()).await;
            assert!(
                role == Role::Viewer || seen == streamed.contains("created"),
                "{account} in a stream"
            );
            if seen {
                seers.insert(format!("{} {account}", role.as_str()));
            }
        }
        seers
    };
    let leading = |accounts: &[&str]| -> BTreeSet<String> {
        let roles = Role::ALL.into_iter().filter(|role| *role != Role::Viewer);
        roles
            .flat_map(|role| {
                accounts
                    .iter()
                    .map(move |account| format!("{} {account}", role.as_str()))
            })
            .collect()
    };
    assert_eq!(seers().await, leading(&[]));

    let people = vec![
        member("cy", &[("g-1", "device-admins")]),
        member("dot", &[("device-admins", "others")]),
        member("eve", &[("jsm-organization/9", "device-admins")]),
        Entry::End(Listing::Users),
    ];
    say(&world, "organization", System::Organization, people).await;
    // A group of the same name in another directory is another group.
    let elsewhere = vec![
        member("fay", &[("device-admins", "device-admins")]),
        Entry::End(Listing::Users),
    ];
    say(&world, "jira_dc", System::JiraDc, elsewhere).await;
    let account = RoleHolder::Account("557058:bob".to_owned());
    let group = RoleHolder::Group("device-admins".to_owned());
    let both = vec![Entry::RoleHolders(vec![account.clone(), group.clone()])];
    say(&world, "assets", System::Assets, both).await;
    assert_eq!(seers().await, leading(&["bob", "cy", "dot"]));

    say(
        &world,
        "assets",
        System::Assets,
        vec![Entry::RoleHolders(vec![group])],
    )
    .await;
    assert_eq!(
        seers().await,
        leading(&["cy", "dot"]),
        "bob has none any more"
    );
    let people = vec![member("cy", &[]), Entry::End(Listing::Users)];
    say(&world, "organization", System::Organization, people).await;
    assert_eq!(seers().await, leading(&["dot"]), "cy has left the group");

    world
        .store()
        .keep_role_holders_of(&["assets"])
        .await
        .unwrap();
    assert_eq!(seers().await, leading(&["dot"]));
    world.store().keep_role_holders_of(&[]).await.unwrap();
    assert_eq!(seers().await, leading(&[]), "nobody reads roles any more");
}
