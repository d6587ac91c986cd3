//! The types of the schema as a request's selections are read against them: of which type a field is, and whether it may
//! be null.
//!
//! Taken from the schema's own introspection, so they cover the introspection types too.

use async_graphql::parser::types::OperationType;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// Every type that has fields.
#[derive(Debug)]
pub(super) struct Types {
    composites: HashMap<String, Composite>,
    query: String,
    mutation: Option<String>,
    subscription: Option<String>,
}

/// An object, interface or union.
#[derive(Debug)]
pub(super) struct Composite {
    pub(super) name: String,
    fields: HashMap<String, Field>,
    /// The objects that stand for it: itself, or those of an interface or union.
    objects: HashSet<String>,
    /// Whether a value's own type has to be asked for.
    pub(super) is_abstract: bool,
}

/// What a field holds.
#[derive(Debug)]
pub(super) struct Field {
    /// Lists and nulls, from the outside in.
    pub(super) shape: Shape,
    /// The name of the type inside.
    pub(super) of: String,
    /// Whether it is a connection: a list that is read in pages.
    pub(super) is_paged: bool,
    /// Whether it takes a filter of events, and beside it the same as text.
    pub(super) is_searched: bool,
}

/// How a type is wrapped.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) non_null: bool,
    /// The shape of the items, of a list.
    pub(super) items: Option<Box<Shape>>,
}

/// Asks a schema for what [`Types`] holds.
pub(super) const QUERY: &str = "{ __schema { queryType { name } mutationType { name } subscriptionType { name } \
    types { name kind possibleTypes { name } fields(includeDeprecated: true) { name args(includeDeprecated: true) { name type { name } } \
    type { ...T ofType { ...T ofType { ...T ofType { ...T ofType { ...T ofType { ...T } } } } } } } } } } \
    fragment T on __Type { kind name }";

impl Types {
    /// Reads the answer to [`QUERY`].
    pub(super) fn read(answer: serde_json::Value) -> Result<Self, serde_json::Error> {
        let Introspection { schema } = serde_json::from_value(answer)?;
        let name = |named: Option<Named>| named.map(|named| named.name);
        let composites = schema.types.into_iter().filter_map(composite);
        let mut composites: HashMap<_, _> = composites
            .map(|found| (found.name.clone(), found))
            .collect();
        // What introspection adds by itself, it does not list.
        for composite in composites.values_mut() {
            let field = Field::of("String", true);
            composite.fields.insert("__typename".to_owned(), field);
        }
        let query = schema.query_type.name;
        if let Some(root) = composites.get_mut(&query) {
            root.fields
                .insert("__schema".to_owned(), Field::of("__Schema", true));
            root.fields
                .insert("__type".to_owned(), Field::of("__Type", false));
        }
        Ok(Self {
            composites,
            query,
            mutation: name(schema.mutation_type),
            subscription: name(schema.subscription_type),
        })
    }

    /// The type with this name, if it has fields.
    pub(super) fn composite(&self, name: &str) -> Option<&Composite> {
        self.composites.get(name)
    }

    /// The objects that stand for a type.
    pub(super) fn objects(&self, of: &Composite) -> impl Iterator<Item = &Composite> {
        of.objects.iter().filter_map(|name| self.composite(name))
    }

    /// The object at which an operation starts.
    pub(super) fn root(&self, operation: OperationType) -> Option<&Composite> {
        match operation {
            OperationType::Query => self.composite(&self.query),
            OperationType::Mutation => self.composite(self.mutation.as_deref()?),
            OperationType::Subscription => self.composite(self.subscription.as_deref()?),
        }
    }
}

impl Composite {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    /// Whether a selection on `condition` applies to values of this object.
    pub(super) fn is_a(&self, condition: &str, types: &Types) -> bool {
        self.name == condition
            || types
                .composite(condition)
                .is_some_and(|wider| wider.objects.contains(&self.name))
    }
}

impl Field {
    fn of(name: &str, non_null: bool) -> Self {
        let shape = Shape {
            non_null,
            items: None,
        };
        Self {
            shape,
            of: name.to_owned(),
            is_paged: false,
            is_searched: false,
        }
    }
}

fn composite(found: FoundType) -> Option<Composite> {
    let is_abstract = matches!(found.kind.as_str(), "INTERFACE" | "UNION");
    if !is_abstract && found.kind != "OBJECT" {
        return None;
    }
    let objects = if is_abstract {
        let possible = found.possible_types.unwrap_or_default();
        possible.into_iter().map(|named| named.name).collect()
    } else {
        HashSet::from([found.name.clone()])
    };
    let fields = found.fields.unwrap_or_default();
    let fields = fields.into_iter().map(|field| {
        let is_paged = field.args.iter().any(|arg| arg.name == "first");
        let is_searched = field
            .args
            .iter()
            .any(|arg| arg.of.name.as_deref() == Some("EventFilter"));
        let (shape, of) = unwrap(field.of);
        (
            field.name,
            Field {
                shape,
                of,
                is_paged,
                is_searched,
            },
        )
    });
    Some(Composite {
        name: found.name,
        fields: fields.collect(),
        objects,
        is_abstract,
    })
}

/// Splits a type into its shape and the name inside.
fn unwrap(found: TypeRef) -> (Shape, String) {
    match (found.kind.as_str(), found.of_type) {
        ("NON_NULL", Some(inner)) => {
            let (shape, name) = unwrap(*inner);
            (
                Shape {
                    non_null: true,
                    ..shape
                },
                name,
            )
        }
        ("LIST", Some(inner)) => {
            let (items, name) = unwrap(*inner);
            (
                Shape {
                    non_null: false,
                    items: Some(Box::new(items)),
                },
                name,
            )
        }
        _ => (
            Shape {
                non_null: false,
                items: None,
            },
            found.name.unwrap_or_default(),
        ),
    }
}

#[derive(Deserialize)]
struct Introspection {
    #[serde(rename = "__schema")]
    schema: FoundSchema,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundSchema {
    query_type: Named,
    mutation_type: Option<Named>,
    subscription_type: Option<Named>,
    types: Vec<FoundType>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundType {
    name: String,
    kind: String,
    possible_types: Option<Vec<Named>>,
    fields: Option<Vec<FoundField>>,
}

#[derive(Deserialize)]
struct FoundField {
    name: String,
    args: Vec<FoundArgument>,
    #[serde(rename = "type")]
    of: TypeRef,
}

#[derive(Deserialize)]
struct FoundArgument {
    name: String,
    #[serde(rename = "type")]
    of: MaybeNamed,
}

#[derive(Deserialize)]
struct MaybeNamed {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypeRef {
    kind: String,
    name: Option<String>,
    of_type: Option<Box<TypeRef>>,
}
