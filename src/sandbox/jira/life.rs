//! What happens in Jira: the past out of the organization log and the dice, and what happens later.
//!
//! Whatever the log reports of issues, groups and accounts is the same act here. Things that only Jira sees are thrown
//! by dice of their own, after one round in which each row of the table happens once.

use super::super::catalogue as org;
use super::super::company::{Company, floor};
use super::super::dice::Dice;
use super::super::log::{Fact, Log};
use super::act::{Act, Issue, What};
use super::own::own;
use super::state::Jira;
use super::table::{DEEDS, row_of};
use super::thing::{Kind, Thing, beginning};
use super::value::{
    ASSIGNEE, COUNT, DESCRIPTION, DUE, FIX_VERSION, Item, LABELS, PRIORITY, RESOLUTION, REVIEWER,
    SECURITY, SPRINT, STATUS, SUMMARY, TYPE, Values,
};
use crate::event::Timestamp;
use std::time::Duration;

/// What is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Intent {
    /// An issue older than the log is created.
    Born(u32),
    /// What stands in the log at that place.
    Fact(usize),
    /// A row of the table.
    Own(u16),
}

const DAY: Duration = Duration::from_hours(24);

/// Lets the past happen.
pub(super) fn past(jira: &mut Jira, company: &Company, log: &Log) {
    let start = jira.start.clone();
    let length = DAY.saturating_mul(start.days.max(1));
    let opening = floor(start.now.minus(length));
    jira.things = beginning(company, start.issues.len(), opening.minus(DAY));
    let mut plan = Vec::new();
    let mut created = std::collections::BTreeMap::new();
    let mut told = std::collections::BTreeSet::new();
    let mut events = 0_u64;
    for place in 0..start.past {
        let Some(fact) = log.get(place) else { break };
        events += 1;
        if deed_is_about_an_issue(fact) {
            told.insert((fact.object, fact.other));
        }
        if !concerns(company, fact) {
            continue;
        }
        if fact.deed == org::ISSUE_CREATED {
            created.insert((fact.object, fact.other), floor(fact.time));
        }
        plan.push((floor(fact.time), Intent::Fact(place)));
    }
    let mut dice = Dice::new(start.seed, 41);
    for (project, count) in (0_u32..).zip(&start.issues) {
        if company.projects[project as usize].site != 0 {
            continue;
        }
        let from = company.projects[project as usize].created;
        for number in 1..=*count {
            let logged = created.get(&(project, number)).copied();
            let time = logged.unwrap_or_else(|| {
                let span = opening.minus(DAY).since(from).as_secs();
                let step = span * u64::from(number) / u64::from(*count + 1);
                let jitter = Duration::from_millis(dice.below(3_600_000));
                floor(from.plus(Duration::from_secs(step)).plus(jitter))
            });
            let issue = jira.add_issue(project, number, time);
            jira.issues[issue as usize].told = told.contains(&(project, number));
            if logged.is_none() {
                plan.push((time, Intent::Born(issue)));
            }
        }
    }
    let seconds = length.as_secs();
    let rows: Vec<u16> = (0_u16..)
        .zip(DEEDS)
        .filter(|(_, deed)| Jira::own(deed.op) && events > 0)
        .map(|(row, _)| row)
        .collect();
    let total = u64::try_from(rows.len()).unwrap_or(0) + 1;
    for (place, row) in (1..).zip(&rows) {
        let time = opening.plus(Duration::from_secs(seconds * place / total));
        plan.push((time, Intent::Own(*row)));
    }
    for _ in 0..events / 8 {
        let ago = Duration::from_millis(1 + dice.below(seconds * 1_000));
        let row = throw(&mut dice);
        plan.push((floor(start.now.minus(ago)), Intent::Own(row)));
    }
    plan.sort_unstable();
    for (time, intent) in plan {
        match intent {
            Intent::Born(issue) => {
                let creator = jira.issues[issue as usize].creator;
                jira.born(issue, time, creator, None);
            }
            Intent::Fact(place) => {
                if let Some(fact) = log.get(place) {
                    reported(jira, company, fact, place, time);
                }
            }
            Intent::Own(row) => {
                own(jira, row, time);
            }
        }
    }
}

/// A row, each as likely as it is heavy.
fn throw(dice: &mut Dice) -> u16 {
    let place = dice.weighted(DEEDS.iter().map(|deed| deed.weight));
    u16::try_from(place).unwrap_or(0)
}

/// Lets something or other happen that only Jira sees; returns the number of the act, unless nothing was possible.
pub(super) fn anything(jira: &mut Jira, time: Timestamp) -> Option<usize> {
    (0..32).find_map(|_| {
        let row = throw(&mut jira.dice);
        own(jira, row, time)
    })
}

