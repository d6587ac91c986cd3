//! Readings: what an access token reads page by page is one list from the first page to the last.
//!
//! The first page begins a reading: it fixes the end of the log and the moment from which relative times count, so that what
//! happens meanwhile moves nothing. Each page that is read leaves a mark where the next one begins, so that a page is found
//! at once however far behind it is.

use crate::event::Timestamp;
use crate::store::entity::{access_token, access_token_page};
use crate::store::{Store, StoreError, append};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QueryOrder};

/// One reading of what an access token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The token, in `access_tokens`.
    token_id: i64,
    /// Which of its readings.
    number: i64,
    /// From when relative times count.
    pub at: Timestamp,
    /// Events up to this position are in it.
    pub until: i64,
}

impl Reading {
    fn of(row: &access_token::Model) -> Self {
        Self {
            token_id: row.id,
            number: row.reading,
            at: Timestamp::from_micros(row.read_at),
            until: row.read_until,
        }
    }
}

impl Store {
    /// The reading to go on with: the newest, if it is of the same.
    #[must_use]
    pub fn reading(&self, token: &access_token::Model, what: &[u8]) -> Option<Reading> {
        let same = token.read_what.as_deref() == Some(what);
        same.then(|| Reading::of(token))
    }

    /// Begins to read, and forgets the reading before.
    pub async fn begin_reading(
        &self,
        token: &access_token::Model,
        what: &[u8],
        now: Timestamp,
    ) -> Result<Reading, StoreError> {
        let transaction = self.begin().await?;
        let until = append::newest(&transaction).await?;
        access_token::Entity::update_many()
            .col_expr(
                access_token::Column::Reading,
                Expr::col(access_token::Column::Reading).add(1),
            )
            .col_expr(access_token::Column::ReadWhat, Expr::value(what.to_vec()))
            .col_expr(access_token::Column::ReadAt, Expr::value(now.micros()))
            .col_expr(access_token::Column::ReadUntil, Expr::value(until))
            .filter(access_token::COLUMN.id.eq(token.id))
            .exec(&transaction)
            .await?;
        let row = access_token::Entity::find_by_id(token.id)
            .one(&transaction)
            .await?
            .ok_or_else(|| super::missing("access token"))?;
        access_token_page::Entity::delete_many()
            .filter(access_token_page::COLUMN.access_token_id.eq(row.id))
            .filter(access_token_page::COLUMN.reading.lt(row.reading))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(Reading::of(&row))
    }

    /// The page nearest to this one of which it is known where it begins, not behind it: its number, and the mark that it
    /// begins behind; the first has none.
    pub async fn nearest_page(
        &self,
        reading: &Reading,
        page: i64,
    ) -> Result<(i64, Option<String>), StoreError> {
        let found = access_token_page::Entity::find()
            .filter(
                access_token_page::COLUMN
                    .access_token_id
                    .eq(reading.token_id),
            )
            .filter(access_token_page::COLUMN.reading.eq(reading.number))
            .filter(access_token_page::COLUMN.page.lte(page))
            .order_by_desc(access_token_page::Column::Page)
            .one(&self.read)
            .await?;
        Ok(found.map_or((1, None), |row| (row.page, Some(row.mark))))
    }

    /// Remembers where pages begin.
    pub async fn keep_pages(
        &self,
        reading: &Reading,
        marks: impl IntoIterator<Item = (i64, String)> + Send,
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = marks
            .into_iter()
            .map(|(page, mark)| {
                let row = access_token_page::Model {
                    access_token_id: reading.token_id,
                    reading: reading.number,
                    page,
                    mark,
                };
                access_token_page::ActiveModel::from(row).reset_all()
            })
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let known = [
            access_token_page::Column::AccessTokenId,
            access_token_page::Column::Reading,
            access_token_page::Column::Page,
        ];
        access_token_page::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(known).do_nothing().to_owned())
            .exec_without_returning(&self.write)
            .await?;
        Ok(())
    }
}
