//! How large a document is, measured before it is validated, in time linear in its text.
//!
//! A fragment counts wherever it is spread but is walked only once, so that fragments which spread each other twice
//! cannot cost more than they are long. What a document costs to carry out is up to [`cost`](super::cost).

use super::types::{Composite, Types};
use crate::config::Limits;
use crate::graphql::error::{self, Code};
use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError};
use std::collections::HashMap;

/// How deep `fields`, `interfaces`, … of introspection may nest in each other; tools need one level.
const INTROSPECTION_DEPTH: usize = 2;

/// Fields that do not exist, before the rest of them is not looked at: for each, similar names are searched.
const UNKNOWN_FIELDS: usize = 20;

/// Something of which a request may have only so much; named like its setting, where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Tokens,
    Nesting,
    NameLength,
    ListItems,
    Depth,
    Selections,
    Aliases,
    RootFields,
    Operations,
    Fragments,
    Directives,
    IntrospectionDepth,
    Cost,
    StreamCost,
}

/// A limit that a request exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Excess {
    pub(super) limit: Limit,
    pub(super) used: u64,
    pub(super) allowed: u64,
}

impl Limit {
    /// Fails when more is used than allowed.
    pub(super) fn check(self, used: usize, allowed: usize) -> Result<(), Excess> {
        self.check_cost(used as u64, allowed as u64)
    }

    /// Fails when more is used than allowed.
    pub(super) fn check_cost(self, used: u64, allowed: u64) -> Result<(), Excess> {
        if used <= allowed {
            return Ok(());
        }
        Err(Excess {
            limit: self,
            used,
            allowed,
        })
    }

    /// Its name in `extensions.limit`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Nesting => "nesting",
            Self::NameLength => "name_length",
            Self::ListItems => "list_items",
            Self::Depth => "depth",
            Self::Selections => "selections",
            Self::Aliases => "aliases",
            Self::RootFields => "root_fields",
            Self::Operations => "operations",
            Self::Fragments => "fragments",
            Self::Directives => "directives",
            Self::IntrospectionDepth => "introspection_depth",
            Self::Cost => "cost",
            Self::StreamCost => "stream_cost",
        }
    }

    /// What it counts.
    const fn describe(self) -> &'static str {
        match self {
            Self::Tokens => "tokens in the document",
            Self::Nesting => "levels of brackets and fragments",
            Self::NameLength => "bytes in a name",
            Self::ListItems => "items in a list; send long lists as variables",
            Self::Depth => "levels of fields",
            Self::Selections => "selected fields and fragments, fragments written out",
            Self::Aliases => "aliases, fragments written out",
            Self::RootFields => "fields at the root",
            Self::Operations => "operations in the document",
            Self::Fragments => "fragments",
            Self::Directives => "directives",
            Self::IntrospectionDepth => "levels of introspection lists",
            Self::Cost => {
                "values in the answer; ask for fewer items a page, or fewer lists within lists"
            }
            Self::StreamCost => "values in each answer of a stream; ask for fewer lists",
        }
    }
}

impl From<Excess> for ServerError {
    fn from(excess: Excess) -> Self {
        let Excess {
            limit,
            used,
            allowed,
        } = excess;
        let message = format!(
            "the request is too complex: {used} is more than the {allowed} allowed {}",
            limit.describe()
        );
        let error = error::refusal(Code::QueryTooComplex, message);
        let error = error::with(error, "limit", limit.as_str());
        let error = error::with(error, "used", used);
        error::with(error, "allowed", allowed)
    }
}

/// What is found out about an accepted document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    /// Whether it reads the schema.
    pub(super) introspects: bool,
}

/// Measures a document; fails at the first limit that it exceeds, and for fragments that are not there or spread
/// themselves, which nothing behind this has to expect.
pub(super) fn check(
    document: &ExecutableDocument,
    types: &Types,
    limits: &Limits,
) -> Result<Measured, ServerError> {
    Limit::Operations.check(document.operations.iter().count(), limits.operations)?;
    Limit::Fragments.check(document.fragments.len(), limits.fragments)?;
    let mut walk = Walk {
        document,
        types,
        limits,
        fragments: HashMap::new(),
        directives: 0,
        unknown: 0,
        introspects: false,
    };
    let mut selections = 0_usize;
    for (name, fragment) in &document.fragments {
        walk.fragment(name, fragment, 0)?;
    }
    for (_, operation) in document.operations.iter() {
        // All of them are validated, though only one is carried out.
        selections = selections.saturating_add(walk.operation(&operation.node)?);
        Limit::Selections.check(selections, limits.selections)?;
    }
    Ok(Measured {
        introspects: walk.introspects,
    })
}

