//! Tokens: made once, shown once, kept as hashes.
//!
//! A token is 256 random bits behind the prefix `ag_`, so that secret scanners can find lost ones. It is looked up by
//! its SHA-256: nothing is compared byte by byte, and the table gives nothing away.

use super::entity::{container, token, token_grant};
use super::observation::Observation;
use super::{Store, StoreError, clean};
use crate::access::{Role, Viewer};
use crate::event::{Object, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::CryptoRng;
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::time::Duration;

/// What every token begins with.
pub const PREFIX: &str = "ag_";

/// How exact "last used" is; more would write on every request.
pub(super) const LAST_USED_STEP: Duration = Duration::from_mins(1);

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// The Atlassian account it acts for.
    pub account_id: Option<String>,
    /// The projects it may see, by key; for [`Role::Viewer`].
    pub projects: Vec<String>,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

/// What the log calls a token.
fn object(row: &token::Model) -> Object {
    Object {
        kind: "token".to_owned(),
        id: Some(row.id.to_string()),
        name: Some(row.name.clone()),
        ..Object::default()
    }
}

impl Store {
    /// Makes a token and returns it; it cannot be read again. `how` it was made is told in the log, if it is given.
    pub async fn create_token(
        &self,
        new: NewToken,
        how: Option<&str>,
        now: Timestamp,
        randomness: &mut impl CryptoRng,
    ) -> Result<(token::Model, String), StoreError> {
        let secret = secret(PREFIX, randomness);
        let mut projects = Vec::new();
        for key in &new.projects {
            let found = container::Entity::find()
                .filter(container::COLUMN.key.eq(key.clone()))
                .all(&self.read)
                .await?;
            if found.is_empty() {
                return Err(StoreError::NotFound {
                    what: format!("project with the key `{key}`"),
                });
            }
            projects.extend(found.into_iter().map(|container| container.id));
        }
        let transaction = self.begin_alone().await?;
        let granted = (!new.projects.is_empty()).then(|| new.projects.join(", "));
        let row = token::ActiveModel {
            name: Set(clean(new.name)),
            role: Set(new.role.number()),
            hash: Set(hash(&secret)),
            account_id: Set(new.account_id.map(clean)),
            created_at: Set(now.micros()),
            expires_at: Set(new.expires_at.map(Timestamp::micros)),
            ..Default::default()
        };
        let row = row.insert(&transaction).await?;
        for container_id in projects {
            let grant = token_grant::ActiveModel {
                token_id: Set(row.id),
                container_id: Set(container_id),
            };
            token_grant::Entity::insert(grant)
                .exec_without_returning(&transaction)
                .await?;
        }
        let told = [
            ("role", Some(new.role.as_str().to_owned())),
            ("projects", granted),
            ("account", row.account_id.clone()),
        ];
        let mut deed = Observation::of_own("token.created", object(&row));
        for (field, value) in told {
            if value.is_some() {
                deed = deed.change(field, None, value);
            }
        }
        self.tell(transaction, how, vec![deed], now).await?;
        Ok((row, secret))
    }

    /// All tokens, oldest first; their secrets are nowhere.
    pub async fn tokens(&self) -> Result<Vec<token::Model>, StoreError> {
        Ok(token::Entity::find()
            .order_by_asc(token::Column::Id)
            .all(&self.read)
            .await?)
    }

    /// Makes a token useless, by its number or name; says how many that were. `how` that was done is told in the log, if it
    /// is given.
    pub async fn revoke_token(
        &self,
        name: &str,
        how: Option<&str>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        // A number always means the number, so that a token that is named `2` cannot take another one along.
        let which = match name.parse::<i32>() {
            Ok(id) => Condition::all().add(token::COLUMN.id.eq(id)),
            Err(_) => Condition::all().add(token::COLUMN.name.eq(name)),
        };
        let transaction = self.begin_alone().await?;
        let which = which.add(token::COLUMN.revoked_at.is_null());
        let rows = token::Entity::find().filter(which.clone());
        let rows = rows.all(&transaction).await?;
        if rows.is_empty() {
            return Err(StoreError::NotFound {
                what: format!("valid token `{name}`"),
            });
        }
        token::Entity::update_many()
            .col_expr(token::Column::RevokedAt, Expr::value(now.micros()))
            .filter(which)
            .exec(&transaction)
            .await?;
        let deeds = rows.iter().map(object);
        let deeds = deeds.map(|object| Observation::of_own("token.revoked", object));
        self.tell(transaction, how, deeds.collect(), now).await?;
        Ok(rows.len() as u64)
    }

    /// Commits, and tells what was done unless nobody is to hear of it.
    async fn tell(
        &self,
        transaction: DatabaseTransaction,
        how: Option<&str>,
        deeds: Vec<Observation<'_>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match how {
            Some(how) => {
                self.conclude_alone(transaction, now, (how, deeds)).await?;
            }
            None => transaction.commit().await?,
        }
        Ok(())
    }

    /// Who holds this secret; nobody when it is unknown, revoked or expired.
    pub async fn viewer(&self, secret: &str, now: Timestamp) -> Result<Option<Viewer>, StoreError> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let row = token::Entity::find()
            .filter(token::COLUMN.hash.eq(hash(secret)))
            .one(&self.door)
            .await?;
        let Some(row) = row.filter(|row| is_valid(row, now)) else {
            return Ok(None);
        };
        self.note_use(&row, now).await?;
        Ok(Some(self.holder_of(row).await?))
    }

    /// Who holds the token with this number, for what goes on after they have asked; nobody when it is revoked or expired.
    /// Number 0 is the server itself.
    pub async fn viewer_by_token(
        &self,
        token_id: i32,
        now: Timestamp,
    ) -> Result<Option<Viewer>, StoreError> {
        let server = Viewer::server();
        if token_id == server.token_id {
            return Ok(Some(server));
        }
        let row = token::Entity::find_by_id(token_id).one(&self.door).await?;
        match row.filter(|row| is_valid(row, now)) {
            Some(row) => Ok(Some(self.holder_of(row).await?)),
            None => Ok(None),
        }
    }

    /// Who stands behind a [`Viewer::holder`] now, for what is done on their behalf while they are away: who holds that
    /// token, or of the tokens that act for that account the one that allows most. Nobody when none works any more.
    pub async fn viewer_of(
        &self,
        holder: &str,
        now: Timestamp,
    ) -> Result<Option<Viewer>, StoreError> {
        if holder == Viewer::server().holder() {
            return Ok(Some(Viewer::server()));
        }
        let theirs = match holder.split_once(':') {
            Some(("account", account)) => token::COLUMN.account_id.eq(account),
            Some(("token", id)) => token::COLUMN.id.eq(id.parse::<i32>().unwrap_or_default()),
            _ => return Ok(None),
        };
        let found = token::Entity::find().filter(theirs).all(&self.door).await?;
        // The most powerful role has the lowest number.
        let valid = found.into_iter().filter(|row| is_valid(row, now));
        match valid.min_by_key(|row| (row.role, row.id)) {
            Some(row) => Ok(Some(self.holder_of(row).await?)),
            None => Ok(None),
        }
    }

    async fn holder_of(&self, row: token::Model) -> Result<Viewer, StoreError> {
        let grants = token_grant::Entity::find()
            .filter(token_grant::COLUMN.token_id.eq(row.id))
            .all(&self.door)
            .await?;
        Ok(Viewer {
            token_id: row.id,
            name: row.name,
            role: Role::from_number(row.role),
            account_id: row.account_id,
            projects: grants.into_iter().map(|grant| grant.container_id).collect(),
        })
    }

    /// The numbers of all tokens that no longer work.
    pub async fn dead_tokens(&self, now: Timestamp) -> Result<HashSet<i32>, StoreError> {
        let dead = token::Entity::find()
            .select_only()
            .column(token::Column::Id)
            .filter(
                token::COLUMN
                    .revoked_at
                    .is_not_null()
                    .or(token::COLUMN.expires_at.lte(now.micros())),
            )
            .into_tuple()
            .all(&self.door)
            .await?;
        Ok(dead.into_iter().collect())
    }

    async fn note_use(&self, row: &token::Model, now: Timestamp) -> Result<(), StoreError> {
        let stale = now.minus(LAST_USED_STEP).micros();
        if row.last_used_at.is_some_and(|used| used > stale) {
            return Ok(());
        }
        token::Entity::update_many()
            .col_expr(token::Column::LastUsedAt, Expr::value(now.micros()))
            .filter(token::COLUMN.id.eq(row.id))
            .filter(
                token::COLUMN
                    .last_used_at
                    .is_null()
                    .or(token::COLUMN.last_used_at.lte(stale)),
            )
            .exec(&self.write)
            .await?;
        Ok(())
    }
}

/// Whether a token works at that moment.
#[must_use]
pub fn is_valid(row: &token::Model, now: Timestamp) -> bool {
    row.revoked_at.is_none() && row.expires_at.is_none_or(|expires| now.micros() < expires)
}

/// 256 random bits behind a prefix.
pub(super) fn secret(prefix: &str, randomness: &mut impl CryptoRng) -> String {
    let mut bytes = [0_u8; 32];
    randomness.fill_bytes(&mut bytes);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

pub(super) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}
