//! The company lives: people come, go, change their names and groups; repositories appear and disappear.
//!
//! Each change alters the directory and writes what the audit log says about it, both at once. Nothing here happens by
//! itself, except for [`Sandbox::change`], which `live` calls now and then.

use super::Sandbox;
use super::catalogue::{self, By};
use super::company::{Company, Kind, Standing, floor};
use super::life::{self, Doing};
use super::names;
use super::world::State;
use crate::event::Timestamp;

#[expect(
    clippy::must_use_candidate,
    reason = "the change is the point; who does not care how it went may ignore the answer"
)]
impl Sandbox {
    /// Somebody joins, with the groups and the workspace that everybody gets; returns their account id.
    pub fn hire(&self) -> String {
        self.alter(|state, now| {
            let person = state
                .company
                .add_person(&mut state.dice, Kind::Person, floor(now));
            state.company.people[person as usize].workspace = Some("member");
            let card = state.company.people[person as usize].card;
            state.tell(catalogue::INVITED, 0, card, now);
            for group in [2, 3, 4] {
                join(state, person, group, now);
            }
            state.company.people[person as usize].account_id.clone()
        })
    }

    /// Somebody is removed from the organization; false if they are not there.
    pub fn leave(&self, account_id: &str) -> bool {
        self.on_person(account_id, |state, person, now| {
            state.company.people[person as usize].standing = Standing::Gone;
            let card = state.company.people[person as usize].card;
            state.tell(catalogue::REMOVED, 0, card, now);
            true
        })
    }

    /// The organization log reports that an administrator did this to somebody, e.g. `user_invitation_sent`; nothing else
    /// changes. False if there is no such action, or nobody there.
    pub fn report(&self, action: &str, account_id: &str) -> bool {
        let deed = catalogue::DEEDS
            .iter()
            .position(|deed| deed.action == action);
        let Some(deed) = deed.and_then(|deed| u16::try_from(deed).ok()) else {
            return false;
        };
        self.on_person(account_id, |state, person, now| {
            let card = state.company.people[person as usize].card;
            state.tell(deed, 0, card, now);
            true
        })
    }

    /// Somebody changes their display name; false if they are not there or have that name already.
    pub fn rename(&self, account_id: &str, name: &str) -> bool {
        self.on_person(account_id, |state, person, now| {
            if state.company.card_of(person).name == name {
                return false;
            }
            let card = state.company.add_card(person, name);
            state.tell(catalogue::RENAMED, 0, card, now);
            true
        })
    }

    /// Somebody's account is deactivated; false if it is not in use.
    pub fn deactivate(&self, account_id: &str) -> bool {
        self.on_person(account_id, |state, index, now| {
            let person = &mut state.company.people[index as usize];
            if person.standing == Standing::Deactivated {
                return false;
            }
            person.standing = Standing::Deactivated;
            person.deactivated = Some(floor(now));
            let card = person.card;
            state.tell(catalogue::DEACTIVATED, 0, card, now);
            true
        })
    }

    /// Somebody's account is reactivated; false if it was in use.
    pub fn reactivate(&self, account_id: &str) -> bool {
        self.on_person(account_id, |state, index, now| {
            let person = &mut state.company.people[index as usize];
            if person.standing == Standing::Active {
                return false;
            }
            person.standing = Standing::Active;
            person.deactivated = None;
            let card = person.card;
            state.tell(catalogue::REACTIVATED, 0, card, now);
            true
        })
    }

    /// Somebody is added to the group of that name; false if they are in it, or either is not there.
    pub fn join_group(&self, account_id: &str, group: &str) -> bool {
        self.on_person(account_id, |state, person, now| {
            group_named(&state.company, group).is_some_and(|group| join(state, person, group, now))
        })
    }

    /// Somebody is removed from the group of that name; false if they are not in it.
    pub fn leave_group(&self, account_id: &str, group: &str) -> bool {
        self.on_person(account_id, |state, index, now| {
            let Some(group) = group_named(&state.company, group) else {
                return false;
            };
            let person = &mut state.company.people[index as usize];
            let before = person.groups.len();
            person.groups.retain(|other| *other != group);
            if person.groups.len() == before {
                return false;
            }
            let card = person.card;
            state.tell(catalogue::GROUP_LEFT, group, card, now);
            true
        })
    }

    /// Somebody gets into the workspace with that permission, `owner` or `member`, or out of it with none.
    ///
    /// The audit log of the organization says nothing about it.
    pub fn set_workspace_permission(
        &self,
        account_id: &str,
        permission: Option<&'static str>,
    ) -> bool {
        self.on_person(account_id, |state, person, _| {
            state.company.people[person as usize].workspace = permission;
            true
        })
    }

