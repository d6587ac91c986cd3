//! The truth: everything that was published, and what of it has been asked for and served.
//!
//! Tests compare a client's store with it. It looks into the world without going through HTTP.

use super::catalogue::deed;
use super::company::{Company, Person, Standing};
use super::names;
use super::record::Form;
use super::world::World;
use crate::event::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The truth about a sandbox, always of this moment.
#[derive(Clone, Debug)]
pub struct Ledger(pub(super) Arc<World>);

/// An event that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its id.
    pub id: String,
    /// When it happened.
    pub time: Timestamp,
    /// When it was processed: the order of the log.
    pub processed_at: Timestamp,
    /// What happened.
    pub action: &'static str,
    /// The actor's account id; none for Atlassian itself.
    pub actor: Option<String>,
    /// The JSON text, exactly as `events-stream` serves it.
    pub raw: String,
}

/// Somebody in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Atlassian account id.
    pub account_id: String,
    /// Bitbucket uuid, with braces.
    pub bitbucket_uuid: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// `active`, `suspended` or `deactivated`.
    pub status: &'static str,
    /// The names of their groups.
    pub groups: BTreeSet<String>,
    /// Department.
    pub department: String,
    /// `owner` or `member`, if they are in the workspace.
    pub workspace: Option<&'static str>,
    /// When they were last active, by product key.
    pub last_active: BTreeMap<&'static str, Timestamp>,
}

impl Ledger {
    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.state().log.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The ids of all events, in the order of the log.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let state = self.0.state();
        (0..state.log.len())
            .map(|place| state.log.id(place).to_string())
            .collect()
    }

    /// The event at a place of the log, counted from 0.
    #[must_use]
    pub fn event(&self, place: usize) -> Option<Published> {
        let state = self.0.state();
        let fact = state.log.get(place)?;
        Some(Published {
            id: state.log.id(place).to_string(),
            time: fact.time,
            processed_at: fact.processed,
            action: deed(fact.deed).action,
            actor: state.actor(place).map(ToOwned::to_owned),
            raw: state.text(place, Form::Stream),
        })
    }

    /// All events, in the order of the log; written one by one, so that a million of them fit.
    pub fn events(&self) -> impl Iterator<Item = Published> {
        (0..self.len()).filter_map(|place| self.event(place))
    }

    /// The text of the event with that id, exactly as `events-stream` serves it.
    #[must_use]
    pub fn raw(&self, id: &str) -> Option<String> {
        let state = self.0.state();
        let place = state.log.find(id)?;
        Some(state.text(place, Form::Stream))
    }

    /// How often each action happened.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let state = self.0.state();
        let mut counts = BTreeMap::new();
        for place in 0..state.log.len() {
            if let Some(action) = state.action(place) {
                *counts.entry(action).or_default() += 1;
            }
        }
        counts
    }

    /// The ids of the events that reached somebody at least once.
    #[must_use]
    pub fn served(&self) -> BTreeSet<String> {
        self.ids_where(true)
    }

    /// The ids of the events that reached nobody yet.
    #[must_use]
    pub fn unserved(&self) -> BTreeSet<String> {
        self.ids_where(false)
    }

    fn ids_where(&self, served: bool) -> BTreeSet<String> {
        let state = self.0.state();
        (0..state.log.len())
            .filter(|place| state.served.contains(*place) == served)
            .map(|place| state.log.id(place).to_string())
            .collect()
    }

    /// How many requests arrived, by path.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<String, u64> {
        self.0.state().served.requests.clone()
    }

    /// Requests that came before the moment until which an answer had asked to wait, in words.
    #[must_use]
    pub fn offences(&self) -> Vec<String> {
        self.0.state().served.manners.offences.clone()
    }

    /// How many requests arrived at paths that contain `part`.
    #[must_use]
    pub fn requests_to(&self, part: &str) -> u64 {
        let state = self.0.state();
        let requests = state.served.requests.iter();
        requests
            .filter(|(path, _)| path.contains(part))
            .map(|(_, count)| count)
            .sum()
    }

    /// Every record of Confluence's audit log, newest first, exactly as it is served.
    #[must_use]
    pub fn confluence_records(&self) -> Vec<String> {
        let now = self.0.clock.now();
        let state = self.0.state();
        super::confluence::records(&state, None, now)
    }

    /// Every entry of the histories of Assets' objects: id to JSON text, exactly as it is served.
    #[must_use]
    pub fn asset_changes(&self) -> BTreeMap<String, String> {
        let now = self.0.clock.now();
        let state = self.0.state();
        state.inventory.changes(&state.company, now)
    }

    /// The spaces of the site: key to name.
    #[must_use]
    pub fn spaces(&self) -> BTreeMap<String, String> {
        let company = &self.0.state().company;
        let spaces = super::confluence::spaces(company);
        spaces
            .map(|(_, project)| (project.key.clone(), project.name.clone()))
            .collect()
    }

    /// Everybody in the directory, by account id.
    #[must_use]
    pub fn users(&self) -> BTreeMap<String, User> {
        let company = &self.0.state().company;
        let present = company
            .people
            .iter()
            .filter(|person| person.standing != Standing::Gone);
        present
            .map(|person| (person.account_id.clone(), user(company, person)))
            .collect()
    }

    /// The groups of the directory: id to name.
    #[must_use]
    pub fn groups(&self) -> BTreeMap<String, String> {
        let company = &self.0.state().company;
        let groups = company.groups.iter().filter(|group| !group.gone);
        groups
            .map(|group| (group.id.clone(), group.name.clone()))
            .collect()
    }

    /// The projects: key to name.
    #[must_use]
    pub fn projects(&self) -> BTreeMap<String, String> {
        let company = &self.0.state().company;
        company
            .projects
            .iter()
            .map(|project| (project.key.clone(), project.name.clone()))
            .collect()
    }

    /// The repositories: full name to project key.
    #[must_use]
    pub fn repositories(&self) -> BTreeMap<String, String> {
        let company = &self.0.state().company;
        let repositories = company
            .repositories
            .iter()
            .filter(|repository| !repository.gone);
        repositories
            .map(|repository| {
                let key = company.projects[repository.project as usize].key.clone();
                (format!("{}/{}", names::WORKSPACE.0, repository.slug), key)
            })
            .collect()
    }
}

fn user(company: &Company, person: &Person) -> User {
    let card = &company.cards[person.card as usize];
    let active = super::company::PRODUCTS.into_iter().zip(person.active);
    User {
        account_id: person.account_id.clone(),
        bitbucket_uuid: person.uuid.clone(),
        name: card.name.clone(),
        email: card.email.clone(),
        status: super::people::status(person.standing),
        groups: person
            .groups
            .iter()
            .map(|group| company.groups[*group as usize].name.clone())
            .collect(),
        department: person.department.clone(),
        workspace: person.workspace,
        last_active: active
            .filter_map(|(key, active)| Some((key, active?)))
            .collect(),
    }
}
