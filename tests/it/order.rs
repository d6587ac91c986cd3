//! Answers have the fields that were asked for, in that order, and nulls where GraphQL puts them, whatever the timing
//! and whatever fails: random documents over a store whose fields come late, and some of which never come.

use crate::queries;
use crate::world::{Kind, World, administrator, caller};
use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo,
};
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use async_graphql::{Name, PathSegment, QueryPathSegment, ServerError, ServerResult, Value};
use auditgraph::graphql::{self, Engine};
use auditgraph::metrics::Metrics;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Fields that come late by a random number of turns, and sometimes fail.
#[derive(Clone)]
struct Late {
    seed: Arc<AtomicU64>,
    failing: Arc<AtomicBool>,
    randomness: Arc<Mutex<StdRng>>,
    /// Which part of all fields fails.
    failures: f64,
}

impl Late {
    /// A number between 0 and 1 that belongs to a place.
    fn fate(&self, path: &[String]) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.seed.load(Ordering::Relaxed), path).hash(&mut hasher);
        StdRng::seed_from_u64(hasher.finish()).random()
    }
}

impl ExtensionFactory for Late {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Extension for Late {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let is_field = matches!(info.path_node.segment, QueryPathSegment::Name(_));
        let fails = is_field
            && self.failing.load(Ordering::Relaxed)
            && self.fate(&info.path_node.to_string_vec()) < self.failures;
        let turns = self.randomness.lock().unwrap().random_range(0..4);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        if !fails {
            return next.run(ctx, info).await;
        }
        let mut path = vec![info.path_node.segment];
        path.extend(info.path_node.parents().map(|node| node.segment));
        let mut error = ServerError::new("made to fail", None);
        error.path = path
            .into_iter()
            .rev()
            .map(|segment| match segment {
                QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
                QueryPathSegment::Index(at) => PathSegment::Index(at),
            })
            .collect();
        Err(error)
    }
}

/// A field as the schema has it; its type as it is written.
struct Known {
    name: String,
    of: String,
    takes_first: bool,
}

/// The types that have fields, and the objects that each of them stands for.
struct Types {
    fields: HashMap<String, Vec<Known>>,
    objects: HashMap<String, Vec<String>>,
}

fn types() -> Types {
    let mut types = Types {
        fields: HashMap::new(),
        objects: HashMap::new(),
    };
    for definition in parse_schema(graphql::sdl()).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let name = definition.node.name.node.to_string();
        let (fields, interfaces) = match definition.node.kind {
            TypeKind::Object(object) => (object.fields, Some(object.implements)),
            TypeKind::Interface(interface) => (interface.fields, None),
            _ => continue,
        };
        for wider in interfaces.iter().flatten() {
            let objects = types.objects.entry(wider.node.to_string()).or_default();
            objects.push(name.clone());
        }
        if interfaces.is_some() {
            types.objects.insert(name.clone(), vec![name.clone()]);
        }
        let is_root = name == "Query";
        let fields = fields.into_iter().map(|field| field.node);
        // These want one of two arguments, which their types do not say; the actions are just many.
        let left_out = ["user", "group", "project", "issue", "actions"];
        let fields =
            fields.filter(|field| !is_root || !left_out.contains(&field.name.node.as_str()));
        let fields = fields.filter(|field| {
            field
                .arguments
                .iter()
                .all(|given| given.node.ty.node.nullable)
        });
        let known = fields.map(|field| Known {
            name: field.name.node.to_string(),
            of: field.ty.node.to_string(),
            takes_first: field
                .arguments
                .iter()
                .any(|given| given.node.name.node == "first"),
        });
        types.fields.insert(name, known.collect());
    }
    types
}

impl Types {
    /// The type inside lists and non-nulls, when it has fields.
    fn inside<'a>(&self, of: &'a str) -> Option<&'a str> {
        let name = of.trim_matches(['[', ']', '!']);
        self.fields.contains_key(name).then_some(name)
    }

    fn stands_for(&self, wider: &str, object: &str) -> bool {
        self.objects[wider].iter().any(|name| name == object)
    }
}