    /// A new group with nobody in it; returns its name.
    pub fn create_group(&self) -> String {
        self.alter(|state, now| {
            let place = state.company.groups.len();
            let group = state.company.add_group(&mut state.dice, place);
            state.tell(catalogue::GROUP_CREATED, group, 0, now);
            state.company.groups[group as usize].name.clone()
        })
    }

    /// The group of that name is deleted, and with it all memberships; false if there is none.
    pub fn delete_group(&self, group: &str) -> bool {
        self.alter(|state, now| {
            let Some(group) = group_named(&state.company, group) else {
                return false;
            };
            state.company.groups[group as usize].gone = true;
            for person in &mut state.company.people {
                person.groups.retain(|other| *other != group);
            }
            state.tell(catalogue::GROUP_DELETED, group, 0, now);
            true
        })
    }

    /// A new repository; returns its full name, such as `larkspur/handbook`.
    pub fn create_repository(&self) -> String {
        self.alter(|state, now| {
            let repository = state.company.add_repository(&mut state.dice, floor(now));
            state.tell(catalogue::REPOSITORY_CREATED, repository, 0, now);
            full_name(&state.company.repositories[repository as usize].slug)
        })
    }

    /// The repository of that full name is deleted; false if there is none.
    pub fn delete_repository(&self, name: &str) -> bool {
        self.alter(|state, now| {
            let found = state
                .company
                .repositories
                .iter()
                .position(|repository| !repository.gone && full_name(&repository.slug) == name);
            let Some(index) = found else {
                return false;
            };
            state.company.repositories[index].gone = true;
            state.tell(
                catalogue::REPOSITORY_DELETED,
                super::company::number(index),
                0,
                now,
            );
            true
        })
    }

    /// Something or other changes in the directory.
    pub fn change(&self) {
        let (somebody, group, throw) = {
            let state = &mut *self.world.state();
            let count = state.company.people.len();
            // The first few run the place; without them nothing could be administered.
            let index = 5 + state.dice.index(count.saturating_sub(5));
            let somebody = state.company.people.get(index);
            let group = state.dice.index(state.company.groups.len());
            let group = state.company.groups.get(group);
            (
                somebody
                    .map(|person| person.account_id.clone())
                    .unwrap_or_default(),
                group.map(|group| group.name.clone()).unwrap_or_default(),
                state.dice.below(100),
            )
        };
        match throw {
            0..20 => drop(self.hire()),
            20..28 => drop(self.leave(&somebody)),
            28..36 => drop(self.deactivate(&somebody)),
            36..44 => drop(self.reactivate(&somebody)),
            44..52 => {
                let family = {
                    let state = &mut *self.world.state();
                    state.dice.pick(&names::LAST)
                };
                let old = self
                    .ledger()
                    .users()
                    .remove(&somebody)
                    .map(|user| user.name);
                let first = old
                    .as_deref()
                    .and_then(|name| name.split(' ').next())
                    .unwrap_or("Robin");
                let new = format!("{first} {family}");
                self.rename(&somebody, &new);
            }
            52..90 => {
                if !self.leave_group(&somebody, &group) {
                    self.join_group(&somebody, &group);
                }
            }
            _ => drop(self.create_repository()),
        }
    }

    fn alter<T>(&self, change: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let now = self.world.clock.now();
        let state = &mut *self.world.state();
        let result = change(state, now);
        state.outbox.wake.notify_one();
        result
    }

    fn on_person(
        &self,
        account_id: &str,
        change: impl FnOnce(&mut State, u32, Timestamp) -> bool,
    ) -> bool {
        self.alter(|state, now| {
            let found = state.company.find(account_id);
            let present = found
                .filter(|person| state.company.people[*person as usize].standing != Standing::Gone);
            present.is_some_and(|person| change(state, person, now))
        })
    }
}

impl State {
    /// Writes into the log that an administrator did this.
    pub(super) fn tell(&mut self, deed: u16, object: u32, other: u32, now: Timestamp) {
        let actor = life::somebody(&self.company, &mut self.dice, By::Admin);
        let doing = Doing {
            deed,
            actor,
            object,
            other,
            gap: 0,
        };
        self.record(doing, now);
    }
}

fn join(state: &mut State, index: u32, group: u32, now: Timestamp) -> bool {
    let exists = state
        .company
        .groups
        .get(group as usize)
        .is_some_and(|group| !group.gone);
    let person = &mut state.company.people[index as usize];
    let Err(place) = person.groups.binary_search(&group) else {
        return false;
    };
    if !exists {
        return false;
    }
    person.groups.insert(place, group);
    let card = person.card;
    state.tell(catalogue::GROUP_JOINED, group, card, now);
    true
}

fn group_named(company: &Company, name: &str) -> Option<u32> {
    let found = company
        .groups
        .iter()
        .position(|group| !group.gone && group.name == name);
    found.map(super::company::number)
}

fn full_name(slug: &str) -> String {
    format!("{}/{slug}", names::WORKSPACE.0)
}
