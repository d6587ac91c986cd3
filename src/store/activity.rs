//! When people were last active, with the evidence: what sources tell, and their own newest events.
//!
//! What a sign is worth is decided in [`signal`](crate::event::signal). Own events are looked up when asked, by the
//! index of who did it and when; they are not kept a second time.

use super::entity::{activity_signal, source};
use super::{Store, StoreError};
use crate::event::action::OWN;
use crate::event::signal::{NO_DEEDS, Precision, SIGN_INS, Signal, Worth};
use crate::event::{System, Timestamp};
use async_graphql::Enum;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, Statement};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

/// One sign that somebody was active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// When.
    pub time: Timestamp,
    /// What shows it.
    pub signal: Signal,
    /// The name of the source that tells.
    pub source: String,
    /// What it has told, e.g. `workspace:acme`; the action's code, for an own event.
    pub evidence: String,
    /// The account that the source tells it of; absent for an own event.
    pub account: Option<i64>,
}

/// What is known of somebody's activity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// All signs, newest first.
    pub signs: Vec<Sign>,
    /// Whether a source that would tell of their activity lists them and has been read to its end.
    pub would_be_known: bool,
}

/// Whether somebody was ever active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ActivityState {
    /// There is an accepted sign: `lastActive` says which.
    Active,
    /// There is no sign of any kind, though a source lists them that tells when its users were active, and its listing
    /// was read to its end.
    Never,
    /// There is no sign, and no source that would have one.
    Unknown,
}

impl Activity {
    /// The newest sign that is accepted: of activity, or else of signing in. The more exact of two at the same time.
    #[must_use]
    pub fn last(&self) -> Option<&Sign> {
        self.signs
            .iter()
            .filter(|sign| sign.signal.worth() > Worth::Nothing)
            .max_by_key(|sign| {
                let exact = sign.signal.precision() == Precision::Instant;
                (sign.signal.worth(), sign.time, exact, Reverse(sign.signal))
            })
    }

    /// Whether they were ever active.
    #[must_use]
    pub fn state(&self) -> ActivityState {
        if self.last().is_some() {
            ActivityState::Active
        } else if self.signs.is_empty() && self.would_be_known {
            ActivityState::Never
        } else {
            ActivityState::Unknown
        }
    }
}

impl Store {
    /// What is known of these users' activity, with all their accounts.
    pub async fn activity_of(&self, users: &[i64]) -> Result<HashMap<i64, Activity>, StoreError> {
        let mut known: HashMap<i64, Activity> = HashMap::new();
        if users.is_empty() {
            return Ok(known);
        }
        let person: HashMap<i64, i64> = self
            .accounts_of(users)
            .await?
            .into_iter()
            .map(|account| (account.id, account.person_id))
            .collect();
        let sources: HashMap<i32, source::Model> = source::Entity::find()
            .all(&self.read)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let signals = activity_signal::Entity::find()
            .filter(
                activity_signal::COLUMN
                    .user_id
                    .is_in(person.keys().copied()),
            )
            .all(&self.read)
            .await?;
        for row in signals {
            let (Some(user), Some(source)) =
                (person.get(&row.user_id), sources.get(&row.source_id))
            else {
                continue;
            };
            let system = System::parse(&source.system);
            known.entry(*user).or_default().signs.push(Sign {
                time: Timestamp::from_micros(row.time),
                signal: system.map_or(Signal::Other, |system| Signal::of(system, &row.evidence)),
                source: source.name.clone(),
                evidence: row.evidence,
                account: Some(row.user_id),
            });
        }
        for (user, sign) in self.own_events(users, &sources).await? {
            let signs = &mut known.entry(user).or_default().signs;
            if !signs.contains(&sign) {
                signs.push(sign);
            }
        }
        for user in self.listed_by_who_would_know(users).await? {
            known.entry(user).or_default().would_be_known = true;
        }
        for activity in known.values_mut() {
            activity.signs.sort_by_key(|sign| {
                (
                    Reverse(sign.time),
                    sign.signal,
                    sign.source.clone(),
                    sign.evidence.clone(),
                )
            });
        }
        Ok(known)
    }

