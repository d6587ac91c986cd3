//! What happens at the company: turns dice and time into scenes, and scenes into facts.
//!
//! A scene is what one person does in one go: log in, look at an issue, change it. The history is made of scenes at
//! working hours over the past; what is published later is made of the same scenes, now. The directory stays as it is:
//! a membership is only reported as added when it exists, and as removed when it does not.

use super::Settings;
use super::catalogue::{self, By, DEEDS, Deed, On, deed};
use super::company::{Company, Kind, Standing, floor, number};
use super::dice::Dice;
use super::log::{Fact, LATEST, SYSTEM};
use super::names;
use crate::event::Timestamp;
use chrono::{Datelike, Timelike, Weekday};
use std::time::Duration;

/// A step of a scene.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing {
    /// A row of the catalogue.
    pub(super) deed: u16,
    /// A card, or [`SYSTEM`].
    pub(super) actor: u32,
    /// What it is done to.
    pub(super) object: u32,
    /// The second thing involved.
    pub(super) other: u32,
    /// Seconds until the next step.
    pub(super) gap: u64,
}

/// The history of the company up to `now`, in the order in which it was processed.
pub(super) fn history(settings: &Settings, company: &mut Company, now: Timestamp) -> Vec<Fact> {
    let mut dice = Dice::new(settings.seed, 2);
    let now = floor(now);
    let seconds = u64::from(settings.history_days.max(1)) * 86_400;
    let mut facts: Vec<Fact> = Vec::with_capacity(settings.history_events);
    while facts.len() < settings.history_events {
        let scene = scene(company, &mut dice);
        let offset = scene
            .first()
            .and_then(|doing| company.cards.get(doing.actor as usize))
            .map_or(0, |card| {
                names::PLACES[company.people[card.person as usize].place].offset
            });
        let mut time = start(&mut dice, now, seconds, offset);
        for doing in scene {
            if time > now || facts.len() == settings.history_events {
                break;
            }
            facts.push(happen(company, &mut dice, doing, time, now));
            time = time.plus(Duration::from_secs(doing.gap));
        }
    }
    facts.sort_by_key(|fact| (fact.processed, fact.time));
    facts
}

/// Lets something happen at `time`; nothing is processed later than `now`.
fn happen(
    company: &mut Company,
    dice: &mut Dice,
    doing: Doing,
    time: Timestamp,
    now: Timestamp,
) -> Fact {
    let time = digits(dice, time);
    let delay = if dice.chance(7) {
        Duration::from_secs(3_600 + dice.below(LATEST.as_secs() - 3_600))
    } else {
        Duration::from_millis(1_500 + dice.below(60_000))
    };
    let processed = floor(time.plus(delay)).min(now);
    fact(company, doing, time, processed)
}

/// Lets something happen just now; a few things are only heard of hours later.
pub(super) fn happen_now(
    company: &mut Company,
    dice: &mut Dice,
    doing: Doing,
    now: Timestamp,
) -> Fact {
    let now = floor(now);
    let before = if dice.chance(15) {
        Duration::from_secs(3_600 + dice.below(LATEST.as_secs() - 7_200))
    } else {
        Duration::from_millis(200 + dice.below(9_000))
    };
    let time = digits(dice, now.minus(before));
    fact(company, doing, time, now)
}

/// The fact that `doing` happened then; remembers that the actor was active.
pub(super) fn fact(
    company: &mut Company,
    doing: Doing,
    time: Timestamp,
    processed: Timestamp,
) -> Fact {
    let product = match deed(doing.deed).on {
        On::Issue => Some(0),
        On::Page | On::Space => Some(1),
        On::Project | On::Repository | On::Workspace => Some(2),
        _ => None,
    };
    if let (Some(product), Some(card)) = (product, company.cards.get(doing.actor as usize)) {
        let active = &mut company.people[card.person as usize].active[product];
        *active = (*active).max(Some(time));
    }
    Fact {
        time,
        processed,
        actor: doing.actor,
        object: doing.object,
        other: doing.other,
        deed: doing.deed,
    }
}

