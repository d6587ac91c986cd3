//! What happens of itself and only in Jira: a row of the table is done to something that is there.
//!
//! Nothing here knows of time or of the organization log.

use super::super::company::floor;
use super::act::What;
use super::state::{FORMER, Jira};
use super::table::{Op, Part, deed, row_of};
use super::thing::{Kind, MADE, Thing, new_name};
use crate::event::Timestamp;

impl Jira {
    fn below(&mut self, end: usize) -> usize {
        self.dice.index(end)
    }

    /// One of the things that fit.
    fn pick(&mut self, fits: impl Fn(&Thing) -> bool) -> Option<(u32, Thing)> {
        let found: Vec<u32> = (0_u32..)
            .zip(&self.things)
            .filter(|(_, thing)| !thing.gone && fits(thing))
            .map(|(place, _)| place)
            .collect();
        let place = *found.get(self.below(found.len()))?;
        Some((place, self.things[place as usize].clone()))
    }
}

/// Does what a row says to something or other; none if there is nothing to do it to.
pub(super) fn own(jira: &mut Jira, row: u16, time: Timestamp) -> Option<usize> {
    let time = floor(time);
    let people = jira.start.actors.len();
    let admins = people.min(4);
    let worker = jira.below(people).min(jira.below(people));
    let worker = jira.start.actors.get(worker).copied();
    let admin = jira.below(admins);
    let admin = jira.start.actors.get(admin).copied();
    match deed(row).op {
        Op::IssueCreated | Op::IssueUpdated | Op::Member | Op::Group => None,
        Op::IssueDeleted => {
            // Only old ones: the organization log goes on about the others.
            let count = jira.alive.len();
            let found = (0..16).find_map(|_| {
                let place = jira.below(count);
                let place = *jira.alive.get(place)?;
                let issue = &jira.issues[place as usize];
                let newest = jira.start.issues.get(issue.project as usize)?;
                (!issue.told && issue.number + 62 < *newest).then_some(place)
            })?;
            Some(jira.delete_issue(time, admin, found))
        }
        Op::Put(part) => {
            let place = jira.below(jira.alive.len());
            let issue = *jira.alive.get(place)?;
            let other = jira.below(jira.alive.len());
            let other = *jira.alive.get(other)?;
            let other = if part == Part::Link { other } else { issue };
            if part == Part::Link && other == issue {
                return None;
            }
            Some(jira.put(row, time, worker, part, (issue, other)))
        }
        Op::Edit(part) => {
            let place = jira.below(jira.pool[part as usize].len());
            let place = *jira.pool[part as usize].get(place)?;
            let author = jira.pieces[place as usize].author;
            let editor = if jira.dice.chance(800) { author } else { admin };
            jira.edit(row, time, editor, place);
            Some(jira.acts.len() - 1)
        }
        Op::Take(part) => {
            let place = jira.below(jira.pool[part as usize].len());
            let place = *jira.pool[part as usize].get(place)?;
            let author = jira.pieces[place as usize].author;
            Some(jira.take(time, author, place, false))
        }
        Op::User => former(jira, row, time),
        Op::Switch => {
            let on = jira.dice.chance(500);
            Some(jira.act(row, time, admin, What::Switch(on)))
        }
        _ => on_thing(jira, row, time, (admin, worker)),
    }
}

/// Accounts that came and went, known to Jira alone.
fn former(jira: &mut Jira, row: u16, time: Timestamp) -> Option<usize> {
    let code = deed(row).code;
    let number = match code {
        "USER_CREATED" => {
            jira.former.push(true);
            jira.former.len() - 1
        }
        "USER_DELETED" => {
            let number = jira.former.iter().position(|here| *here)?;
            jira.former[number] = false;
            number
        }
        _ => jira.former.iter().rposition(|here| *here)?,
    };
    let actor = jira.start.actors.first().copied();
    let actor = actor.filter(|_| code != "USER_DELETED");
    let number = FORMER - u32::try_from(number).unwrap_or(0);
    Some(jira.act(row, time, actor, What::User(number)))
}

