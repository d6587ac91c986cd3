//! One person with several accounts: linked by the rules, or by an administrator, and separated again.

use crate::client;
use crate::world::{Kind, World, administrator, at, event, on_both};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::directory::{DirectoryUser, Entry, Listing, UserStatus};
use auditgraph::event::node::{NodeId, NodeKind};
use auditgraph::event::{Actor, ActorKind, Alias, NewEvent, System};
use auditgraph::store::Batch;
use auditgraph::store::directory::UserChoice;
use auditgraph::store::read::Range;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

on_both!(
    whatever_happens_names_belong_to_one_person_each,
    one_verified_address_is_one_person,
    conflicts_are_listed_until_somebody_decides,
    administrators_link_and_separate,
    a_link_is_seen_by_another_process,
);

const DC: &str = "jira.example.com";

fn somebody(aliases: Vec<Alias>, name: &str, email: Option<&str>) -> DirectoryUser {
    DirectoryUser {
        aliases,
        name: Some(name.to_owned()),
        email: email.map(str::to_owned),
        status: Some(UserStatus::Active),
        ..DirectoryUser::default()
    }
}

/// A complete listing of users.
async fn list(world: &World, source: &str, system: System, users: Vec<DirectoryUser>) {
    let mut entries: Vec<Entry> = users
        .into_iter()
        .map(|user| Entry::User(Box::new(user)))
        .collect();
    entries.push(Entry::End(Listing::Users));
    world.clock.advance(std::time::Duration::from_mins(1));
    let batch = Batch {
        part: "directory",
        entries,
        listing_began: Some(world.clock.now()),
        ..Batch::default()
    };
    world
        .feed
        .append(source, system, batch, world.clock.now())
        .await
        .unwrap();
}

fn by(alias: &Alias, id: &str) -> NewEvent {
    NewEvent {
        actor: Some(Actor {
            alias: alias.clone(),
            kind: ActorKind::Person,
            name: None,
            email: None,
        }),
        ..event(id, "2026-11-14T09:00:00Z")
    }
}

type Names = BTreeSet<(String, String)>;

/// All users with their names, by global id.
async fn users(world: &World) -> BTreeMap<String, Names> {
    let range = Range {
        limit: 1_000,
        after: None,
        before: None,
        from_end: false,
        descending: false,
    };
    let (store, viewer) = (world.store(), administrator());
    let found = store.users(&viewer, &UserChoice::default(), range).await;
    let ids: Vec<i64> = found.unwrap().rows.iter().map(|user| user.id).collect();
    let encode = |id: i64| NodeId::new(NodeKind::User, id).encode();
    let mut users: BTreeMap<String, Names> =
        ids.iter().map(|id| (encode(*id), Names::new())).collect();
    for alias in store.aliases_of(&ids).await.unwrap() {
        let names = users.get_mut(&encode(alias.user_id)).unwrap();
        names.insert((alias.namespace, alias.value));
    }
    users
}

fn number(id: &str) -> i64 {
    NodeId::number_of(id, NodeKind::User).unwrap()
}

fn mine(users: &BTreeMap<String, Names>, mark: &str) -> BTreeMap<String, Names> {
    let is_mine = |names: &Names| names.iter().any(|(_, value)| value.contains(mark));
    let users = users.iter().filter(|(_, names)| is_mine(names));
    users
        .map(|(id, names)| (id.clone(), names.clone()))
        .collect()
}

/// The actors of all events but our own, by upstream key and alias.
async fn deeds(world: &World) -> Vec<(i64, String, Option<i64>)> {
    let everything = world
        .store()
        .condition(
            &auditgraph::event::filter::EventFilter::default(),
            &administrator().sight(),
            world.clock.now(),
        )
        .await
        .unwrap();
    let (mut after, mut events) = (0, Vec::new());
    let newest = world.store().newest().await.unwrap();
    while after < newest {
        let found = world.store().following(after, &everything, 1_000).await;
        let found = found.unwrap();
        after = found.searched;
        let found = found.events.into_iter();
        events.extend(found.map(|event| (event.seq, event.upstream_key, event.actor_id)));
    }
    events
}

async fn link(world: &World, users: &[&String]) -> Value {
    let query = "mutation ($users: [ID!]!) { linkUsers(input: {users: $users}) { user { id } } }";
    world.ask(query, json!({"users": users})).await
}

