//! Access tokens of saved filters: each opens one saved filter to programs, and nothing else.
//!
//! A token reads with the eyes of the API token with which it was made, as they are at that moment: what it opens ends with
//! them, and with the saved filter. It is kept as a hash, like those are. Where pages of what it reads begin is kept in
//! [`pages`].

mod pages;

pub use pages::Reading;

use super::alphabet::by_name;
use super::append::Appended;
use super::directory::NameMark;
use super::entity::{access_token, access_token_page, saved_filter};
use super::observation::Observation;
use super::read::{Range, Rows, cut};
use super::saved::{SavedFilter, checked_name, wrong};
use super::tokens::{LAST_USED_STEP, hash, secret};
use super::{Store, StoreError, clean, sort_name};
use crate::access::Viewer;
use crate::event::node::{NodeId, NodeKind};
use crate::event::{Object, Timestamp};
use rand::CryptoRng;
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, Set,
};

/// What every access token begins with: unlike the tokens that may ask anything, so that nobody takes one for the other.
pub const PREFIX: &str = "agr_";

/// Access tokens that one person may have.
const MOST: u64 = 10_000;

/// A new secret of an access token.
pub fn new_secret(randomness: &mut impl CryptoRng) -> String {
    secret(PREFIX, randomness)
}

/// What a secret opens, and to whom.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The token.
    pub token: access_token::Model,
    /// With whose eyes it reads.
    pub viewer: Viewer,
}

impl Store {
    /// A page of a saved filter's access tokens by name: the viewer's own, for administrators everybody's.
    pub async fn access_tokens(
        &self,
        viewer: &Viewer,
        filter: i64,
        range: Range<NameMark>,
    ) -> Result<Rows<access_token::Model>, StoreError> {
        let found = access_token::Entity::find()
            .filter(may_see(viewer))
            .filter(access_token::COLUMN.filter_id.eq(filter));
        let columns = (access_token::Column::SortName, access_token::Column::Id);
        let page = by_name(found, access_token::Entity, columns, &range);
        Ok(cut(page.all(&self.read).await?, &range))
    }

    /// The access token with that number, if the viewer may see it.
    pub async fn access_token(
        &self,
        viewer: &Viewer,
        id: i64,
    ) -> Result<Option<access_token::Model>, StoreError> {
        let found = access_token::Entity::find_by_id(id).filter(may_see(viewer));
        Ok(found.one(&self.read).await?)
    }

    /// Makes an access token of a saved filter that the viewer may see, with this secret.
    pub async fn create_access_token(
        &self,
        viewer: &Viewer,
        (filter, name): (i64, &str),
        secret: &str,
        now: Timestamp,
    ) -> Result<(i64, Appended), StoreError> {
        let saved = self.saved_filter(viewer, filter).await?;
        let saved = saved.ok_or_else(|| missing("saved filter"))?;
        let name = checked_name(name)?;
        let transaction = self.begin_alone().await?;
        let theirs = access_token::Entity::find()
            .filter(access_token::COLUMN.holder.eq(viewer.holder()))
            .count(&transaction)
            .await?;
        if theirs >= MOST {
            let message = format!("you have {theirs} access tokens already; delete one first");
            return Err(wrong("input".to_owned(), message));
        }
        let row = access_token::ActiveModel {
            filter_id: Set(filter),
            sort_name: Set(sort_name(Some(&name))),
            name: Set(name),
            hash: Set(hash(secret)),
            holder: Set(clean(viewer.holder())),
            holder_name: Set(clean(viewer.name.clone())),
            token_id: Set(viewer.token_id),
            created_at: Set(now.micros()),
            reading: Set(0),
            read_at: Set(0),
            read_until: Set(0),
            ..Default::default()
        };
        let row = row.insert(&transaction).await?;
        let deed = Observation::of_own("access_token.created", object(&row));
        let deed = deed.change("saved filter", None, Some(saved.row.name));
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok((row.id, appended))
    }

    /// Gives an access token another name, if the viewer may see it.
    pub async fn rename_access_token(
        &self,
        viewer: &Viewer,
        (id, name): (i64, &str),
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let name = checked_name(name)?;
        let transaction = self.begin_alone().await?;
        let old = find(&transaction, viewer, id).await?;
        let renamed = access_token::ActiveModel {
            id: Set(id),
            sort_name: Set(sort_name(Some(&name))),
            name: Set(name),
            ..Default::default()
        };
        let row = renamed.update(&transaction).await?;
        let differs = old.name != row.name;
        let deed = Observation::of_own("access_token.renamed", object(&row));
        let deed = deed.change("name", Some(old.name), Some(row.name));
        let deed = differs.then_some(deed);
        let appended = self.conclude(transaction, viewer, now, deed).await?;
        Ok(((), appended))
    }

