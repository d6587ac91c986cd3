//! What is changed upstream through this server: begun before upstream is asked, ended by its answer, both in the log.
//!
//! Between the two a process may die, or the answer may be lost. Such a write-back stays begun, and whoever wants the
//! same again has to find out first what became of it.

use super::append::Appended;
use super::entity::{container, event, write_back as row};
use super::listing::unstored;
use super::observation::Observation;
use super::{Store, StoreError, clean};
use crate::access::Viewer;
use crate::event::{Actor, ActorKind, Alias, Change, IssueRef, Object, Timestamp};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    Set,
};
use std::time::Duration;

/// How long a write-back may take; what was begun before is not under way any more.
const UNDER_WAY: Duration = Duration::from_mins(10);

/// The time for which write-backs are counted.
const DAY: Duration = Duration::from_hours(24);

/// How a write-back stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Upstream is being asked; or was, and its answer was lost.
    Begun,
    /// Upstream has done it.
    Done,
    /// Upstream has not done it.
    Failed,
}

impl State {
    const fn number(self) -> i16 {
        match self {
            Self::Begun => 0,
            Self::Done => 1,
            Self::Failed => 2,
        }
    }
}

/// What is to be changed, and through which source.
#[derive(Clone, Debug)]
pub struct NewWriteBack<'a> {
    /// The name of the source.
    pub source: &'a str,
    /// How many write-backs it may have in a day.
    pub per_day: u32,
    /// What is changed.
    pub subject: Subject<'a>,
}

/// What a write-back is about.
#[derive(Clone, Debug)]
pub enum Subject<'a> {
    /// Somebody's profile.
    Profile {
        /// Their account.
        account: &'a str,
        /// What they are called.
        name: Option<&'a str>,
        /// What is changed.
        changes: Vec<Change>,
    },
    /// A deleted issue.
    Issue {
        /// The event of its deletion.
        event: &'a event::Model,
    },
}

/// A write-back that has been begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Its number.
    pub id: i64,
    /// When it was first begun before, if nobody knows what came of that.
    pub unclear_since: Option<Timestamp>,
}

/// How a write-back ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteBackEnding {
    /// Upstream has done it; the key of the new issue, where there is one.
    Done(Option<String>),
    /// Upstream has not done it, and why.
    Failed(String),
    /// Nobody knows whether upstream has done it, and why not.
    Unclear(String),
}

impl Store {
    /// Begins a write-back: notes that it is under way, in the table and in the log, unless that cannot be.
    pub async fn begin_write_back(
        &self,
        viewer: &Viewer,
        new: &NewWriteBack<'_>,
        now: Timestamp,
    ) -> Result<(Begun, Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let before = match &new.subject {
            Subject::Issue { event } => {
                let of_event = row::Entity::find().filter(row::COLUMN.seq.eq(event.seq));
                of_event.one(&transaction).await?
            }
            Subject::Profile { .. } => None,
        };
        if let Some(before) = &before {
            conflict(before, now)?;
        }
        let today = row::Entity::find()
            .filter(row::COLUMN.source.eq(new.source))
            .filter(row::COLUMN.started_at.gt(now.minus(DAY).micros()))
            .count(&transaction)
            .await?;
        if today >= u64::from(new.per_day) {
            return Err(StoreError::Conflict(format!(
                "in the last 24 hours {today} changes were made through the source `{}`, which is all that the settings allow \
                 (writes_per_day)",
                new.source
            )));
        }
        let unclear_since = before
            .as_ref()
            .filter(|before| before.state == State::Begun.number())
            // However often it has been tried since: what an earlier attempt made must be found.
            .map(|before| before.unclear_since.unwrap_or(before.started_at))
            .map(Timestamp::from_micros);
        let mut begun = match before {
            Some(before) => before.into_active_model(),
            None => row::ActiveModel {
                source: Set(new.source.to_owned()),
                seq: Set(match &new.subject {
                    Subject::Issue { event } => Some(event.seq),
                    Subject::Profile { .. } => None,
                }),
                ..Default::default()
            },
        };
        begun.state = Set(State::Begun.number());
        begun.holder = Set(viewer.holder());
        begun.started_at = Set(now.micros());
        begun.ended_at = Set(None);
        begun.unclear_since = Set(unclear_since.map(Timestamp::micros));
        begun.result = Set(None);
        begun.problem = Set(None);
        let mut begun = begun.save(&transaction).await?;
        let deed = told(&transaction, &new.subject, Step::Begun).await?;
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        let id = begun.id.take().unwrap_or_default();
        Ok((Begun { id, unclear_since }, appended))
    }