async fn separate(world: &World, user: &str, aliases: &Names) -> Value {
    let aliases: Vec<Value> = aliases
        .iter()
        .map(|(namespace, value)| json!({"namespace": namespace, "value": value}))
        .collect();
    let query = "mutation ($user: ID!, $aliases: [UserAliasInput!]!) {
        separateUser(input: {user: $user, aliases: $aliases}) { user { id } separated { id } } }";
    world
        .ask(query, json!({"user": user, "aliases": aliases}))
        .await
}

/// Separates without asking in GraphQL, which takes its time.
async fn part(world: &World, user: i64, names: &Names) {
    let aliases: Vec<Alias> = names
        .iter()
        .map(|(namespace, value)| Alias {
            namespace: namespace.clone(),
            value: value.clone(),
        })
        .collect();
    let (admin, now) = (administrator(), world.clock.now());
    let parted = world.feed.separate_user(&admin, user, &aliases, now).await;
    parted.unwrap();
}

async fn whatever_happens_names_belong_to_one_person_each(kind: Kind) {
    let world = World::new(kind).await;
    for seed in 0..8_u64 {
        let mut dice = StdRng::seed_from_u64(seed);
        let mark = format!("s{seed}-");
        let name = |kind: u32, number: u32| match kind {
            0 => Alias::account(format!("{mark}{number}")),
            1 => Alias::bitbucket(format!("{{{mark}{number}}}")),
            2 => Alias::data_center(DC, format!("{mark}dc{number}")),
            _ => Alias::email(&format!("{mark}{number}@example.com")),
        };
        // Pairs that an administrator keeps apart.
        let mut apart: BTreeSet<(String, String)> = BTreeSet::new();
        let mut together: BTreeSet<(String, String)> = BTreeSet::new();
        let mut known: Vec<(i64, String, Option<i64>)> = Vec::new();
        for step in 0..25 {
            let (some, other) = (dice.random_range(0..4), dice.random_range(0..4));
            let before = mine(&users(&world).await, &mark);
            match dice.random_range(0..6) {
                0 => {
                    let alias = name(dice.random_range(0..4), some);
                    let id = format!("{mark}{step}");
                    world.append(vec![by(&alias, &id)]).await;
                }
                1 => {
                    let line = somebody(vec![name(0, some), name(1, other)], "Ann", None);
                    let source = format!("bitbucket-{seed}");
                    list(&world, &source, System::BitbucketCloud, vec![line]).await;
                }
                2 => {
                    let email = format!("{mark}{other}@example.com");
                    let line = somebody(vec![name(0, some)], "Ann", Some(&email));
                    let source = format!("organization-{seed}");
                    list(&world, &source, System::Organization, vec![line]).await;
                }
                3 => {
                    let email = format!("{mark}{other}@example.com");
                    let line = somebody(vec![name(2, some)], "Ann", Some(&email));
                    list(&world, &format!("dc-{seed}"), System::JiraDc, vec![line]).await;
                }
                4 if before.len() > 1 => {
                    let ids: Vec<&String> = before.keys().collect();
                    let chosen: Vec<&String> = ids.choose_multiple(&mut dice, 2).copied().collect();
                    let pairs = cross(&before[chosen[0]], &before[chosen[1]]);
                    apart.retain(|pair| !pairs.contains(pair));
                    let first = |id: &String| before[id].first().unwrap().1.clone();
                    together.insert(ordered(first(chosen[0]), first(chosen[1])));
                    let numbers: Vec<i64> = chosen.iter().map(|id| number(id)).collect();
                    let (admin, now) = (administrator(), world.clock.now());
                    let linked = world.feed.link_users(&admin, &numbers, now).await;
                    let linked = linked.unwrap().user;
                    if dice.random_bool(0.5) {
                        let all = mine(&users(&world).await, &mark);
                        assert_eq!(all.len(), before.len() - 1);
                        part(&world, linked, &before[chosen[0]]).await;
                        assert_eq!(mine(&users(&world).await, &mark), before, "undone");
                        apart.extend(pairs.iter().cloned());
                        together.retain(|pair| !pairs.contains(pair));
                    }
                }
                _ => {
                    let several = before.iter().find(|(_, names)| names.len() > 1);
                    let Some((id, names)) = several else { continue };
                    let count = dice.random_range(1..names.len());
                    let chosen: Names = names.iter().take(count).cloned().collect();
                    let rest = names.difference(&chosen).cloned().collect();
                    part(&world, number(id), &chosen).await;
                    let pairs = cross(&chosen, &rest);
                    together.retain(|pair| !pairs.contains(pair));
                    apart.extend(pairs);
                }
            }
            let after = mine(&users(&world).await, &mark);
            assert_one_person_each(&before, &after);
            assert_decided(&after, &apart, &together);
            let now = deeds(&world).await;
            assert_eq!(now[..known.len()], known, "events never change");
            known = now;
        }
    }
}

