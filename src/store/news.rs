//! News of issues, from whichever source: each issue has one row, and each field of it the newest word.
//!
//! News comes late, twice and out of order, so every field remembers the moment of its word: whatever order it comes in,
//! the row ends up the same.

use super::append::{LOOKUP, greatest};
use super::entity::{issue, issue_key};
use super::names::Resolver;
use super::permissions::newest_security_change;
use super::{StoreError, bulk, clean, indexed, sort_name};
use crate::event::Timestamp;
use crate::event::directory::DirectoryIssue;
use sea_orm::{EntityTrait, QueryFilter};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Brings the rows of these issues up to date.
pub(super) async fn learn(
    resolver: &mut Resolver<'_>,
    news: Vec<DirectoryIssue>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if news.is_empty() {
        return Ok(());
    }
    let transaction = resolver.transaction;
    let mut known = stored(resolver, &news).await?;
    let mut last = greatest(transaction, issue::Entity::find(), issue::Column::Id).await?;
    let (mut keys, mut change) = (BTreeSet::new(), None);
    for news in news {
        let container_id = match &news.project {
            Some(project) => resolver.container(project).await?,
            None => None,
        };
        let name = (indexed(news.scope.clone()), indexed(news.id.clone()));
        let issue = known.entry(name).or_insert_with_key(|(scope, id)| {
            last += 1;
            Known::new(last, scope, id)
        });
        if let Some(key) = news.key.clone().map(indexed) {
            keys.insert((key, issue.row.id));
        }
        if issue.hear(news, container_id, now) {
            let newest = match change {
                Some(newest) => newest,
                None => newest_security_change(transaction).await?.unwrap_or(0),
            };
            change = Some(newest + 1);
            issue.row.security_change = change;
        }
    }
    let rows: Vec<issue::Model> = known.into_values().map(Known::into_row).collect();
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    for ids in ids.chunks(LOOKUP) {
        issue::Entity::delete_many()
            .filter(issue::COLUMN.id.is_in(ids.iter().copied()))
            .exec(transaction)
            .await?;
        let stored = issue_key::Entity::find()
            .filter(issue_key::COLUMN.issue_id.is_in(ids.iter().copied()))
            .all(transaction)
            .await?;
        for row in stored {
            keys.remove(&(row.key, row.issue_id));
        }
    }
    bulk::insert(transaction, &rows).await?;
    let keys = keys.into_iter();
    let keys: Vec<_> = keys
        .map(|(key, issue_id)| issue_key::Model { key, issue_id })
        .collect();
    bulk::insert(transaction, &keys).await
}

/// What is known of these issues, by scope and id.
async fn stored(
    resolver: &Resolver<'_>,
    news: &[DirectoryIssue],
) -> Result<HashMap<(String, String), Known>, StoreError> {
    let transaction = resolver.transaction;
    let named: BTreeSet<(String, String)> = news
        .iter()
        .map(|news| (indexed(news.scope.clone()), indexed(news.id.clone())))
        .collect();
    let ids = bulk::texts(transaction, named.iter().map(|(_, id)| id.as_str()))?;
    let rows = issue::Entity::find()
        .filter(issue::COLUMN.upstream_id.in_subquery(ids))
        .all(transaction)
        .await?;
    let rows = rows.into_iter().filter_map(|row| {
        let name = (row.scope.clone(), row.upstream_id.clone());
        named.contains(&name).then(|| (name, Known::from(row)))
    });
    Ok(rows.collect())
}

/// An issue, and of which moment each of its fields is.
struct Known {
    row: issue::Model,
    said: BTreeMap<String, i64>,
}

impl From<issue::Model> for Known {
    fn from(row: issue::Model) -> Self {
        let said = serde_json::from_str(&row.said).unwrap_or_default();
        Self { row, said }
    }
}

impl Known {
    fn new(id: i64, scope: &str, upstream_id: &str) -> Self {
        let row = issue::Model {
            id,
            scope: scope.to_owned(),
            upstream_id: upstream_id.to_owned(),
            key: None,
            kind: None,
            summary: None,
            request_type: None,
            security_id: None,
            security_name: None,
            security_change: None,
            container_id: None,
            at: i64::MIN,
            deleted_at: None,
            body: None,
            said: String::new(),
            sort_name: String::new(),
        };
        Self {
            row,
            said: BTreeMap::new(),
        }
    }

    fn into_row(self) -> issue::Model {
        let sort_name = match &self.row.key {
            Some(key) => sort_key(key),
            None => sort_name(Some(&self.row.upstream_id)),
        };
        issue::Model {
            said: serde_json::to_string(&self.said).unwrap_or_default(),
            sort_name,
            ..self.row
        }
    }

    /// Takes from the news what is newer than what is known; what it does not say stays. Whether the security level is
    /// another one now.
    fn hear(&mut self, news: DirectoryIssue, container_id: Option<i64>, now: Timestamp) -> bool {
        let at = news.at.unwrap_or(now).micros();
        self.row.at = self.row.at.max(at);
        let said = &mut self.said;
        let mut newer = |field: &str| {
            let known = said.get(field).copied();
            let newer = known.is_none_or(|known| known <= at);
            if newer {
                said.insert(field.to_owned(), at);
            }
            newer
        };
        let mut take = |field: &str, known: &mut Option<String>, word: Option<String>| {
            if word.is_some() && newer(field) {
                *known = word.map(clean);
            }
        };
        take("key", &mut self.row.key, news.key.map(indexed));
        take("kind", &mut self.row.kind, news.kind);
        take("summary", &mut self.row.summary, news.summary);
        take("requestType", &mut self.row.request_type, news.request_type);
        if let Some(body) = news.deleted {
            // Deleted once is deleted for good, whatever was said before or is said afterwards.
            let before = self.row.deleted_at.unwrap_or(at);
            self.row.deleted_at = Some(before.min(at));
            let body = Some(body).filter(|body| !body.trim().is_empty());
            take("body", &mut self.row.body, body);
        }
        if container_id.is_some() && newer("project") {
            self.row.container_id = container_id;
        }
        if let Some(security) = news.security
            && newer("security")
        {
            let (id, name) = security.map_or((None, None), |level| (Some(level.id), level.name));
            let id = id.map(clean);
            let changed = self.row.security_id != id;
            self.row.security_id = id;
            self.row.security_name = name.map(clean);
            return changed;
        }
        false
    }
}

/// What issues are sorted by: `WEB-9` comes before `WEB-10`.
fn sort_key(key: &str) -> String {
    let padded = key.rsplit_once('-').and_then(|(project, number)| {
        let number: u64 = number.parse().ok()?;
        Some(format!("{project}-{number:012}"))
    });
    sort_name(Some(padded.as_deref().unwrap_or(key)))
}
