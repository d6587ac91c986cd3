//! Reading the log: pages of events in any order, single events, and what comes after a position.
//!
//! Every page is a range of an index, never an offset: the cursor is the sort key of the row it stands on.

use super::beside::{Beside, Wanted};
use super::entity::{action, alias, change, container, event, late_actor, payload, user};
use super::query::chosen::Test;
use super::query::{Whose, bytewise, lower};
use super::{Store, StoreError, blind};
use crate::access::Sight;
use crate::event::Timestamp;
use crate::event::filter::EventFilter;
use crate::event::order::EventOrderField;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, Order, SimpleExpr};
use sea_orm::{
    ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    QueryTrait, RelationDef, Select, Statement,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a page begins or ends: an event, and its time so that the common order needs no look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventMark {
    /// Its position.
    pub seq: i64,
    /// When it happened, in microseconds.
    pub time: i64,
}

/// Which rows of a list to return.
#[derive(Clone, Copy, Debug)]
pub struct Range<M> {
    /// At most this many.
    pub limit: u64,
    /// Only what comes after this one.
    pub after: Option<M>,
    /// Only what comes before this one.
    pub before: Option<M>,
    /// Whether to count from the end of the list.
    pub from_end: bool,
    /// Whether the list runs from high to low.
    pub descending: bool,
}

/// Rows of a list, in the list's order.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are more in the direction of counting.
    pub more: bool,
}

/// Events after a position, and how far the log was searched for them.
#[derive(Clone, Debug)]
pub struct Following {
    /// The events, in the order of the log.
    pub events: Vec<event::Model>,
    /// Everything up to this position has been looked at.
    pub searched: i64,
}

/// Positions searched in one statement when following: keeps each statement short, however rare the matches.
const SEARCH: i64 = 20_000;

impl Store {
    /// A page of the events that a filter chooses and the viewer may see, and what stands beside them; as much of it as
    /// is wanted.
    pub async fn events(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        order: EventOrderField,
        range: Range<EventMark>,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<(Rows<event::Model>, Beside), StoreError> {
        let chosen = self.chosen(filter, sight, now).await?;
        let page = self.page_of(&chosen, sight, order, range, (None, wanted));
        page.await
    }

    /// A page of the events up to a position that pass a test, which [`Store::chosen`] has made for this sight: the same
    /// events however much comes in between two pages.
    pub async fn events_until(
        &self,
        chosen: &Test,
        sight: &Sight,
        order: EventOrderField,
        range: Range<EventMark>,
        until: i64,
    ) -> Result<(Rows<event::Model>, Beside), StoreError> {
        let page = self.page_of(chosen, sight, order, range, (Some(until), Wanted::ALL));
        page.await
    }

    async fn page_of(
        &self,
        chosen: &Test,
        sight: &Sight,
        order: EventOrderField,
        range: Range<EventMark>,
        (until, wanted): (Option<i64>, Wanted),
    ) -> Result<(Rows<event::Model>, Beside), StoreError> {
        // A sum, so that no database takes it for a range to walk along: that is the order's to say.
        let until = until.map(|until| seq().add(0).lte(until));
        let parts = self.parts(chosen, order).await?;
        let (mut rows, mut beside) = (Vec::new(), Beside::default());
        for whose in parts {
            if !blind(sight) {
                let condition = self.condition_now(chosen, *whose).await?;
                let condition = condition.add_option(until.clone());
                let page = self.page(condition, order, &range).await?;
                let (found, with) = self.with_beside(page, wanted).await?;
                rows.extend(found);
                beside = beside.and(with);
            }
        }
        if parts.len() > 1 {
            rows.sort_by_key(|row: &event::Model| match order {
                EventOrderField::Recorded => (row.seq, row.seq),
                _ => (row.time, row.seq),
            });
            if range.descending != range.from_end {
                rows.reverse();
            }
            let limit = usize::try_from(range.limit).unwrap_or(usize::MAX);
            rows.truncate(limit.saturating_add(1));
        }
        Ok((cut(rows, &range), beside))
    }

    /// In how many statements a page is asked for. What people did is in two places, and an index has either in the
    /// order of the list, but not both together: so each is asked for alone.
    async fn parts(
        &self,
        chosen: &Test,
        order: EventOrderField,
    ) -> Result<&'static [Whose], StoreError> {
        let asks_who = match chosen {
            Test::All(tests) => tests.iter().any(|test| matches!(test, Test::Actors(_))),
            _ => false,
        };
        let walks = matches!(order, EventOrderField::Time | EventOrderField::Recorded);
        if !walks || !asks_who {
            return Ok(&[Whose::Theirs]);
        }
        let late = late_actor::Entity::find().limit(1).one(&self.read).await?;
        Ok(match late {
            None => &[Whose::Named],
            Some(_) => &[Whose::Named, Whose::Late],
        })
    }

