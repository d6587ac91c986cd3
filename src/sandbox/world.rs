//! The state behind the sandbox's routes: one company, its log, and what has been asked of it.
//!
//! Everything that changes is behind one lock, which is never held while waiting. HTTP is next door.

use super::Settings;
use super::assets::Inventory;
use super::catalogue::deed;
use super::company::{Company, Kind, Standing};
use super::confluence::Wiki;
use super::data_center::Logs;
use super::dice::Dice;
use super::fault::Faults;
use super::jira::{Jira, Outbox, Start};
use super::life::{self, Doing};
use super::limit::Limits;
use super::log::{Log, SYSTEM};
use super::record::{self, Form};
use crate::clock::Clock;
use crate::event::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use url::Url;

/// All there is.
#[derive(Debug)]
pub(super) struct World {
    /// How it was set up.
    pub(super) settings: Settings,
    /// Its time.
    pub(super) clock: Clock,
    /// Where it is served.
    pub(super) url: Url,
    state: Mutex<State>,
}

/// What changes.
#[derive(Debug)]
pub(super) struct State {
    /// The company.
    pub(super) company: Company,
    /// Its log.
    pub(super) log: Log,
    /// The audit logs of the Data Center instances.
    pub(super) logs: Logs,
    /// What only Confluence knows.
    pub(super) wiki: Wiki,
    /// The objects of Assets.
    pub(super) inventory: Inventory,
    /// What goes wrong.
    pub(super) faults: Faults,
    /// Who asked how often lately.
    pub(super) limits: Limits,
    /// The generation of cursors that is still accepted.
    pub(super) cursors: u32,
    /// What was asked, and what was served.
    pub(super) served: Served,
    /// The dice of what happens after the start.
    pub(super) dice: Dice,
    /// Webhooks, and how Jira was set up.
    pub(super) outbox: Outbox,
    /// Jira, once somebody has asked for it.
    jira: Option<Jira>,
    start: Start,
    /// The rest of the scene that is being played.
    pending: VecDeque<Doing>,
}

/// What was asked, and what was served.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// How many requests arrived, by path.
    pub(super) requests: BTreeMap<String, u64>,
    /// How many requests arrived.
    pub(super) arrived: watch::Sender<u64>,
    /// Whether those who asked waited for as long as they were told to.
    pub(super) manners: Manners,
    /// Which places of the log arrived whole at least once.
    places: Vec<bool>,
}

/// Who was told to wait, and did not.
#[derive(Debug, Default)]
pub(super) struct Manners {
    /// Until when a path is to be left alone.
    until: BTreeMap<String, Timestamp>,
    /// What came too early, in words.
    pub(super) offences: Vec<String>,
}

impl Manners {
    /// Notes that a path is to be left alone for a while.
    pub(super) fn told(&mut self, path: &str, until: Timestamp) {
        self.until.insert(path.to_owned(), until);
    }

    /// Notes a request that came too early.
    pub(super) fn arrives(&mut self, path: &str, now: Timestamp) {
        if let Some(until) = self.until.remove(path)
            && now < until
        {
            self.offences
                .push(format!("{path} was asked at {now}, before {until}"));
        }
    }
}

impl Served {
    /// Notes that the record at a place was served.
    pub(super) fn note(&mut self, place: usize) {
        if self.places.len() <= place {
            self.places.resize(place + 1, false);
        }
        self.places[place] = true;
    }

    /// Whether the record at a place was served.
    pub(super) fn contains(&self, place: usize) -> bool {
        self.places.get(place).copied().unwrap_or(false)
    }
}

impl World {
    /// The world that belongs to the settings, with its past up to now.
    pub(super) fn new(settings: Settings, clock: Clock, url: Url) -> Self {
        let now = clock.now();
        let mut company = Company::found(&settings, now);
        let logs = Logs::found(&settings, &company, now);
        let facts = life::history(&settings, &mut company, now);
        let people = (0_u32..).zip(&company.people);
        let start = Start {
            seed: settings.seed,
            now: super::company::floor(now),
            days: settings.history_days,
            past: facts.len(),
            issues: company
                .projects
                .iter()
                .map(|project| project.issues)
                .collect(),
            actors: people
                .filter(|(_, it)| it.kind == Kind::Person && it.standing == Standing::Active)
                .map(|(number, _)| number)
                .collect(),
        };
        let wiki = Wiki::new(&settings, &company, now);
        let inventory = Inventory::new(&settings, &company, now);
        let state = State {
            outbox: Outbox::default(),
            jira: None,
            start,
            company,
            wiki,
            inventory,
            log: Log::new(settings.seed, facts),
            logs,
            faults: settings.faults.clone(),
            limits: Limits::default(),
            cursors: 0,
            served: Served::default(),
            dice: Dice::new(settings.seed, 3),
            pending: VecDeque::new(),
        };
        Self {
            settings,
            clock,
            url,
            state: Mutex::new(state),
        }
    }

    /// What changes, locked.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere does not make the state wrong: nothing is left half done while it is locked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sandbox's address with `path` behind it.
    pub(super) fn link(&self, path: &str) -> String {
        format!("{}{}", self.url, path.trim_start_matches('/'))
    }
}

impl State {
    /// Jira with everything that has happened so far, and the company and log behind it.
    pub(super) fn jira(&mut self) -> (&mut Jira, &mut Company, &mut Log) {
        let Self {
            jira,
            start,
            company,
            log,
            ..
        } = self;
        let jira = jira.get_or_insert_with(|| Jira::new(start, company, log));
        jira.catch_up(company, log);
        (jira, company, log)
    }

    /// Who could do something when the sandbox was started.
    pub(super) fn actors(&self) -> Vec<u32> {
        self.start.actors.clone()
    }

    /// Lets the next step of the company's life happen; returns its place in the log.
    pub(super) fn publish(&mut self, now: Timestamp) -> usize {
        let doing = loop {
            if let Some(doing) = self.pending.pop_front() {
                break doing;
            }
            self.pending = life::scene(&mut self.company, &mut self.dice).into();
        };
        let now = self.no_earlier(now);
        let fact = life::happen_now(&mut self.company, &mut self.dice, doing, now);
        self.log.push(fact)
    }

    /// Records that this happened now; returns its place in the log.
    pub(super) fn record(&mut self, doing: Doing, now: Timestamp) -> usize {
        let now = self.no_earlier(now);
        let fact = life::fact(&mut self.company, doing, now, now);
        self.log.push(fact)
    }

    /// The log only goes forward, whatever the clock does.
    fn no_earlier(&self, now: Timestamp) -> Timestamp {
        let now = super::company::floor(now);
        self.log.newest().map_or(now, |newest| newest.max(now))
    }

    /// The text of the record at a place.
    pub(super) fn text(&self, place: usize, form: Form) -> String {
        record::text(&self.company, &self.log, place, form).unwrap_or_default()
    }

    /// The action at a place.
    pub(super) fn action(&self, place: usize) -> Option<&'static str> {
        Some(deed(self.log.get(place)?.deed).action)
    }

    /// The account id of the actor at a place; none for Atlassian itself.
    pub(super) fn actor(&self, place: usize) -> Option<&str> {
        let actor = self.log.get(place)?.actor;
        (actor != SYSTEM).then(|| self.company.holder(actor).account_id.as_str())
    }
}
