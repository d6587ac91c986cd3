//! Assets of the company: things with a history, in one workspace.
//!
//! There is no log of them: who wants to know what changed searches for objects and reads their histories. A change may
//! show up in searches and histories long after it was made. `routes.rs` serves it.

mod routes;

pub(super) use routes::routes;

use super::Sandbox;
use super::Settings;
use super::catalogue::By;
use super::company::{Company, Kind, floor, number};
use super::dice::Dice;
use super::life;
use super::log::SYSTEM;
use super::world::State;
use crate::event::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// No change shows up later than this after it was made.
const LATEST: Duration = Duration::from_hours(47);

/// The kinds of objects: id and name.
const TYPES: [(u32, &str); 4] = [
    (11, "Laptop"),
    (12, "Spectrometer"),
    (13, "License"),
    (14, "Room"),
];

/// The attributes that change, each with some of its values.
const ATTRIBUTES: [(&str, [&str; 3]); 4] = [
    ("Status", ["In use", "In stock", "Retired"]),
    ("Location", ["Utrecht", "Porto", "Tbilisi"]),
    ("Serial number", ["SN-1001", "SN-2002", "SN-3003"]),
    ("Warranty", ["1 year", "2 years", "expired"]),
];

/// All objects, with everything that ever happened to them.
#[derive(Debug)]
pub(super) struct Inventory {
    /// The workspace's id.
    pub(super) workspace: String,
    /// The labels of all objects, in the order of their ids.
    objects: Vec<(String, usize)>,
    changes: Vec<Change>,
    dice: Dice,
}

/// One entry of the history of an object.
#[derive(Clone, Copy, Debug)]
struct Change {
    object: u32,
    time: Timestamp,
    /// Since when it is found.
    seen: Timestamp,
    /// A card.
    actor: u32,
    /// What changed, and from and to which value; nothing for a creation.
    what: Option<(usize, usize, usize)>,
}

impl Inventory {
    /// The objects as they are after the past.
    pub(super) fn new(settings: &Settings, company: &Company, now: Timestamp) -> Self {
        let mut dice = Dice::new(settings.seed, 0xa55e);
        let mut inventory = Self {
            workspace: dice.uuid().to_string(),
            objects: Vec::new(),
            changes: Vec::new(),
            dice,
        };
        let seconds = u64::from(settings.history_days.max(1)) * 86_400;
        for _ in 0..20 + settings.history_events / 100 {
            let mut left = inventory.dice.below(seconds);
            let mut time = floor(now.minus(Duration::from_secs(left)));
            let object = inventory.create(company, time, time);
            while inventory.dice.chance(650) {
                left = inventory.dice.below(left.max(1));
                time = floor(now.minus(Duration::from_secs(left)));
                inventory.update(company, object, time, time);
            }
        }
        inventory
    }

    fn create(&mut self, company: &Company, time: Timestamp, seen: Timestamp) -> u32 {
        let kind = self.dice.index(TYPES.len());
        let label = format!("{} {:04}", TYPES[kind].1, self.dice.below(10_000));
        self.objects.push((label, kind));
        let object = number(self.objects.len() - 1);
        self.note(company, object, None, time, seen);
        object
    }

    fn update(&mut self, company: &Company, object: u32, time: Timestamp, seen: Timestamp) {
        let attribute = self.dice.index(ATTRIBUTES.len());
        let from = self.dice.index(3);
        let what = (attribute, from, (from + 1) % 3);
        self.note(company, object, Some(what), time, seen);
    }

    fn note(
        &mut self,
        company: &Company,
        object: u32,
        what: Option<(usize, usize, usize)>,
        time: Timestamp,
        seen: Timestamp,
    ) {
        let actor = life::somebody(company, &mut self.dice, By::Coder);
        let actor = if actor == SYSTEM { 0 } else { actor };
        self.changes.push(Change {
            object,
            time,
            seen,
            actor,
            what,
        });
    }

    /// Lets something happen to some object, or makes one.
    fn happen(&mut self, company: &Company, time: Timestamp, seen: Timestamp) {
        if self.dice.chance(250) {
            self.create(company, time, seen);
        } else {
            let object = number(self.dice.index(self.objects.len()));
            self.update(company, object, time, seen);
        }
    }

    /// Makes an object that comes before all others in lists.
    fn intrude(&mut self, company: &Company, now: Timestamp) {
        let object = self.create(company, now, now);
        let label = &mut self.objects[object as usize].0;
        *label = format!("{:04} {label}", 9_999 - object);
    }

