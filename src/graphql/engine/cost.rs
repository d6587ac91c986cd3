//! About how many values an operation answers with, from the sizes of pages that it asks for, and what its arguments
//! cost to read. Linear in the document, like [`guard`](super::guard), which has to have accepted it.

use super::guard::{Excess, Limit};
use super::types::{Composite, Types};
use crate::config::Limits;
use crate::event::filter::EventFilter;
use crate::event::search;
use crate::graphql::page;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};
use async_graphql_value::Value as Written;
use std::collections::HashMap;

/// How many items a list is taken to have that is not read in pages.
const UNPAGED: u64 = 10;

/// Fields that cost more than a value, because theirs are long or take work to find, and what one costs.
const DEAR: [(&str, &str, u64); 4] = [
    ("Event", "raw", 20),
    ("Query", "activity", 1_000),
    ("ActivityRow", "issues", 200),
    ("ActivityRow", "jiraUrl", 200),
];

/// What it costs to search for a text: the database reads whatever nothing else rules out.
const TEXT_SEARCH: u64 = 1_000;

/// The cost of one of a document's operations; fails when it is more than allowed.
pub(super) fn check(
    document: &ExecutableDocument,
    chosen: &OperationDefinition,
    variables: &Variables,
    types: &Types,
    limits: &Limits,
) -> Result<u32, Excess> {
    for value in variables.values() {
        nesting(value, 1, limits.nesting)?;
    }
    let mut walk = Walk {
        document,
        variables,
        types,
        fragments: HashMap::new(),
        weights: HashMap::new(),
    };
    let mut cost = 0_u64;
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let root = types.root(operation.ty);
        let sum = walk.set(&operation.selection_set.node, root);
        // Arguments are read to validate them, also where nothing is carried out.
        cost = cost.saturating_add(sum.arguments);
        if std::ptr::eq(operation, chosen) {
            let answer = sum.cost(UNPAGED);
            if operation.ty == OperationType::Subscription {
                Limit::StreamCost.check_cost(answer, u64::from(limits.stream_cost))?;
            }
            cost = cost.saturating_add(answer);
        }
    }
    for (name, fragment) in &document.fragments {
        let on = types.composite(&fragment.node.type_condition.node.on.node);
        let sum = walk.fragment(name, &fragment.node.selection_set.node, on);
        cost = cost.saturating_add(sum.arguments);
    }
    Limit::Cost.check_cost(cost, u64::from(limits.cost))?;
    Ok(u32::try_from(cost).unwrap_or(u32::MAX))
}

fn nesting(value: &Value, level: usize, allowed: usize) -> Result<(), Excess> {
    Limit::Nesting.check(level, allowed)?;
    match value {
        Value::List(items) => items
            .iter()
            .try_for_each(|item| nesting(item, level + 1, allowed)),
        Value::Object(fields) => fields
            .values()
            .try_for_each(|field| nesting(field, level + 1, allowed)),
        _ => Ok(()),
    }
}

/// What a set of selections costs, with its fragments written out.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    /// What is there once.
    single: u64,
    /// One item of each list.
    listed: u64,
    /// Reading all arguments.
    arguments: u64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.single = self.single.saturating_add(other.single);
        self.listed = self.listed.saturating_add(other.listed);
        self.arguments = self.arguments.saturating_add(other.arguments);
    }

    /// The cost when each list has so many items.
    fn cost(&self, items: u64) -> u64 {
        self.single
            .saturating_add(self.listed.saturating_mul(items))
    }
}

