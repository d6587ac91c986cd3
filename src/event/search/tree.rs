//! A text taken apart: what stands beside what, before times are known and before it is a filter.

use super::qualifier::List;
use super::time::Written;
use crate::event::Product;
use crate::event::filter::Membership;

/// The content of parentheses, or of the whole text.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// What `OR` stands between.
    pub(super) any: Vec<All>,
    /// The time zone that holds for all of it.
    pub(super) zone: Option<String>,
}

/// What `AND` stands between.
pub(super) type All = Vec<Run>;

/// What stands side by side.
pub(super) type Run = Vec<Item>;

/// One part of a text.
#[derive(Debug)]
pub(super) enum Item {
    Term(Term),
    /// Parentheses.
    Group(Tree),
    /// Alternatives, exactly as they are.
    Any(Tree),
    /// What is to be left out.
    Not(Box<Item>),
}

/// A criterion with its values.
#[derive(Debug)]
pub(super) enum Term {
    List(List, Vec<String>),
    Products(Vec<Product>),
    Time(Written),
    Membership(Membership),
    Jql(String),
    Text(String),
}