/// Something that is selected.
enum Item {
    Field {
        key: String,
        name: String,
        of: String,
        arguments: &'static str,
        items: Vec<Item>,
        skipped: bool,
    },
    Fragment {
        on: Option<String>,
        /// Its number, when it is a named one.
        named: Option<usize>,
        items: Vec<Item>,
        skipped: bool,
    },
}

/// Makes up documents.
struct Author<'a> {
    types: &'a Types,
    randomness: StdRng,
    fragments: usize,
}

impl Author<'_> {
    fn set(&mut self, of: &str, depth: usize) -> Vec<Item> {
        let wanted = self.randomness.random_range(1..=4);
        let mut items: Vec<Item> = (0..wanted).map(|_| self.item(of, depth)).collect();
        if self.types.objects[of].len() > 1 || !items.iter().any(is_certain) {
            let at = self.randomness.random_range(0..=items.len());
            items.insert(at, typename(false));
        }
        items
    }

    fn item(&mut self, of: &str, depth: usize) -> Item {
        let skipped = self.randomness.random_bool(0.1);
        if depth > 0 && self.randomness.random_bool(0.25) {
            let objects = &self.types.objects[of];
            let on = match self.randomness.random_range(0..3) {
                0 => None,
                1 => Some(of.to_owned()),
                _ => objects.choose(&mut self.randomness).cloned(),
            };
            let named = on.is_some() && self.randomness.random_bool(0.5);
            let named = named.then(|| {
                self.fragments += 1;
                self.fragments
            });
            let items = self.set(on.as_deref().unwrap_or(of), depth - 1);
            return Item::Fragment {
                on,
                named,
                items,
                skipped,
            };
        }
        let types = self.types;
        let leaf_only = |known: &&Known| depth > 0 || types.inside(&known.of).is_none();
        let fields: Vec<&Known> = types.fields[of].iter().filter(leaf_only).collect();
        let Some(known) = fields.choose(&mut self.randomness) else {
            return typename(skipped);
        };
        let items = match types.inside(&known.of) {
            Some(inner) => self.set(inner, depth - 1),
            None => Vec::new(),
        };
        let key = if self.randomness.random_bool(0.3) {
            format!("{}_{}", known.name, self.randomness.random_range(0..2))
        } else {
            known.name.clone()
        };
        Item::Field {
            key,
            name: known.name.clone(),
            of: known.of.clone(),
            arguments: if known.takes_first { "(first: 3)" } else { "" },
            items,
            skipped,
        }
    }
}

fn is_certain(item: &Item) -> bool {
    matches!(item, Item::Field { skipped: false, .. })
}

fn typename(skipped: bool) -> Item {
    Item::Field {
        key: "__typename".to_owned(),
        name: "__typename".to_owned(),
        of: "String!".to_owned(),
        arguments: "",
        items: Vec::new(),
        skipped,
    }
}

/// Writes a set of selections; what its named fragments are goes behind the document.
fn write(items: &[Item], text: &mut String, fragments: &mut String) {
    text.push_str("{ ");
    for item in items {
        let (inner, skipped) = match item {
            Item::Field {
                key,
                name,
                arguments,
                items,
                skipped,
                ..
            } => {
                if key != name {
                    write!(text, "{key}: ").unwrap();
                }
                write!(text, "{name}{arguments} ").unwrap();
                (Some(items).filter(|items| !items.is_empty()), skipped)
            }
            Item::Fragment {
                on: Some(on),
                named: Some(number),
                items,
                skipped,
            } => {
                write!(text, "...F{number} ").unwrap();
                let mut fragment = format!(" fragment F{number} on {on} ");
                write(items, &mut fragment, fragments);
                fragments.push_str(&fragment);
                (None, skipped)
            }
            Item::Fragment {
                on, items, skipped, ..
            } => {
                text.push_str("... ");
                if let Some(on) = on {
                    write!(text, "on {on} ").unwrap();
                }
                (Some(items), skipped)
            }
        };
        if *skipped {
            text.push_str("@include(if: $never) ");
        }
        if let Some(items) = inner {
            write(items, text, fragments);
        }
    }
    text.push_str("} ");
}

