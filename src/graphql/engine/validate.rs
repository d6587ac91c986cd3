//! Whether a document fits the schema: the framework's validation by itself.
//!
//! The framework validates what it carries out; but that is a plan, which no longer has what a client may have got wrong.

use crate::graphql::Schema;
use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, InlineFragment, Selection, SelectionSet,
};
use async_graphql::{Positioned, Request, Response, ServerError, ValidationMode, Value, Variables};
use futures::FutureExt;
use std::sync::Arc;

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
