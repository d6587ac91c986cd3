//! What is saved beside a filter: how its answer is shown.

use super::order::{ActivityBreakdown, ActivityOrder, EventOrder};
use async_graphql::{Enum, InputObject, SimpleObject};
use serde::{Deserialize, Serialize};

/// The forms that an answer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(name = "ViewKind")]
pub enum View {
    /// A row an event.
    #[default]
    Detail,
    /// A row an actor, a column an action.
    Aggregated,
    /// A row an issue that was looked at.
    IssueViews,
    /// A row a user, with when they were last active.
    LastActive,
}

/// How an answer is shown.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, InputObject, SimpleObject,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[graphql(name = "SavedView", input_name = "SavedViewInput")]
pub struct SavedView {
    /// In which form.
    #[graphql(default)]
    pub kind: View,
    /// The columns: with AGGREGATED, the actions that `activity` counts; the usual ones when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// With AGGREGATED: by what rows are divided, besides the actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakdown: Option<Vec<ActivityBreakdown>>,
    /// With DETAIL: the order of events; newest first when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_order: Option<EventOrder>,
    /// With AGGREGATED: the order of rows; the highest total first when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_order: Option<ActivityOrder>,
}