    /// Deletes an access token, if the viewer may see it; it opens nothing from then on.
    pub async fn delete_access_token(
        &self,
        viewer: &Viewer,
        id: i64,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let old = find(&transaction, viewer, id).await?;
        let saved = saved_filter::Entity::find_by_id(old.filter_id)
            .one(&transaction)
            .await?;
        let deed = delete(&transaction, &old, saved.as_ref()).await?;
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok(((), appended))
    }

    /// What this secret opens, and to whom; nothing when it is unknown, or when the API token behind it does not work any
    /// more.
    pub async fn opened_by(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<Opened>, StoreError> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let token = access_token::Entity::find()
            .filter(access_token::COLUMN.hash.eq(hash(secret)))
            .one(&self.door)
            .await?;
        let Some(token) = token else {
            return Ok(None);
        };
        let Some(viewer) = self.viewer_by_token(token.token_id, now).await? else {
            return Ok(None);
        };
        self.note_access(&token, now).await?;
        Ok(Some(Opened { token, viewer }))
    }

    /// The saved filter that an access token opens; none where it is not shared any more with whose the token is.
    pub async fn opened_filter(&self, opened: &Opened) -> Result<Option<SavedFilter>, StoreError> {
        let filter = opened.token.filter_id;
        self.saved_filter(&opened.viewer, filter).await
    }

    async fn note_access(
        &self,
        token: &access_token::Model,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let stale = now.minus(LAST_USED_STEP).micros();
        if token.last_used_at.is_some_and(|used| used > stale) {
            return Ok(());
        }
        access_token::Entity::update_many()
            .col_expr(access_token::Column::LastUsedAt, Expr::value(now.micros()))
            .filter(access_token::COLUMN.id.eq(token.id))
            .filter(
                access_token::COLUMN
                    .last_used_at
                    .is_null()
                    .or(access_token::COLUMN.last_used_at.lte(stale)),
            )
            .exec(&self.write)
            .await?;
        Ok(())
    }
}

/// Deletes the access tokens of a saved filter that is deleted, whosever they are.
pub(super) async fn delete_with_filter(
    transaction: &DatabaseTransaction,
    filter: &saved_filter::Model,
) -> Result<Vec<Observation<'static>>, StoreError> {
    let rows = access_token::Entity::find()
        .filter(access_token::COLUMN.filter_id.eq(filter.id))
        .all(transaction)
        .await?;
    let mut deeds = Vec::with_capacity(rows.len());
    for row in rows {
        deeds.push(delete(transaction, &row, Some(filter)).await?);
    }
    Ok(deeds)
}

async fn delete(
    transaction: &DatabaseTransaction,
    row: &access_token::Model,
    filter: Option<&saved_filter::Model>,
) -> Result<Observation<'static>, StoreError> {
    access_token_page::Entity::delete_many()
        .filter(access_token_page::COLUMN.access_token_id.eq(row.id))
        .exec(transaction)
        .await?;
    access_token::Entity::delete_by_id(row.id)
        .exec(transaction)
        .await?;
    let filter = filter.map(|filter| filter.name.clone());
    let deed = Observation::of_own("access_token.deleted", object(row));
    Ok(deed.change("saved filter", filter, None))
}

async fn find(
    transaction: &DatabaseTransaction,
    viewer: &Viewer,
    id: i64,
) -> Result<access_token::Model, StoreError> {
    let found = access_token::Entity::find_by_id(id).filter(may_see(viewer));
    let found = found.one(transaction).await?;
    found.ok_or_else(|| missing("access token"))
}

fn may_see(viewer: &Viewer) -> Condition {
    if viewer.administers() {
        return Condition::all();
    }
    Condition::all().add(access_token::COLUMN.holder.eq(viewer.holder()))
}

/// An access token as the target of an event.
fn object(row: &access_token::Model) -> Object {
    Object {
        kind: "access_token".to_owned(),
        id: Some(NodeId::new(NodeKind::AccessToken, row.id).encode()),
        name: Some(row.name.clone()),
        ..Object::default()
    }
}

fn missing(what: &str) -> StoreError {
    StoreError::NotFound {
        what: format!("{what} with this id"),
    }
}