/// What a set of selections asks for, with its fragments written out.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    /// Fields of the set itself.
    here: usize,
    selections: usize,
    aliases: usize,
    depth: usize,
    nesting: usize,
    introspection: usize,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.here = self.here.saturating_add(other.here);
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.depth = self.depth.max(other.depth);
        self.nesting = self.nesting.max(other.nesting);
        self.introspection = self.introspection.max(other.introspection);
    }
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    types: &'a Types,
    limits: &'a Limits,
    /// What each fragment asks for; nothing while it is being walked.
    fragments: HashMap<&'a str, Option<Sum>>,
    directives: usize,
    unknown: usize,
    introspects: bool,
}

impl<'a> Walk<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<usize, ServerError> {
        self.count_directives(operation.directives.len())?;
        for variable in &operation.variable_definitions {
            self.count_directives(variable.node.directives.len())?;
        }
        let root = self.types.root(operation.ty);
        let sum = self.set(&operation.selection_set.node, root, 0)?;
        Limit::RootFields.check(sum.here, self.limits.root_fields)?;
        Ok(sum.selections)
    }

    fn set(
        &mut self,
        set: &'a SelectionSet,
        parent: Option<&'a Composite>,
        level: usize,
    ) -> Result<Sum, ServerError> {
        Limit::Nesting.check(level, self.limits.nesting)?;
        let mut sum = Sum::default();
        for selection in &set.items {
            self.count_directives(selection.node.directives().len())?;
            let mut found = match &selection.node {
                Selection::Field(field) => self.field(&field.node, parent, level)?,
                Selection::InlineFragment(fragment) => {
                    let parent = match &fragment.node.type_condition {
                        Some(condition) => self.types.composite(&condition.node.on.node),
                        None => parent,
                    };
                    self.set(&fragment.node.selection_set.node, parent, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
                        let message = format!("there is no fragment `{name}`");
                        let error = error::refusal(Code::BadUserInput, message);
                        let locations = vec![spread.pos];
                        return Err(ServerError { locations, ..error });
                    };
                    self.fragment(name, fragment, level + 1)?
                }
            };
            found.selections = found.selections.saturating_add(1);
            sum.add(found);
            Limit::Selections.check(sum.selections, self.limits.selections)?;
            Limit::Aliases.check(sum.aliases, self.limits.aliases)?;
        }
        sum.nesting += 1;
        Limit::Nesting.check(level + sum.nesting, self.limits.nesting)?;
        Ok(sum)
    }

    fn fragment(
        &mut self,
        name: &'a Name,
        fragment: &'a Positioned<FragmentDefinition>,
        level: usize,
    ) -> Result<Sum, ServerError> {
        match self.fragments.get(name.as_str()) {
            Some(Some(sum)) => {
                Limit::Nesting.check(level + sum.nesting, self.limits.nesting)?;
                return Ok(*sum);
            }
            Some(None) => {
                let message = format!("the fragment `{name}` spreads itself");
                return Err(error::refusal(Code::BadUserInput, message));
            }
            None => {}
        }
        self.fragments.insert(name, None);
        self.count_directives(fragment.node.directives.len())?;
        let parent = self
            .types
            .composite(&fragment.node.type_condition.node.on.node);
        let sum = self.set(&fragment.node.selection_set.node, parent, level)?;
        self.fragments.insert(name, Some(sum));
        Ok(sum)
    }

    fn field(
        &mut self,
        field: &'a Field,
        parent: Option<&'a Composite>,
        level: usize,
    ) -> Result<Sum, ServerError> {
        let name = field.name.node.as_str();
        self.introspects |= matches!(name, "__schema" | "__type");
        let known = parent.and_then(|parent| parent.field(name));
        if let (Some(parent), None) = (parent, known) {
            self.count_unknown(parent, name)?;
        }
        let within = known.and_then(|known| self.types.composite(&known.of));
        let inner = self.set(&field.selection_set.node, within, level + 1)?;
        let nests = parent.is_some_and(|parent| parent.name.starts_with("__"))
            && matches!(
                name,
                "fields" | "interfaces" | "possibleTypes" | "inputFields"
            );
        let sum = Sum {
            here: 1,
            selections: inner.selections,
            aliases: inner
                .aliases
                .saturating_add(usize::from(field.alias.is_some())),
            depth: inner.depth + 1,
            nesting: inner.nesting,
            introspection: inner.introspection + usize::from(nests),
        };
        Limit::Depth.check(sum.depth, self.limits.depth)?;
        Limit::IntrospectionDepth.check(sum.introspection, INTROSPECTION_DEPTH)?;
        Ok(sum)
    }

    fn count_unknown(&mut self, parent: &Composite, name: &str) -> Result<(), ServerError> {
        self.unknown += 1;
        if self.unknown <= UNKNOWN_FIELDS {
            return Ok(());
        }
        let message = format!(
            "more than {UNKNOWN_FIELDS} of the fields do not exist, `{name}` of `{}` among them",
            parent.name
        );
        Err(error::refusal(Code::BadUserInput, message))
    }

    fn count_directives(&mut self, more: usize) -> Result<(), Excess> {
        self.directives += more;
        Limit::Directives.check(self.directives, self.limits.directives)
    }
}