fn deed_is_about_an_issue(fact: &Fact) -> bool {
    [org::ISSUE_VIEWED, org::ISSUE_CREATED, org::ISSUE_UPDATED].contains(&fact.deed)
}

/// Whether a fact of the organization log is about this Jira.
fn concerns(company: &Company, fact: &Fact) -> bool {
    match fact.deed {
        org::ISSUE_CREATED | org::ISSUE_UPDATED => company
            .projects
            .get(fact.object as usize)
            .is_some_and(|project| project.site == 0),
        org::GROUP_JOINED | org::GROUP_LEFT => {
            (fact.object as usize) < company.groups.len()
                && (fact.other as usize) < company.cards.len()
        }
        org::GROUP_CREATED | org::GROUP_DELETED => (fact.object as usize) < company.groups.len(),
        org::INVITED | org::RENAMED | org::REMOVED | org::DEACTIVATED | org::REACTIVATED => {
            (fact.other as usize) < company.cards.len()
        }
        _ => false,
    }
}

/// Lets happen what the organization log reports.
pub(super) fn reported(
    jira: &mut Jira,
    company: &Company,
    fact: &Fact,
    place: usize,
    time: Timestamp,
) {
    if !concerns(company, fact) {
        return;
    }
    let person = |card: u32| company.cards.get(card as usize).map(|card| card.person);
    let actor = person(fact.actor);
    let about = person(fact.other).unwrap_or(0);
    let before = jira.acts.len();
    match fact.deed {
        org::ISSUE_CREATED => {
            let issue = jira.add_issue(fact.object, fact.other, time);
            jira.issues[issue as usize].creator = actor;
            jira.born(issue, time, actor, Some(place));
        }
        org::ISSUE_UPDATED => {
            let issue = jira.add_issue(fact.object, fact.other, time);
            let hidden = jira.dice.chance(12);
            let items = update(jira, issue, time);
            jira.push(Act {
                time,
                actor,
                hidden,
                row: row_of("ISSUE_UPDATED", ""),
                what: What::Issue(issue, items),
                place: Some(place),
                fallout: false,
            });
        }
        org::GROUP_JOINED => {
            let what = What::Member(fact.object, about);
            jira.act(row_of("USER_ADDED_TO_GROUP", ""), time, actor, what);
        }
        org::GROUP_LEFT => {
            let what = What::Member(fact.object, about);
            jira.act(row_of("USER_REMOVED_FROM_GROUP", ""), time, actor, what);
        }
        org::GROUP_CREATED | org::GROUP_DELETED => {
            let created = fact.deed == org::GROUP_CREATED;
            let summary = if created {
                "Group created"
            } else {
                "Group deleted"
            };
            let row = row_of("OTHER_JIRA_AUDIT", summary);
            jira.act(row, time, actor, What::Group(fact.object));
        }
        org::INVITED => {
            jira.act(row_of("USER_CREATED", ""), time, actor, What::User(about));
        }
        org::REMOVED => {
            jira.act(row_of("USER_DELETED", ""), time, None, What::User(about));
        }
        _ => {
            jira.act(row_of("USER_UPDATED", ""), time, actor, What::User(about));
        }
    }
    // What Jira says about people it mostly says without saying who did it.
    let hide = jira.dice.chance(400);
    for act in &mut jira.acts[before..] {
        act.place = Some(place);
        act.hidden |= hide && !matches!(act.what, What::Issue(..));
    }
}

