//! A filter as masks over the columns: the third reader of the tree that `store::query` makes of a filter.
//!
//! What the columns hold is tested in them. What they do not hold (texts, addresses, targets, who was a member then) the
//! database is asked for, stretch by stretch, and only where the rest of the filter leaves something.

use super::columns::{CHUNK, Chunk, Columns};
use super::names::IssueRef;
use super::set::Set;
use super::{ActivityError, State};
use crate::event::Timestamp;
use crate::event::filter::Membership;
use crate::store::Store;
use crate::store::query::chosen::Test;
use futures::future::BoxFuture;
use std::collections::HashSet;
use std::sync::RwLock;

/// Which events to count.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Only up to this position: the database was asked about no more.
    pub(super) until: usize,
    /// From this second on.
    pub(super) from: u32,
    /// To this second, included.
    pub(super) to: u32,
    /// Only kinds in all of these, by place.
    pub(super) kinds: Option<Set>,
    /// Only what these aliases did.
    pub(super) actors: Option<Set>,
    /// Only what happened in these containers.
    pub(super) containers: Option<Set>,
    /// What must hold besides.
    pub(super) rest: Vec<Mask>,
}

/// A test on the columns.
#[derive(Debug)]
pub(super) enum Mask {
    All(Vec<Mask>),
    Any(Vec<Mask>),
    Not(Box<Mask>),
    /// In these seconds, both included.
    Seconds(u32, u32),
    Kinds(Set),
    Actors(Set),
    Containers(Set),
    OfIssue,
    Issues(HashSet<IssueRef>),
    /// At these places, chunk by chunk.
    Places(Vec<Set>),
}

/// How many positions the database is asked about in one statement.
const STRETCH: usize = 50_000;

/// How many exact times are read in one statement.
const TIMES: usize = 1_000;

impl Mask {
    /// The places in a chunk at which it holds.
    pub(super) fn places(&self, columns: &Columns, index: usize) -> Set {
        let chunk = &columns.chunks[index];
        let length = chunk.times.len();
        let by_value =
            |holds: &dyn Fn(usize) -> bool| (0..length).filter(|at| holds(*at)).collect();
        match self {
            Self::All(parts) => {
                let mut all = Set::below(length);
                for part in parts {
                    all.intersect(&part.places(columns, index));
                }
                all
            }
            Self::Any(parts) => {
                let mut any = Set::default();
                for part in parts {
                    any.unite(&part.places(columns, index));
                }
                any
            }
            Self::Not(part) => {
                let mut all = Set::below(length);
                all.subtract(&part.places(columns, index));
                all
            }
            Self::Seconds(from, to) => by_value(&|at| (*from..=*to).contains(&chunk.times.at(at))),
            Self::Kinds(kinds) => among(chunk, &chunk.kinds, |kind| kinds.contains(kind as usize)),
            Self::Actors(set) => among(chunk, &chunk.actors, |id| set.contains(id as usize)),
            Self::Containers(set) => {
                among(chunk, &chunk.containers, |id| set.contains(id as usize))
            }
            Self::OfIssue => among(chunk, &chunk.issues, |issue| issue != IssueRef::NONE),
            Self::Issues(issues) => among(chunk, &chunk.issues, |issue| issues.contains(&issue)),
            Self::Places(places) => places.get(index).cloned().unwrap_or_default(),
        }
    }
}

/// The places at which a column has a value that fits; each value is looked at once.
fn among<T: Copy>(
    chunk: &Chunk,
    column: &super::columns::Column<T>,
    fits: impl Fn(T) -> bool,
) -> Set {
    let fitting: Vec<bool> = column.values.iter().map(|value| fits(*value)).collect();
    if !fitting.contains(&true) {
        return Set::default();
    }
    let length = chunk.times.len();
    (0..length)
        .filter(|at| fitting[column.codes.at(*at)])
        .collect()
}