/// The moment, or up to a second before it: most times have milliseconds, some microseconds.
fn digits(dice: &mut Dice, moment: Timestamp) -> Timestamp {
    let before = floor(moment.minus(Duration::from_millis(dice.below(1_000))));
    if dice.chance(100) {
        before.minus(Duration::from_micros(1 + dice.below(998)))
    } else {
        before
    }
}

/// When a scene starts: mostly in somebody's working hours.
fn start(dice: &mut Dice, now: Timestamp, seconds: u64, offset: i64) -> Timestamp {
    let mut moment = now;
    for _ in 0..8 {
        moment = now.minus(Duration::from_secs(dice.below(seconds)));
        let there = moment.to_utc() + chrono::TimeDelta::hours(offset);
        let weekend = matches!(there.weekday(), Weekday::Sat | Weekday::Sun);
        let per_mille = match (weekend, there.hour()) {
            (true, _) => 60,
            (false, 9..=11 | 13..=16) => 1_000,
            (false, 8 | 12 | 17) => 650,
            (false, 7 | 18..=20) => 200,
            (false, _) => 40,
        };
        if dice.chance(per_mille) {
            break;
        }
    }
    moment
}

/// What one person, app or machine does in one go.
pub(super) fn scene(company: &mut Company, dice: &mut Dice) -> Vec<Doing> {
    match dice.weighted([62, 14, 8, 3, 9, 4].into_iter()) {
        0 => work(company, dice),
        1 => of_themselves(company, dice, By::Coder, 4),
        2 => of_themselves(company, dice, By::Admin, 3),
        3 => trouble(company, dice),
        4 => of_themselves(company, dice, By::App, 5),
        _ => of_themselves(company, dice, By::System, 1),
    }
}

/// Logging in, reading, changing what was read, perhaps logging out.
fn work(company: &mut Company, dice: &mut Dice) -> Vec<Doing> {
    let actor = somebody(company, dice, By::Everybody);
    let mut scene = Vec::new();
    if dice.chance(600) {
        scene.push(plain(catalogue::LOGIN, actor, 5 + dice.below(60)));
    }
    for _ in 0..=dice.below(4) {
        let gap = 20 + dice.below(600);
        let (view, change, create) = if dice.chance(650) {
            (
                catalogue::ISSUE_VIEWED,
                catalogue::ISSUE_UPDATED,
                catalogue::ISSUE_CREATED,
            )
        } else {
            (
                catalogue::PAGE_VIEWED,
                catalogue::PAGE_UPDATED,
                catalogue::PAGE_CREATED,
            )
        };
        match dice.below(100) {
            0..7 => scene.push(doing(company, dice, create, actor, gap)),
            7..11 => {
                let other = weighted(dice, By::Everybody);
                scene.push(doing(company, dice, other, actor, gap));
            }
            rest => {
                let viewed = doing(company, dice, view, actor, gap);
                scene.push(viewed);
                if rest < 34 {
                    scene.push(Doing {
                        deed: change,
                        ..viewed
                    });
                }
            }
        }
    }
    if dice.chance(250) {
        scene.push(plain(catalogue::LOGOUT, actor, 0));
    }
    scene
}

/// Failing to log in, and perhaps getting in after all.
fn trouble(company: &Company, dice: &mut Dice) -> Vec<Doing> {
    let actor = somebody(company, dice, By::Everybody);
    let mut scene: Vec<_> = (0..=dice.below(5))
        .map(|_| plain(catalogue::LOGIN_FAILED, actor, 4 + dice.below(30)))
        .collect();
    if dice.chance(700) {
        scene.push(plain(catalogue::LOGIN, actor, 0));
    }
    scene
}

/// A few of the things that such people do.
fn of_themselves(company: &mut Company, dice: &mut Dice, by: By, most: u64) -> Vec<Doing> {
    let actor = somebody(company, dice, by);
    (0..=dice.below(most))
        .map(|_| {
            let deed = weighted(dice, by);
            let gap = 10 + dice.below(300);
            doing(company, dice, deed, actor, gap)
        })
        .collect()
}