#[track_caller]
fn assert_one_person_each(before: &BTreeMap<String, Names>, after: &BTreeMap<String, Names>) {
    let count: usize = after.values().map(BTreeSet::len).sum();
    let distinct: BTreeSet<_> = after.values().flatten().collect();
    assert_eq!(count, distinct.len(), "a name belongs to two people");
    let mut known = before.values().flatten();
    assert!(known.all(|name| distinct.contains(name)), "a name is lost");
}

type Pairs = BTreeSet<(String, String)>;

#[track_caller]
fn assert_decided(users: &BTreeMap<String, Names>, apart: &Pairs, together: &Pairs) {
    let person = |value: &String| {
        let has = |names: &Names| names.iter().any(|(_, name)| name == value);
        users.iter().find(|(_, names)| has(names)).map(|(id, _)| id)
    };
    for (one, other) in apart {
        assert_ne!(person(one), person(other), "{one} {other} are kept apart");
    }
    for (one, other) in together {
        assert_eq!(person(one), person(other), "{one} {other} are one person");
    }
}

fn ordered(one: String, other: String) -> (String, String) {
    if one < other {
        (one, other)
    } else {
        (other, one)
    }
}

fn cross(some: &Names, others: &Names) -> BTreeSet<(String, String)> {
    some.iter()
        .flat_map(|one| {
            let pair = move |other: &(String, String)| ordered(one.1.clone(), other.1.clone());
            others.iter().map(pair)
        })
        .collect()
}

const FACTS: &str = "{ users { nodes { name aliases { value } conflicts { reason with { aliases { value } } } } } }";

/// The names of each user, with the conflicts they are in.
async fn facts(world: &World) -> BTreeMap<String, Vec<String>> {
    let users = world.data(FACTS).await["users"]["nodes"].take();
    let joined = |user: &Value| -> String {
        let aliases = user["aliases"].as_array().unwrap().iter();
        let values: BTreeSet<&str> = aliases
            .map(|alias| alias["value"].as_str().unwrap())
            .collect();
        values.into_iter().collect::<Vec<_>>().join(" ")
    };
    let users = users.as_array().unwrap().iter();
    let users = users.filter(|user| user["aliases"][0]["value"] != "0");
    users
        .map(|user| {
            let conflicts = user["conflicts"].as_array().unwrap().iter();
            let conflicts = conflicts.map(|conflict| {
                let reason = conflict["reason"].as_str().unwrap();
                format!("{reason} {}", joined(&conflict["with"]))
            });
            (joined(user), conflicts.collect())
        })
        .collect()
}

async fn one_verified_address_is_one_person(kind: Kind) {
    let world = World::new(kind).await;
    let by_mail = Alias::email("ann@example.com");
    world.append(vec![by(&by_mail, "one")]).await;
    let ann = somebody(
        vec![Alias::account("a1")],
        "Ann Lee",
        Some("Ann@Example.com"),
    );
    let bo = somebody(vec![Alias::account("a2")], "Bo Ek", Some("bo@example.com"));
    let loose = DirectoryUser {
        unverified_email: true,
        ..somebody(vec![Alias::account("a3")], "Cy Day", Some("cy@example.com"))
    };
    let bot = DirectoryUser {
        kind: ActorKind::App,
        ..somebody(vec![Alias::account("a4")], "Bot", Some("bot@example.com"))
    };
    let cloud = vec![ann, bo.clone(), loose, bot];
    list(&world, "organization", System::Organization, cloud).await;
    let there = |id: &str, name: &str, email: &str| {
        somebody(vec![Alias::data_center(DC, id)], name, Some(email))
    };
    let users = vec![
        there("d1", "Ann Lee", "ann@example.com"),
        there("d2", "Bo Ek", "bo@example.com"),
        there("d22", "Bo Ek (old)", "BO@example.com"),
        there("d3", "Cy Day", "cy@example.com"),
        there("d4", "Bot", "bot@example.com"),
    ];
    list(&world, "jira-dc", System::JiraDc, users).await;
    let known = facts(&world).await;
    assert_eq!(known["a1 ann@example.com d1"], [""; 0]);
    assert_eq!(known["a2"], ["SHARED_EMAIL d2", "SHARED_EMAIL d22"]);
    assert_eq!(known["d22"], ["SHARED_EMAIL a2", "SHARED_EMAIL d2"]);
    assert_eq!(known["a3"], ["SHARED_EMAIL d3"]);
    assert_eq!(known["a4"], [""; 0], "apps have no conflicts");
    let log = world
        .data(r#"{ events(filter: {actions: ["user.linked"]}, orderBy: {field: RECORDED, direction: ASC}) {
            nodes { source target { user { accountId } } objects { user { accountId } } message raw } } }"#)
        .await;
    let log = log["events"]["nodes"].as_array().unwrap();
    assert_eq!(log.len(), 2, "{log:#?}");
    for linked in log {
        assert_eq!(linked["source"], "directory");
        assert_eq!(linked["target"]["user"]["accountId"], "a1");
        assert_eq!(linked["objects"][0]["user"]["accountId"], "a1");
        let raw = linked["raw"].as_str().unwrap();
        assert!(!raw.contains("example.com") || raw.contains(DC), "{raw}");
        assert!(!raw.contains('@'), "{raw}");
    }
    // Who did it follows, whichever name an event has.
    let theirs = r#"{ user(accountId: "a1") { events { nodes { upstreamId } } } }"#;
    let theirs = world.data(theirs).await;
    assert_eq!(theirs["user"]["events"]["nodes"][0]["upstreamId"], "one");
}

