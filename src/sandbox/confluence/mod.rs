//! Confluence Cloud of the company's first site: its audit log, spaces, groups and users.
//!
//! Its audit log tells the same story as the organization's where both tell it: memberships, permissions of spaces,
//! deactivated accounts. What else it has is its own, thrown with dice of its own, so that the organization's log stays
//! as it is. `record.rs` words it, `routes.rs` serves it.

mod record;
mod routes;

pub(super) use routes::routes;

use super::Sandbox;
use super::Settings;
use super::catalogue::{self, By, deed};
use super::company::{Company, Project, floor, number};
use super::dice::Dice;
use super::life;
use super::log::{Fact, Order, SYSTEM, Span};
use super::world::State;
use crate::event::Timestamp;
use record::Doer;
use std::time::Duration;

/// No record shows up later than this after it happened.
const LATEST: Duration = Duration::from_hours(47);

/// What only Confluence knows.
#[derive(Debug)]
pub(super) struct Wiki {
    notes: Vec<Note>,
    dice: Dice,
}

/// One thing that happened in Confluence alone.
#[derive(Clone, Copy, Debug)]
struct Note {
    /// When it happened.
    time: Timestamp,
    /// Since when the log has it.
    seen: Timestamp,
    /// A card, or [`SYSTEM`].
    actor: u32,
    /// What, a row of [`record::NOTES`].
    what: usize,
    /// A project.
    space: u32,
    /// A card or a page.
    other: u32,
    /// How many records say it, all alike.
    times: u32,
}

impl Wiki {
    /// What happened in the past.
    pub(super) fn new(settings: &Settings, company: &Company, now: Timestamp) -> Self {
        let mut wiki = Self {
            notes: Vec::new(),
            dice: Dice::new(settings.seed, 0x7161),
        };
        let seconds = u64::from(settings.history_days.max(1)) * 86_400;
        for _ in 0..settings.history_events / 20 {
            let before = Duration::from_millis(wiki.dice.below(seconds * 1_000));
            let time = floor(now.minus(before));
            wiki.happen(company, time, time);
        }
        wiki
    }

    fn happen(&mut self, company: &Company, time: Timestamp, seen: Timestamp) {
        let what = self.dice.index(record::NOTES.len());
        let actor = if record::NOTES[what].by_system {
            SYSTEM
        } else {
            life::somebody(company, &mut self.dice, By::Everybody)
        };
        let spaces: Vec<usize> = spaces(company).map(|(index, _)| index).collect();
        let space = spaces.get(self.dice.index(spaces.len())).copied();
        let person = &company.people[self.dice.index(company.people.len())];
        let times = if self.dice.chance(120) { 2 } else { 1 };
        self.notes.push(Note {
            time,
            seen,
            actor,
            what,
            space: number(space.unwrap_or(0)),
            other: person.card,
            times,
        });
    }
}

/// The projects of the first site, each of which is a space.
pub(super) fn spaces(company: &Company) -> impl Iterator<Item = (usize, &Project)> {
    let projects = company.projects.iter().enumerate();
    projects.filter(|(_, project)| project.site == 0)
}

/// The records that the log has at `now`, newest first; `span` is in epoch milliseconds, both ends included.
pub(super) fn records(state: &State, span: Option<(i64, i64)>, now: Timestamp) -> Vec<String> {
    let fits = |time: Timestamp| span.is_none_or(|(from, to)| (from..=to).contains(&time.millis()));
    let range = Span {
        from: span.map(|(from, _)| from),
        // Times are cut to milliseconds.
        to: span.map(|(_, to)| to.saturating_add(1)),
    };
    let told = |_: usize, fact: &Fact| tells(&state.company, fact) && fits(fact.time);
    let start = state.log.start(Order::Descending);
    let places = state
        .log
        .select(Order::Descending, start, range, usize::MAX, told)
        .places;
    let mut found: Vec<(i64, bool, usize)> = places
        .into_iter()
        .filter_map(|place| Some((state.log.get(place)?.time.millis(), true, place)))
        .collect();
    let notes = state.wiki.notes.iter().enumerate();
    let notes = notes.filter(|(_, note)| note.seen <= now && fits(note.time));
    found.extend(notes.map(|(index, note)| (note.time.millis(), false, index)));
    found.sort_unstable_by(|one, other| other.cmp(one));
    let company = &state.company;
    found
        .into_iter()
        .flat_map(|(_, shared, place)| {
            if shared {
                let fact = state.log.get(place).copied();
                fact.map_or_else(Vec::new, |fact| record::of_fact(company, &fact, place))
            } else {
                record::of_note(company, &state.wiki.notes[place])
            }
        })
        .collect()
}

/// Whether Confluence's log tells of it, too.
fn tells(company: &Company, fact: &Fact) -> bool {
    match fact.deed {
        catalogue::GROUP_JOINED | catalogue::GROUP_LEFT | catalogue::DEACTIVATED => true,
        _ => {
            let space = matches!(
                deed(fact.deed).action,
                "confluence_added_space_permission" | "confluence_removed_space_permission"
            );
            let project = company.projects.get(fact.object as usize);
            space && project.is_some_and(|project| project.site == 0)
        }
    }
}

impl Sandbox {
    /// Lets `count` things happen in Confluence now; some of them happened up to two days ago and only show up now.
    pub fn publish_confluence(&self, count: usize) {
        let now = floor(self.world.clock.now());
        let state = &mut *self.world.state();
        for _ in 0..count {
            let late = state.wiki.dice.chance(150);
            let before = if late {
                Duration::from_secs(state.wiki.dice.below(LATEST.as_secs()))
            } else {
                Duration::from_millis(state.wiki.dice.below(20_000))
            };
            state
                .wiki
                .happen(&state.company, floor(now.minus(before)), now);
        }
    }
}

impl State {
    /// Lets a record show up within a stretch, in front of most others.
    fn intrude(&mut self, to: i64, now: Timestamp) {
        let time = Timestamp::from_millis(to).unwrap_or(now).min(now);
        self.wiki.happen(&self.company, floor(time), now);
    }

    /// Lets something happen in Confluence now and then.
    pub(super) fn live_in_confluence(&mut self, now: Timestamp) {
        if self.wiki.dice.chance(300) {
            self.wiki.happen(&self.company, floor(now), now);
        }
    }
}

/// Who did something, as records name them.
fn doer(company: &Company, actor: u32) -> Doer<'_> {
    match company.cards.get(actor as usize) {
        Some(card) => Doer::Somebody(card, company.holder(actor)),
        None => Doer::System,
    }
}
