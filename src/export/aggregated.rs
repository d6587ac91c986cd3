//! The aggregated view as rows: who did how much of what. Its columns are those that are asked for.

use super::ExportError;
use super::cell::{Cell, Heading};
use super::detail::{names, place_name, places};
use super::reader::{Within, wrong};
use crate::activity::asked::{Column, read_breakdown, read_columns, read_order};
use crate::activity::{Answer, Breakdown, Order, Question, Row, within_range};
use crate::event::export;
use crate::store::StoreError;
use crate::store::entity::{container, issue};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::vec::IntoIter;

/// What a row is called that is about no project (C20).
const NO_PROJECT: &str = "Non-project activities";

/// What is to be counted, and how it is shown.
pub(super) struct Prepared {
    question: Question,
    columns: Vec<Column>,
    order: Order,
}

/// What was counted.
pub(super) struct Counted {
    breakdown: Breakdown,
    rows: IntoIter<Row>,
}

/// Reads what a question asks to be counted.
pub(super) async fn prepare(
    within: &Within,
    asked: &export::Question,
) -> Result<Prepared, StoreError> {
    let stored = within.store.actions().await?;
    let columns = read_columns(asked.view.columns.clone(), &stored)?;
    let order = read_order(asked.view.activity_order.clone(), &columns)?;
    prepare_columns(within, asked, columns, order).await
}

/// The same with these columns, in this order.
pub(super) async fn prepare_columns(
    within: &Within,
    asked: &export::Question,
    columns: Vec<Column>,
    order: Order,
) -> Result<Prepared, StoreError> {
    let store = &within.store;
    let breakdown = read_breakdown(asked.view.breakdown.as_deref().unwrap_or_default())?;
    let sight = within.viewer.sight();
    let test = store.countable(&asked.filter, &sight, within.now).await?;
    let test = within_range(test, within.now, within.limits)
        .map_err(|message| wrong("filter.time", message))?;
    Ok(Prepared {
        question: Question {
            test,
            columns: columns.iter().map(|column| column.ids.clone()).collect(),
            breakdown,
            fields: store.monitored_fields().await?,
        },
        columns,
        order,
    })
}

impl Prepared {
    /// What sets the rows of one actor apart.
    pub(super) fn set_apart(&self) -> Vec<Heading> {
        let breakdown = self.question.breakdown;
        let set_apart = [
            (breakdown.project, "Project", "project", 20),
            (breakdown.transition, "From Status", "fromStatus", 18),
            (
                breakdown.status || breakdown.transition,
                "Status",
                "status",
                18,
            ),
            (breakdown.field, "Field", "field", 18),
            (breakdown.issue, "Issue Key", "issueKey", 16),
            (breakdown.issue, "Summary", "summary", 48),
        ];
        let asked = set_apart.into_iter().filter(|(asked, ..)| *asked);
        let heading = |(_, title, key, width)| Heading {
            title: Cow::Borrowed(title),
            key: Cow::Borrowed(key),
            width,
        };
        asked.map(heading).collect()
    }

    pub(super) fn headings(&self) -> Vec<Heading> {
        let mut headings = vec![Heading {
            title: Cow::Borrowed("Author"),
            key: Cow::Borrowed("author"),
            width: 24,
        }];
        headings.extend(self.set_apart());
        headings.extend(self.columns.iter().map(|column| Heading {
            title: Cow::Owned(column.action.label().to_owned()),
            key: Cow::Owned(column.action.code().to_owned()),
            width: 14,
        }));
        headings.push(Heading {
            title: Cow::Borrowed("Total"),
            key: Cow::Borrowed("total"),
            width: 10,
        });
        headings
    }

    pub(super) async fn count(self, within: &Within) -> Result<Counted, ExportError> {
        let activity = &within.activity;
        let Answer { rows, .. } = activity.ask(&within.viewer, &self.question).await?;
        let ranked = activity.ranked(rows, self.order).await?;
        let rows: Vec<Row> = ranked.into_iter().map(|(_, row)| row).collect();
        Ok(Counted {
            breakdown: self.question.breakdown,
            rows: rows.into_iter(),
        })
    }
}

impl Counted {
    /// Passes over the next rows.
    pub(super) fn pass(&mut self, rows: usize) {
        if let Some(last) = rows.checked_sub(1) {
            self.rows.nth(last);
        }
    }

    /// The next rows as they were counted.
    pub(super) fn take(&mut self, size: usize) -> Vec<Row> {
        self.rows.by_ref().take(size).collect()
    }

    /// How many rows are still to come.
    pub(super) fn left(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }

    /// The next rows, with names for their numbers.
    pub(super) async fn next(
        &mut self,
        within: &Within,
        size: usize,
    ) -> Result<Vec<Vec<Cell>>, StoreError> {
        let rows = self.take(size);
        let aliases: BTreeSet<i64> = rows.iter().map(|row| row.alias_id).collect();
        let people = names(&within.store, aliases).await?;
        let around = Names::load(within, &rows).await?;
        let cells = |row: &Row| {
            let mut cells = vec![Cell::of(people.get(&row.alias_id))];
            cells.extend(around.cells(self.breakdown, row));
            cells.extend(row.counts.iter().copied().map(Cell::Count));
            cells.push(Cell::Count(row.total()));
            cells
        };
        Ok(rows.iter().map(cells).collect())
    }

    /// By what rows are set apart.
    pub(super) fn breakdown(&self) -> Breakdown {
        self.breakdown
    }
}

/// What the rows of a page are about, besides who did it.
pub(super) struct Names {
    places: HashMap<i64, container::Model>,
    issues: HashMap<i64, issue::Model>,
}

impl Names {
    pub(super) async fn load(within: &Within, rows: &[Row]) -> Result<Self, StoreError> {
        let store = &within.store;
        let projects: BTreeSet<i64> = rows.iter().map(|row| row.key.project_id).collect();
        let issues: BTreeSet<i64> = rows.iter().map(|row| row.key.issue_id).collect();
        let issues: Vec<i64> = issues.into_iter().filter(|id| *id > 0).collect();
        let found = store.issues_by_id(&within.viewer, &issues).await?;
        Ok(Self {
            places: places(store, projects).await?,
            issues: found.into_iter().map(|row| (row.id, row)).collect(),
        })
    }

    /// What sets a row apart.
    pub(super) fn cells(&self, breakdown: Breakdown, row: &Row) -> Vec<Cell> {
        let key = &row.key;
        let text = |text: Option<&Arc<str>>| {
            let said = text.map(|text| &**text);
            Cell::of(said.filter(|text| !text.is_empty()))
        };
        let mut cells = Vec::new();
        if breakdown.project {
            let place = self.places.get(&key.project_id).and_then(place_name);
            cells.push(match key.project_id {
                0 => Cell::Text(NO_PROJECT.to_owned()),
                _ => Cell::of(place),
            });
        }
        if breakdown.transition {
            cells.push(text(key.from.as_ref()));
        }
        if breakdown.status || breakdown.transition {
            cells.push(text(key.to.as_ref()));
        }
        if breakdown.field {
            cells.push(text(key.field.as_ref()));
        }
        if breakdown.issue {
            let issue = self.issues.get(&key.issue_id);
            cells.push(Cell::of(issue.and_then(|issue| issue.key.as_ref())));
            cells.push(Cell::of(issue.and_then(|issue| issue.summary.as_ref())));
        }
        cells
    }
}
