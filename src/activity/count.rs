//! Counting: one pass over the columns.
//!
//! Without a breakdown every actor has a row of counters at a place that is known beforehand, and the pass does nothing
//! but add; with one, rows are found by what they are about.

use super::columns::{CHUNK, Chunk, Codes, Column, Columns};
use super::mask::Plan;
use super::names::IssueRef;
use super::people::{People, Person};
use super::set::Set;
use super::{Breakdown, Places};
use std::collections::HashMap;

/// No row, no column.
const NONE: u32 = u32::MAX;

/// How many counters a table by actor may have; with more of them rows are looked up.
const TABLE: usize = 1 << 25;

/// What to count.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) plan: &'a Plan,
    /// The column of each kind, by place; kinds without one are not counted.
    pub(super) column_of: Vec<Option<u32>>,
    /// How many columns there are.
    pub(super) width: usize,
    pub(super) breakdown: Breakdown,
    /// The fields that a breakdown by field is about, among the names.
    pub(super) fields: Set,
    /// Only what this person did, by row.
    pub(super) only: Option<u32>,
}

/// What a row is about; zero for what the breakdown does not ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Whose it is, as [`People`] has it; 0 for nobody known.
    pub(super) row: u32,
    /// The project's container; 0 for none.
    pub(super) project: u32,
    /// A container at the site where the issue is; 0 where unknown.
    pub(super) site: u32,
    pub(super) issue: Option<IssueRef>,
    /// Statuses and the field, among the names.
    pub(super) from: Option<u32>,
    pub(super) to: Option<u32>,
    pub(super) field: Option<u32>,
}

/// Counts by row and column.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// What each row is about.
    pub(super) keys: Vec<Key>,
    /// Whose each row is. Told with the counts: which number a person has may have changed by the time that somebody asks.
    pub(super) people: Vec<Person>,
    /// Row after row, a count a column.
    pub(super) counts: Vec<u64>,
    /// Each event once, by column.
    pub(super) totals: Vec<u64>,
}

/// Counts the events of a plan.
pub(super) fn count(
    columns: &Columns,
    people: &People,
    places: &Places,
    question: &Question<'_>,
) -> Counted {
    let cells = people.rows().saturating_mul(question.width + 1);
    let mut counted = if question.breakdown.is_empty() && cells <= TABLE {
        by_actor(columns, people, question)
    } else {
        by_key(columns, people, places, question)
    };
    let rows = counted.keys.iter();
    counted.people = rows.map(|key| people.person(key.row)).collect();
    counted
}

/// What is left of a chunk once a plan is applied.
enum Left {
    Nothing,
    Everything,
    Some(Vec<bool>),
}

impl Left {
    fn has(&self, at: usize) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Some(places) => places[at],
        }
    }
}

/// Applies what a plan says of times, places and all the rest; actors and kinds are up to the pass itself.
fn left(columns: &Columns, index: usize, plan: &Plan) -> Left {
    let chunk = &columns.chunks[index];
    let length = chunk.times.len();
    let readable = plan.until.saturating_sub(index * CHUNK).min(length);
    if readable == 0 || chunk.span.1 < plan.from || plan.to < chunk.span.0 {
        return Left::Nothing;
    }
    let mut left = None;
    if readable < length {
        left = Some((0..length).map(|at| at < readable).collect());
    }
    if chunk.span.0 < plan.from || plan.to < chunk.span.1 {
        keep(&mut left, length, |at| {
            (plan.from..=plan.to).contains(&chunk.times.at(at))
        });
    }
    if let Some(containers) = &plan.containers {
        let fits = of_values(&chunk.containers, |id| containers.contains(id as usize));
        if !fits.contains(&true) {
            return Left::Nothing;
        }
        if fits.contains(&false) {
            keep(&mut left, length, |at| fits[chunk.containers.codes.at(at)]);
        }
    }
    for mask in &plan.rest {
        let places = mask.places(columns, index);
        keep(&mut left, length, |at| places.contains(at));
    }
    left.map_or(Left::Everything, Left::Some)
}

