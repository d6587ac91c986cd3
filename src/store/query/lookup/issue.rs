//! Which issues a filter means: an issue's events name it by its id, by a key that it had at the time, or by both.

use super::{Lookup, wrong};
use crate::event::jql::{FoundIssues, SearchError};
use crate::event::node::{NodeId, NodeKind};
use crate::store::entity::{container, event, issue, issue_key};
use crate::store::issues::holders;
use crate::store::query::chosen::Test;
use crate::store::query::issue_reference;
use crate::store::sites::Sites;
use crate::store::{StoreError, bulk, clean};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Lookup<'_> {
    pub(super) async fn issues(&self, names: &[String], path: &str) -> Result<Test, StoreError> {
        let (mut any, mut sites) = (Vec::new(), None);
        for (place, name) in names.iter().enumerate() {
            let name = clean(name.clone());
            let rows = self.issue_rows(&name).await?;
            if rows.is_empty() {
                if self.sees_all && !self.is_named(&name).await? {
                    return Err(wrong(
                        format!("{path}.issues[{place}]"),
                        format!("there is no issue `{name}`; give an issue's id, key or Jira's id"),
                    ));
                }
                any.push(Test::Issues(Arc::new(BTreeSet::from([name]))));
            }
            for row in rows {
                if sites.is_none() {
                    sites = Some(Sites::load(&self.store.read).await?);
                }
                any.push(self.of_issue(&row, sites.as_ref()).await?);
            }
        }
        Ok(Test::Any(any))
    }

    /// The issues with this global id, key or Jira's id.
    async fn issue_rows(&self, name: &str) -> Result<Vec<issue::Model>, StoreError> {
        let issues = issue::Entity::find();
        let issues = match NodeId::number_of(name, NodeKind::Issue) {
            Some(number) => issues.filter(issue::COLUMN.id.eq(number)),
            None => issues.filter(
                Condition::any()
                    .add(issue::COLUMN.upstream_id.eq(name))
                    .add(
                        issue::COLUMN
                            .id
                            .in_subquery(holders(Expr::col(issue_key::Column::Key).eq(name))),
                    ),
            ),
        };
        // One that is hidden is not there.
        let issues = match self.sight.standing() {
            Some(standing) => issues.filter(self.store.withheld(standing).await?.not()),
            None => issues,
        };
        Ok(issues.all(&self.store.read).await?)
    }

    /// Whether an event that may be seen names an issue so of which nothing else is known.
    async fn is_named(&self, name: &str) -> Result<bool, StoreError> {
        let any: Option<i64> = event::Entity::find()
            .select_only()
            .column(event::Column::Seq)
            .filter(issue_reference().eq(name))
            .filter(self.store.visible(self.sight).await?)
            .limit(1)
            .into_tuple()
            .one(&self.store.read)
            .await?;
        Ok(any.is_some())
    }

    /// The events of an issue, by whatever name; only where it is as long as another issue shares one of its names.
    async fn of_issue(
        &self,
        row: &issue::Model,
        sites: Option<&Sites>,
    ) -> Result<Test, StoreError> {
        let db = &self.store.read;
        let keys = issue_key::Entity::find()
            .filter(issue_key::COLUMN.issue_id.eq(row.id))
            .all(db)
            .await?;
        let mut names: BTreeSet<String> = keys.into_iter().map(|row| row.key).collect();
        let others = issue_key::Entity::find()
            .filter(issue_key::COLUMN.key.is_in(names.iter().cloned()))
            .filter(issue_key::COLUMN.issue_id.ne(row.id))
            .one(db)
            .await?;
        let namesakes = issue::Entity::find()
            .filter(issue::COLUMN.upstream_id.eq(row.upstream_id.clone()))
            .filter(issue::COLUMN.id.ne(row.id))
            .one(db)
            .await?;
        names.insert(row.upstream_id.clone());
        let mut all = vec![Test::Issues(Arc::new(names))];
        if others.is_some() || namesakes.is_some() {
            let scopes = sites.map_or_else(Vec::new, |sites| sites.all_of(&row.scope));
            all.push(Test::Sites(scopes));
        }
        Ok(Test::All(all))
    }

    /// The issues that Jira finds with a query.
    ///
    /// Jira answers with our own credential, and answers and errors alike would tell what there is: so it is not for
    /// those who do not see everything.
    pub(super) async fn jql(&self, jql: &str, path: &str) -> Result<Test, StoreError> {
        let refused = |message: String| wrong(format!("{path}.jql"), message);
        if !self.sees_all {
            return Err(refused(
                "Jira answers with what the server may see; this needs a token that sees everything"
                    .to_owned(),
            ));
        }
        let Some(search) = &self.store.search else {
            return Err(refused(SearchError::NoJira.to_string()));
        };
        match search.find(jql).await {
            Ok(found) => self.found(&found).await,
            Err(error @ SearchError::Unavailable(_)) => {
                Err(StoreError::Upstream(error.to_string()))
            }
            Err(error) => Err(refused(error.to_string())),
        }
    }

    /// The events of these issues, by whatever name, unless they happened at a site that is known to be another.
    async fn found(&self, found: &FoundIssues) -> Result<Test, StoreError> {
        let db = &self.store.read;
        let sites = Sites::load(db).await?;
        let mut names = BTreeSet::new();
        for issue in &found.issues {
            names.insert(issue.id.to_string());
            names.extend(issue.key.as_deref().map(str::to_owned));
        }
        let ids = bulk::texts(db, found.issues.iter().map(|issue| &*issue.id))?;
        let known = Query::select()
            .column(issue::Column::Id)
            .from(issue::Entity)
            .and_where(Expr::col(issue::Column::Scope).is_in(sites.all_of(&found.scope)))
            .and_where(Expr::col(issue::Column::UpstreamId).in_subquery(ids))
            .to_owned();
        let keys: Vec<String> = issue_key::Entity::find()
            .select_only()
            .column(issue_key::Column::Key)
            .filter(issue_key::COLUMN.issue_id.in_subquery(known))
            .into_tuple()
            .all(db)
            .await?;
        names.extend(keys);
        let scopes: Vec<String> = container::Entity::find()
            .select_only()
            .column(container::Column::Scope)
            .distinct()
            .into_tuple()
            .all(db)
            .await?;
        let others: Vec<String> = scopes
            .into_iter()
            .filter(|scope| !sites.may_agree(Some(scope), Some(&found.scope)))
            .collect();
        let mut all = vec![Test::Issues(Arc::new(names))];
        if !others.is_empty() {
            all.push(Test::Not(Box::new(Test::Sites(others))));
        }
        Ok(Test::All(all))
    }
}
