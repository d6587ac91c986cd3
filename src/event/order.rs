//! How lists are ordered and counts divided: what people choose beside a filter.

use async_graphql::{Enum, InputObject, SimpleObject};
use serde::{Deserialize, Serialize};

/// A direction in which a list runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderDirection {
    /// From low to high, from old to new, from A to Z.
    Asc,
    /// From high to low, from new to old, from Z to A.
    Desc,
}

/// What a list of events is ordered by; events that are equal in it keep the order of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventOrderField {
    /// When it happened.
    #[default]
    Time,
    /// When it was stored: the order of the log.
    Recorded,
    /// The actor's name, in any case.
    Actor,
    /// The action's label.
    Action,
    /// The name of the place in which it happened: a project, space, repository, workspace or site.
    Project,
    /// The target's name, or its id where it has none. The case of plain Latin letters does not matter.
    Target,
}

/// What a list of events is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, InputObject, SimpleObject)]
#[serde(rename_all = "camelCase")]
#[graphql(name = "SavedEventOrder", input_name = "EventOrder")]
pub struct EventOrder {
    /// What to compare.
    pub field: EventOrderField,
    /// In which direction.
    #[graphql(default_with = "OrderDirection::Desc")]
    pub direction: OrderDirection,
}

/// By what the rows of actors are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActivityBreakdown {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActivityOrderField {
    /// All columns together.
    Total,
    /// The column that `column` names.
    Column,
    /// The actor's name.
    Actor,
}

/// An order of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, InputObject, SimpleObject)]
#[serde(rename_all = "camelCase")]
#[graphql(name = "SavedActivityOrder", input_name = "ActivityOrder")]
pub struct ActivityOrder {
    /// What to compare.
    pub field: ActivityOrderField,
    /// With COLUMN: which one, as `columns` has it.
    pub column: Option<String>,
    /// In which direction.
    #[graphql(default_with = "OrderDirection::Desc")]
    pub direction: OrderDirection,
}
