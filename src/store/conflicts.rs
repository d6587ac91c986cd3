//! Conflicts: people who may be one person, or are said to be, without the proof that the rules ask for.
//!
//! Computed when asked, from what is stored: so a conflict is there as long as its reason is, and gone once the accounts
//! are linked or an administrator has separated them. The rules themselves are in [`persons`](super::persons).

use super::{Store, StoreError};
use crate::event::ActorKind;
use async_graphql::Enum;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, Statement};

/// Why two users may be one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enum)]
pub enum ConflictReason {
    /// Both have the same e-mail address, but directories do not prove that it is one person's.
    SharedEmail,
    /// Both have the same name, in different systems, and no e-mail addresses that would tell them apart.
    SameName,
    /// A source gives both one person's names, but then that person would have two Atlassian accounts or two Bitbucket
    /// accounts.
    Contradiction,
}

/// That a user may be the same person as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The user.
    pub user: i64,
    /// Why.
    pub reason: ConflictReason,
    /// The other user.
    pub with: i64,
}

/// Names that many bear who have nothing else in common.
const NO_NAMES: &str = "('', 'former user', 'anonymous', 'unknown', 'admin', 'administrator')";

impl Store {
    /// All conflicts of these users.
    pub async fn conflicts_of(&self, users: &[i64]) -> Result<Vec<Conflict>, StoreError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let users: Vec<String> = users.iter().map(ToString::to_string).collect();
        let users = users.join(", ");
        let mut found = Vec::new();
        for (reason, pairs) in pairs() {
            let sql = format!("SELECT DISTINCT one, other FROM ({pairs}) p WHERE one IN ({users})");
            let statement = Statement::from_string(self.read.get_database_backend(), sql);
            for row in self.read.query_all_raw(statement).await? {
                found.push(Conflict {
                    user: row.try_get_by_index(0)?,
                    reason,
                    with: row.try_get_by_index(1)?,
                });
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// That a row of `users` stands for somebody who is in conflict.
pub(super) fn has_conflict() -> Expr {
    let pairs: Vec<String> = pairs()
        .iter()
        .map(|(_, pairs)| format!("SELECT one FROM ({pairs}) p"))
        .collect();
    Expr::cust(format!("users.id IN ({})", pairs.join(" UNION ")))
}

/// Statements that find pairs of persons, `one` and `other`, in both orders.
fn pairs() -> [(ConflictReason, String); 3] {
    let person = ActorKind::Person.number();
    let undecided = |one: &str, other: &str| {
        format!(
            "NOT EXISTS (SELECT 1 FROM person_decisions d
                JOIN aliases da ON da.id = d.low_id JOIN aliases db ON db.id = d.high_id
                WHERE NOT d.linked AND (
                    (da.user_id = {one} AND db.user_id = {other})
                    OR (da.user_id = {other} AND db.user_id = {one})))"
        )
    };
    let accounts = |condition: &str| {
        format!(
            "SELECT u.person_id AS one, v.person_id AS other FROM users u
            JOIN users v ON {condition} AND v.person_id <> u.person_id
            WHERE u.kind = {person} AND v.kind = {person} AND {}",
            undecided("u.person_id", "v.person_id")
        )
    };
    let contradictions = |one: &str, other: &str| {
        format!(
            "SELECT a.user_id AS one, b.user_id AS other FROM person_contradictions c
            JOIN aliases a ON a.id = c.{one} JOIN aliases b ON b.id = c.{other}
            WHERE a.user_id <> b.user_id AND {}",
            undecided("a.user_id", "b.user_id")
        )
    };
    let same_name = format!(
        "v.sort_name = u.sort_name AND u.sort_name NOT IN {NO_NAMES}
        AND u.name IS NOT NULL AND v.name IS NOT NULL
        AND (u.email_key IS NULL OR v.email_key IS NULL)
        AND NOT EXISTS (SELECT 1 FROM aliases na JOIN aliases nb ON nb.namespace = na.namespace
            WHERE na.user_id = u.person_id AND nb.user_id = v.person_id)"
    );
    [
        (
            ConflictReason::SharedEmail,
            accounts("v.email_key = u.email_key"),
        ),
        (ConflictReason::SameName, accounts(&same_name)),
        (
            ConflictReason::Contradiction,
            format!(
                "{} UNION {}",
                contradictions("low_id", "high_id"),
                contradictions("high_id", "low_id")
            ),
        ),
    ]
}