    /// How the database goes about such a page, in its own words, a step a line; where a page takes two statements, the
    /// first of them.
    pub async fn explain_events(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        order: EventOrderField,
        range: Range<EventMark>,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let chosen = self.chosen(filter, sight, now).await?;
        let parts = self.parts(&chosen, order).await?;
        let condition = self.condition_now(&chosen, parts[0]).await?;
        let page = self.page(condition, order, &range).await?;
        self.explain(page.build(self.read.get_database_backend()))
            .await
    }

    /// How the database goes about finding what comes after a position, in its own words, a step a line.
    pub async fn explain_following(
        &self,
        after: i64,
        condition: &Condition,
    ) -> Result<Vec<String>, StoreError> {
        let events = stretch(condition, after, after + SEARCH, 1);
        self.explain(events.build(self.read.get_database_backend()))
            .await
    }

    /// How the database goes about a statement, in its own words, a step a line.
    pub(super) async fn explain(
        &self,
        mut statement: Statement,
    ) -> Result<Vec<String>, StoreError> {
        let (explain, column) = if self.is_postgres() {
            ("EXPLAIN", "QUERY PLAN")
        } else {
            ("EXPLAIN QUERY PLAN", "detail")
        };
        statement.sql = format!("{explain} {}", statement.sql);
        let steps = self.read.query_all_raw(statement).await?;
        let text = |row: &QueryResult| row.try_get::<String>("", column);
        Ok(steps.iter().map(text).collect::<Result<_, _>>()?)
    }

    async fn page(
        &self,
        condition: Condition,
        order: EventOrderField,
        range: &Range<EventMark>,
    ) -> Result<Select<event::Entity>, StoreError> {
        let mut events = order.join(event::Entity::find()).filter(condition);
        let key = order.expression(self);
        if let Some(mark) = range.after {
            let beyond = self
                .beyond(order, key.clone(), mark, range.descending)
                .await?;
            events = events.filter(beyond);
        }
        if let Some(mark) = range.before {
            let beyond = self
                .beyond(order, key.clone(), mark, !range.descending)
                .await?;
            events = events.filter(beyond);
        }
        let direction = if range.descending == range.from_end {
            Order::Asc
        } else {
            Order::Desc
        };
        if order != EventOrderField::Recorded {
            events = events.order_by(key, direction.clone());
        }
        Ok(events.order_by(seq(), direction).limit(range.limit + 1))
    }

    /// The condition that an event comes after a mark in an order.
    async fn beyond(
        &self,
        order: EventOrderField,
        key: SimpleExpr,
        mark: EventMark,
        descending: bool,
    ) -> Result<SimpleExpr, StoreError> {
        let value: SimpleExpr = match order {
            EventOrderField::Recorded => {
                let position = Expr::val(mark.seq);
                return Ok(if descending {
                    seq().lt(position)
                } else {
                    seq().gt(position)
                });
            }
            EventOrderField::Time => Expr::val(mark.time),
            EventOrderField::Actor
            | EventOrderField::Action
            | EventOrderField::Project
            | EventOrderField::Target => {
                let value: Option<String> = order
                    .join(event::Entity::find())
                    .select_only()
                    .expr(key.clone())
                    .filter(event::COLUMN.seq.eq(mark.seq))
                    .into_tuple()
                    .one(&self.read)
                    .await?;
                Expr::val(value.unwrap_or_default())
            }
        };
        let row = Expr::tuple([key, seq()]);
        let mark = Expr::tuple([value, Expr::val(mark.seq)]);
        Ok(if descending {
            row.lt(mark)
        } else {
            row.gt(mark)
        })
    }

    /// The events with these positions that the viewer may see, in no particular order.
    pub async fn events_at(
        &self,
        positions: &[i64],
        sight: &Sight,
    ) -> Result<Vec<event::Model>, StoreError> {
        if blind(sight) {
            return Ok(Vec::new());
        }
        let events = event::Entity::find().filter(self.visible(sight).await?);
        Ok(events
            .filter(event::COLUMN.seq.is_in(positions.iter().copied()))
            .all(&self.read)
            .await?)
    }

    /// The next events after a position that a condition chooses, at most `limit`, oldest first.
    ///
    /// Looks at a bounded stretch of the log: the answer says how far, and may be empty before the end.
    pub async fn following(
        &self,
        after: i64,
        condition: &Condition,
        limit: u64,
    ) -> Result<Following, StoreError> {
        let newest = self.newest().await?;
        let until = Ord::min(newest, after.saturating_add(SEARCH));
        if until <= after {
            return Ok(Following {
                events: Vec::new(),
                searched: after,
            });
        }
        let events = stretch(condition, after, until, limit)
            .all(&self.read)
            .await?;
        let full = events.len() as u64 == limit;
        let searched = events
            .last()
            .filter(|_| full)
            .map_or(until, |last| last.seq);
        Ok(Following { events, searched })
    }

    /// The changes of these events, in the order in which upstream lists them.
    pub async fn changes(&self, positions: &[i64]) -> Result<Vec<change::Model>, StoreError> {
        Ok(change::Entity::find()
            .filter(change::COLUMN.seq.is_in(positions.iter().copied()))
            .order_by_asc(change::Column::Seq)
            .order_by_asc(change::Column::Place)
            .all(&self.read)
            .await?)
    }