async fn conflicts_are_listed_until_somebody_decides(kind: Kind) {
    let world = World::new(kind).await;
    let cloud = |id: &str, name: &str| somebody(vec![Alias::account(id)], name, None);
    let people = vec![
        cloud("a1", "Ann Lee"),
        cloud("a2", "Bo Ek"),
        cloud("a3", "Bo Ek"),
    ];
    list(&world, "organization", System::Organization, people).await;
    let lines = vec![
        somebody(
            vec![Alias::account("a2"), Alias::bitbucket("{b}")],
            "Bo Ek",
            None,
        ),
        somebody(
            vec![Alias::account("a3"), Alias::bitbucket("{b}")],
            "Bo Ek",
            None,
        ),
    ];
    list(
        &world,
        "bitbucket-cloud",
        System::BitbucketCloud,
        lines.clone(),
    )
    .await;
    let there = vec![somebody(
        vec![Alias::data_center(DC, "d1")],
        "ann lee",
        None,
    )];
    list(&world, "jira-dc", System::JiraDc, there.clone()).await;
    let known = facts(&world).await;
    assert_eq!(known["a1"], ["SAME_NAME d1"]);
    assert_eq!(known["a2 {b}"], ["CONTRADICTION a3"]);
    assert_eq!(known["a3"], ["CONTRADICTION a2 {b}"]);

    let query = "{ users(filter: {conflict: true}) { nodes { id aliases { value } } } }";
    let found = world.data(query).await["users"]["nodes"].take();
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 4);
    let id = |value: &str| {
        let user = found
            .iter()
            .find(|user| user["aliases"][0]["value"] == value);
        user.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (ann, there_id, bo, other) = (id("a1"), id("d1"), id("a2"), id("a3"));
    link(&world, &[&there_id, &ann]).await;
    let linked = link(&world, &[&bo, &other]).await;
    let bo_now = linked["data"]["linkUsers"]["user"]["id"].as_str().unwrap();
    let names = BTreeSet::from([("account".to_owned(), "a3".to_owned())]);
    separate(&world, bo_now, &names).await;
    let settled = facts(&world).await;
    assert!(settled.values().all(Vec::is_empty), "{settled:#?}");
    assert!(settled.contains_key("a1 d1"), "{settled:#?}");

    // Neither decision is undone by what directories go on saying.
    list(&world, "bitbucket-cloud", System::BitbucketCloud, lines).await;
    list(&world, "jira-dc", System::JiraDc, there).await;
    assert_eq!(facts(&world).await, settled);
    let calm = world
        .data("{ users(filter: {conflict: false}) { nodes { id } } }")
        .await;
    // The token that decided is somebody, too.
    assert_eq!(calm["users"]["nodes"].as_array().unwrap().len(), 4);
}

