//! The audit logs of the instances: what has been written, in the order of upstream's own numbers.

use super::deeds::{self, About, By, Deed};
use super::record::{self, Shape};
use super::{Instance, millis};
use crate::event::Timestamp;
use crate::sandbox::Settings;
use crate::sandbox::company::{Company, Kind, floor};
use crate::sandbox::dice::Dice;
use crate::sandbox::world::World;
use std::time::Duration;

/// One row of an audit log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Upstream's number, which shows in cursors only.
    pub(super) id: u64,
    /// When it happened.
    pub(super) time: Timestamp,
    pub(super) deed: Deed,
    pub(super) actor: Actor,
    /// Whom it concerns, an index into the people.
    pub(super) user: u32,
    pub(super) group: u32,
    pub(super) project: u32,
    pub(super) repository: u32,
    /// How many entries a search found.
    pub(super) found: usize,
    /// Whether it is the trace of a client's reading.
    pub(super) own: bool,
    /// The last part of the address it came from.
    pub(super) host: u64,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// Somebody, an index into the people.
    Person(u32),
    System,
    Anonymous,
    Token,
}

/// A row of an audit log, for comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// When it happened.
    pub time: Timestamp,
    /// What happened: the key, or the text where there is no key.
    pub action: &'static str,
    /// The id of who did it.
    pub actor: String,
    /// Whether it is the trace of a client's own reading.
    pub own: bool,
    /// The record, as REST serves it.
    pub rest: String,
    /// The record, as a log file holds it, without its line break.
    pub line: String,
}

/// The logs of the three instances.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Logs {
    rows: [Vec<Row>; 3],
    next: u64,
    pub(super) dice: Dice,
}

impl Logs {
    /// The logs that belong to the settings, with a past up to now.
    pub(in crate::sandbox) fn found(
        settings: &Settings,
        company: &Company,
        now: Timestamp,
    ) -> Self {
        let mut logs = Self {
            rows: [Vec::new(), Vec::new(), Vec::new()],
            next: 1,
            dice: Dice::new(settings.seed, 40),
        };
        let history = u64::from(settings.history_days.max(1)) * 86_400_000;
        for instance in Instance::ALL {
            let mut ages: Vec<u64> = (0..settings.data_center_events)
                .map(|_| logs.dice.below(history))
                .collect();
            ages.sort_unstable_by(|one, other| other.cmp(one));
            for age in ages {
                let time = now.minus(Duration::from_millis(age));
                logs.happen(company, instance, time);
            }
        }
        logs
    }

    /// Whether something happens in some instance just now.
    pub(in crate::sandbox) fn stirs(&mut self) -> bool {
        self.dice.chance(250)
    }

    /// Lets something happen; some things happen in twos.
    pub(super) fn happen(&mut self, company: &Company, instance: Instance, time: Timestamp) {
        let deeds = match instance {
            Instance::Bitbucket => deeds::BITBUCKET,
            Instance::Jira => deeds::JIRA,
            Instance::Confluence => deeds::CONFLUENCE,
        };
        let deed = deeds[self.dice.weighted(deeds.iter().map(|deed| deed.weight))];
        let row = self.row(company, deed, time);
        // Somebody who double-clicks does the same thing twice at once.
        let twice = self.dice.chance(60);
        self.put(instance, row);
        if twice {
            self.put(instance, row);
        }
        if deed.about == About::RepositoryRequest {
            let created = Row {
                deed: deeds::REPOSITORY_CREATED,
                time: row.time.plus(Duration::from_millis(15)),
                ..row
            };
            self.put(instance, created);
        }
        // Other people look into the log, too.
        if self.dice.chance(30) {
            let mut search = self.row(company, deeds::SEARCH, time);
            search.actor = Actor::Person(1);
            search.found = 7;
            self.put(instance, search);
        }
    }

    /// Writes down that a client has searched.
    pub(super) fn searched(
        &mut self,
        company: &Company,
        instance: Instance,
        (now, found): (Timestamp, usize),
        basic: bool,
    ) {
        let mut row = self.row(company, deeds::SEARCH, now);
        row.actor = Actor::Person(0);
        row.found = found;
        row.own = true;
        if basic && instance == Instance::Bitbucket {
            let login = Row {
                deed: deeds::LOGIN,
                ..row
            };
            self.put(instance, login);
        }
        self.put(instance, row);
    }

    fn row(&mut self, company: &Company, deed: Deed, time: Timestamp) -> Row {
        let people = company.people.len();
        let dice = &mut self.dice;
        let somebody = |dice: &mut Dice| {
            // Person 0 reads the log, and whatever it searches for is its own reading.
            let person = 1 + dice.index(people - 1);
            let app = company.people[person].kind != Kind::Person;
            if app {
                1
            } else {
                crate::sandbox::company::number(person)
            }
        };
        Row {
            id: 0,
            time: floor(time),
            deed,
            actor: match deed.by {
                By::Person => Actor::Person(somebody(dice)),
                By::System => Actor::System,
                By::Anonymous => Actor::Anonymous,
                By::Token => Actor::Token,
            },
            user: somebody(dice),
            group: crate::sandbox::company::number(dice.index(company.groups.len().max(1))),
            project: crate::sandbox::company::number(dice.index(company.projects.len())),
            repository: crate::sandbox::company::number(
                dice.index(company.repositories.len().max(1)),
            ),
            found: 0,
            own: false,
            host: 2 + dice.below(250),
        }
    }

    fn put(&mut self, instance: Instance, row: Row) {
        let row = Row {
            id: self.next,
            ..row
        };
        self.next += 1;
        let rows = &mut self.rows[instance.index()];
        let place = rows.partition_point(|other| other.time <= row.time);
        rows.insert(place, row);
    }

    /// The rows of a window that are older than `cursor`, the newest first, and how many there are in all.
    pub(super) fn page(
        &self,
        instance: Instance,
        (from, to): (i64, i64),
        cursor: Option<(i64, u64)>,
        limit: usize,
    ) -> (Vec<Row>, bool) {
        let within = self.rows[instance.index()].iter().rev().filter(|row| {
            let place = (millis(row.time), row.id);
            (from..=to).contains(&place.0) && cursor.is_none_or(|cursor| place < cursor)
        });
        let mut rows: Vec<Row> = within.copied().collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.time, row.id)));
        let more = rows.len() > limit;
        rows.truncate(limit);
        (rows, more)
    }

    /// The rows that concern a project or one of its repositories, the newest first.
    pub(super) fn of_place(&self, project: u32, repository: Option<u32>) -> Vec<Row> {
        let rows = self.rows[0].iter().rev().filter(|row| {
            let about = row.deed.about;
            match repository {
                Some(wanted) => about == About::Repository && row.repository == wanted,
                None => matches!(about, About::Project | About::Grant) && row.project == project,
            }
        });
        rows.copied().collect()
    }

    pub(super) fn written(
        &self,
        world: &World,
        company: &Company,
        instance: Instance,
    ) -> Vec<Written> {
        let base = world.link(instance.name());
        let text =
            |row: &Row, shape| record::text(company, instance, row, &base, shape).to_string();
        self.rows[instance.index()]
            .iter()
            .map(|row| Written {
                time: row.time,
                action: if row.deed.action.1.is_empty() {
                    row.deed.action.0
                } else {
                    row.deed.action.1
                },
                actor: record::actor_id(company, instance, row),
                own: row.own,
                rest: text(row, Shape::Rest),
                line: text(row, Shape::File),
            })
            .collect()
    }
}