/// Makes a plan of a tree of tests.
pub(super) async fn plan(
    store: &Store,
    state: &RwLock<State>,
    test: &Test,
) -> Result<Plan, ActivityError> {
    let mut tests = Vec::new();
    flatten(test, &mut tests);
    let mut planner = Planner {
        store,
        state,
        from: 0,
        to: u32::MAX,
        until: super::read(state).columns.events(),
    };
    let mut plan = Plan::default();
    // Times first: they bound what the database is asked about.
    for test in &tests {
        if let Test::Time { from, to } = test {
            let (first, last) = seconds(*from, *to);
            planner.from = planner.from.max(first);
            planner.to = planner.to.min(last);
            plan.rest.extend(
                planner
                    .outside(*from, *to)
                    .await?
                    .map(|outside| Mask::Not(Box::new(outside))),
            );
        }
    }
    for test in tests {
        if matches!(test, Test::Time { .. }) {
            continue;
        }
        match planner.mask(test).await? {
            Mask::Kinds(set) => narrow(&mut plan.kinds, set),
            Mask::Actors(set) => narrow(&mut plan.actors, set),
            Mask::Containers(set) => narrow(&mut plan.containers, set),
            mask => plan.rest.push(mask),
        }
    }
    plan.until = usize::try_from(planner.until).unwrap_or_default();
    plan.from = planner.from;
    plan.to = planner.to;
    Ok(plan)
}

/// The tests that must all pass.
fn flatten<'a>(test: &'a Test, into: &mut Vec<&'a Test>) {
    match test {
        Test::All(parts) => parts.iter().for_each(|part| flatten(part, into)),
        Test::Any(parts) if parts.len() == 1 => flatten(&parts[0], into),
        test => into.push(test),
    }
}

fn narrow(narrowed: &mut Option<Set>, by: Set) {
    match narrowed {
        None => *narrowed = Some(by),
        Some(set) => set.intersect(&by),
    }
}

/// The seconds that a range touches. A range in which no second is is turned around.
fn seconds(from: Option<Timestamp>, to: Option<Timestamp>) -> (u32, u32) {
    let second = |micros: i64| {
        let seconds = micros.div_euclid(1_000_000).clamp(0, u32::MAX.into());
        u32::try_from(seconds).unwrap_or(u32::MAX)
    };
    let first = from.map_or(0, |from| second(from.micros()));
    let last = to.map_or(u32::MAX, |to| second(to.micros().saturating_sub(1)));
    if from.is_some_and(|from| to.is_some_and(|to| to <= from)) {
        return (1, 0);
    }
    (first, last)
}

struct Planner<'a> {
    store: &'a Store,
    state: &'a RwLock<State>,
    from: u32,
    to: u32,
    until: i64,
}

