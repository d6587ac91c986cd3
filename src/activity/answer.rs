//! From a question to rows that people can read: names instead of numbers, in an order, without what may not be seen.

use super::columns::Columns;
use super::count::{Counted, Key, count};
use super::names::{IssueRef, IssueText};
use super::people::Person;
use super::set::Set;
use super::{Activity, ActivityError, Breakdown, State, mask, read};
use crate::access::Viewer;
use crate::store::entity::issue;
use crate::store::issues::IssueName;
use crate::store::query::chosen::Test;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// How many issues one answer may tell apart.
const ISSUES: usize = 100_000;

/// How many issues are looked up at once.
const AT_ONCE: usize = 1_000;

/// What to count.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which events.
    pub test: Test,
    /// For each column the actions that it counts, in `actions`; an action counts in the first column that has it.
    pub columns: Vec<Vec<i32>>,
    /// By what actors' rows are divided.
    pub breakdown: Breakdown,
    /// The fields that a breakdown by field is about.
    pub fields: Vec<String>,
}

/// What a row is about; what the breakdown does not ask for is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowKey {
    /// Who, in `users`; 0 for nobody known.
    pub user_id: i64,
    /// The project, in `containers`; 0 for what happened in none.
    pub project_id: i64,
    /// The status that issues left.
    pub from: Option<Arc<str>>,
    /// The status that issues came to.
    pub to: Option<Arc<str>>,
    /// The field that was changed.
    pub field: Option<Arc<str>>,
    /// The issue, in `issues`; 0 for none, or for those that may not be seen.
    pub issue_id: i64,
}

/// Somebody's counts.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is about.
    pub key: RowKey,
    /// One of their names, in `aliases`; 0 for nobody known.
    pub alias_id: i64,
    /// By column.
    pub counts: Vec<u64>,
}

impl Row {
    /// All columns together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// The counts of everybody.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Rows with something to count.
    pub rows: Vec<Row>,
    /// By column: each event once, in however many rows it counts.
    pub totals: Vec<u64>,
}

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderBy {
    /// All columns together.
    Total,
    /// One column, by place.
    Column(usize),
    /// The actor's name.
    Actor,
}

/// An order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is compared; rows that are equal in it are in the order of what they are about.
    pub by: OrderBy,
    /// From high to low.
    pub descending: bool,
}

/// Where a row stands in an order.
pub type Rank = (u64, String, RowKey);

