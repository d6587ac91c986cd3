//! What Jira says of who may see the issues that have a security level, kept for some minutes.
//!
//! It is asked in bulk, account by account, before a statement needs the answer: so the statement is the same whatever it
//! looks for, and takes the same time whether something is hidden or not there. What Jira has not said, or has said too
//! long ago or of another level, is no. Replicas share the answers; how far each has asked is up to itself.

use super::entity::issue_permission::Column::{AccountId, CheckedAt, IssueId, MaySee, SecurityId};
use super::entity::{issue, issue_permission};
use super::{Store, StoreError};
use crate::event::Timestamp;
use crate::event::permission::{AT_ONCE, Permissions, Permitted, Unanswered};
use lru::LruCache;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{
    ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex as Turn;

/// Accounts of which it is remembered how far Jira was asked.
const ACCOUNTS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);

/// Questions that one request waits for: ten thousand issues. What is left the next requests ask.
const QUESTIONS: usize = 10;

/// How long Jira is left alone after it gave no answer.
const PAUSE: Duration = Duration::from_secs(30);

/// Whom to ask, and how far that was done.
#[derive(Debug)]
pub(super) struct Asking {
    jira: Arc<dyn Permissions>,
    rounds: Mutex<LruCache<String, Arc<Turn<Round>>>>,
}

/// How far Jira was asked on behalf of one account.
#[derive(Debug, Default)]
struct Round {
    began: Option<Timestamp>,
    /// Changes of security levels up to this one have been asked about.
    asked: i64,
    /// When Jira gave no answer.
    failed: Option<Timestamp>,
    /// When Jira said whether they administer it, and what.
    administers: Option<(Timestamp, bool)>,
}

/// An issue that Jira is to be asked about: number, scope, Jira's id, level, and the place of the level's change.
type Unasked = (i64, String, String, String, i64);

impl Asking {
    pub(super) fn new(jira: Arc<dyn Permissions>) -> Self {
        Self {
            jira,
            rounds: Mutex::new(LruCache::new(ACCOUNTS)),
        }
    }

    fn round(&self, account: &str) -> Arc<Turn<Round>> {
        let mut rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rounds.get_or_insert_mut(account.to_owned(), Arc::default))
    }

    /// After half of its time an answer is asked for again, so that none runs out while others are.
    fn half(&self) -> Duration {
        self.jira.lasts() / 2
    }
}

impl Round {
    fn rests(&self, now: Timestamp) -> bool {
        self.failed.is_some_and(|failed| failed.plus(PAUSE) > now)
    }

    /// Takes note of an answer.
    fn hear(&mut self, answer: Result<Permitted, Unanswered>, now: Timestamp) -> Option<Permitted> {
        match answer {
            Ok(permitted) => {
                self.failed = None;
                self.administers = Some((now, permitted.administers));
                Some(permitted)
            }
            Err(error) => {
                tracing::warn!(%error, "issues with a security level stay hidden");
                self.failed = Some(now);
                None
            }
        }
    }
}

impl Store {
    /// Makes sure that the store knows what an account may see, as far as Jira says so. The moment since which answers
    /// count; `None` where there is no Jira to ask.
    pub(super) async fn permissions_of(
        &self,
        account: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(asking) = &self.permissions else {
            return Ok(None);
        };
        let now = asking.jira.now();
        let good = now.minus(asking.jira.lasts());
        let Some(newest) = newest_security_change(&self.read).await? else {
            return Ok(Some(good));
        };
        let round = asking.round(account);
        let mut round = round.lock().await;
        if round.rests(now) {
            return Ok(Some(good));
        }
        let over = |began: Timestamp| began.plus(asking.half()) <= now;
        if round.began.is_none_or(over) {
            (round.began, round.asked) = (Some(now), i64::MIN);
            issue_permission::Entity::delete_many()
                .filter(issue_permission::COLUMN.checked_at.lte(good.micros()))
                .exec(&self.write)
                .await?;
        }
        for _ in 0..QUESTIONS {
            if round.asked >= newest {
                break;
            }
            let since = now.minus(asking.half());
            let issues = self.unasked(account, round.asked, since).await?;
            let Some(last) = issues.last().map(|issue| issue.4) else {
                round.asked = newest;
                break;
            };
            if !self.ask(asking, &mut round, account, issues).await? {
                break;
            }
            round.asked = last;
        }
        Ok(Some(good))
    }