/// Some changes of an issue, at least one.
fn update(jira: &mut Jira, issue: u32, time: Timestamp) -> Vec<Item> {
    let now = jira.issues[issue as usize].now;
    let turn = jira.updates;
    jira.updates += 1;
    let dice = &mut jira.dice;
    let mut below = |end: usize| u32::try_from(dice.index(end)).unwrap_or(0);
    let mut items: Vec<Item> = Vec::new();
    // Each field has its turn at first, so that a short history has everything too.
    let mut fields = vec![match turn {
        0 | 1 => STATUS,
        turn if turn < 14 => [ASSIGNEE, LABELS, SUMMARY, SPRINT, FIX_VERSION, DUE][turn % 6],
        _ => match below(100) {
            0..40 => STATUS,
            40..55 => ASSIGNEE,
            55..64 => PRIORITY,
            64..72 => LABELS,
            72..78 => SUMMARY,
            78..84 => DESCRIPTION,
            84..88 => FIX_VERSION,
            88..93 => SPRINT,
            93..96 => DUE,
            96 => SECURITY,
            97 | 98 => REVIEWER,
            _ => TYPE,
        },
    }];
    if below(5) == 0 {
        fields.push(LABELS);
    }
    for field in fields {
        let from = now[usize::from(field)];
        let to = match field {
            STATUS if turn == 1 => 3,
            STATUS => (from + 1 + below(3)) % 4,
            ASSIGNEE | REVIEWER if below(6) == 0 => 0,
            ASSIGNEE | REVIEWER => {
                let actors = &jira.start.actors;
                actors
                    .get(below(actors.len()) as usize)
                    .map_or(0, |person| person + 1)
            }
            PRIORITY => (from + 1 + below(4)) % 5,
            LABELS => from ^ (1 << below(5)),
            SUMMARY | DESCRIPTION => from + 1,
            SECURITY => (from + 1) % 3,
            TYPE => (from + 1) % 4,
            DUE => {
                let days = time.millis().max(0) / 86_400_000;
                u32::try_from(days).unwrap_or(0) + 7 + below(60)
            }
            _ => {
                let kind = if field == SPRINT {
                    Kind::Sprint
                } else {
                    Kind::Version
                };
                let project = jira.issues[issue as usize].project;
                let fits = |(_, thing): &(u32, &Thing)| {
                    thing.kind == kind
                        && !thing.gone
                        && (kind == Kind::Sprint || thing.parent == project)
                };
                let found: Vec<u32> = (1_u32..)
                    .zip(&jira.things)
                    .filter(fits)
                    .map(|(place, _)| place)
                    .collect();
                found.get(below(found.len()) as usize).copied().unwrap_or(0)
            }
        };
        if to != from && items.iter().all(|item| item.field != field) {
            items.push(Item { field, from, to });
            let resolution = now[usize::from(RESOLUTION)];
            let resolved = if to == 3 { 1 + below(3) } else { 0 };
            if field == STATUS && (resolved > 0) != (resolution > 0) {
                items.push(Item {
                    field: RESOLUTION,
                    from: resolution,
                    to: resolved,
                });
            }
        }
    }
    if items.is_empty() {
        let from = now[usize::from(PRIORITY)];
        items.push(Item {
            field: PRIORITY,
            from,
            to: (from + 1) % 5,
        });
    }
    items
}

impl Jira {
    /// The issue of that number; made if there is none yet.
    pub(super) fn add_issue(&mut self, project: u32, number: u32, created: Timestamp) -> u32 {
        let id = 10_000 + u64::from(project) * 100_000 + u64::from(number);
        if let Some(issue) = self.by_id.get(&id) {
            return *issue;
        }
        let mut dice = Dice::new(self.start.seed, 0x155e ^ (id << 12));
        let actors = &self.start.actors;
        let somebody = actors.get(dice.index(actors.len())).copied().unwrap_or(0);
        let mut first: Values = [0; COUNT];
        first[usize::from(SUMMARY)] = u32::try_from(dice.below(160)).unwrap_or(0);
        first[usize::from(PRIORITY)] =
            u32::try_from(dice.weighted([1, 3, 9, 3, 1].into_iter())).unwrap_or(0);
        first[usize::from(TYPE)] =
            u32::try_from(dice.weighted([6, 5, 4, 1].into_iter())).unwrap_or(0);
        first[usize::from(DESCRIPTION)] = u32::try_from(dice.below(3)).unwrap_or(0);
        if dice.chance(500) {
            first[usize::from(ASSIGNEE)] = actors
                .get(dice.index(actors.len()))
                .map_or(0, |person| person + 1);
        }
        if dice.chance(50) {
            first[usize::from(SECURITY)] = 1 + u32::from(dice.chance(500));
        }
        let place = u32::try_from(self.issues.len()).unwrap_or(0);
        self.issues.push(Issue {
            project,
            number,
            created,
            creator: Some(somebody),
            text: None,
            reporter: somebody,
            first,
            now: first,
            updated: created,
            born: false,
            gone: false,
            told: false,
            history: Vec::new(),
            pieces: Vec::new(),
        });
        self.by_id.insert(id, place);
        place
    }

    /// Lets an issue come into being; returns the number of the act.
    pub(super) fn born(
        &mut self,
        issue: u32,
        time: Timestamp,
        actor: Option<u32>,
        place: Option<usize>,
    ) -> usize {
        let it = &mut self.issues[issue as usize];
        if !it.born {
            it.born = true;
            self.alive.push(issue);
        }
        self.push(Act {
            time,
            actor,
            hidden: false,
            row: row_of("ISSUE_CREATED", ""),
            what: What::Issue(issue, vec![]),
            place,
            fallout: false,
        })
    }
}