    /// The newest deed of each user, and the newest signing in or out where that is newer.
    async fn own_events(
        &self,
        users: &[i64],
        sources: &HashMap<i32, source::Model>,
    ) -> Result<Vec<(i64, Sign)>, StoreError> {
        let noted = sources
            .values()
            .find(|row| row.system == System::Directory.as_str())
            .map(|row| row.id);
        let (mut idle, mut sign_ins) = (Vec::new(), Vec::new());
        for action in self.actions().await? {
            // What somebody does with this server says nothing of Atlassian.
            let is_own = action.category == OWN;
            if is_own || NO_DEEDS.contains(&action.code.as_str()) {
                idle.push(action.id);
            } else if SIGN_INS.contains(&action.code.as_str()) {
                sign_ins.push(action.id);
            }
        }
        // Without the sign-ins only where there are some: for most people one look is enough.
        let mut found = self.newest_events(users, noted, &idle).await?;
        let signed_in: BTreeSet<i64> = found
            .iter()
            .filter(|row| sign_ins.contains(&row.action_id))
            .map(|row| row.user)
            .collect();
        let signed_in: Vec<i64> = signed_in.into_iter().collect();
        idle.extend(&sign_ins);
        found.extend(self.newest_events(&signed_in, noted, &idle).await?);
        let mut newest: HashMap<(i64, Signal), Sign> = HashMap::new();
        for row in found {
            let action = self.action(row.action_id).await?;
            let signal = if sign_ins.contains(&row.action_id) {
                Signal::SignIn
            } else {
                Signal::OwnEvent
            };
            let sign = Sign {
                time: Timestamp::from_micros(row.time),
                signal,
                source: sources
                    .get(&row.source_id)
                    .map(|source| source.name.clone())
                    .unwrap_or_default(),
                evidence: action.map(|action| action.code.clone()).unwrap_or_default(),
                account: None,
            };
            let known = newest
                .entry((row.user, signal))
                .or_insert_with(|| sign.clone());
            if known.time < sign.time {
                *known = sign;
            }
        }
        let newest = newest.into_iter().map(|((user, _), sign)| (user, sign));
        Ok(newest.collect())
    }

    /// The newest event of each name of these users, but for those that we noted ourselves and for some actions.
    async fn newest_events(
        &self,
        users: &[i64],
        noted: Option<i32>,
        actions: &[i32],
    ) -> Result<Vec<Newest>, StoreError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let left_out = if actions.is_empty() {
            String::new()
        } else {
            format!("AND e.action_id NOT IN ({})", list(actions))
        };
        let noted = noted.unwrap_or(-1);
        let sql = format!(
            "SELECT n.user_id, e.source_id, e.action_id, e.time FROM (
                SELECT a.user_id, (
                    SELECT e.seq FROM events e
                    WHERE e.actor_id = a.id AND e.source_id <> {noted} {left_out}
                    ORDER BY e.time DESC, e.seq DESC LIMIT 1) AS seq
                FROM aliases a WHERE a.user_id IN ({})) n
            JOIN events e ON e.seq = n.seq",
            list(users)
        );
        let statement = Statement::from_string(self.read.get_database_backend(), sql);
        let rows = self.read.query_all_raw(statement).await?;
        let newest = rows.iter().map(|row| {
            Ok(Newest {
                user: row.try_get_by_index(0)?,
                source_id: row.try_get_by_index(1)?,
                action_id: row.try_get_by_index(2)?,
                time: row.try_get_by_index(3)?,
            })
        });
        newest.collect()
    }

    /// Those of these users whom a completely read source lists that has told of somebody's activity.
    async fn listed_by_who_would_know(&self, users: &[i64]) -> Result<Vec<i64>, StoreError> {
        let sql = format!(
            "SELECT DISTINCT u.person_id FROM users u
            JOIN listed_users l ON l.user_id = u.id
            JOIN cursors c ON c.source_id = l.source_id AND c.part = 'listing/users'
            WHERE u.person_id IN ({})
            AND EXISTS (SELECT 1 FROM activity_signals s WHERE s.source_id = l.source_id)",
            list(users)
        );
        let statement = Statement::from_string(self.read.get_database_backend(), sql);
        let rows = self.read.query_all_raw(statement).await?;
        let users = rows.iter().map(|row| Ok(row.try_get_by_index(0)?));
        users.collect()
    }
}

struct Newest {
    user: i64,
    source_id: i32,
    action_id: i32,
    time: i64,
}

fn list<T: ToString>(numbers: &[T]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}
