//! A page of users with when they were last active, and what shows it.

use super::cell::Cell;
use super::reader::time_in;
use crate::event::Timestamp;
use crate::event::signal::{Precision, Signal};
use crate::store::activity::{Activity, ActivityState, Sign};
use crate::store::entity::{alias, user};
use crate::store::{Store, StoreError};
use chrono_tz::Tz;
use std::collections::HashMap;
use std::sync::Arc;

/// What is known about the users of a page.
pub(super) struct Known {
    zone: Tz,
    accounts: HashMap<i64, Vec<user::Model>>,
    aliases: HashMap<i64, Vec<alias::Model>>,
    activity: HashMap<i64, Activity>,
}

impl Known {
    pub(super) async fn load(
        store: &Store,
        users: &[user::Model],
        zone: Tz,
    ) -> Result<Self, StoreError> {
        let ids: Vec<i64> = users.iter().map(|user| user.id).collect();
        let mut accounts: HashMap<i64, Vec<user::Model>> = HashMap::new();
        for account in store.accounts_of(&ids).await? {
            accounts.entry(account.person_id).or_default().push(account);
        }
        let mut aliases: HashMap<i64, Vec<alias::Model>> = HashMap::new();
        for alias in store.aliases_of(&ids).await? {
            aliases.entry(alias.user_id).or_default().push(alias);
        }
        Ok(Self {
            zone,
            accounts,
            aliases,
            activity: store.activity_of(&ids).await?,
        })
    }

    /// The user with what is known about them.
    pub(super) fn about(self: &Arc<Self>, user: user::Model) -> Person {
        let known = Arc::clone(self);
        Person { user, known }
    }
}

/// A user with what is known about them.
pub struct Person {
    user: user::Model,
    known: Arc<Known>,
}

impl Person {
    /// Their name; where that is unknown, the name under which upstream knows them.
    pub(super) fn name(&self) -> Cell {
        let name = self.told(|account| account.name.as_deref());
        let nickname = || self.told(|account| account.nickname.as_deref());
        let alias = || self.aliases().first().map(|alias| alias.value.as_str());
        Cell::of(name.or_else(nickname).or_else(alias))
    }

    pub(super) fn account_id(&self) -> Cell {
        let aliases = self.aliases().iter();
        let mut accounts = aliases.filter(|alias| alias.namespace == "account");
        Cell::of(accounts.next().map(|alias| &alias.value))
    }

    pub(super) fn email(&self) -> Cell {
        Cell::of(self.told(|account| account.email.as_deref()))
    }

    /// Whether they were ever active: never, and not known, are different things.
    pub(super) fn state(&self) -> Cell {
        let activity = self.known.activity.get(&self.user.id);
        let state = activity.map_or(ActivityState::Unknown, Activity::state);
        Cell::of(Some(match state {
            ActivityState::Active => "ACTIVE",
            ActivityState::Never => "NEVER",
            ActivityState::Unknown => "UNKNOWN",
        }))
    }

    pub(super) fn last_active(&self) -> Cell {
        let Some(sign) = self.last() else {
            return Cell::Empty;
        };
        Cell::Text(match sign.signal.precision() {
            Precision::Instant => time_in(sign.time, self.known.zone),
            Precision::Day => day(sign.time),
        })
    }

    pub(super) fn precision(&self) -> Cell {
        let precision = |sign: &Sign| match sign.signal.precision() {
            Precision::Day => "DAY",
            Precision::Instant => "INSTANT",
        };
        Cell::of(self.last().map(precision))
    }

    pub(super) fn sign(&self) -> Cell {
        Cell::of(self.last().map(|sign| match sign.signal {
            Signal::BitbucketLastAccessed => "BITBUCKET_LAST_ACCESSED",
            Signal::OrgProductAccess => "ORG_PRODUCT_ACCESS",
            Signal::OrgLastActiveDate => "ORG_LAST_ACTIVE_DATE",
            Signal::OwnEvent => "OWN_EVENT",
            Signal::DataCenterLogin => "DATA_CENTER_LOGIN",
            Signal::SignIn => "SIGN_IN",
            Signal::Other => "OTHER",
        }))
    }

    pub(super) fn source(&self) -> Cell {
        Cell::of(self.last().map(|sign| &sign.source))
    }

    pub(super) fn evidence(&self) -> Cell {
        Cell::of(self.last().map(|sign| &sign.evidence))
    }

    fn last(&self) -> Option<&Sign> {
        self.known.activity.get(&self.user.id)?.last()
    }

    fn aliases(&self) -> &[alias::Model] {
        let aliases = self.known.aliases.get(&self.user.id);
        aliases.map(Vec::as_slice).unwrap_or_default()
    }

    /// What the account that stands for them says, or else another of theirs.
    fn told<'s>(&'s self, fact: impl Fn(&'s user::Model) -> Option<&'s str>) -> Option<&'s str> {
        let accounts = self.known.accounts.get(&self.user.id);
        fact(&self.user).or_else(|| accounts.into_iter().flatten().find_map(fact))
    }
}

/// A day in UTC, for what is known of no more than the day.
fn day(time: Timestamp) -> String {
    time.to_utc().format("%Y-%m-%d").to_string()
}
