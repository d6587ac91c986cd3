//! Reading issues: lists of them, one by any key that it ever had, and the issues that events name.

use super::alphabet::{by_name, prefix_pattern};
use super::directory::NameMark;
use super::entity::{container, issue, issue_key};
use super::query::{check_search, lower};
use super::read::{Range, Rows, cut};
use super::sites::{Sites, scope_of};
use super::{Store, StoreError, bulk};
use crate::access::Viewer;
use crate::event::node::{NodeId, NodeKind};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, LikeExpr, Query};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeSet, HashMap};

/// Which issues to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct IssueChoice<'a> {
    /// In this project, by global id or key.
    pub project: Option<&'a str>,
    /// Only deleted ones, or only others.
    pub deleted: Option<bool>,
    /// With a key that begins with this, or with this in the summary.
    pub search: Option<&'a str>,
}

/// An issue as an event names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssueName {
    /// Jira's id.
    pub id: Option<String>,
    /// The key at the time.
    pub key: Option<String>,
    /// Where the event happened, which tells issues of several sites apart.
    pub container_id: Option<i64>,
}

impl Store {
    /// A page of issues by key.
    pub async fn issues(
        &self,
        viewer: &Viewer,
        choice: &IssueChoice<'_>,
        range: Range<NameMark>,
    ) -> Result<Rows<issue::Model>, StoreError> {
        check_search(choice.search)?;
        let mut issues = issue::Entity::find().filter(self.visible_issues(viewer).await?);
        if let Some(project) = choice.project {
            let named = match NodeId::number_of(project, NodeKind::Project) {
                Some(number) => container::COLUMN.id.eq(number),
                None => container::COLUMN.key.eq(project.to_owned()),
            };
            let found: Vec<i64> = container::Entity::find()
                .select_only()
                .column(container::Column::Id)
                .filter(named)
                .into_tuple()
                .all(&self.read)
                .await?;
            if found.is_empty() && viewer.sees_directory() {
                return Err(StoreError::Filter {
                    path: "project".to_owned(),
                    message: format!("there is no project `{project}`; give a project's id or key"),
                });
            }
            issues = issues.filter(issue::COLUMN.container_id.is_in(found));
        }
        issues = match choice.deleted {
            None => issues,
            Some(true) => issues.filter(issue::COLUMN.deleted_at.is_not_null()),
            Some(false) => issues.filter(issue::COLUMN.deleted_at.is_null()),
        };
        let search = choice.search.unwrap_or_default().trim();
        if !search.is_empty() {
            let keyed = Query::select()
                .column(issue_key::Column::IssueId)
                .from(issue_key::Entity)
                .and_where(
                    lower(self, Expr::col(issue_key::Column::Key)).like(prefix_pattern(search)),
                )
                .to_owned();
            let summary = Expr::col((issue::Entity, issue::Column::Summary));
            issues = issues.filter(
                Condition::any()
                    .add(issue::COLUMN.id.in_subquery(keyed))
                    .add(lower(self, summary).like(containing(search))),
            );
        }
        let columns = (issue::Column::SortName, issue::Column::Id);
        let rows = by_name(issues, issue::Entity, columns, &range)
            .all(&self.read)
            .await?;
        Ok(cut(rows, &range))
    }

    /// The issues with these numbers, as far as the viewer may see them.
    pub async fn issues_by_id(
        &self,
        viewer: &Viewer,
        ids: &[i64],
    ) -> Result<Vec<issue::Model>, StoreError> {
        Ok(issue::Entity::find()
            .filter(self.visible_issues(viewer).await?)
            .filter(issue::COLUMN.id.is_in(ids.iter().copied()))
            .all(&self.read)
            .await?)
    }

    /// The issues that have or had this key, as far as the viewer may see them; first those that have it.
    pub async fn issues_by_key(
        &self,
        viewer: &Viewer,
        key: &str,
    ) -> Result<Vec<issue::Model>, StoreError> {
        let mut found = issue::Entity::find()
            .filter(self.visible_issues(viewer).await?)
            .filter(
                issue::COLUMN
                    .id
                    .in_subquery(holders(Expr::col(issue_key::Column::Key).eq(key))),
            )
            .all(&self.read)
            .await?;
        found.sort_by_key(|row| {
            (
                row.key.as_deref() != Some(key),
                row.deleted_at.is_some(),
                row.id,
            )
        });
        Ok(found)
    }

    /// All keys that these issues have or had.
    pub async fn keys_of(&self, issues: &[i64]) -> Result<Vec<issue_key::Model>, StoreError> {
        Ok(issue_key::Entity::find()
            .filter(issue_key::COLUMN.issue_id.is_in(issues.iter().copied()))
            .order_by_asc(issue_key::Column::Key)
            .all(&self.read)
            .await?)
    }

