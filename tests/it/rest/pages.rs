//! Pages by number: whole, once each, however far behind, whatever happens meanwhile.

use super::{Program, november, opened, saved};
use crate::world::{Kind, World, administrator, at, event, on_both};
use auditgraph::event::NewEvent;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    c31_pages_by_number_are_pages_of_one_list,
    c31_any_page_is_found_and_any_order_is_paged,
);

fn deeds(name: &str, count: u64) -> Vec<NewEvent> {
    let deed = |number: u64| NewEvent {
        // Many at the same moment, so that only the whole mark tells them apart.
        time: Some(at("2026-11-10T10:00:00Z").plus(Duration::from_secs(number / 7))),
        ..event(&format!("{name}-{number}"), "2026-11-10T10:00:00Z")
    };
    (0..count).map(deed).collect()
}

fn targets(rows: &[Value]) -> Vec<String> {
    rows.iter().map(Value::to_string).collect()
}

/// With events of which each is unlike all others, and an access token of everything that came from upstream.
async fn busy(kind: Kind, count: u64, view: Value) -> (World, Program, String) {
    let world = World::new(kind).await;
    let mut events = deeds("first", count);
    for (number, event) in events.iter_mut().enumerate() {
        if let Some(target) = &mut event.target {
            target.name = Some(format!("WEB-{number}"));
            target.id = Some(number.to_string());
        }
    }
    world.append(events).await;
    let input = json!({"filter": november(), "view": view});
    let filter = saved(&world, administrator(), input).await;
    let (_, secret) = opened(&world, administrator(), &filter, "program").await;
    let program = Program::of(&world).await;
    (world, program, secret)
}

async fn c31_pages_by_number_are_pages_of_one_list(kind: Kind) {
    let (world, program, secret) = busy(kind, 2_345, json!({"kind": "DETAIL"})).await;
    let page = async |number: u64| {
        let heard = program
            .read(&secret, &format!("dataType=detail&page={number}"))
            .await;
        (targets(heard.rows()), heard.json["hasNext"] == true)
    };
    let (first, more) = page(1).await;
    assert_eq!((first.len(), more), (1_000, true));
    // What happens between two pages moves nothing, old or new.
    let mut news = deeds("second", 50);
    news.extend(deeds("third", 50).into_iter().map(|event| NewEvent {
        time: Some(at("2026-11-20T10:00:00Z")),
        ..event
    }));
    world.append(news).await;
    let (second, more) = page(2).await;
    assert_eq!((second.len(), more), (1_000, true));
    let (third, more) = page(3).await;
    assert_eq!((third.len(), more), (345, false));
    let (none, more) = page(4).await;
    assert_eq!((none.len(), more), (0, false));
    let mut all: Vec<String> = [first.clone(), second.clone(), third.clone()].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 2_345, "each once");
    // As often as one likes, in any order.
    for (number, expected) in [(3, &third), (2, &second), (3, &third)] {
        assert_eq!(page(number).await.0, *expected, "page {number}");
    }
    // The first page begins anew.
    let (anew, _) = page(1).await;
    assert_ne!(anew, first);
    let (last, more) = page(3).await;
    assert_eq!((last.len(), more), (445, false));
    // What is read is decided by the filter as it is; another list begins where it is asked for.
    let token = world.data("{ savedFilters { nodes { id } } }").await;
    let id = &token["savedFilters"]["nodes"][0]["id"];
    world
        .data(&format!(
            "mutation {{ updateSavedFilter(input: {{id: {id}, search: \"source:organization\"}}) {{ savedFilter {{ id }} }} }}"
        ))
        .await;
    assert_eq!(page(2).await.0.len(), 1_000);
    assert_eq!(page(3).await.0.len(), 445);
}

async fn c31_any_page_is_found_and_any_order_is_paged(kind: Kind) {
    let order = json!({"kind": "DETAIL", "eventOrder": {"field": "TARGET", "direction": "ASC"}});
    let (_world, program, secret) = busy(kind, 2_345, order).await;
    // The last page first: those before are looked through for it.
    let last = program.read(&secret, "dataType=detail&page=3").await;
    assert_eq!(last.rows().len(), 345);
    assert_eq!(last.json["hasNext"], false);
    let middle = program.read(&secret, "dataType=detail&page=2").await;
    assert_eq!(middle.rows().len(), 1_000);
    let far = program.read(&secret, "dataType=detail&page=40").await;
    assert_eq!(far.rows().len(), 0);
    assert_eq!(far.json["hasNext"], false);
    let first = program.read(&secret, "dataType=detail&page=1").await;
    let mut all: Vec<String> = [&first, &middle, &last]
        .into_iter()
        .flat_map(|heard| targets(heard.rows()))
        .collect();
    let shown = |row: &Value| row["target"].as_str().unwrap().to_owned();
    let names: Vec<String> = [&first, &middle, &last]
        .into_iter()
        .flat_map(|heard| heard.rows().iter().map(shown).collect::<Vec<_>>())
        .collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(names, sorted, "in the order of the view");
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 2_345);
}