async fn administrators_link_and_separate(kind: Kind) {
    let world = World::new(kind).await;
    let people = vec![
        somebody(vec![Alias::account("a1")], "Ann Lee", None),
        somebody(
            vec![Alias::account("a2")],
            "Ann Second",
            Some("ann@example.com"),
        ),
    ];
    list(&world, "organization", System::Organization, people).await;
    let all: Vec<String> = users(&world).await.into_keys().collect();
    let (ann, second) = (&all[0], &all[1]);
    for role in [Role::Manager, Role::Viewer] {
        let viewer = Viewer {
            role,
            ..administrator()
        };
        let query = format!(
            "mutation {{ linkUsers(input: {{users: [\"{ann}\", \"{second}\"]}}) {{ user {{ id }} }} }}"
        );
        let answer = world.ask_as(viewer, &query, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    }
    for (users, complaint) in [
        (vec![ann, ann], "at least two users"),
        (vec![ann], "at least two users"),
        (vec![], "at least two users"),
    ] {
        let answer = link(&world, &users).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
        assert!(
            error["message"].as_str().unwrap().contains(complaint),
            "{error}"
        );
    }
    let all_names = users(&world).await[ann].clone();
    for names in [
        BTreeSet::new(),
        all_names,
        BTreeSet::from([("account".to_owned(), "a2".to_owned())]),
    ] {
        let answer = separate(&world, ann, &names).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    }

    let before = users(&world).await;
    let linked = link(&world, &[second, ann]).await;
    assert_eq!(linked["data"]["linkUsers"]["user"]["id"], **ann);
    let person = world
        .data(r#"{ user(accountId: "a2") { id name email } users(search: "second") { nodes { id } } }"#)
        .await;
    assert_eq!(person["user"]["name"], "Ann Lee");
    assert_eq!(
        person["user"]["email"], "ann@example.com",
        "what another account tells"
    );
    assert_eq!(
        person["users"]["nodes"][0]["id"], **ann,
        "found by either name"
    );
    let old = world
        .data(&format!("{{ user(id: \"{second}\") {{ id }} }}"))
        .await;
    assert_eq!(old["user"]["id"], **ann, "an old id leads on");

    let names = BTreeSet::from([("account".to_owned(), "a2".to_owned())]);
    let parted = separate(&world, ann, &names).await;
    assert_eq!(parted["data"]["separateUser"]["separated"]["id"], **second);
    let mut after = users(&world).await;
    after.retain(|id, _| before.contains_key(id));
    assert_eq!(after, before);

    let log = world
        .data(r#"{ events(filter: {sources: ["auditgraph"]}, orderBy: {field: RECORDED, direction: ASC}) {
            nodes { action { code } actor { name kind } target { name } objects { name } method message } } }"#)
        .await;
    let told = |code: &str| {
        json!({
            "action": {"code": code},
            "actor": {"name": "test", "kind": "APP"},
            "target": {"name": "Ann Lee"},
            "objects": [{"name": "Ann Second"}],
            "method": "administrator's decision",
            "message": "done with the token test",
        })
    };
    let expected = json!([told("user.linked"), told("user.separated")]);
    assert_eq!(log["events"]["nodes"], expected);

    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let url = format!("http://{address}/graphql");
    let query = format!(
        "mutation {{ linkUsers(input: {{users: [\"{ann}\", \"{second}\"]}}) {{ user {{ id }} }} }}"
    );
    let answer = client::ask(&url, &token, &query).await;
    assert_eq!(answer["linkUsers"]["user"]["id"], **ann);
}

async fn a_link_is_seen_by_another_process(kind: Kind) {
    if kind == Kind::Sqlite {
        // One process has the file to itself.
        return;
    }
    let world = World::new(kind).await;
    let people = vec![
        somebody(vec![Alias::account("a1")], "Ann Lee", None),
        somebody(vec![Alias::account("a2")], "Ann Second", None),
    ];
    list(&world, "organization", System::Organization, people).await;
    let other =
        auditgraph::store::Store::open(&world.config.database, auditgraph::store::Purpose::Log)
            .await
            .unwrap();
    let store = |id: &str| Batch {
        part: "test",
        events: vec![by(&Alias::account("a2"), id)],
        ..Batch::default()
    };
    let now = at("2026-11-20T12:00:00Z");
    let (name, system) = ("organization", System::Organization);
    other.append(name, system, store("one"), now).await.unwrap();
    let all: Vec<String> = users(&world).await.into_keys().collect();
    link(&world, &[&all[0], &all[1]]).await;
    other.append(name, system, store("two"), now).await.unwrap();
    let theirs = r#"{ user(accountId: "a1") { events(orderBy: {field: RECORDED}) { nodes { upstreamId } } } }"#;
    let theirs = world.data(theirs).await;
    let expected = json!([{"upstreamId": "two"}, {"upstreamId": "one"}]);
    assert_eq!(theirs["user"]["events"]["nodes"], expected);
}