fn keep(left: &mut Option<Vec<bool>>, length: usize, holds: impl Fn(usize) -> bool) {
    match left {
        None => *left = Some((0..length).map(holds).collect()),
        Some(left) => {
            for (at, kept) in left.iter_mut().enumerate() {
                *kept = *kept && holds(at);
            }
        }
    }
}

fn of_values<T: Copy, U>(column: &Column<T>, of: impl Fn(T) -> U) -> Vec<U> {
    column.values.iter().map(|value| of(*value)).collect()
}

/// The row of each actor of a chunk, by code.
fn rows(chunk: &Chunk, people: &People, question: &Question<'_>) -> Vec<u32> {
    let chosen = question.plan.actors.as_ref();
    of_values(&chunk.actors, |alias| {
        if chosen.is_some_and(|chosen| !chosen.contains(alias as usize)) {
            return NONE;
        }
        let row = people.row_of(alias);
        if question.only.is_some_and(|only| only != row) {
            return NONE;
        }
        row
    })
}

/// The column of each kind of a chunk, by code.
fn columns_of(chunk: &Chunk, question: &Question<'_>) -> Vec<u32> {
    let chosen = question.plan.kinds.as_ref();
    of_values(&chunk.kinds, |kind| {
        let kind = kind as usize;
        if chosen.is_some_and(|chosen| !chosen.contains(kind)) {
            return NONE;
        }
        question
            .column_of
            .get(kind)
            .copied()
            .flatten()
            .unwrap_or(NONE)
    })
}

fn by_actor(columns: &Columns, people: &People, question: &Question<'_>) -> Counted {
    // One more row and column take what is not counted: adding there is cheaper than asking whether to add.
    let stride = question.width + 1;
    let (nowhere, nobody) = (question.width, people.rows());
    let mut table = vec![0_u64; (people.rows() + 1) * stride];
    for (index, chunk) in columns.chunks.iter().enumerate() {
        let left = left(columns, index, question.plan);
        if matches!(left, Left::Nothing) {
            continue;
        }
        let starts: Vec<usize> = rows(chunk, people, question)
            .into_iter()
            .map(|row| if row == NONE { nobody } else { row as usize } * stride)
            .collect();
        let places: Vec<usize> = columns_of(chunk, question)
            .into_iter()
            .map(|column| {
                if column == NONE {
                    nowhere
                } else {
                    column as usize
                }
            })
            .collect();
        let mut pass = Pass {
            table: &mut table,
            starts: &starts,
            places: &places,
        };
        match (&chunk.actors.codes, &chunk.kinds.codes) {
            (Codes::Wide(actors), Codes::Wide(kinds)) => pass.add(actors, kinds, &left),
            (Codes::Wide(actors), Codes::Narrow(kinds)) => pass.add(actors, kinds, &left),
            (Codes::Narrow(actors), Codes::Wide(kinds)) => pass.add(actors, kinds, &left),
            (Codes::Narrow(actors), Codes::Narrow(kinds)) => pass.add(actors, kinds, &left),
            _ => {
                let length = chunk.times.len();
                pass.add_each(length, &chunk.actors.codes, &chunk.kinds.codes, &left);
            }
        }
    }
    let mut counted = Counted {
        totals: vec![0; question.width],
        ..Counted::default()
    };
    for (row, counts) in table.chunks(stride).take(people.rows()).enumerate() {
        let counts = &counts[..question.width];
        if counts.iter().all(|count| *count == 0) {
            continue;
        }
        counted.keys.push(Key {
            row: u32::try_from(row).unwrap_or(NONE),
            ..Key::default()
        });
        counted.counts.extend_from_slice(counts);
        for (total, count) in counted.totals.iter_mut().zip(counts) {
            *total += count;
        }
    }
    counted
}

/// The pass over a chunk that does nothing but add.
struct Pass<'a> {
    table: &'a mut [u64],
    /// Where the row of an actor begins, by code.
    starts: &'a [usize],
    /// The place of a kind in a row, by code.
    places: &'a [usize],
}

