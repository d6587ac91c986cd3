//! What is asked of the aggregated view: by what rows are divided, which columns they have, and their order.

use crate::activity::{Breakdown, Order, OrderBy};
use crate::event::action as catalogue;
use crate::graphql::action::Action;
use crate::graphql::error;
use crate::graphql::event::OrderDirection;
use crate::store::entity::action;
use crate::store::query::chosen::{ActionName, ActionNames, fold};
use async_graphql::{Enum, InputObject, Result};
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

/// By what the rows of actors are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(in crate::graphql) enum ActivityBreakdown {
    /// By project; what happened in none has a row of its own.
    Project,
    /// By the status that issues came to; only changes of status are counted.
    Status,
    /// By the status that issues left and the one that they came to; only changes of status are counted.
    Transition,
    /// By issue; what concerns none, and issues that you may not see, have one row together.
    Issue,
    /// By monitored field; only changes of one are counted, and an event that changed two counts in two rows. Combines
    /// with PROJECT and ISSUE only.
    Field,
}

/// What rows are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(in crate::graphql) enum ActivityOrderField {
    /// All columns together.
    Total,
    /// The column that `column` names.
    Column,
    /// The actor's name.
    Actor,
}

/// An order of rows.
#[derive(Clone, Debug, InputObject)]
pub(in crate::graphql) struct ActivityOrder {
    /// What to compare.
    field: ActivityOrderField,
    /// With COLUMN: which one, as `columns` has it.
    column: Option<String>,
    /// In which direction.
    #[graphql(default_with = "OrderDirection::Desc")]
    direction: OrderDirection,
}

/// A column, with the stored actions that it counts.
pub(super) struct Column {
    /// As it was asked for.
    name: String,
    pub(super) action: Action,
    pub(super) ids: Vec<i32>,
}

pub(super) fn read_breakdown(asked: &[ActivityBreakdown]) -> Result<Breakdown> {
    let has = |one| asked.contains(&one);
    let breakdown = Breakdown {
        project: has(ActivityBreakdown::Project),
        status: has(ActivityBreakdown::Status),
        transition: has(ActivityBreakdown::Transition),
        issue: has(ActivityBreakdown::Issue),
        field: has(ActivityBreakdown::Field),
    };
    if breakdown.field && (breakdown.status || breakdown.transition) {
        return Err(error::bad_input(
            "breakdown",
            "FIELD combines with PROJECT and ISSUE only; PROJECT, STATUS, TRANSITION and ISSUE combine with each other",
        ));
    }
    Ok(breakdown)
}

pub(super) fn read_columns(
    asked: Option<Vec<String>>,
    stored: &[action::Model],
) -> Result<Vec<Column>> {
    let asked = asked.unwrap_or_else(|| DEFAULT_COLUMNS.map(str::to_owned).to_vec());
    if asked == [ALL_COLUMNS] {
        let codes: BTreeSet<&str> = stored.iter().map(|row| row.code.as_str()).collect();
        return codes
            .into_iter()
            .map(|code| column(code, "columns", stored))
            .collect();
    }
    if asked.is_empty() || asked.len() > COLUMNS {
        return Err(error::bad_input(
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
            .any(|other| other.action.code == column.action.code)
        {
            return Err(error::bad_input(&path, format!("`{name}` is there twice")));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// The column of that name: of an action that the catalogue or the log knows.
fn column(name: &str, path: &str, stored: &[action::Model]) -> Result<Column> {
    let names = ActionNames {
        of: ActionName::Itself,
        names: BTreeSet::from([fold(name)]),
    };
    let known = catalogue::all()
        .find(|action| fold(action.code) == fold(name) || fold(action.label) == fold(name));
    let seen = stored.iter().find(|row| names.name(row));
    let action = match (known, seen) {
        (Some(known), _) => Action::of_catalogue(known),
        (None, Some(seen)) => Action::of_stored(seen),
        (None, None) => {
            return Err(error::bad_input(
                path,
                format!("there is no action `{name}`; `actions` lists the codes"),
            ));
        }
    };
    let called = stored
        .iter()
        .filter(|row| names.name(row) || row.code == action.code);
    Ok(Column {
        name: name.to_owned(),
        ids: called.map(|row| row.id).collect(),
        action,
    })
}

pub(super) fn place_of(columns: &[Column], path: &str, name: &str) -> Result<usize> {
    let folded = fold(name);
    let found = columns
        .iter()
        .position(|column| fold(&column.name) == folded || fold(&column.action.code) == folded);
    found.ok_or_else(|| {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let message = format!(
            "there is no column `{name}`; there are {}",
            names.join(", ")
        );
        error::bad_input(path, message)
    })
}

pub(super) fn read_order(asked: Option<ActivityOrder>, columns: &[Column]) -> Result<Order> {
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
            return Err(error::bad_input("orderBy.column", "say by which column"));
        }
        (_, Some(_)) => {
            return Err(error::bad_input(
                "orderBy.column",
                "goes with the field COLUMN only",
            ));
        }
        (ActivityOrderField::Total, None) => OrderBy::Total,
        (ActivityOrderField::Actor, None) => OrderBy::Actor,
    };
    Ok(Order {
        by,
        descending: asked.direction == OrderDirection::Desc,
    })
}
