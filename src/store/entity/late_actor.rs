//! `late_actors`: who did what was reported without a name, learned from another event.

use sea_orm::entity::prelude::*;

/// Who did what was reported without a name, learned from another event.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "late_actors")]
pub struct Model {
    /// The event that names nobody.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Who did it, in `aliases`.
    pub alias_id: i64,
    /// The event that says so; the same event when its record came again with a name.
    pub from_seq: i64,
    /// When that was learned, in microseconds.
    pub learned_at: i64,
    /// The order in which these were learned, from 1.
    pub number: i64,
}

impl ActiveModelBehavior for ActiveModel {}
