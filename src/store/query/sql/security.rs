//! What keeps an event from somebody whose role and grants would show it: its issue's security level, or Assets.

use super::{column, one};
use crate::access::Standing;
use crate::event::{ContainerKind, Product};
use crate::store::entity::{event, issue, issue_key};
use crate::store::permissions::may_see;
use crate::store::{Store, StoreError};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement};

impl Store {
    /// The condition that nothing keeps an event from somebody.
    ///
    /// Each event is asked about for itself, with one or two looks into an index that is empty where no issue has a
    /// level: so that the list is still walked in its order, whatever is hidden.
    pub(in crate::store) async fn shown(
        &self,
        standing: &Standing,
    ) -> Result<Condition, StoreError> {
        let withheld = self.withheld(standing).await?.add(not_elsewhere());
        let by_id = Query::select()
            .column((issue::Entity, issue::Column::Id))
            .from(issue::Entity)
            .and_where(named(issue::Column::UpstreamId).equals(of_event(event::Column::IssueId)))
            .cond_where(withheld.clone())
            .to_owned();
        let key = Expr::col((issue_key::Entity, issue_key::Column::Key));
        let holder = Expr::col((issue_key::Entity, issue_key::Column::IssueId));
        // Ids decide, for keys change; without them keys do.
        let by_key = Query::select()
            .column((issue::Entity, issue::Column::Id))
            .from(issue_key::Entity)
            .inner_join(issue::Entity, named(issue::Column::Id).eq(holder))
            .and_where(key.equals(of_event(event::Column::IssueKey)))
            .cond_where(withheld)
            .to_owned();
        let has_id = column(event::Column::IssueId).is_not_null();
        let by_key = Condition::any().add(has_id).add(none(by_key));
        let mut shown = Condition::all().add(none(by_id)).add(by_key);
        if !self.shows_assets(standing).await? {
            shown = shown.add(outside_assets());
        }
        Ok(shown)
    }

    /// The condition that an issue is kept from somebody.
    pub(in crate::store) async fn withheld(
        &self,
        standing: &Standing,
    ) -> Result<Condition, StoreError> {
        let secured = one(named(issue::Column::SecurityId).is_not_null());
        let Some(account) = &standing.account else {
            return Ok(secured);
        };
        Ok(match self.permissions_of(account).await? {
            Some(since) => secured.add(may_see(account, since).not()),
            None => secured,
        })
    }

    /// Whether what happens in Assets is shown: to who leads here and has a role there, or administers Jira.
    pub(in crate::store) async fn shows_assets(
        &self,
        standing: &Standing,
    ) -> Result<bool, StoreError> {
        match &standing.account {
            Some(account) if standing.leads => {
                Ok(self.has_role(account).await? || self.administers_jira(account).await?)
            }
            _ => Ok(false),
        }
    }
}

/// That an event is of another product than Assets.
fn outside_assets() -> Expr {
    column(event::Column::Product).ne(Product::Assets.number())
}

/// That nothing is found. The database looks when it comes to an event, and does not turn it into a join: to PostgreSQL,
/// an offset says so.
fn none(mut found: SelectStatement) -> Expr {
    Expr::exists(found.limit(1).offset(0).to_owned()).not()
}

fn named(column: issue::Column) -> Expr {
    Expr::col((issue::Entity, column))
}

fn of_event(column: event::Column) -> (event::Entity, event::Column) {
    (event::Entity, column)
}

/// That an event is not known to have happened at another site than the issue's: the same as
/// [`Sites::may_agree`](crate::store::sites::Sites::may_agree) says, in SQL.
fn not_elsewhere() -> Expr {
    let site = ContainerKind::Site.number();
    let scope = format!("CASE WHEN p.kind = {site} THEN p.upstream_id ELSE p.scope END");
    Expr::cust(format!(
        "NOT EXISTS (SELECT 1 FROM containers p LEFT JOIN containers s \
         ON s.kind = {site} AND s.upstream_id = {scope} AND s.url IS NOT NULL \
         WHERE p.id = events.container_id AND {scope} <> issues.scope \
         AND (issues.scope LIKE '%.%' OR issues.scope LIKE '%:%') \
         AND CASE WHEN s.url IS NOT NULL \
         THEN lower(s.url) || '/' NOT LIKE '%://' || issues.scope || '/%' \
         ELSE {scope} LIKE '%.%' OR {scope} LIKE '%:%' END)"
    ))
}