/// What is asked of an object: response key to type, and the sets of selections below it.
type Expected<'a> = IndexMap<&'a str, (&'a str, Vec<&'a [Item]>)>;

fn expect<'a>(items: &'a [Item], object: &str, types: &Types, expected: &mut Expected<'a>) {
    for item in items {
        match item {
            Item::Field { skipped: true, .. } | Item::Fragment { skipped: true, .. } => {}
            Item::Field { key, of, items, .. } => {
                let entry = expected.entry(key).or_insert((of, Vec::new()));
                entry.1.push(items);
            }
            Item::Fragment { on, items, .. } => {
                if on.as_ref().is_none_or(|on| types.stands_for(on, object)) {
                    expect(items, object, types, expected);
                }
            }
        }
    }
}

/// Checks an object, and notes at which places below it a null may be.
fn check_object(
    value: &Value,
    of: &str,
    sets: &[&[Item]],
    types: &Types,
    path: &str,
    may_be_null: &mut HashSet<String>,
) {
    let Value::Object(object) = value else {
        panic!("{path}: {value} instead of an object");
    };
    let own = match object.get("__typename") {
        Some(Value::String(name)) => name.as_str(),
        _ => of,
    };
    assert!(types.stands_for(of, own), "{path}: {own} is no {of}");
    let mut expected = Expected::new();
    for set in sets {
        expect(set, own, types, &mut expected);
    }
    let keys: Vec<&str> = object.keys().map(Name::as_str).collect();
    let wanted: Vec<&str> = expected.keys().copied().collect();
    assert_eq!(keys, wanted, "at {path}");
    for ((key, (of, sets)), value) in expected.iter().zip(object.values()) {
        check(
            value,
            of,
            sets,
            types,
            &format!("{path}/{key}"),
            may_be_null,
        );
    }
}

fn check(
    value: &Value,
    of: &str,
    sets: &[&[Item]],
    types: &Types,
    path: &str,
    may_be_null: &mut HashSet<String>,
) {
    let bare = of.strip_suffix('!');
    if *value == Value::Null {
        assert!(bare.is_none(), "{path}: null, but it is {of}");
        may_be_null.insert(path.to_owned());
        return;
    }
    let bare = bare.unwrap_or(of);
    let items = bare
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match (value, items, types.inside(bare)) {
        (Value::List(found), Some(of), _) => {
            for (at, item) in found.iter().enumerate() {
                check(item, of, sets, types, &format!("{path}/{at}"), may_be_null);
            }
        }
        (_, None, Some(inside)) => check_object(value, inside, sets, types, path, may_be_null),
        (_, None, None) => {}
        _ => panic!("{path}: {value} is no {of}"),
    }
}

struct Case {
    types: Types,
    late: Late,
    engine: Engine,
    _world: World,
}

impl Case {
    async fn new(failures: f64) -> Self {
        let mut world = queries::seeded(Kind::Sqlite).await;
        // Limits are not what this is about.
        let limits = &mut world.config.limits;
        limits.aliases = 100_000;
        limits.root_fields = 1_000;
        limits.selections = 100_000;
        limits.fragments = 1_000;
        limits.directives = 1_000;
        limits.nesting = 100;
        limits.cost = u32::MAX;
        limits.cost_per_minute = u32::MAX;
        let late = Late {
            seed: Arc::default(),
            failing: Arc::default(),
            randomness: Arc::new(Mutex::new(StdRng::seed_from_u64(0))),
            failures,
        };
        let backend = world.backend();
        let schema = graphql::schema_builder(Some(backend.clone()));
        let schema = schema.extension(late.clone()).finish();
        let engine = Engine::over(schema, backend, &world.config, Metrics::default()).unwrap();
        Self {
            types: types(),
            late,
            engine,
            _world: world,
        }
    }

