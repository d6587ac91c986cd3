//! What is asked of the aggregated view: by what rows are divided, which columns they have, and their order.

use super::{Breakdown, Order, OrderBy};
use crate::event::action as catalogue;
use crate::event::order::{ActivityBreakdown, ActivityOrder, ActivityOrderField, OrderDirection};
use crate::store::StoreError;
use crate::store::entity::action;
use crate::store::query::chosen::{ActionName, ActionNames, fold};
use std::collections::BTreeSet;

/// The columns that are shown when nobody says which.
const DEFAULT_COLUMNS: [&str; 8] = [
    "issue.created",
    "issue.updated",
    "issue.deleted",
    "issue.status_changed",
    "issue.resolved",
    "comment.added",
    "comment.updated",
    "comment.deleted",
];

/// The name for all columns there could be.
const ALL_COLUMNS: &str = "*";

/// How many columns there may be, unless they are all that there are.
const COLUMNS: usize = 100;

/// A column, with the stored actions that it counts.
#[derive(Clone, Debug)]
pub struct Column {
    /// As it was asked for.
    pub name: String,
    /// The action.
    pub action: ColumnAction,
    /// The numbers of the actions as upstream systems name them.
    pub ids: Vec<i32>,
}

/// What a column counts: an action that the catalogue knows, or one that only the log does.
#[derive(Clone, Debug)]
pub enum ColumnAction {
    /// A row of the catalogue.
    Known(&'static catalogue::Action),
    /// What upstream named.
    Seen(action::Model),
}

impl ColumnAction {
    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Known(known) => known.code,
            Self::Seen(row) => &row.code,
        }
    }

    /// What people read.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Known(known) => known.label,
            Self::Seen(row) => &row.label,
        }
    }
}

/// By what rows are divided; `asked` may say things twice.
pub fn read_breakdown(asked: &[ActivityBreakdown]) -> Result<Breakdown, StoreError> {
    let has = |one| asked.contains(&one);
    let breakdown = Breakdown {
        project: has(ActivityBreakdown::Project),
        status: has(ActivityBreakdown::Status),
        transition: has(ActivityBreakdown::Transition),
        issue: has(ActivityBreakdown::Issue),
        field: has(ActivityBreakdown::Field),
    };
    if breakdown.field && (breakdown.status || breakdown.transition) {
        return Err(wrong(
            "breakdown",
            "FIELD combines with PROJECT and ISSUE only; PROJECT, STATUS, TRANSITION and ISSUE combine with each other",
        ));
    }
    Ok(breakdown)
}

/// The columns of these names, or the usual ones.
pub fn read_columns(
    asked: Option<Vec<String>>,
    stored: &[action::Model],
) -> Result<Vec<Column>, StoreError> {
    let asked = asked.unwrap_or_else(|| DEFAULT_COLUMNS.map(str::to_owned).to_vec());
    if asked == [ALL_COLUMNS] {
        let codes: BTreeSet<&str> = stored.iter().map(|row| row.code.as_str()).collect();
        return codes
            .into_iter()
            .map(|code| column(code, "columns", stored))
            .collect();
    }
    if asked.is_empty() || asked.len() > COLUMNS {
        return Err(wrong(
            "columns",
            format!(
                "{} are out of range; give 1 to {COLUMNS}, or `*`",
                asked.len()
            ),
        ));
    }
    let mut columns: Vec<Column> = Vec::with_capacity(asked.len());
    for (place, name) in asked.iter().enumerate() {
        let path = format!("columns[{place}]");
        let column = column(name, &path, stored)?;
        if columns
            .iter()
            .any(|other| other.action.code() == column.action.code())
        {
            return Err(wrong(&path, format!("`{name}` is there twice")));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// The column of that name: of an action that the catalogue or the log knows.
fn column(name: &str, path: &str, stored: &[action::Model]) -> Result<Column, StoreError> {
    let names = ActionNames {
        of: ActionName::Itself,
        names: BTreeSet::from([fold(name)]),
    };
    let known = catalogue::all()
        .find(|action| fold(action.code) == fold(name) || fold(action.label) == fold(name));
    let seen = stored.iter().find(|row| names.name(row));
    let action = match (known, seen) {
        (Some(known), _) => ColumnAction::Known(known),
        (None, Some(seen)) => ColumnAction::Seen(seen.clone()),
        (None, None) => {
            return Err(wrong(
                path,
                format!("there is no action `{name}`; `actions` lists the codes"),
            ));
        }
    };
    let called = stored
        .iter()
        .filter(|row| names.name(row) || row.code == action.code());
    Ok(Column {
        name: name.to_owned(),
        ids: called.map(|row| row.id).collect(),
        action,
    })
}

/// Which of the columns that name means; `path` is where the name was given.
pub fn place_of(columns: &[Column], path: &str, name: &str) -> Result<usize, StoreError> {
    let folded = fold(name);
    let found = columns
        .iter()
        .position(|column| fold(&column.name) == folded || fold(column.action.code()) == folded);
    found.ok_or_else(|| {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let message = format!(
            "there is no column `{name}`; there are {}",
            names.join(", ")
        );
        wrong(path, message)
    })
}

/// The order of rows, or the usual one.
pub fn read_order(asked: Option<ActivityOrder>, columns: &[Column]) -> Result<Order, StoreError> {
    let Some(asked) = asked else {
        return Ok(Order {
            by: OrderBy::Total,
            descending: true,
        });
    };
    let by = match (asked.field, asked.column) {
        (ActivityOrderField::Column, Some(name)) => {
            OrderBy::Column(place_of(columns, "orderBy.column", &name)?)
        }
        (ActivityOrderField::Column, None) => {
            return Err(wrong("orderBy.column", "say by which column"));
        }
        (_, Some(_)) => {
            return Err(wrong("orderBy.column", "goes with the field COLUMN only"));
        }
        (ActivityOrderField::Total, None) => OrderBy::Total,
        (ActivityOrderField::Actor, None) => OrderBy::Actor,
    };
    Ok(Order {
        by,
        descending: asked.direction == OrderDirection::Desc,
    })
}

fn wrong(path: &str, message: impl Into<String>) -> StoreError {
    StoreError::Filter {
        path: path.to_owned(),
        message: message.into(),
    }
}