    /// Upstream's own text of these events.
    pub async fn payloads(&self, positions: &[i64]) -> Result<Vec<payload::Model>, StoreError> {
        let payloads = payload::Entity::find();
        Ok(payloads
            .filter(payload::COLUMN.seq.is_in(positions.iter().copied()))
            .all(&self.read)
            .await?)
    }

    /// What an upstream action name means, if that has been read already.
    #[must_use]
    pub fn known_action(&self, id: i32) -> Option<Arc<action::Model>> {
        self.names.action(id)
    }

    /// What an upstream action name means.
    pub async fn action(&self, id: i32) -> Result<Option<Arc<action::Model>>, StoreError> {
        if let Some(known) = self.names.action(id) {
            return Ok(Some(known));
        }
        // Another process has learned it.
        if let Some(row) = action::Entity::find_by_id(id).one(&self.read).await? {
            self.names.keep_action(row);
        }
        Ok(self.names.action(id))
    }

    /// All upstream action names that were ever seen.
    pub async fn actions(&self) -> Result<Vec<action::Model>, StoreError> {
        Ok(action::Entity::find()
            .order_by_asc(action::Column::Id)
            .all(&self.read)
            .await?)
    }
}

fn stretch(condition: &Condition, after: i64, until: i64, limit: u64) -> Select<event::Entity> {
    event::Entity::find()
        .filter(condition.clone())
        .filter(event::COLUMN.seq.between(after + 1, until))
        .order_by_asc(event::Column::Seq)
        .limit(limit)
}

/// Cuts the row that only tells that there are more, and turns what was read from the end.
pub(super) fn cut<T, M>(mut rows: Vec<T>, range: &Range<M>) -> Rows<T> {
    let limit = usize::try_from(range.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if range.from_end {
        rows.reverse();
    }
    Rows { rows, more }
}

fn seq() -> Expr {
    Expr::col((event::Entity, event::Column::Seq))
}

impl EventOrderField {
    /// What the rows are sorted by; text is never missing, so that it can be compared.
    fn expression(self, store: &Store) -> SimpleExpr {
        let or_nothing = |text: Expr| Func::coalesce([text, Expr::val("")]).into();
        match self {
            Self::Time => Expr::col((event::Entity, event::Column::Time)),
            Self::Recorded => seq(),
            Self::Actor => or_nothing(Expr::col((user::Entity, user::Column::SortName))),
            Self::Action => {
                let label = Expr::col((action::Entity, action::Column::Label));
                or_nothing(bytewise(store, label))
            }
            Self::Project => {
                or_nothing(Expr::col((container::Entity, container::Column::SortName)))
            }
            Self::Target => {
                let name = Func::coalesce([
                    Expr::col((event::Entity, event::Column::TargetName)),
                    // People are named in their own rows.
                    Expr::col((user::Entity, user::Column::SortName)),
                    Expr::col((event::Entity, event::Column::TargetId)),
                    Expr::val(""),
                ]);
                lower(store, name.into())
            }
        }
    }

    fn join(self, events: Select<event::Entity>) -> Select<event::Entity> {
        let somebody = || {
            left(
                alias::Entity,
                alias::Column::UserId,
                user::Entity,
                user::Column::Id,
            )
        };
        match self {
            Self::Time | Self::Recorded => events,
            Self::Actor => {
                let late = left(
                    event::Entity,
                    event::Column::Seq,
                    late_actor::Entity,
                    late_actor::Column::Seq,
                );
                // Who is named by the event itself, or else who turned out later to have done it.
                let named = Func::coalesce([
                    Expr::col((event::Entity, event::Column::ActorId)),
                    Expr::col((late_actor::Entity, late_actor::Column::AliasId)),
                ]);
                let mut events = events.join(JoinType::LeftJoin, late);
                let alias = Expr::col((alias::Entity, alias::Column::Id));
                QuerySelect::query(&mut events).join(
                    JoinType::LeftJoin,
                    alias::Entity,
                    alias.eq(named),
                );
                events.join(JoinType::LeftJoin, somebody())
            }
            Self::Target => {
                let name = left(
                    event::Entity,
                    event::Column::TargetAliasId,
                    alias::Entity,
                    alias::Column::Id,
                );
                events
                    .join(JoinType::LeftJoin, name)
                    .join(JoinType::LeftJoin, somebody())
            }
            Self::Action => events.join(
                JoinType::LeftJoin,
                left(
                    event::Entity,
                    event::Column::ActionId,
                    action::Entity,
                    action::Column::Id,
                ),
            ),
            Self::Project => events.join(
                JoinType::LeftJoin,
                left(
                    event::Entity,
                    event::Column::ContainerId,
                    container::Entity,
                    container::Column::Id,
                ),
            ),
        }
    }
}

fn left<A: EntityTrait, B: EntityTrait>(
    _from: A,
    from_column: A::Column,
    to: B,
    to_column: B::Column,
) -> RelationDef {
    A::belongs_to(to).from(from_column).to(to_column).into()
}
