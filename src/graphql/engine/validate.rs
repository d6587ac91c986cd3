//! Whether a document fits the schema: the framework's validation by itself.
//!
//! The framework validates what it carries out; but that is a plan, which no longer has what a client may have got wrong.

use crate::graphql::Schema;
use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, InlineFragment, OperationDefinition,
    Selection, SelectionSet,
};
use async_graphql::{Positioned, Request, Response, ServerError, ValidationMode, Value, Variables};
use futures::FutureExt;
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Puts each `__typename` with directives into a fragment with the same directives: on the field itself the framework does
/// not look at them, and takes the variables in them for unused.
pub(super) fn prepare(document: &mut ExecutableDocument) {
    match &mut document.operations {
        DocumentOperations::Single(only) => wrap(&mut only.node.selection_set.node),
        DocumentOperations::Multiple(named) => named
            .values_mut()
            .for_each(|operation| wrap(&mut operation.node.selection_set.node)),
    }
    for fragment in document.fragments.values_mut() {
        wrap(&mut fragment.node.selection_set.node);
    }
}

fn wrap(set: &mut SelectionSet) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) if field.node.name.node == "__typename" => {
                let directives = std::mem::take(&mut field.node.directives);
                if !directives.is_empty() {
                    let pos = selection.pos;
                    let items = vec![selection.clone()];
                    let fragment = InlineFragment {
                        type_condition: None,
                        directives,
                        selection_set: Positioned::new(SelectionSet { items }, pos),
                    };
                    selection.node = Selection::InlineFragment(Positioned::new(fragment, pos));
                }
            }
            Selection::Field(field) => wrap(&mut field.node.selection_set.node),
            Selection::InlineFragment(fragment) => wrap(&mut fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// How many are kept for each document, and how long each may be.
const KEPT: usize = 8;
const LONGEST: usize = 1_000;

/// A schema that validates and carries nothing out.
pub(super) struct Validator(Schema);

impl Validator {
    pub(super) fn new(suggestions: bool) -> Self {
        let schema = crate::graphql::schema_builder(None)
            .validation_mode(ValidationMode::Strict)
            .extension(ValidateOnly);
        let schema = if suggestions {
            schema
        } else {
            schema.disable_suggestions()
        };
        Self(schema.finish())
    }

    /// Finds what is wrong with a document, and with the variables for one of its operations.
    pub(super) fn check(
        &self,
        document: &ExecutableDocument,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> Result<(), Vec<ServerError>> {
        let mut request = Request::new("").variables(variables.clone());
        request.operation_name = operation_name.map(str::to_owned);
        request.set_parsed_query(document.clone());
        match self.0.execute(request).now_or_never() {
            Some(response) if response.errors.is_empty() => Ok(()),
            Some(response) => Err(response.errors),
            None => Err(vec![ServerError::new("the document was not checked", None)]),
        }
    }
}

/// Which operations of a document were found valid, with which variables: most are asked again and again, and only what
/// stands in some variables differs.
#[derive(Debug, Default)]
pub(super) struct Checked(Mutex<VecDeque<String>>);

impl Checked {
    /// Whether an operation was found valid with such variables; if not, it is once `check` has found no fault.
    pub(super) fn or(
        &self,
        operation: &OperationDefinition,
        name: Option<&str>,
        variables: &Variables,
        check: impl FnOnce() -> Result<(), Vec<ServerError>>,
    ) -> Result<(), Vec<ServerError>> {
        let essence = essence(operation, name, variables);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(&essence) {
            return Ok(());
        }
        check()?;
        if essence.len() <= LONGEST {
            let mut known = known();
            known.truncate(KEPT - 1);
            known.push_front(essence);
        }
        Ok(())
    }
}

/// What the validity of an operation depends on: its name and its variables, but not what a text says.
fn essence(operation: &OperationDefinition, name: Option<&str>, variables: &Variables) -> String {
    let mut essence = name.unwrap_or_default().to_owned();
    for (given, value) in variables.iter() {
        let declared = operation.variable_definitions.iter();
        let mut declared = declared.filter(|declared| declared.node.name.node == *given);
        let is_text = declared.next().is_some_and(|declared| {
            let of = &declared.node.var_type.node.base;
            matches!(of, BaseType::Named(name) if ["String", "ID"].contains(&name.as_str()))
        });
        essence.push('\n');
        essence.push_str(given);
        match value {
            Value::String(_) if is_text => essence.push_str(": a text"),
            value => {
                let _ = write!(essence, ": {value}");
            }
        }
    }
    essence
}

#[derive(Clone, Copy)]
struct ValidateOnly;

impl ExtensionFactory for ValidateOnly {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

#[async_trait]
impl Extension for ValidateOnly {
    async fn execute(
        &self,
        _: &ExtensionContext<'_>,
        _: Option<&str>,
        _: NextExecute<'_>,
    ) -> Response {
        Response::new(Value::Null)
    }
}