impl Planner<'_> {
    fn mask<'c>(&'c self, test: &'c Test) -> BoxFuture<'c, Result<Mask, ActivityError>> {
        Box::pin(async move {
            Ok(match test {
                Test::All(parts) => Mask::All(self.masks(parts).await?),
                Test::Any(parts) => Mask::Any(self.masks(parts).await?),
                Test::Not(part) => Mask::Not(Box::new(self.mask(part).await?)),
                Test::Time { from, to } => {
                    let (first, last) = seconds(*from, *to);
                    let outside = self.outside(*from, *to).await?;
                    let mut all = vec![Mask::Seconds(first, last)];
                    all.extend(outside.map(|outside| Mask::Not(Box::new(outside))));
                    Mask::All(all)
                }
                Test::Sources(ids) => self.kinds(|kind| ids.contains(&kind.source)),
                Test::Products(products) => self.kinds(|kind| {
                    let mut numbers = products.iter().map(|product| product.number());
                    numbers.any(|number| number == kind.product)
                }),
                Test::Actions(names) => {
                    let called = self.store.actions_called(names).await?;
                    self.kinds(|kind| called.contains(&kind.action))
                }
                Test::Actors(people)
                    if people.membership == Membership::Now || !people.asks_for_members() =>
                {
                    let stints = self.store.stints(people).await?;
                    Mask::Actors(numbers(stints.iter().map(|stint| stint.alias_id)))
                }
                Test::Inside(ids) => {
                    let inside = self.store.containers_inside(ids).await?;
                    Mask::Containers(numbers(inside.into_iter()))
                }
                Test::Sites(scopes) => {
                    let at = self.store.containers_at(scopes).await?;
                    Mask::Containers(numbers(at.into_iter()))
                }
                Test::OfIssue => Mask::OfIssue,
                Test::Issues(texts) => {
                    let state = super::read(self.state);
                    let names = &state.columns.names;
                    let both = |text: &String| {
                        [
                            names.find_issue(Some(text), None),
                            names.find_issue(None, Some(text)),
                        ]
                    };
                    Mask::Issues(texts.iter().flat_map(both).flatten().collect())
                }
                Test::Actors(_)
                | Test::Shown(_)
                | Test::Targets(_)
                | Test::Changed(_)
                | Test::Addresses(_)
                | Test::Word(..)
                | Test::Text(_) => Mask::Places(self.found(test).await?),
            })
        })
    }

    async fn masks(&self, tests: &[Test]) -> Result<Vec<Mask>, ActivityError> {
        let mut masks = Vec::with_capacity(tests.len());
        for test in tests {
            masks.push(self.mask(test).await?);
        }
        Ok(masks)
    }

    fn kinds(&self, holds: impl Fn(&super::columns::Kind) -> bool) -> Mask {
        let state = super::read(self.state);
        let kinds = state.columns.kinds.iter().enumerate();
        Mask::Kinds(
            kinds
                .filter(|(_, kind)| holds(kind))
                .map(|(at, _)| at)
                .collect(),
        )
    }

    /// What is in the first or last second of a range, but outside it: columns know only seconds.
    async fn outside(
        &self,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Option<Mask>, ActivityError> {
        let whole = |time: &Timestamp| time.micros().rem_euclid(1_000_000) == 0;
        let (first, last) = seconds(from, to);
        let mut cut = HashSet::new();
        cut.extend(from.filter(|time| !whole(time)).map(|_| first));
        cut.extend(to.filter(|time| !whole(time)).map(|_| last));
        if cut.is_empty() || first > last {
            return Ok(None);
        }
        let near: Vec<i64> = {
            let state = super::read(self.state);
            let chunks = state.columns.chunks.iter().enumerate();
            let touched = chunks.filter(|(_, chunk)| {
                cut.iter()
                    .any(|second| (chunk.span.0..=chunk.span.1).contains(second))
            });
            let near = touched.flat_map(|(index, chunk)| {
                let cut = &cut;
                (0..chunk.times.len())
                    .filter(|at| cut.contains(&chunk.times.at(*at)))
                    .map(move |at| position(index, at))
            });
            near.filter(|position| *position <= self.until).collect()
        };
        let mut outside = Vec::new();
        for positions in near.chunks(TIMES) {
            for (position, time) in self.store.times_of(positions).await? {
                let inside = from.is_none_or(|from| from.micros() <= time)
                    && to.is_none_or(|to| time < to.micros());
                if !inside {
                    outside.push(position);
                }
            }
        }
        Ok((!outside.is_empty()).then(|| Mask::Places(by_chunk(outside))))
    }

    /// What the database finds, where the times that are asked for leave anything at all.
    async fn found(&self, test: &Test) -> Result<Vec<Set>, ActivityError> {
        let stretches: Vec<(i64, i64)> = {
            let state = super::read(self.state);
            let chunks = state.columns.chunks.iter().enumerate();
            let touched =
                chunks.filter(|(_, chunk)| chunk.span.0 <= self.to && self.from <= chunk.span.1);
            let stretches = touched.flat_map(|(index, chunk)| {
                let length = chunk.times.len();
                (0..length).step_by(STRETCH).map(move |at| {
                    let end = (at + STRETCH).min(length);
                    (position(index, at) - 1, position(index, end) - 1)
                })
            });
            stretches.collect()
        };
        let mut found: Vec<Set> = Vec::new();
        for (after, until) in stretches {
            let until = until.min(self.until);
            if after >= until {
                continue;
            }
            for position in self.store.positions(test, after, until).await? {
                put(&mut found, position);
            }
        }
        Ok(found)
    }
}

/// The position of the event at a place of a chunk.
pub(super) fn position(index: usize, at: usize) -> i64 {
    i64::try_from(index * CHUNK + at + 1).unwrap_or(i64::MAX)
}

fn by_chunk(positions: Vec<i64>) -> Vec<Set> {
    let mut chunks = Vec::new();
    for position in positions {
        put(&mut chunks, position);
    }
    chunks
}

fn put(chunks: &mut Vec<Set>, position: i64) {
    let Ok(index) = usize::try_from(position - 1) else {
        return;
    };
    if chunks.len() <= index / CHUNK {
        chunks.resize(index / CHUNK + 1, Set::default());
    }
    chunks[index / CHUNK].insert(index % CHUNK);
}

fn numbers(ids: impl Iterator<Item = i64>) -> Set {
    ids.filter_map(|id| usize::try_from(id).ok()).collect()
}