    /// All entries of all histories that are found at `now`: id to text.
    pub(super) fn changes(&self, company: &Company, now: Timestamp) -> BTreeMap<String, String> {
        let places = (0..self.changes.len()).filter(|place| self.changes[*place].seen <= now);
        places
            .map(|place| (entry_id(place), self.entry(company, place).to_string()))
            .collect()
    }

    /// The history of an object as it is found at `now`, in the order of time.
    fn history(&self, company: &Company, object: u32, now: Timestamp) -> Vec<Value> {
        let mut places: Vec<usize> = (0..self.changes.len())
            .filter(|place| {
                let change = &self.changes[*place];
                change.object == object && change.seen <= now
            })
            .collect();
        places.sort_by_key(|place| self.changes[*place].time);
        let entries = places.into_iter();
        entries.map(|place| self.entry(company, place)).collect()
    }

    fn entry(&self, company: &Company, place: usize) -> Value {
        let change = &self.changes[place];
        let card = &company.cards[change.actor as usize];
        let person = company.holder(change.actor);
        let mut actor = json!({
            "displayName": card.name,
            "name": card.nickname,
            "key": format!("ug:{}", person.uuid.trim_matches(['{', '}'])),
        });
        // Some people show their address to nobody, and apps have none.
        if let (Some(email), false) = (&card.email, person.host.is_multiple_of(3)) {
            actor["emailAddress"] = email.clone().into();
        }
        let mut entry = json!({
            "id": entry_id(place),
            "objectId": object_id(change.object),
            "actor": actor,
            "type": i32::from(change.what.is_some()),
            "created": change.time.to_string(),
        });
        if let Some((attribute, from, to)) = change.what {
            let (name, values) = ATTRIBUTES[attribute];
            entry["affectedAttribute"] = name.into();
            entry["oldValue"] = values[from].into();
            entry["newValue"] = values[to].into();
        }
        // Not every kind of entry says what it is.
        if person.kind == Kind::App || place.is_multiple_of(7) {
            entry.as_object_mut().map(|entry| entry.remove("type"));
        }
        entry
    }

    /// The objects that are found at `now` and were last changed from `from` to `to`, by their labels.
    fn search(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> Vec<Value> {
        let mut moments: BTreeMap<u32, (Timestamp, Timestamp)> = BTreeMap::new();
        for change in self.changes.iter().filter(|change| change.seen <= now) {
            let (created, updated) = moments
                .entry(change.object)
                .or_insert((change.time, change.time));
            *created = (*created).min(change.time);
            *updated = (*updated).max(change.time);
        }
        let mut found: Vec<(&String, u32, Value)> = moments
            .into_iter()
            .filter(|(_, (_, updated))| (from..=to).contains(updated))
            .map(|(object, (created, updated))| {
                let (label, kind) = &self.objects[object as usize];
                let (type_id, type_name) = TYPES[*kind];
                let value = json!({
                    "workspaceId": self.workspace,
                    "id": object_id(object),
                    "objectKey": format!("DEV-{}", object + 1),
                    "label": label,
                    "objectType": {"id": type_id.to_string(), "name": type_name, "objectSchemaId": "3"},
                    "created": created.to_string(),
                    "updated": updated.to_string(),
                });
                (label, object, value)
            })
            .collect();
        found.sort_by_key(|(label, object, _)| (*label, *object));
        found.into_iter().map(|(_, _, value)| value).collect()
    }
}

fn entry_id(place: usize) -> String {
    (50_000 + place).to_string()
}

fn object_id(object: u32) -> String {
    (800 + object).to_string()
}

impl Sandbox {
    /// Lets `count` things happen in Assets now; some of them happened up to two days ago and only show up now.
    pub fn publish_assets(&self, count: usize) {
        let now = floor(self.world.clock.now());
        let state = &mut *self.world.state();
        for _ in 0..count {
            let late = state.inventory.dice.chance(150);
            let before = if late {
                Duration::from_secs(state.inventory.dice.below(LATEST.as_secs()))
            } else {
                Duration::from_millis(state.inventory.dice.below(20_000))
            };
            let time = floor(now.minus(before));
            state.inventory.happen(&state.company, time, now);
        }
    }
}

impl State {
    /// Lets something happen in Assets now and then.
    pub(super) fn live_in_assets(&mut self, now: Timestamp) {
        if self.inventory.dice.chance(150) {
            self.inventory.happen(&self.company, floor(now), now);
        }
    }
}