impl Activity {
    /// Counts, on behalf of somebody: issues that they may not see have no row of their own.
    pub async fn ask(&self, viewer: &Viewer, question: &Question) -> Result<Answer, ActivityError> {
        let counted = self.count(question, None).await?;
        let issues = self.issues_of(viewer, &counted.keys).await?;
        let mut rows: BTreeMap<RowKey, Row> = BTreeMap::new();
        let width = question.columns.len();
        let counts = counted.counts.chunks(width.max(1));
        for ((key, person), counts) in counted.keys.iter().zip(&counted.people).zip(counts) {
            let key = self.named(key, *person, &issues);
            let row = rows.entry(key.clone()).or_insert_with(|| Row {
                key,
                alias_id: person.alias_id,
                counts: vec![0; width],
            });
            for (sum, count) in row.counts.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        Ok(Answer {
            rows: rows.into_values().collect(),
            totals: counted.totals,
        })
    }

    /// The issues behind a row, or behind one of its columns, as far as the viewer may see them.
    pub async fn issues(
        &self,
        viewer: &Viewer,
        question: &Question,
        row: &RowKey,
        column: Option<usize>,
    ) -> Result<Vec<issue::Model>, ActivityError> {
        let wanted = question.breakdown;
        let by_issue = Question {
            breakdown: Breakdown {
                issue: true,
                ..wanted
            },
            ..question.clone()
        };
        let counted = self.count(&by_issue, Some(row.user_id)).await?;
        let issues = self.issues_of(viewer, &counted.keys).await?;
        let width = question.columns.len();
        let counts = counted.counts.chunks(width.max(1));
        let mut found: BTreeMap<i64, issue::Model> = BTreeMap::new();
        for ((key, person), counts) in counted.keys.iter().zip(&counted.people).zip(counts) {
            if column.is_some_and(|column| counts.get(column).is_none_or(|count| *count == 0)) {
                continue;
            }
            let Some(issue) = issues.get(&(key.site, key.issue)) else {
                continue;
            };
            let mut key = self.named(key, *person, &issues);
            if !wanted.issue {
                key.issue_id = 0;
            }
            if key == *row {
                found.insert(issue.id, issue.clone());
            }
        }
        let mut found: Vec<issue::Model> = found.into_values().collect();
        found.sort_by(|a, b| (&a.sort_name, a.id).cmp(&(&b.sort_name, b.id)));
        Ok(found)
    }

    /// Puts rows in an order, each with its rank.
    pub async fn ranked(
        &self,
        rows: Vec<Row>,
        order: Order,
    ) -> Result<Vec<(Rank, Row)>, ActivityError> {
        let mut names = HashMap::new();
        if order.by == OrderBy::Actor {
            let users: BTreeSet<i64> = rows.iter().map(|row| row.key.user_id).collect();
            let users: Vec<i64> = users.into_iter().collect();
            names = self.store.sort_names(&users).await?;
        }
        let rank = |row: &Row| {
            let count = match order.by {
                OrderBy::Total => row.total(),
                OrderBy::Column(place) => row.counts.get(place).copied().unwrap_or_default(),
                OrderBy::Actor => 0,
            };
            let name = names.get(&row.key.user_id).cloned().unwrap_or_default();
            (count, name, row.key.clone())
        };
        let mut ranked: Vec<(Rank, Row)> = rows.into_iter().map(|row| (rank(&row), row)).collect();
        ranked.sort_by(|(a, _), (b, _)| a.cmp(b));
        if order.descending {
            ranked.reverse();
        }
        Ok(ranked)
    }

    async fn count(
        &self,
        question: &Question,
        only: Option<i64>,
    ) -> Result<Counted, ActivityError> {
        self.up_to_date().await?;
        let plan = mask::plan(&self.store, &self.state, &question.test).await?;
        let places = self.places_for(question.breakdown).await?;
        let (state, question) = (Arc::clone(&self.state), question.clone());
        // Counting takes a core for as long as it lasts, and the others are to be served meanwhile.
        let counted = tokio::task::spawn_blocking(move || {
            let state = read(&state);
            let only = match only {
                None => None,
                Some(person) => match state.people.row_of_person(person) {
                    None => return Counted::default(),
                    row => row,
                },
            };
            let asked = super::count::Question {
                plan: &plan,
                column_of: columns_of(&state.columns, &question.columns),
                width: question.columns.len(),
                breakdown: question.breakdown,
                fields: fields_of(&state, &question.fields),
                only,
            };
            count(&state.columns, &state.people, &places, &asked)
        });
        counted.await.map_err(|_| ActivityError::Stopped)
    }

    async fn places_for(&self, breakdown: Breakdown) -> Result<super::Places, ActivityError> {
        if breakdown.project || breakdown.issue {
            return Ok(self.places().await?);
        }
        Ok(super::Places::default())
    }

    /// The issues that rows are about, as far as the viewer may see them.
    async fn issues_of(
        &self,
        viewer: &Viewer,
        keys: &[Key],
    ) -> Result<HashMap<(u32, Option<IssueRef>), issue::Model>, ActivityError> {
        let asked: BTreeSet<(u32, IssueRef)> = keys
            .iter()
            .filter_map(|key| Some((key.site, key.issue?)))
            .filter(|(_, issue)| *issue != IssueRef::NONE)
            .collect();
        if asked.len() > ISSUES {
            return Err(ActivityError::TooLarge(format!(
                "there are {} issues to tell apart; choose fewer than {ISSUES} with `filter`, or leave ISSUE out",
                asked.len()
            )));
        }
        let asked: Vec<(u32, IssueRef)> = asked.into_iter().collect();
        let mut found = HashMap::new();
        for asked in asked.chunks(AT_ONCE) {
            let names: Vec<IssueName> = {
                let state = read(&self.state);
                let name = |(site, issue): &(u32, IssueRef)| {
                    let text = state.columns.names.issue_text(*issue);
                    let (id, key) = match text {
                        Some(IssueText::Id(id)) => (Some(id), None),
                        Some(IssueText::Key(key)) => (None, Some(key)),
                        None => (None, None),
                    };
                    IssueName {
                        id,
                        key,
                        container_id: (*site > 0).then_some((*site).into()),
                    }
                };
                asked.iter().map(name).collect()
            };
            let mut known = self.store.issues_named(viewer, &names).await?;
            for (asked, name) in asked.iter().zip(&names) {
                if let Some(issue) = known.remove(name) {
                    found.insert((asked.0, Some(asked.1)), issue);
                }
            }
        }
        Ok(found)
    }

    /// What a row is about, in names.
    fn named(
        &self,
        key: &Key,
        person: Person,
        issues: &HashMap<(u32, Option<IssueRef>), issue::Model>,
    ) -> RowKey {
        let state = read(&self.state);
        let name = |place: Option<u32>| place.map(|place| state.columns.names.name(place));
        let issue = issues.get(&(key.site, key.issue));
        RowKey {
            user_id: person.user_id,
            project_id: key.project.into(),
            from: name(key.from),
            to: name(key.to),
            field: name(key.field),
            issue_id: issue.map_or(0, |issue| issue.id),
        }
    }
}

/// The column of each kind, by place.
fn columns_of(columns: &Columns, asked: &[Vec<i32>]) -> Vec<Option<u32>> {
    let column = |action: i32| {
        let place = asked.iter().position(|actions| actions.contains(&action))?;
        u32::try_from(place).ok()
    };
    columns
        .kinds
        .iter()
        .map(|kind| column(kind.action))
        .collect()
}

fn fields_of(state: &State, fields: &[String]) -> Set {
    let place = |field: &String| state.columns.names.find(field);
    let places = fields.iter().filter_map(place);
    places.map(|place| place as usize).collect()
}
