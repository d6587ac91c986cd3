//! Everything in the sandbox's Jira, and what an act does to it.
//!
//! A projection: what the organization log reports of Jira happens here too, with the same people at the same time,
//! and between that what only Jira sees (`life.rs`). The same log and seed give the same Jira, whenever it is asked.

use super::super::company::Company;
use super::super::dice::Dice;
use super::super::log::Log;
use super::act::{Act, Issue, Piece, What, shown_as};
use super::life;
use super::table::{Op, Part, row_of};
use super::thing::Thing;
use super::value::{Item, SPENT, WORKLOG};
use crate::event::Timestamp;
use std::collections::BTreeMap;

/// How things were when the sandbox was started; Jira is made when it is first needed, perhaps much later.
#[derive(Clone, Debug)]
pub(in super::super) struct Start {
    /// The seed.
    pub(in super::super) seed: u64,
    /// When that was.
    pub(in super::super) now: Timestamp,
    /// Over how many days the past stretches.
    pub(in super::super) days: u32,
    /// How many facts the log had.
    pub(in super::super) past: usize,
    /// How many issues each project had.
    pub(in super::super) issues: Vec<u32>,
    /// Who could do something.
    pub(in super::super) actors: Vec<u32>,
}

/// Everything in Jira.
#[derive(Debug)]
pub(in super::super) struct Jira {
    pub(super) start: Start,
    pub(super) acts: Vec<Act>,
    pub(super) issues: Vec<Issue>,
    pub(super) by_id: BTreeMap<u64, u32>,
    pub(super) pieces: Vec<Piece>,
    pub(super) things: Vec<Thing>,
    /// The acts with an audit record.
    pub(super) records: Vec<u32>,
    /// Issues that exist, and pieces that exist by their kind.
    pub(super) alive: Vec<u32>,
    pub(super) pool: [Vec<u32>; 4],
    /// Former accounts: how many ever were, and those that still are.
    pub(super) former: Vec<bool>,
    /// How many issues were updated.
    pub(super) updates: usize,
    /// How many facts of the log it knows.
    pub(super) known: usize,
    pub(super) dice: Dice,
}

/// The number of the first former account, counted downwards.
pub(super) const FORMER: u32 = u32::MAX - 1;

impl Jira {
    /// The Jira that belongs to a company and its log.
    pub(in super::super) fn new(start: &Start, company: &Company, log: &Log) -> Self {
        let mut jira = Self {
            start: start.clone(),
            acts: Vec::new(),
            issues: Vec::new(),
            by_id: BTreeMap::new(),
            pieces: Vec::new(),
            things: Vec::new(),
            records: Vec::new(),
            alive: Vec::new(),
            pool: Default::default(),
            former: Vec::new(),
            updates: 0,
            known: start.past,
            dice: Dice::new(start.seed, 40),
        };
        life::past(&mut jira, company, log);
        jira
    }

    /// Lets happen what the log has reported since.
    pub(in super::super) fn catch_up(&mut self, company: &Company, log: &Log) {
        while let Some(fact) = log.get(self.known) {
            let place = self.known;
            self.known += 1;
            let newest = self.acts.last().map(|act| act.time);
            let time = newest.map_or(fact.processed, |newest| newest.max(fact.processed));
            life::reported(self, company, fact, place, time);
        }
    }

    /// Adds an act and does what it says to the issue; returns its number.
    pub(super) fn push(&mut self, act: Act) -> usize {
        let number = self.acts.len();
        let short = u32::try_from(number).unwrap_or(u32::MAX);
        if !act.deed().summary.is_empty() {
            self.records.push(short);
        }
        let (issue, items) = match &act.what {
            What::Issue(issue, items) => (Some(*issue), items.as_slice()),
            What::Piece(piece, _, items) => {
                (Some(self.pieces[*piece as usize].issue), items.as_slice())
            }
            _ => (None, [].as_slice()),
        };
        if let Some(issue) = issue {
            let other = match &act.what {
                What::Piece(piece, ..) => {
                    let piece = self.pieces[*piece as usize];
                    (piece.part == Part::Link && !act.fallout).then_some(piece.other)
                }
                _ => None,
            };
            for issue in std::iter::once(issue).chain(other) {
                let issue = &mut self.issues[issue as usize];
                issue.updated = issue.updated.max(act.time);
                if !items.is_empty() {
                    issue.history.push(short);
                }
                for item in items {
                    if let Some(value) = issue.now.get_mut(usize::from(item.field)) {
                        *value = item.to;
                    }
                }
            }
        }
        self.acts.push(act);
        number
    }

    /// Adds an act of somebody; returns its number.
    pub(super) fn act(
        &mut self,
        row: u16,
        time: Timestamp,
        actor: Option<u32>,
        what: What,
    ) -> usize {
        self.push(Act {
            time,
            actor,
            hidden: false,
            row,
            what,
            place: None,
            fallout: false,
        })
    }