    /// Ends a write-back with what upstream said, in the table and in the log.
    pub async fn end_write_back(
        &self,
        viewer: &Viewer,
        id: i64,
        subject: &Subject<'_>,
        ending: &WriteBackEnding,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let (state, result, problem) = match ending {
            WriteBackEnding::Done(result) => (State::Done, result.clone(), None),
            WriteBackEnding::Failed(why) => (State::Failed, None, Some(clean(why.clone()))),
            WriteBackEnding::Unclear(why) => (State::Begun, None, Some(clean(why.clone()))),
        };
        let ended = row::ActiveModel {
            id: Set(id),
            state: Set(state.number()),
            ended_at: Set((state != State::Begun).then(|| now.micros())),
            result: Set(result),
            problem: Set(problem),
            ..Default::default()
        };
        ended.update(&transaction).await?;
        let deed = told(&transaction, subject, Step::Ended(ending)).await?;
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok(((), appended))
    }

    /// Whether a deleted issue may be made again; the error says why not.
    pub async fn check_restore(&self, seq: i64, now: Timestamp) -> Result<(), StoreError> {
        let of_event = row::Entity::find().filter(row::COLUMN.seq.eq(seq));
        match of_event.one(&self.read).await? {
            Some(before) => conflict(&before, now),
            None => Ok(()),
        }
    }
}

/// Why what was tried before may not be tried again.
fn conflict(before: &row::Model, now: Timestamp) -> Result<(), StoreError> {
    if before.state == State::Done.number() {
        let key = before.result.as_deref().unwrap_or("another issue");
        return Err(StoreError::Conflict(format!(
            "the issue has been restored as {key} already"
        )));
    }
    let over = Timestamp::from_micros(before.started_at).plus(UNDER_WAY);
    if before.state == State::Begun.number() && now < over {
        let problem = before.problem.as_deref();
        let problem = problem.map_or_else(String::new, |problem| format!(" ({problem})"));
        return Err(StoreError::Conflict(format!(
            "the issue is being restored, or it is not known yet whether it was{problem}; from {over} on a further attempt \
             finds out first"
        )));
    }
    Ok(())
}

/// What is told of a write-back.
#[derive(Clone, Copy)]
enum Step<'a> {
    Begun,
    Ended(&'a WriteBackEnding),
}

/// What the log is told.
async fn told<'a>(
    db: &impl ConnectionTrait,
    subject: &Subject<'_>,
    step: Step<'_>,
) -> Result<Observation<'a>, StoreError> {
    let codes = match subject {
        Subject::Profile { .. } => PROFILE,
        Subject::Issue { .. } => ISSUE,
    };
    let (code, why, result) = match step {
        Step::Begun => (codes[0], None, None),
        Step::Ended(WriteBackEnding::Done(result)) => (codes[1], None, result.clone()),
        Step::Ended(WriteBackEnding::Failed(why)) => (codes[2], Some(why.clone()), None),
        Step::Ended(WriteBackEnding::Unclear(why)) => (codes[3], Some(why.clone()), None),
    };
    let deed = match subject {
        Subject::Profile {
            account,
            name,
            changes,
        } => {
            let person = Actor {
                alias: Alias::account(*account),
                kind: ActorKind::Person,
                name: name.map(str::to_owned),
                email: None,
            };
            let target = Object {
                kind: "user".to_owned(),
                id: Some((*account).to_owned()),
                name: None,
                url: None,
                user: Some(person),
            };
            Observation::of_own(code, target).changes(changes.clone())
        }
        Subject::Issue { event } => {
            let place = match event.container_id {
                Some(id) => container::Entity::find_by_id(id).one(db).await?,
                None => None,
            };
            let issue = IssueRef {
                id: event.issue_id.clone(),
                key: event.issue_key.clone(),
            };
            let target = Object {
                kind: "issue".to_owned(),
                id: event.issue_id.clone(),
                name: event.issue_key.clone(),
                ..Object::default()
            };
            let deed = Observation::of_own(code, target);
            let deed = deed.about(issue, place.as_ref().map(unstored));
            match result {
                Some(key) => deed.change("key", event.issue_key.clone(), Some(key)),
                None => deed,
            }
        }
    };
    Ok(match why {
        Some(why) => deed.because(why),
        None => deed,
    })
}

/// What is told of a profile: begun, done, failed, unclear.
const PROFILE: [&str; 4] = [
    "profile_change.begun",
    "profile_change.done",
    "profile_change.failed",
    "profile_change.unclear",
];

/// What is told of an issue: begun, done, failed, unclear.
const ISSUE: [&str; 4] = [
    "issue_restore.begun",
    "issue_restore.done",
    "issue_restore.failed",
    "issue_restore.unclear",
];
