//! What pages refer to is kept in memory, and yet as new as the page, whoever changes it.

use crate::world::{Kind, World, event, on_both, person, project};
use auditgraph::event::directory::{DirectoryUser, Entry, Listing};
use auditgraph::event::{Alias, Container, NewEvent, Object, System};
use auditgraph::store::Batch;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    names_on_a_page_are_as_new_as_the_page,
    listing_the_same_again_changes_no_names,
);

const PAGE: &str = "{ events(filter: {products: [JIRA]}) { nodes {
    actor { name } project { key name } target { name } container { container { name } } } } }";

async fn raw(world: &World) -> DatabaseConnection {
    let db = Box::pin(sea_orm::Database::connect(&world.database.url));
    db.await.unwrap()
}

/// The only event that there is.
async fn shown(world: &World) -> Value {
    world.data(PAGE).await["events"]["nodes"][0].take()
}

async fn names_on_a_page_are_as_new_as_the_page(kind: Kind) {
    let world = World::new(kind).await;
    let bo = person("557058:bo", "Bo Ek");
    let told = NewEvent {
        target: Some(Object {
            kind: "user".to_owned(),
            user: Some(bo.clone()),
            ..Object::default()
        }),
        container: Some(Container {
            name: Some("Website".to_owned()),
            ..project("WEB")
        }),
        ..event("1", "2026-11-12T10:00:00Z")
    };
    let other = NewEvent {
        actor: Some(person("557058:cy", "Cy Fox")),
        product: auditgraph::event::Product::Confluence,
        ..event("2", "2026-11-12T10:00:00Z")
    };
    world.append(vec![told, other]).await;
    let mut expected = json!({
        "actor": {"name": "Ann Lee"}, "project": {"key": "WEB", "name": "Website"}, "target": {"name": "Bo Ek"},
        "container": {"container": {"name": null}},
    });
    assert_eq!(shown(&world).await, expected);
    assert_eq!(shown(&world).await, expected, "and out of memory");

    let renamed = Entry::User(Box::new(DirectoryUser {
        aliases: vec![Alias::account("557058:ann")],
        name: Some("Ann Moe".to_owned()),
        ..DirectoryUser::default()
    }));
    list(&world, vec![renamed]).await;
    expected["actor"]["name"] = json!("Ann Moe");
    assert_eq!(shown(&world).await, expected);

    // Another process goes the way of the database only.
    let db = raw(&world).await;
    let of =
        |account: &str| format!("(SELECT user_id FROM aliases WHERE value = '557058:{account}')");
    let (bo, cy) = (of("bo"), of("cy"));
    let site = "(SELECT parent_id FROM containers WHERE key = 'WEB')";
    for (statement, pointer, now) in [
        (
            format!("UPDATE users SET name = 'Bo Elm' WHERE id = {bo}"),
            "/target/name",
            "Bo Elm",
        ),
        (
            format!(
                "UPDATE users SET nickname = NULL, name = NULL, email = 'bo@example.com' WHERE id = {bo}"
            ),
            "/target/name",
            "557058:bo",
        ),
        (
            format!("UPDATE aliases SET user_id = {cy} WHERE value = '557058:bo'"),
            "/target/name",
            "Cy Fox",
        ),
        (
            "UPDATE containers SET name = 'Web site' WHERE key = 'WEB'".to_owned(),
            "/project/name",
            "Web site",
        ),
        (
            format!("UPDATE containers SET name = 'Acme' WHERE id = {site}"),
            "/container/container/name",
            "Acme",
        ),
    ] {
        db.execute_unprepared(&statement).await.unwrap();
        let shown = shown(&world).await;
        assert_eq!(
            shown.pointer(pointer),
            Some(&json!(now)),
            "{statement}: {shown}"
        );
    }
}

/// A directory that lists these, and the project.
async fn list(world: &World, people: Vec<Entry>) {
    world.clock.advance(Duration::from_mins(30));
    let now = world.clock.now();
    let places = [
        Entry::Container(project("WEB")),
        Entry::End(Listing::Containers),
    ];
    let entries = people.into_iter().chain([Entry::End(Listing::Users)]);
    let batch = Batch {
        part: "directory",
        entries: entries.chain(places).collect(),
        listing_began: Some(now),
        ..Batch::default()
    };
    let appended = world
        .feed
        .append("organization", System::Organization, batch, now);
    appended.await.unwrap();
}

async fn listing_the_same_again_changes_no_names(kind: Kind) {
    let world = World::new(kind).await;
    let db = raw(&world).await;
    let revision = async || -> i64 {
        let sql = "SELECT number FROM revisions WHERE name = 'names'";
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let row = db.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    };
    let people = |names: &[&str]| -> Vec<Entry> {
        let one = |name: &&str| {
            Entry::User(Box::new(DirectoryUser {
                aliases: vec![Alias::account(format!("557058:{name}"))],
                name: Some((*name).to_owned()),
                ..DirectoryUser::default()
            }))
        };
        names.iter().map(one).collect()
    };
    list(&world, people(&["ann", "bo"])).await;
    let before = revision().await;
    list(&world, people(&["ann", "bo"])).await;
    world.append(vec![event("1", "2026-11-12T10:00:00Z")]).await;
    assert_eq!(revision().await, before);
    list(&world, people(&["ann"])).await;
    assert!(revision().await > before, "bo is not listed any more");
}