    /// The issues that events name so, as far as the viewer may see them. A name that fits several issues names none.
    pub async fn issues_named(
        &self,
        viewer: &Viewer,
        names: &[IssueName],
    ) -> Result<HashMap<IssueName, issue::Model>, StoreError> {
        let issues = Named::load(&self.read, names).await?;
        let found = names
            .iter()
            .filter_map(|name| Some((name.clone(), issues.find(name)?.clone())));
        let mut found: HashMap<IssueName, issue::Model> = found.collect();
        let sight = viewer.sight();
        if let Some(granted) = sight.projects() {
            let within =
                |row: &issue::Model| row.container_id.is_some_and(|id| granted.contains(&id));
            found.retain(|_, row| within(row));
        }
        let secured = found.values().filter(|row| row.security_id.is_some());
        let secured: BTreeSet<i64> = secured.map(|row| row.id).collect();
        if sight.standing().is_some() && !secured.is_empty() {
            let secured: Vec<i64> = secured.into_iter().collect();
            let visible = self.issues_by_id(viewer, &secured).await?;
            let visible: BTreeSet<i64> = visible.into_iter().map(|row| row.id).collect();
            found.retain(|_, row| row.security_id.is_none() || visible.contains(&row.id));
        }
        Ok(found)
    }

    /// An issue is where its project is: who does not see the project does not see it. Nor does anybody for whom Jira
    /// hides it.
    async fn visible_issues(&self, viewer: &Viewer) -> Result<Condition, StoreError> {
        let sight = viewer.sight();
        let mut visible = Condition::all();
        if let Some(granted) = sight.projects() {
            let place = Expr::col((issue::Entity, issue::Column::ContainerId));
            visible = visible.add(place.is_in(granted.iter().copied()));
        }
        if let Some(standing) = sight.standing() {
            visible = visible.add(self.withheld(standing).await?.not());
        }
        Ok(visible)
    }
}

/// The issues that may be meant by some names.
pub(super) struct Named {
    by_id: HashMap<String, Vec<issue::Model>>,
    by_key: HashMap<String, Vec<issue::Model>>,
    scopes: HashMap<i64, String>,
    sites: Sites,
}

impl Named {
    pub(super) async fn load(
        db: &impl ConnectionTrait,
        names: &[IssueName],
    ) -> Result<Self, StoreError> {
        let ids: BTreeSet<&str> = names.iter().filter_map(|name| name.id.as_deref()).collect();
        let keys: BTreeSet<&str> = names
            .iter()
            .filter_map(|name| name.key.as_deref())
            .collect();
        let held = issue_key::Entity::find()
            .filter(
                issue_key::COLUMN
                    .key
                    .in_subquery(bulk::texts(db, keys.into_iter())?),
            )
            .all(db)
            .await?;
        let numbers: BTreeSet<i64> = held.iter().map(|row| row.issue_id).collect();
        let rows = issue::Entity::find()
            .filter(
                Condition::any()
                    .add(
                        issue::COLUMN
                            .upstream_id
                            .in_subquery(bulk::texts(db, ids.into_iter())?),
                    )
                    .add(issue::COLUMN.id.is_in(numbers)),
            )
            .all(db)
            .await?;
        let places: BTreeSet<i64> = names.iter().filter_map(|name| name.container_id).collect();
        let scopes = container::Entity::find()
            .filter(container::COLUMN.id.is_in(places))
            .all(db)
            .await?;
        let mut meant = Self {
            by_id: HashMap::new(),
            by_key: HashMap::new(),
            scopes: scopes
                .iter()
                .filter_map(|row| Some((row.id, scope_of(row)?)))
                .collect(),
            sites: Sites::load(db).await?,
        };
        for row in held {
            if let Some(issue) = rows.iter().find(|issue| issue.id == row.issue_id) {
                meant.by_key.entry(row.key).or_default().push(issue.clone());
            }
        }
        for row in rows {
            meant
                .by_id
                .entry(row.upstream_id.clone())
                .or_default()
                .push(row);
        }
        Ok(meant)
    }

    /// The issue that an event names so; `None` where it may be one or another.
    pub(super) fn find(&self, name: &IssueName) -> Option<&issue::Model> {
        let here = name.container_id.and_then(|id| self.scopes.get(&id));
        let here = here.map(String::as_str);
        let near = |row: &&issue::Model| self.sites.may_agree(Some(&row.scope), here);
        let sure = |row: &&issue::Model| self.sites.agree(Some(&row.scope), here);
        let known = match (&name.id, &name.key) {
            (Some(id), _) => self.by_id.get(id)?,
            (None, Some(key)) => {
                let known = self.by_key.get(key)?;
                let has_it = |row: &&issue::Model| row.key.as_deref() == Some(key.as_str());
                return only(known.iter().filter(sure).filter(has_it))
                    .or_else(|| only(known.iter().filter(near).filter(has_it)))
                    .or_else(|| only(known.iter().filter(near)));
            }
            (None, None) => return None,
        };
        only(known.iter().filter(sure)).or_else(|| only(known.iter().filter(near)))
    }
}

/// The one thing in a list of one.
fn only<'a, T>(mut list: impl Iterator<Item = &'a T>) -> Option<&'a T> {
    let first = list.next()?;
    list.next().is_none().then_some(first)
}

/// The numbers of issues with such a key, now or once.
pub(super) fn holders(condition: Expr) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .column(issue_key::Column::IssueId)
        .from(issue_key::Entity)
        .and_where(condition)
        .to_owned()
}

fn containing(text: &str) -> LikeExpr {
    let escaped = text
        .to_ascii_lowercase()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    LikeExpr::new(format!("%{escaped}%")).escape('\\')
}
