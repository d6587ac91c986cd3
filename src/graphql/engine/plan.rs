//! What is to be carried out: the chosen operation without fragments, directives and repetitions.
//!
//! The framework carries out a field as often as it is asked for and merges what it finds, each time perhaps something
//! else; here every field of an object is asked for once, with all that is wanted of it.

use super::types::{Composite, Types};
use crate::graphql::error::{self, Code};
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition,
    OperationType, Selection, SelectionSet, TypeCondition,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Value, Variables};
use async_graphql_value::Value as Written;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

/// The key under which a value is asked for its type; no document can contain it.
pub(super) const TYPE_KEY: &str = ":type";

/// Plans an operation of a valid document.
pub(super) fn plan(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
    types: &Types,
) -> Result<OperationDefinition, ServerError> {
    let planner = Planner {
        document,
        variables,
        types,
        conflict: Cell::default(),
    };
    let root = types.root(operation.ty);
    let set = planner.set(&[&operation.selection_set.node], root);
    if let Some((key, locations)) = planner.conflict.take() {
        let message = format!(
            "`{key}` stands for different fields or arguments; give one of them another alias"
        );
        let error = error::refusal(Code::BadUserInput, message);
        return Err(ServerError { locations, ..error });
    }
    if operation.ty == OperationType::Subscription {
        one_root_field(&set)?;
    }
    Ok(OperationDefinition {
        ty: operation.ty,
        variable_definitions: operation.variable_definitions.clone(),
        directives: Vec::new(),
        selection_set: Positioned::new(set, operation.selection_set.pos),
    })
}

/// The document that has nothing but this operation.
pub(super) fn document(operation: OperationDefinition) -> ExecutableDocument {
    let operation = Positioned::new(operation, Pos::default());
    ExecutableDocument {
        operations: DocumentOperations::Single(operation),
        fragments: HashMap::new(),
    }
}

fn one_root_field(set: &SelectionSet) -> Result<(), ServerError> {
    let wrong = |message| Err(error::refusal(Code::BadUserInput, message));
    match set.items.as_slice() {
        [only] => match &only.node {
            Selection::Field(field) if field.node.name.node.starts_with("__") => {
                wrong("a subscription cannot read the schema; send a query")
            }
            _ => Ok(()),
        },
        [] => wrong("a subscription selects one field; this one selects none"),
        _ => wrong("a subscription selects one field; start one for each"),
    }
}

/// What is asked for under one key: the field as it stands first, and all sets of selections.
type Merged<'a> = IndexMap<&'a str, (&'a Positioned<Field>, Vec<&'a SelectionSet>)>;

struct Planner<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    types: &'a Types,
    /// A key that stands for two things, and where.
    conflict: Cell<Option<(&'a str, Vec<Pos>)>>,
}

impl<'a> Planner<'a> {
    /// What several sets together ask of a value.
    fn set(&self, sets: &[&'a SelectionSet], of: Option<&'a Composite>) -> SelectionSet {
        let Some(of) = of else {
            return SelectionSet::default();
        };
        let mut items = Vec::new();
        if of.is_abstract {
            items.push(type_field());
            let mut objects: Vec<_> = self.types.objects(of).collect();
            objects.sort_unstable_by_key(|object| &object.name);
            for object in objects {
                let asked = self.object(sets, object);
                if !asked.is_empty() {
                    items.push(fragment(&object.name, asked));
                }
            }
        } else {
            items = self.object(sets, of);
        }
        SelectionSet { items }
    }

    /// What several sets together ask of an object.
    fn object(
        &self,
        sets: &[&'a SelectionSet],
        object: &'a Composite,
    ) -> Vec<Positioned<Selection>> {
        let (mut merged, mut spread) = (Merged::new(), HashSet::new());
        for set in sets {
            self.collect(set, object, &mut merged, &mut spread);
        }
        // A stream keeps its plan for as long as it is open, so the plan keeps no room to grow.
        let mut fields = Vec::with_capacity(merged.len());
        fields.extend(merged.into_values().map(|(field, sets)| {
            let known = object.field(&field.node.name.node);
            let within = known.and_then(|known| self.types.composite(&known.of));
            let mut set = self.set(&sets, within);
            if within.is_some() && set.items.is_empty() {
                // The framework takes an object of which nothing is asked for null.
                set.items.push(type_field());
            }
            let planned = Field {
                alias: field.node.alias.clone(),
                name: field.node.name.clone(),
                arguments: field.node.arguments.clone(),
                directives: Vec::new(),
                selection_set: Positioned::new(set, field.node.selection_set.pos),
            };
            let planned = Selection::Field(Positioned::new(planned, field.pos));
            Positioned::new(planned, field.pos)
        }));
        fields
    }

    fn collect(
        &self,
        set: &'a SelectionSet,
        object: &'a Composite,
        merged: &mut Merged<'a>,
        spread: &mut HashSet<&'a str>,
    ) {
        for selection in &set.items {
            if self.is_skipped(selection.node.directives()) {
                continue;
            }
            let (condition, inner) = match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.as_str();
                    let asked = merged.entry(key).or_insert((field, Vec::new()));
                    let (is, was) = (&field.node, &asked.0.node);
                    if is.name != was.name || !same(&is.arguments, &was.arguments) {
                        self.conflict.set(Some((key, vec![asked.0.pos, field.pos])));
                    }
                    asked.1.push(&field.node.selection_set.node);
                    continue;
                }
                Selection::InlineFragment(inline) => (
                    inline.node.type_condition.as_ref(),
                    &inline.node.selection_set,
                ),
                Selection::FragmentSpread(found) => {
                    let name = &found.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else {
                        continue;
                    };
                    if !spread.insert(name.as_str()) {
                        continue;
                    }
                    (
                        Some(&fragment.node.type_condition),
                        &fragment.node.selection_set,
                    )
                }
            };
            if condition.is_none_or(|condition| object.is_a(&condition.node.on.node, self.types)) {
                self.collect(&inner.node, object, merged, spread);
            }
        }
    }

    fn is_skipped(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let skips_if = match directive.node.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            let condition = directive.node.get_argument("if").map(|value| {
                let value = value.node.clone();
                value.into_const_with(|name| self.variables.get(&name).cloned().ok_or(()))
            });
            matches!(condition, Some(Ok(Value::Boolean(given))) if given == skips_if)
        })
    }
}

type Arguments = [(Positioned<Name>, Positioned<Written>)];

/// Whether these are the same arguments, in whatever order.
fn same(some: &Arguments, others: &Arguments) -> bool {
    some.len() == others.len() && some.iter().all(|argument| others.contains(argument))
}

fn fragment(on: &str, items: Vec<Positioned<Selection>>) -> Positioned<Selection> {
    let at = Pos::default();
    let on = TypeCondition {
        on: Positioned::new(Name::new(on), at),
    };
    let fragment = InlineFragment {
        type_condition: Some(Positioned::new(on, at)),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet { items }, at),
    };
    let fragment = Selection::InlineFragment(Positioned::new(fragment, at));
    Positioned::new(fragment, at)
}

fn type_field() -> Positioned<Selection> {
    let at = |name| Positioned::new(Name::new(name), Pos::default());
    let field = Field {
        alias: Some(at(TYPE_KEY)),
        name: at("__typename"),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::default(),
    };
    let field = Selection::Field(Positioned::new(field, Pos::default()));
    Positioned::new(field, Pos::default())
}