    /// Whether the account administers Jira.
    pub(super) async fn administers_jira(&self, account: &str) -> Result<bool, StoreError> {
        let Some(asking) = &self.permissions else {
            return Ok(false);
        };
        let now = asking.jira.now();
        let round = asking.round(account);
        let mut round = round.lock().await;
        let younger = |age: Duration| {
            let answer = round.administers;
            answer.filter(|(said, _)| said.plus(age) > now)
        };
        if let Some((_, administers)) = younger(asking.half()) {
            return Ok(administers);
        }
        let known = younger(asking.jira.lasts());
        if !round.rests(now) {
            let answer = asking.jira.ask(account, "", &[]).await;
            if let Some(permitted) = round.hear(answer, now) {
                return Ok(permitted.administers);
            }
        }
        Ok(known.is_some_and(|(_, administers)| administers))
    }

    /// The next issues with a level, in the order in which that changed, of which Jira has said nothing since then.
    async fn unasked(
        &self,
        account: &str,
        after: i64,
        since: Timestamp,
    ) -> Result<Vec<Unasked>, StoreError> {
        let said = permission(account, since);
        Ok(issue::Entity::find()
            .select_only()
            .column(issue::Column::Id)
            .column(issue::Column::Scope)
            .column(issue::Column::UpstreamId)
            .column(issue::Column::SecurityId)
            .column(issue::Column::SecurityChange)
            .filter(issue::COLUMN.security_change.gt(after))
            .filter(issue::COLUMN.security_id.is_not_null())
            .filter(Expr::exists(said).not())
            .order_by_asc(issue::Column::SecurityChange)
            .limit(AT_ONCE as u64)
            .into_tuple()
            .all(&self.read)
            .await?)
    }

    /// Asks about these issues, and keeps what Jira says; whether it said something.
    async fn ask(
        &self,
        asking: &Asking,
        round: &mut Round,
        account: &str,
        issues: Vec<Unasked>,
    ) -> Result<bool, StoreError> {
        let now = asking.jira.now();
        let mut sites: BTreeMap<String, Vec<(i64, Option<u64>, String)>> = BTreeMap::new();
        for (issue, scope, id, level, _) in issues {
            let site = sites.entry(scope).or_default();
            site.push((issue, id.parse().ok(), level));
        }
        for (scope, issues) in sites {
            let ids: Vec<u64> = issues.iter().filter_map(|(_, id, _)| *id).collect();
            let answer = asking.jira.ask(account, &scope, &ids).await;
            let Some(permitted) = round.hear(answer, now) else {
                return Ok(false);
            };
            let rows = issues.into_iter().map(|(issue_id, id, security_id)| {
                let row = issue_permission::Model {
                    account_id: account.to_owned(),
                    issue_id,
                    security_id,
                    may_see: id.is_some_and(|id| permitted.issues.contains(&id)),
                    checked_at: now.micros(),
                };
                row.into_active_model()
            });
            let again = OnConflict::columns([AccountId, IssueId])
                .update_columns([SecurityId, MaySee, CheckedAt])
                .to_owned();
            issue_permission::Entity::insert_many(rows)
                .on_conflict(again)
                .exec_without_returning(&self.write)
                .await?;
        }
        Ok(true)
    }
}

/// What Jira has said since a moment of an account and the issue at hand, and the level that this has.
fn permission(account: &str, since: Timestamp) -> sea_orm::sea_query::SelectStatement {
    let said = |column| Expr::col((issue_permission::Entity, column));
    let own = |column| (issue::Entity, column);
    Query::select()
        .expr(Expr::val(1))
        .from(issue_permission::Entity)
        .and_where(said(AccountId).eq(account))
        .and_where(said(IssueId).equals(own(issue::Column::Id)))
        .and_where(said(SecurityId).equals(own(issue::Column::SecurityId)))
        .and_where(said(CheckedAt).gt(since.micros()))
        .to_owned()
}

/// That Jira has said since a moment that an account may see the issue at hand.
pub(super) fn may_see(account: &str, since: Timestamp) -> Expr {
    let yes = Expr::col((issue_permission::Entity, MaySee));
    Expr::exists(permission(account, since).and_where(yes).to_owned())
}

/// The place of the newest change of any issue's security level; `None` when none has ever had one.
pub(super) async fn newest_security_change(
    db: &impl ConnectionTrait,
) -> Result<Option<i64>, StoreError> {
    let newest: Option<Option<i64>> = issue::Entity::find()
        .select_only()
        .column(issue::Column::SecurityChange)
        .filter(issue::COLUMN.security_change.is_not_null())
        .order_by_desc(issue::Column::SecurityChange)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(newest.flatten())
}
