//! Makes an answer what GraphQL says it is: fields in the order in which they were asked for, and the null of a value
//! that must not be null taken up to the nearest place that may be null.
//!
//! The framework puts fields in the order in which their resolvers finish, and leaves out those that fail.

use super::plan::TYPE_KEY;
use super::types::{Composite, Field as FieldType, Shape, Types};
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, PathSegment, ServerError, Value};
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

/// Completes what the executor made of an operation, from the root down.
pub(super) fn complete(
    data: Value,
    errors: &[ServerError],
    planned: &OperationDefinition,
    types: &Types,
) -> Value {
    let Some(root) = types.root(planned.ty) else {
        return data;
    };
    let completion = Completion {
        types,
        failed: failed_below(errors),
    };
    let mut object = match data {
        Value::Object(object) => object,
        // What the executor makes of an object without fields.
        _ => IndexMap::new(),
    };
    let fields = completion.fields(root, &planned.selection_set.node);
    match completion.object(&fields, &mut object, &mut String::new()) {
        Ok(()) => Value::Object(object),
        Err(Nulled) => Value::Null,
    }
}

/// The objects below which something failed: they exist, even if none of their fields could be given.
fn failed_below(errors: &[ServerError]) -> HashSet<String> {
    let mut below = HashSet::new();
    for error in errors {
        let mut way = String::new();
        for segment in &error.path {
            below.insert(way.clone());
            match segment {
                PathSegment::Field(key) => step(&mut way, key),
                PathSegment::Index(at) => step(&mut way, at),
            }
        }
    }
    below
}

/// Goes one step down.
fn step(way: &mut String, segment: impl std::fmt::Display) {
    use std::fmt::Write;
    let _ = write!(way, "/{segment}");
}

/// A null where none may be.
struct Nulled;

/// The fields that are asked of one type of object, by response key, in order.
type Fields<'a> = IndexMap<&'a str, Wanted<'a>>;

/// A field that is asked for.
struct Wanted<'a> {
    known: Option<&'a FieldType>,
    within: Option<&'a Composite>,
    set: &'a SelectionSet,
    /// What is asked of the objects in it, by their type; made when the first of them is met.
    fields: RefCell<Vec<(&'a str, Rc<Fields<'a>>)>>,
}

struct Completion<'a> {
    types: &'a Types,
    failed: HashSet<String>,
}

impl<'a> Completion<'a> {
    fn fields(&self, object: &'a Composite, set: &'a SelectionSet) -> Fields<'a> {
        let mut fields = Fields::new();
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.as_str();
                    if key != TYPE_KEY {
                        fields.insert(key, self.wanted(object, &field.node));
                    }
                }
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref();
                    if on.is_some_and(|on| on.node.on.node == object.name) {
                        fields.extend(self.fields(object, &inline.node.selection_set.node));
                    }
                }
                // A plan has none.
                Selection::FragmentSpread(_) => {}
            }
        }
        fields
    }

    fn wanted(&self, object: &'a Composite, field: &'a Field) -> Wanted<'a> {
        let known = object.field(&field.name.node);
        Wanted {
            known,
            within: known.and_then(|known| self.types.composite(&known.of)),
            set: &field.selection_set.node,
            fields: RefCell::default(),
        }
    }

    /// Completes an object of a known type.
    fn object(
        &self,
        fields: &Fields<'a>,
        object: &mut IndexMap<Name, Value>,
        way: &mut String,
    ) -> Result<(), Nulled> {
        let in_order = object.len() == fields.len()
            && object
                .keys()
                .zip(fields.keys())
                .all(|(is, should)| is == should);
        if !in_order {
            let mut found = std::mem::take(object);
            let ordered = fields.keys().map(|key| {
                let entry = found.swap_remove_entry(*key);
                entry.unwrap_or_else(|| (Name::new(key), Value::Null))
            });
            *object = ordered.collect();
        }
        for ((key, wanted), value) in fields.iter().zip(object.values_mut()) {
            let Some(known) = wanted.known else { continue };
            self.below(way, key, |way| self.value(wanted, &known.shape, value, way))?;
        }
        Ok(())
    }

    /// Completes a value; fails when it is null and must not be.
    fn value(
        &self,
        wanted: &Wanted<'a>,
        shape: &Shape,
        value: &mut Value,
        way: &mut String,
    ) -> Result<(), Nulled> {
        if *value == Value::Null
            && shape.items.is_none()
            && wanted.within.is_some()
            && self.failed.contains(way)
        {
            *value = Value::Object(IndexMap::new());
        }
        let done = match (&mut *value, &shape.items, wanted.within) {
            (Value::Null, ..) => Err(Nulled),
            (Value::List(items), Some(shape), _) => {
                items.iter_mut().enumerate().try_for_each(|(at, item)| {
                    self.below(way, at, |way| self.value(wanted, shape, item, way))
                })
            }
            (Value::Object(object), None, Some(within)) => {
                let own = match object.shift_remove(TYPE_KEY) {
                    Some(Value::String(name)) => self.types.composite(&name),
                    _ => None,
                };
                let fields = self.fields_of(wanted, own.unwrap_or(within));
                self.object(&fields, object, way)
            }
            _ => Ok(()),
        };
        match done {
            Err(Nulled) if shape.non_null => Err(Nulled),
            Err(Nulled) => {
                *value = Value::Null;
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn fields_of(&self, wanted: &Wanted<'a>, object: &'a Composite) -> Rc<Fields<'a>> {
        let mut known = wanted.fields.borrow_mut();
        if let Some((_, fields)) = known.iter().find(|(name, _)| *name == object.name) {
            return Rc::clone(fields);
        }
        let fields = Rc::new(self.fields(object, wanted.set));
        known.push((&object.name, Rc::clone(&fields)));
        fields
    }

    /// Completes something one step down; the way there is only kept when something failed.
    fn below(
        &self,
        way: &mut String,
        segment: impl std::fmt::Display,
        complete: impl FnOnce(&mut String) -> Result<(), Nulled>,
    ) -> Result<(), Nulled> {
        if self.failed.is_empty() {
            return complete(way);
        }
        let before = way.len();
        step(way, segment);
        let done = complete(way);
        way.truncate(before);
        done
    }
}