    /// Makes up one document, asks it, and checks the answer; how many errors there were.
    async fn run(&self, seed: u64) -> usize {
        let mut author = Author {
            types: &self.types,
            randomness: StdRng::seed_from_u64(seed),
            fragments: 0,
        };
        let items = author.set("Query", 5);
        let (mut text, mut fragments) =
            ("query($never: Boolean = false) ".to_owned(), String::new());
        write(&items, &mut text, &mut fragments);
        text.push_str(&fragments);
        if !text.contains("$never)") {
            text = text.replacen("query($never: Boolean = false) ", "query ", 1);
        }

        println!("seed {seed}: {text}");
        self.late.seed.store(seed, Ordering::Relaxed);
        *self.late.randomness.lock().unwrap() = StdRng::seed_from_u64(seed);
        let (data, errors) = self.ask(&text, false).await;
        assert_eq!(errors, []);
        let mut nulls = HashSet::new();
        check_object(&data, "Query", &[&items], &self.types, "", &mut nulls);
        if self.late.failures == 0.0 {
            return 0;
        }
        let (data, errors) = self.ask(&text, true).await;
        let mut more = HashSet::new();
        if data == Value::Null {
            more.insert(String::new());
        } else {
            check_object(&data, "Query", &[&items], &self.types, "", &mut more);
        }
        for error in errors.iter().filter(|error| !error.path.is_empty()) {
            assert!(leads_to_null(&data, &error.path), "{error:?}");
        }
        // Only so many errors are told; when all are, each null has a reason.
        let is_all = errors.iter().all(|error| !error.path.is_empty());
        for null in more.difference(&nulls).filter(|_| is_all) {
            let failed = |error: &ServerError| way(&error.path).starts_with(null);
            assert!(errors.iter().any(failed), "{null} is null: {errors:?}");
        }
        errors.len()
    }

    /// Asks with some fields failing or none: the data, in the order in which it is written, and the errors.
    async fn ask(&self, text: &str, failing: bool) -> (Value, Vec<ServerError>) {
        self.late.failing.store(failing, Ordering::Relaxed);
        let asked = serde_json::from_value(serde_json::json!({"query": text})).unwrap();
        let ready = self.engine.prepare(&asked, caller(administrator()));
        let ready = ready.unwrap_or_else(|refusal| panic!("{:?}\n{text}", refusal.errors()));
        let answer = self.engine.execute(ready).await;
        let written = answer.to_json().unwrap();
        let Value::Object(mut written) = serde_json::from_slice(&written).unwrap() else {
            panic!("{answer:?}");
        };
        let data = written.swap_remove("data").unwrap();
        (data, answer.errors().to_vec())
    }
}

/// A path as the checks write it.
fn way(path: &[PathSegment]) -> String {
    path.iter()
        .fold(String::new(), |way, segment| match segment {
            PathSegment::Field(key) => format!("{way}/{key}"),
            PathSegment::Index(at) => format!("{way}/{at}"),
        })
}

/// Whether there is a null where something failed, or above it.
fn leads_to_null(data: &Value, path: &[PathSegment]) -> bool {
    let next = match (data, path.first()) {
        (Value::Null, _) => return true,
        (Value::Object(object), Some(PathSegment::Field(key))) => object.get(key.as_str()),
        (Value::List(items), Some(PathSegment::Index(at))) => items.get(*at),
        _ => None,
    };
    next.is_some_and(|next| leads_to_null(next, &path[1..]))
}

#[tokio::test]
async fn fields_come_in_the_order_asked_for() {
    let case = Case::new(0.0).await;
    for seed in 0..1_000 {
        assert_eq!(case.run(seed).await, 0);
    }
}

#[tokio::test]
async fn nulls_are_taken_up_to_where_they_may_be() {
    let case = Case::new(0.005).await;
    let mut errors = 0;
    for seed in 1_000..1_600 {
        errors += case.run(seed).await;
    }
    assert!(errors > 100, "only {errors} things failed");
}