/// Does something to a thing.
fn on_thing(
    jira: &mut Jira,
    row: u16,
    time: Timestamp,
    (admin, worker): (Option<u32>, Option<u32>),
) -> Option<usize> {
    let made = |kind: Kind| {
        matches!(
            kind,
            Kind::IssueType | Kind::Role | Kind::PermissionScheme | Kind::Board
        )
    };
    let event = deed(row).event;
    let mut actor = admin;
    let (place, mut thing) = match deed(row).op {
        Op::Make(kind) => {
            let parent = match kind {
                Kind::Version | Kind::Board | Kind::Filter => {
                    let (_, project) =
                        jira.pick(|it| it.kind == Kind::Project && it.id < 19_000)?;
                    u32::try_from(project.id.saturating_sub(10_000)).unwrap_or(0)
                }
                Kind::Sprint => {
                    let fits = |it: &Thing| it.kind == Kind::Board && it.state == 0 && it.id < MADE;
                    jira.pick(fits)?.0
                }
                _ => 0,
            };
            let id = MADE + u64::try_from(jira.things.len()).unwrap_or(0);
            let mut thing = Thing::new(kind, id, new_name(kind, id), parent);
            thing.dates[0] = Some(time);
            if kind == Kind::Filter {
                actor = worker;
            }
            thing.owner = actor.unwrap_or(0);
            jira.things.push(thing.clone());
            return Some(jira.act(row, time, actor, What::Thing(Box::new(thing), None)));
        }
        Op::Alter(kind) => {
            let (place, mut thing) =
                jira.pick(|it| it.kind == kind && (!made(kind) || it.id >= MADE) && it.state < 2)?;
            if kind != Kind::Project {
                thing.name = format!("{} (rev. {})", stem(&thing.name), thing.changes + 1);
            }
            (place, thing)
        }
        Op::Shift(kind, from, to) => {
            let (place, mut thing) = jira.pick(|it| {
                it.kind == kind && it.state == from && (kind != Kind::Project || it.id >= 19_000)
            })?;
            thing.state = to;
            let date = usize::from(to.clamp(1, 2));
            thing.dates[date] = Some(time);
            (place, thing)
        }
        Op::Touch(kind) => {
            let (place, mut thing) = jira.pick(|it| {
                it.kind == kind && it.state < 2 && (kind != Kind::Project || it.id < 19_000)
            })?;
            if deed(row).number == 20 {
                thing.parent = (thing.parent + 1) % 3;
            }
            (place, thing)
        }
        Op::Drop(kind) => {
            if kind == Kind::Project {
                trash(jira, time, admin);
            }
            let (place, mut thing) = jira.pick(|it| {
                it.kind == kind
                    && match kind {
                        Kind::Project => it.state == 2 && it.id >= MADE,
                        Kind::Version => it.id >= MADE || it.id % 10 == 1,
                        Kind::Sprint => it.state == 0,
                        Kind::Filter => true,
                        _ => it.id >= MADE,
                    }
            })?;
            thing.gone = true;
            (place, thing)
        }
        _ => return None,
    };
    thing.changes += 1;
    if event.starts_with("filter_") {
        actor = Some(thing.owner);
    }
    Some(jira.replace(row, time, actor, (place, thing)))
}

/// Sees to it that there is a project in the trash, from where it can be deleted.
fn trash(jira: &mut Jira, time: Timestamp, admin: Option<u32>) {
    let deletable = |it: &Thing| it.kind == Kind::Project && it.id >= MADE;
    if jira.pick(|it| deletable(it) && it.state == 2).is_some() {
        return;
    }
    if jira.pick(deletable).is_none() {
        own(jira, row_of("PROJECT_CREATED", ""), time);
    }
    if let Some((place, mut thing)) = jira.pick(deletable) {
        thing.state = 2;
        thing.dates[2] = Some(time);
        jira.replace(row_of("PROJECT_TRASHED", ""), time, admin, (place, thing));
    }
}

fn stem(name: &str) -> &str {
    name.split(" (rev.").next().unwrap_or(name)
}