impl Pass<'_> {
    fn add<A, K>(&mut self, actors: &[A], kinds: &[K], left: &Left)
    where
        A: Copy + Into<usize>,
        K: Copy + Into<usize>,
    {
        let events = actors.iter().zip(kinds);
        match left {
            Left::Nothing => {}
            Left::Everything => {
                for (actor, kind) in events {
                    self.table[self.starts[(*actor).into()] + self.places[(*kind).into()]] += 1;
                }
            }
            Left::Some(kept) => {
                for ((actor, kind), kept) in events.zip(kept) {
                    self.table[self.starts[(*actor).into()] + self.places[(*kind).into()]] +=
                        u64::from(*kept);
                }
            }
        }
    }

    fn add_each(&mut self, length: usize, actors: &Codes, kinds: &Codes, left: &Left) {
        for at in (0..length).filter(|at| left.has(*at)) {
            self.table[self.starts[actors.at(at)] + self.places[kinds.at(at)]] += 1;
        }
    }
}

fn by_key(columns: &Columns, people: &People, places: &Places, question: &Question<'_>) -> Counted {
    let mut counting = Counting {
        width: question.width,
        places: HashMap::new(),
        counted: Counted {
            totals: vec![0; question.width],
            ..Counted::default()
        },
    };
    let asked = &question.breakdown;
    for (index, chunk) in columns.chunks.iter().enumerate() {
        let left = left(columns, index, question.plan);
        if matches!(left, Left::Nothing) {
            continue;
        }
        let (rows, columns_of) = (rows(chunk, people, question), columns_of(chunk, question));
        let event = |at: usize| {
            let (row, column) = (
                rows[chunk.actors.codes.at(at)],
                columns_of[chunk.kinds.codes.at(at)],
            );
            if row == NONE || column == NONE || !left.has(at) {
                return None;
            }
            let container = chunk.containers.at(at);
            let key = Key {
                row,
                project: if asked.project {
                    places.project_of(container)
                } else {
                    0
                },
                site: if asked.issue {
                    places.site_of(container)
                } else {
                    0
                },
                issue: asked.issue.then(|| chunk.issues.at(at)),
                ..Key::default()
            };
            Some((key, column))
        };
        if asked.status || asked.transition {
            let mut last = Last::default();
            for (at, (from, to)) in chunk.moves.iter() {
                let Some((key, column)) = event(at.into()) else {
                    continue;
                };
                let key = Key {
                    from: asked.transition.then_some(from),
                    to: Some(to),
                    ..key
                };
                if let Some(first) = last.meets(at, key) {
                    counting.add(key, column, first);
                }
            }
        } else if asked.field {
            let mut last = Last::default();
            for (at, field) in chunk.fields.iter() {
                if !question.fields.contains(field as usize) {
                    continue;
                }
                let Some((key, column)) = event(at.into()) else {
                    continue;
                };
                let key = Key {
                    field: Some(field),
                    ..key
                };
                if let Some(first) = last.meets(at, key) {
                    counting.add(key, column, first);
                }
            }
        } else {
            for at in 0..chunk.times.len() {
                if let Some((key, column)) = event(at) {
                    counting.add(key, column, true);
                }
            }
        }
    }
    counting.counted
}

/// The event that was counted last, and in which rows: it counts once in each, and once in the totals.
#[derive(Default)]
struct Last {
    at: Option<u16>,
    rows: Vec<Key>,
}

impl Last {
    /// Whether this is the event's first row; `None` where the row has counted it already.
    fn meets(&mut self, at: u16, key: Key) -> Option<bool> {
        let first = self.at != Some(at);
        if first {
            self.at = Some(at);
            self.rows.clear();
        } else if self.rows.contains(&key) {
            return None;
        }
        self.rows.push(key);
        Some(first)
    }
}

struct Counting {
    width: usize,
    places: HashMap<Key, usize>,
    counted: Counted,
}

impl Counting {
    fn add(&mut self, key: Key, column: u32, first: bool) {
        let counted = &mut self.counted;
        let row = *self.places.entry(key).or_insert_with(|| {
            counted.keys.push(key);
            counted.counts.resize(counted.counts.len() + self.width, 0);
            counted.keys.len() - 1
        });
        counted.counts[row * self.width + column as usize] += 1;
        if first {
            counted.totals[column as usize] += 1;
        }
    }
}