    /// Puts something into an issue.
    pub(super) fn put(
        &mut self,
        row: u16,
        time: Timestamp,
        author: Option<u32>,
        part: Part,
        (issue, other): (u32, u32),
    ) -> usize {
        let place = u32::try_from(self.pieces.len()).unwrap_or(0);
        let amount = 60 * (5 + u32::try_from(self.dice.below(200)).unwrap_or(0));
        self.pieces.push(Piece {
            part,
            id: 30_000 + u64::from(place),
            issue,
            other,
            author,
            editor: author,
            created: time,
            updated: time,
            changes: 0,
            amount,
            gone: None,
        });
        for issue in [issue, other] {
            let pieces = &mut self.issues[issue as usize].pieces;
            if pieces.last() != Some(&place) && (issue != other || pieces.last() != Some(&place)) {
                pieces.push(place);
            }
        }
        self.pool[part as usize].push(place);
        let items = match part {
            Part::Worklog => vec![self.spent(issue, 0, amount)],
            _ => shown_as(part, place, true).into_iter().collect(),
        };
        self.act(row, time, author, What::Piece(place, 0, items))
    }

    /// Changes something in an issue.
    pub(super) fn edit(&mut self, row: u16, time: Timestamp, editor: Option<u32>, place: u32) {
        let piece = &mut self.pieces[place as usize];
        piece.changes += 1;
        piece.updated = time;
        piece.editor = editor;
        let (changes, old, issue) = (piece.changes, piece.amount, piece.issue);
        let mut items = Vec::new();
        if piece.part == Part::Worklog {
            piece.amount += 600;
            items.push(self.spent(issue, old, old + 600));
        }
        self.act(row, time, editor, What::Piece(place, changes, items));
    }

    /// Takes something out of an issue; as `fallout` the issue does not change by it.
    pub(super) fn take(
        &mut self,
        time: Timestamp,
        actor: Option<u32>,
        place: u32,
        fallout: bool,
    ) -> usize {
        let piece = &mut self.pieces[place as usize];
        piece.gone = Some(time);
        let piece = *piece;
        self.pool[piece.part as usize].retain(|other| *other != place);
        let (code, mut items) = match piece.part {
            Part::Comment => ("COMMENT_DELETED", vec![]),
            Part::Worklog => (
                "WORKLOG_DELETED",
                vec![
                    Item {
                        field: WORKLOG,
                        from: u32::try_from(piece.id).unwrap_or(0),
                        to: 0,
                    },
                    self.spent(piece.issue, piece.amount, 0),
                ],
            ),
            Part::Attachment => ("ATTACHMENT_DELETED", vec![]),
            Part::Link => ("ISSUELINK_DELETED", vec![]),
        };
        items.extend(shown_as(piece.part, place, false));
        if fallout {
            items.clear();
        }
        self.push(Act {
            time,
            actor,
            hidden: false,
            row: row_of(code, ""),
            what: What::Piece(place, piece.changes, items),
            place: None,
            fallout,
        })
    }

    /// Deletes an issue, and after it what is in it.
    pub(super) fn delete_issue(
        &mut self,
        time: Timestamp,
        actor: Option<u32>,
        issue: u32,
    ) -> usize {
        let row = row_of("ISSUE_DELETED", "");
        let number = self.act(row, time, actor, What::Issue(issue, vec![]));
        self.issues[issue as usize].gone = true;
        self.alive.retain(|other| *other != issue);
        let pieces = self.issues[issue as usize].pieces.clone();
        for place in pieces {
            if self.pieces[place as usize].gone.is_none() {
                self.take(time, actor, place, true);
            }
        }
        number
    }

    /// How the time spent on an issue changes when a worklog goes from one amount to another.
    fn spent(&self, issue: u32, old: u32, new: u32) -> Item {
        let from = self.issues[issue as usize].now[usize::from(SPENT)];
        Item {
            field: SPENT,
            from,
            to: (from + new).saturating_sub(old),
        }
    }

    /// Puts another record in the place of a thing.
    pub(super) fn replace(
        &mut self,
        row: u16,
        time: Timestamp,
        actor: Option<u32>,
        (place, after): (u32, Thing),
    ) -> usize {
        let before = std::mem::replace(&mut self.things[place as usize], after.clone());
        let what = What::Thing(Box::new(after), Some(Box::new(before)));
        self.act(row, time, actor, what)
    }

    /// The fields of an issue right after an act, or when it was created.
    pub(super) fn values_after(&self, issue: u32, act: usize) -> super::value::Values {
        let issue = &self.issues[issue as usize];
        let mut values = issue.first;
        for number in issue
            .history
            .iter()
            .take_while(|number| **number as usize <= act)
        {
            for item in self.items(*number as usize) {
                if let Some(value) = values.get_mut(usize::from(item.field)) {
                    *value = item.to;
                }
            }
        }
        values
    }

    /// The changes to fields that an act made.
    pub(super) fn items(&self, act: usize) -> &[Item] {
        match &self.acts[act].what {
            What::Issue(_, items) | What::Piece(_, _, items) => items,
            _ => &[],
        }
    }

    /// The issue with that id or key, unless it is deleted or not there yet.
    pub(super) fn find(&self, company: &Company, name: &str) -> Option<u32> {
        let id = name.parse().ok().or_else(|| {
            let (key, number) = name.rsplit_once('-')?;
            let place = company
                .projects
                .iter()
                .position(|project| project.key.eq_ignore_ascii_case(key))?;
            let number: u64 = number.parse().ok()?;
            Some(10_000 + u64::try_from(place).ok()? * 100_000 + number)
        })?;
        let issue = *self.by_id.get(&id)?;
        let found = &self.issues[issue as usize];
        (found.born && !found.gone).then_some(issue)
    }

    /// Whether a row can be done of itself.
    pub(super) fn own(op: Op) -> bool {
        !matches!(
            op,
            Op::IssueCreated | Op::IssueUpdated | Op::Member | Op::Group
        )
    }
}
