//! What a filter means: the one place where [`EventFilter`] and a viewer's sight are understood.
//!
//! It takes two steps. [`lookup`] looks up everything that people type (ids, keys, names, addresses), so that a mistake
//! is an error that names it and not an empty answer; what comes out is a tree of tests ([`chosen::Test`]). [`sql`] turns
//! the tree into a condition for the database, and [`excerpt`] holds it against events in memory. Both choose the same
//! events, and a test says so.

pub mod bounds;
pub mod chosen;
pub mod excerpt;
mod lookup;
mod sets;
mod size;
mod sql;
mod text;

pub(super) use size::check_search;
pub(super) use sql::{Whose, issue_reference, persons_meant};
pub(super) use text::{bytewise, fits, lower, persons_with_word, word_prefix};

use super::entity::event;
use super::{Store, StoreError};
use crate::access::Sight;
use crate::event::filter::EventFilter;
use crate::event::{Product, Timestamp};
use chosen::Test;
pub use sea_orm::sea_query::Condition;
use sea_orm::sea_query::{Expr, ExprTrait};
pub use sets::Stint;
use sql::{Sql, Use};

/// How many rows a condition for now names one by one, before it asks for them inside the statement instead.
const FEW: usize = 500;

impl Store {
    /// What the filter chooses of what may be seen; what is only counted is [`Store::countable`]. Times that count from
    /// `now`, the issues that Jira finds and the monitored fields are looked up for good; everything else is up to
    /// whoever reads the tree.
    pub async fn chosen(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<Test, StoreError> {
        size::check(filter)?;
        let mut tests = vec![seen(sight)];
        tests.extend(lookup::criteria(self, filter, sight, now).await?);
        Ok(Test::All(tests))
    }

    /// What the filter chooses of what may be counted: what role and grants allow, issues with a security level among
    /// it. For totals only, never for what shows an event or names an issue. What the filter names is looked up as for
    /// [`Store::chosen`], so a hidden issue cannot be asked about.
    pub async fn countable(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<Test, StoreError> {
        size::check(filter)?;
        let mut tests = vec![within(sight)];
        if let Some(standing) = sight.standing()
            && !self.shows_assets(standing).await?
        {
            tests.push(Test::Not(Box::new(Test::Products(vec![Product::Assets]))));
        }
        tests.extend(lookup::criteria(self, filter, sight, now).await?);
        Ok(Test::All(tests))
    }

    /// Whom a filter's selectors of people mean; `path` is where the filter stands in what was given.
    pub(super) async fn people_meant(
        &self,
        filter: &EventFilter,
        path: &str,
        sight: &Sight,
    ) -> Result<chosen::People, StoreError> {
        size::check(filter)?;
        lookup::people(self, filter, path, sight).await
    }

    /// The condition under which an event is both chosen by the filter and visible; stays right as time goes by,
    /// except for ranges of time that count from `now`.
    pub async fn condition(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<Condition, StoreError> {
        self.lasting(&self.chosen(filter, sight, now).await?).await
    }

    /// The condition under which an event passes a test; stays right as time goes by.
    pub async fn lasting(&self, test: &Test) -> Result<Condition, StoreError> {
        Sql::new(self, Use::Lasting, Whose::Theirs).of(test).await
    }

    /// The same for one statement at once.
    pub(super) async fn condition_now(
        &self,
        test: &Test,
        whose: Whose,
    ) -> Result<Condition, StoreError> {
        Sql::new(self, Use::Now, whose).of(test).await
    }
}

/// That an event may be seen.
fn seen(sight: &Sight) -> Test {
    let shown = sight.standing().cloned().map(Test::Shown);
    match shown {
        Some(shown) => Test::All(vec![within(sight), shown]),
        None => within(sight),
    }
}

/// That role and grants allow to see an event.
fn within(sight: &Sight) -> Test {
    match sight.projects() {
        None => Test::All(Vec::new()),
        Some(projects) => Test::Inside(projects.to_vec()),
    }
}

impl Store {
    /// The condition under which an event is visible now.
    pub(super) async fn visible(&self, sight: &Sight) -> Result<Condition, StoreError> {
        let mut visible = Condition::all();
        if let Some(projects) = sight.projects() {
            let inside = sql::inside(projects);
            visible = visible.add(column(event::Column::ContainerId).in_subquery(inside));
        }
        if let Some(standing) = sight.standing() {
            visible = visible.add(self.shown(standing).await?);
        }
        Ok(visible)
    }
}

fn column(column: event::Column) -> Expr {
    Expr::col((event::Entity, column))
}

fn wrong(path: String, message: String) -> StoreError {
    StoreError::Filter { path, message }
}