/// The card of somebody who does such things.
pub(super) fn somebody(company: &Company, dice: &mut Dice, by: By) -> u32 {
    if by == By::System {
        return SYSTEM;
    }
    let count = company.people.len();
    for _ in 0..64 {
        // The better of two throws: some people are much busier than others.
        let index = match by {
            By::Admin => dice.index(count.min(4)),
            By::App => count - 1 - dice.index(count.min(names::APPS.len())),
            _ => dice.index(count).min(dice.index(count)),
        };
        let person = &company.people[index];
        let fits = person.standing == Standing::Active
            && match by {
                By::App => person.kind == Kind::App,
                By::Coder => person.kind == Kind::Person && person.workspace.is_some(),
                _ => person.kind == Kind::Person,
            };
        if fits {
            return person.card;
        }
    }
    SYSTEM
}

fn weighted(dice: &mut Dice, by: By) -> u16 {
    let weight = |deed: &Deed| if deed.by == by { deed.weight } else { 0 };
    u16::try_from(dice.weighted(DEEDS.iter().map(weight))).unwrap_or(0)
}

fn plain(deed: u16, actor: u32, gap: u64) -> Doing {
    Doing {
        deed,
        actor,
        object: 0,
        other: 0,
        gap,
    }
}

/// A deed done to something that exists.
fn doing(company: &mut Company, dice: &mut Dice, number_: u16, actor: u32, gap: u64) -> Doing {
    let anybody = dice.index(company.people.len());
    let (mut deed_, mut object, mut other) = (number_, 0, company.people[anybody].card);
    let mut pick = |length: usize| number(dice.index(length));
    let exists = |group: usize| company.groups.get(group).is_some_and(|group| !group.gone);
    match deed(number_).on {
        On::Group => {
            object = until(exists, || pick(company.groups.len()));
        }
        On::Membership => {
            let joined = deed(number_).action.contains("added");
            let groups = &company.people[anybody].groups;
            object = if joined && !groups.is_empty() {
                groups[pick(groups.len()) as usize]
            } else {
                let fits = |group: usize| exists(group) && !groups.contains(&number(group));
                until(fits, || pick(company.groups.len()))
            };
            // Only what fits the directory is reported.
            if groups.contains(&object) != joined {
                deed_ = if joined {
                    catalogue::GROUP_LEFT
                } else {
                    catalogue::GROUP_JOINED
                };
            }
        }
        On::Issue => {
            object = own_project(company, actor).unwrap_or_else(|| pick(company.projects.len()));
            let project = &mut company.projects[object as usize];
            other = if number_ == catalogue::ISSUE_CREATED {
                project.issues += 1;
                project.issues
            } else {
                project.issues - pick(project.issues.min(60) as usize)
            };
        }
        On::Page => {
            object = own_project(company, actor).unwrap_or_else(|| pick(company.projects.len()));
            let project = &mut company.projects[object as usize];
            other = if number_ == catalogue::PAGE_CREATED {
                project.pages += 1;
                project.pages
            } else {
                1 + pick(project.pages as usize)
            };
        }
        On::Space | On::Project => object = pick(company.projects.len()),
        On::Repository => {
            let repositories = &company.repositories;
            object = until(
                |place| {
                    repositories
                        .get(place)
                        .is_some_and(|repository| !repository.gone)
                },
                || pick(repositories.len()),
            );
        }
        On::App => object = pick(names::APPS.len()),
        On::Policy | On::Token | On::Unheard => object = pick(40),
        On::Account | On::User | On::Organization | On::Workspace => {}
    }
    Doing {
        deed: deed_,
        actor,
        object,
        other,
        gap,
    }
}

/// The first throw that fits; after some tries any.
fn until(fits: impl Fn(usize) -> bool, mut throw: impl FnMut() -> u32) -> u32 {
    let mut thrown = throw();
    for _ in 0..16 {
        if fits(thrown as usize) {
            break;
        }
        thrown = throw();
    }
    thrown
}

/// The project somebody works on; apps work on all of them.
fn own_project(company: &Company, actor: u32) -> Option<u32> {
    let card = company.cards.get(actor as usize)?;
    let person = &company.people[card.person as usize];
    (person.kind == Kind::Person && (!actor.is_multiple_of(3) || person.host.is_multiple_of(2)))
        .then_some(person.project)
}