/// The value of an argument, in the document or as a variable.
enum Given<'a> {
    Written(&'a Written),
    Sent(&'a Value),
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    types: &'a Types,
    fragments: HashMap<&'a str, Sum>,
    /// What it costs to read each variable that has been met.
    weights: HashMap<&'a str, u64>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet, parent: Option<&'a Composite>) -> Sum {
        let mut sum = Sum::default();
        for selection in &set.items {
            let mut found = match &selection.node {
                Selection::Field(field) => self.field(&field.node, parent),
                Selection::InlineFragment(fragment) => {
                    let parent = match &fragment.node.type_condition {
                        Some(condition) => self.types.composite(&condition.node.on.node),
                        None => parent,
                    };
                    self.set(&fragment.node.selection_set.node, parent)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    match self.document.fragments.get_key_value(name) {
                        Some((name, fragment)) => {
                            let fragment = &fragment.node;
                            let on = self.types.composite(&fragment.type_condition.node.on.node);
                            self.fragment(name, &fragment.selection_set.node, on)
                        }
                        None => Sum::default(),
                    }
                }
            };
            let directives = self.directives(selection.node.directives());
            found.arguments = found.arguments.saturating_add(directives);
            sum.add(found);
        }
        sum
    }

    fn fragment(
        &mut self,
        name: &'a Name,
        set: &'a SelectionSet,
        on: Option<&'a Composite>,
    ) -> Sum {
        if let Some(sum) = self.fragments.get(name.as_str()) {
            return *sum;
        }
        let sum = self.set(set, on);
        self.fragments.insert(name, sum);
        sum
    }

    fn field(&mut self, field: &'a Field, parent: Option<&'a Composite>) -> Sum {
        let known = parent.and_then(|parent| parent.field(&field.name.node));
        let within = known.and_then(|known| self.types.composite(&known.of));
        let inner = self.set(&field.selection_set.node, within);
        let items = match known {
            Some(known) if known.is_paged => self.page(field),
            _ => UNPAGED,
        };
        let dear = DEAR.iter().find(|(of, name, _)| {
            field.name.node == *name && parent.is_some_and(|parent| parent.name == *of)
        });
        let own = dear.map_or(1, |(.., cost)| *cost);
        let mut cost = inner.cost(items).saturating_add(own);
        let mut is_listed = known.is_some_and(|known| known.shape.items.is_some());
        if is_listed && let Some(ids) = self.length(field, "ids") {
            cost = cost.saturating_mul(ids);
            is_listed = false;
        }
        let own = field.arguments.iter().map(|(_, value)| &value.node);
        let mut own: u64 = own.map(|value| self.weight(value)).sum();
        if known.is_some_and(|known| known.is_searched) {
            own = own.saturating_add(self.search(field));
        }
        Sum {
            single: if is_listed { 0 } else { cost },
            listed: if is_listed { cost } else { 0 },
            arguments: inner.arguments.saturating_add(own),
        }
    }

    /// How many items a page has at most.
    fn page(&self, field: &Field) -> u64 {
        let given =
            ["first", "last"]
                .into_iter()
                .find_map(|name| match self.argument(field, name)? {
                    Given::Written(Written::Number(number))
                    | Given::Sent(Value::Number(number)) => number.as_u64(),
                    _ => None,
                });
        given.unwrap_or(page::DEFAULT)
    }

    /// How many items a list has that is given as an argument.
    fn length(&self, field: &Field, name: &str) -> Option<u64> {
        let length = match self.argument(field, name)? {
            Given::Written(Written::List(items)) => items.len(),
            Given::Sent(Value::List(items)) => items.len(),
            _ => return None,
        };
        Some(length as u64)
    }

    /// What a filter costs that is given as text.
    fn search(&self, field: &Field) -> u64 {
        let Some(Given::Written(Written::String(text)) | Given::Sent(Value::String(text))) =
            self.argument(field, "search")
        else {
            return 0;
        };
        // What is wrong with it is said where it is used.
        let asked = search::parse(text).map_or(0, |filter| weight_of_filter(&filter));
        // About ten letters a value.
        asked.saturating_add(text.len() as u64 / 10)
    }

    fn argument<'f>(&self, field: &'f Field, name: &str) -> Option<Given<'f>>
    where
        'a: 'f,
    {
        match &field.get_argument(name)?.node {
            Written::Variable(name) => self.variables.get(name).map(Given::Sent),
            written => Some(Given::Written(written)),
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) -> u64 {
        let arguments = directives
            .iter()
            .flat_map(|directive| &directive.node.arguments);
        arguments.map(|(_, value)| self.weight(&value.node)).sum()
    }

    fn weight(&mut self, value: &'a Written) -> u64 {
        match value {
            Written::Variable(name) => {
                let variables = self.variables;
                let sent = variables.get(name);
                *self
                    .weights
                    .entry(name)
                    .or_insert_with(|| sent.map_or(0, weight))
            }
            Written::List(items) => items.iter().map(|item| 1 + self.weight(item)).sum(),
            Written::Object(fields) => fields
                .iter()
                .map(|(name, field)| weight_of_field(name) + self.weight(field))
                .sum(),
            Written::String(text) => weight_of_text(text),
            _ => 0,
        }
    }
}

/// What it costs to read a value.
fn weight(value: &Value) -> u64 {
    match value {
        Value::List(items) => items.iter().map(|item| 1 + weight(item)).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| weight_of_field(name) + weight(field))
            .sum(),
        Value::String(text) => weight_of_text(text),
        _ => 0,
    }
}

/// What a field of an input object costs besides its value.
fn weight_of_field(name: &Name) -> u64 {
    if name == "text" { TEXT_SEARCH } else { 1 }
}

/// What a filter costs whose values are counted already.
fn weight_of_filter(filter: &EventFilter) -> u64 {
    let inside = filter.not.iter().map(|not| weight_of_filter(not));
    let any = filter.any.iter().flatten().map(weight_of_filter);
    let text = if filter.text.is_some() {
        TEXT_SEARCH
    } else {
        0
    };
    inside.chain(any).fold(text + 1, u64::saturating_add)
}

fn weight_of_text(text: &str) -> u64 {
    text.len() as u64 / 100
}
