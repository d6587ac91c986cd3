//! Paging: whatever the order, the page size and the direction, every event comes exactly once, in the same order.

use crate::world::{Kind, World, event, on_both, person, project};
use auditgraph::access::Sight;
use auditgraph::event::filter::EventFilter;
use auditgraph::event::order::EventOrderField;
use auditgraph::event::{NewEvent, Object};
use auditgraph::store::beside::Wanted;
use auditgraph::store::read::{EventMark, Range};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;

on_both!(every_event_comes_once);

const ORDERS: [EventOrderField; 6] = [
    EventOrderField::Time,
    EventOrderField::Recorded,
    EventOrderField::Actor,
    EventOrderField::Action,
    EventOrderField::Project,
    EventOrderField::Target,
];

async fn every_event_comes_once(kind: Kind) {
    for seed in 0..if kind == Kind::Sqlite { 3 } else { 1 } {
        let mut dice = StdRng::seed_from_u64(seed);
        let world = World::new(kind).await;
        world
            .append((0..40).map(|id| random(&mut dice, id)).collect())
            .await;
        for order in ORDERS {
            for descending in [false, true] {
                let all = page(&world, order, descending, Start::Front(None), 500).await;
                let once: BTreeSet<i64> = all.iter().map(|mark| mark.seq).collect();
                assert_eq!(all.len(), once.len());
                assert_eq!(all.len(), usize::try_from(world.feed.newest()).unwrap());
                for size in [2, 39] {
                    let case = format!("seed {seed}, {order:?}, descending {descending}, {size}");
                    let forwards = walk(&world, order, descending, size, None).await;
                    assert!(forwards == all, "{case}, forwards");
                    let mut backwards = Vec::new();
                    let mut before = None;
                    loop {
                        let found =
                            page(&world, order, descending, Start::Back(before), size).await;
                        let Some(first) = found.first() else { break };
                        before = Some(*first);
                        backwards.splice(0..0, found);
                    }
                    assert!(backwards == all, "{case}, backwards");
                }
                let mut during = walk(&world, order, descending, 7, Some(&mut dice)).await;
                during.retain(|mark| once.contains(&mark.seq));
                assert!(during == all, "seed {seed}, {order:?}, while events arrive");
            }
        }
    }
}

/// From which end of the list to count, and from where.
#[derive(Clone, Copy)]
enum Start {
    Front(Option<EventMark>),
    Back(Option<EventMark>),
}

/// All pages forwards; with dice, an event arrives between any two.
async fn walk(
    world: &World,
    order: EventOrderField,
    descending: bool,
    size: u64,
    mut dice: Option<&mut StdRng>,
) -> Vec<EventMark> {
    let mut walked: Vec<EventMark> = Vec::new();
    // Events that keep arriving ahead of the walk would make it endless.
    let mut arriving = 0..10;
    loop {
        let start = Start::Front(walked.last().copied());
        let found = page(world, order, descending, start, size).await;
        if found.is_empty() {
            return walked;
        }
        walked.extend(found);
        if let Some(dice) = &mut dice
            && arriving.next().is_some()
        {
            let id = world.feed.newest();
            world.append(vec![random(dice, id)]).await;
        }
    }
}

async fn page(
    world: &World,
    order: EventOrderField,
    descending: bool,
    start: Start,
    limit: u64,
) -> Vec<EventMark> {
    let (after, before, from_end) = match start {
        Start::Front(after) => (after, None, false),
        Start::Back(before) => (None, before, true),
    };
    let range = Range {
        limit,
        after,
        before,
        from_end,
        descending,
    };
    let filter = EventFilter::default();
    let (rows, _) = world
        .store()
        .events(
            &filter,
            &Sight::Everything,
            order,
            range,
            Wanted::ALL,
            world.clock.now(),
        )
        .await
        .unwrap();
    rows.rows
        .iter()
        .map(|row| EventMark {
            seq: row.seq,
            time: row.time,
        })
        .collect()
}

/// An event that shares its time, actor, place, action and target with many others, or lacks them.
fn random(dice: &mut StdRng, id: i64) -> NewEvent {
    let time = [
        "2026-11-01T00:00:00Z",
        "2026-11-02T00:00:00Z",
        "1969-12-31T23:59:59Z",
    ];
    let names = ["Ann Lee", "ann lee", "Özlem", ""];
    let actor = names
        .choose(dice)
        .map(|name| person(&format!("557058:{name}"), name));
    let container = ["WEB", "web", "Ärger"].choose(dice).map(|key| project(key));
    let actions = [
        "jira_issue_deleted",
        "user_login",
        "a_made_up",
        "B_made_up",
        "é_made_up",
    ];
    let target = ["apple", "Banana", "éclair", "Éclair", "_", ""]
        .choose(dice)
        .map(|name| Object {
            kind: "page".to_owned(),
            id: dice.random_bool(0.5).then(|| "10".to_owned()),
            name: dice.random_bool(0.7).then(|| (*name).to_owned()),
            user: dice.random_bool(0.2).then(|| person("557058:bo", "Bo Ek")),
            ..Object::default()
        });
    NewEvent {
        actor: actor.filter(|_| dice.random_bool(0.7)),
        container: container.filter(|_| dice.random_bool(0.7)),
        target: target.filter(|_| dice.random_bool(0.8)),
        action: (*actions.choose(dice).unwrap()).to_owned(),
        ..event(&id.to_string(), time.choose(dice).unwrap())
    }
}
