//! Columns of the log in memory: of each event its time, actor, kind, place and issue, and of its changes the fields and
//! statuses. About ten bytes an event; everything else is asked of the store.
//!
//! The log is cut into chunks of as many events as sixteen bits can tell apart, so that within a chunk every value of a
//! column has a code of sixteen bits or fewer, however many there are in all.

use super::marks::Marks;
use super::names::{IssueRef, Names};
use super::times::Times;
use crate::store::columns::{ChangeValues, EventValues};
use std::collections::HashMap;
use std::hash::Hash;

/// Events in a chunk: each may have a value of its own, and nothing at all has a code, too.
pub(super) const CHUNK: usize = u16::MAX as usize;

/// What does not change from one event of its kind to the next: numbers of the action, product and source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Kind {
    pub(super) action: i32,
    pub(super) product: i16,
    pub(super) source: i32,
}

/// A column of one chunk: for each event a code, for each code a value.
#[derive(Debug)]
pub(super) struct Column<T> {
    pub(super) codes: Codes,
    /// By code.
    pub(super) values: Vec<T>,
}

/// The codes of one column.
#[derive(Debug)]
pub(super) enum Codes {
    /// There is only one value.
    Same,
    /// Up to 256 values.
    Narrow(Vec<u8>),
    /// Up to 65,536.
    Wide(Vec<u16>),
}

impl Codes {
    /// The code of the event at a place.
    pub(super) fn at(&self, place: usize) -> usize {
        match self {
            Self::Same => 0,
            Self::Narrow(codes) => codes[place].into(),
            Self::Wide(codes) => codes[place].into(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Same => 0,
            Self::Narrow(codes) => codes.capacity(),
            Self::Wide(codes) => codes.capacity() * 2,
        }
    }
}

impl<T: Copy> Column<T> {
    /// The value at a place.
    pub(super) fn at(&self, place: usize) -> T {
        self.values[self.codes.at(place)]
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.codes.bytes() + self.values.capacity() * size_of::<T>()
    }
}

/// Up to [`CHUNK`] events, one after the other in the log.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Rounded down to seconds.
    pub(super) times: Times,
    /// The earliest and the latest of them.
    pub(super) span: (u32, u32),
    /// Numbers of aliases; 0 for nobody.
    pub(super) actors: Column<u32>,
    /// Places of kinds in [`Columns::kinds`].
    pub(super) kinds: Column<u32>,
    /// Numbers of containers; 0 for none.
    pub(super) containers: Column<u32>,
    pub(super) issues: Column<IssueRef>,
    /// Which event changed which field, a row a change: the field by its place among the names.
    pub(super) fields: Marks<u32>,
    /// Which event moved an issue from which status to which.
    pub(super) moves: Marks<(u32, u32)>,
}

/// All chunks: full ones, and one that fills.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) chunks: Vec<Chunk>,
    /// By place: see [`Chunk::kinds`].
    pub(super) kinds: Vec<Kind>,
    pub(super) names: Names,
    kind_places: HashMap<Kind, u32>,
    open: Open,
    events: usize,
}

/// Where the values of the chunk that fills have their codes.
#[derive(Debug, Default)]
struct Open {
    actors: HashMap<u32, u16>,
    kinds: HashMap<u32, u16>,
    containers: HashMap<u32, u16>,
    issues: HashMap<IssueRef, u16>,
}

impl Columns {
    /// How many events there are: the position of the last one.
    pub(super) fn events(&self) -> i64 {
        i64::try_from(self.events).unwrap_or(i64::MAX)
    }

    /// Adds what comes next in the log, with its changes.
    pub(super) fn append(&mut self, events: &[EventValues], changes: &[ChangeValues]) {
        let mut changes_of: HashMap<i64, Vec<&ChangeValues>> = HashMap::new();
        for change in changes {
            changes_of.entry(change.0).or_default().push(change);
        }
        for event in events {
            let place = self.push(event);
            let changes = changes_of.remove(&event.0).unwrap_or_default();
            self.push_changes(place, &changes);
        }
    }

    fn push(&mut self, event: &EventValues) -> u16 {
        let EventValues(_, time, actor, action, product, source, container, id, key) = event;
        if self.events.is_multiple_of(CHUNK) {
            if let Some(full) = self.chunks.last_mut() {
                full.seal();
            }
            self.chunks.push(Chunk::new());
            self.open = Open::default();
        }
        let kind = Kind {
            action: *action,
            product: *product,
            source: *source,
        };
        let next = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        let kind = *self.kind_places.entry(kind).or_insert_with(|| {
            self.kinds.push(kind);
            next
        });
        let issue = self.names.issue(id.as_deref(), key.as_deref());
        let index = self.chunks.len() - 1;
        let (chunk, open) = (&mut self.chunks[index], &mut self.open);
        let place = u16::try_from(chunk.times.len()).unwrap_or(u16::MAX);
        let seconds = time.div_euclid(1_000_000).clamp(0, u32::MAX.into());
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        chunk.times.push(seconds);
        chunk.span = (chunk.span.0.min(seconds), chunk.span.1.max(seconds));
        put(&mut chunk.actors, &mut open.actors, number(*actor));
        put(&mut chunk.kinds, &mut open.kinds, kind);
        put(
            &mut chunk.containers,
            &mut open.containers,
            number(*container),
        );
        put(&mut chunk.issues, &mut open.issues, issue);
        self.events += 1;
        place
    }

    fn push_changes(&mut self, place: u16, changes: &[&ChangeValues]) {
        let index = self.chunks.len() - 1;
        for ChangeValues(_, field, from, to) in changes.iter().copied() {
            let place_of_field = self.names.of(field);
            let chunk = &mut self.chunks[index];
            // Two changes of one field in one event are one for who counts events.
            let noted = chunk.fields.iter().rev();
            let is_noted = noted
                .take_while(|(of, _)| *of == place)
                .any(|(_, known)| known == place_of_field);
            if !is_noted {
                chunk.fields.push(place, place_of_field);
            }
            let has_issue = chunk.issues.at(place.into()) != IssueRef::NONE;
            if field.eq_ignore_ascii_case("status") && has_issue {
                let from = self.names.of(from.as_deref().unwrap_or_default());
                let to = self.names.of(to.as_deref().unwrap_or_default());
                self.chunks[index].moves.push(place, (from, to));
            }
        }
    }

    /// Notes who did what was reported without a name.
    pub(super) fn learn(&mut self, position: i64, alias: i64) {
        let Ok(index) = usize::try_from(position - 1) else {
            return;
        };
        if index >= self.events {
            return;
        }
        let open = index / CHUNK == self.chunks.len() - 1;
        let chunk = &mut self.chunks[index / CHUNK];
        let codes = if open {
            Some(&mut self.open.actors)
        } else {
            None
        };
        chunk
            .actors
            .replace(index % CHUNK, number(Some(alias)), chunk.times.len(), codes);
    }

    /// Bytes that the columns hold.
    pub(super) fn bytes(&self) -> usize {
        let chunks: usize = self.chunks.iter().map(Chunk::bytes).sum();
        chunks + self.names.bytes()
    }
}

/// The number of an alias or container as a column has it. They are given out one by one, and four billion are never
/// reached: what could not be told apart would be counted for nobody.
fn number(id: Option<i64>) -> u32 {
    id.and_then(|id| u32::try_from(id).ok()).unwrap_or(0)
}

/// Adds a value to a column that fills.
fn put<T: Copy + Eq + Hash>(column: &mut Column<T>, codes: &mut HashMap<T, u16>, value: T) {
    let next = u16::try_from(column.values.len()).unwrap_or(u16::MAX);
    let code = *codes.entry(value).or_insert_with(|| {
        column.values.push(value);
        next
    });
    if let Codes::Wide(all) = &mut column.codes {
        all.push(code);
    }
}

impl Chunk {
    fn new() -> Self {
        Self {
            times: Times::default(),
            span: (u32::MAX, 0),
            actors: Column::new(),
            kinds: Column::new(),
            containers: Column::new(),
            issues: Column::new(),
            fields: Marks::default(),
            moves: Marks::default(),
        }
    }

    /// Takes no more room than it needs: nothing is added any more.
    fn seal(&mut self) {
        self.times.seal();
        self.actors.seal();
        self.kinds.seal();
        self.containers.seal();
        self.issues.seal();
        self.fields.seal();
        self.moves.seal();
    }

    fn bytes(&self) -> usize {
        self.times.bytes()
            + self.actors.bytes()
            + self.kinds.bytes()
            + self.containers.bytes()
            + self.issues.bytes()
            + self.fields.bytes()
            + self.moves.bytes()
    }
}

impl<T: Copy + Eq + Hash> Column<T> {
    fn new() -> Self {
        Self {
            codes: Codes::Wide(Vec::new()),
            values: Vec::new(),
        }
    }

    /// Takes no more room than it needs.
    pub(super) fn seal(&mut self) {
        self.values.shrink_to_fit();
        let Codes::Wide(codes) = &mut self.codes else {
            return;
        };
        if self.values.len() == 1 {
            self.codes = Codes::Same;
        } else if self.values.len() <= usize::from(u8::MAX) + 1 {
            let narrow = codes.iter().filter_map(|code| u8::try_from(*code).ok());
            self.codes = Codes::Narrow(narrow.collect());
        } else {
            codes.shrink_to_fit();
        }
    }

    /// Puts another value where one was; `length` is the column's.
    fn replace(
        &mut self,
        place: usize,
        value: T,
        length: usize,
        codes: Option<&mut HashMap<T, u16>>,
    ) {
        let found = self.values.iter().position(|known| *known == value);
        let code = found.unwrap_or(self.values.len());
        if found.is_none() {
            self.values.push(value);
        }
        self.codes.widen(code, length);
        match &mut self.codes {
            Codes::Same => {}
            Codes::Narrow(all) => all[place] = u8::try_from(code).unwrap_or(u8::MAX),
            Codes::Wide(all) => all[place] = u16::try_from(code).unwrap_or(u16::MAX),
        }
        if let Some(codes) = codes {
            codes.insert(value, u16::try_from(code).unwrap_or(u16::MAX));
        }
    }
}

impl Codes {
    /// Makes room for a code.
    fn widen(&mut self, code: usize, length: usize) {
        if code > 0 && matches!(self, Self::Same) {
            *self = Self::Narrow(vec![0; length]);
        }
        if code > usize::from(u8::MAX)
            && let Self::Narrow(codes) = self
        {
            *self = Self::Wide(codes.iter().map(|code| u16::from(*code)).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Columns, Kind};
    use crate::activity::names::IssueText;
    use crate::store::columns::{ChangeValues, EventValues};

    fn event(seq: i64, actors: i64) -> EventValues {
        let issue = (seq % 3 == 0).then(|| (seq % 1_000 + 1).to_string());
        let key = (seq % 3 == 1).then(|| format!("WEB-{}", seq % 500));
        EventValues(
            seq,
            seq * 1_500_000,
            (seq % 7 != 0).then_some(seq % actors + 1),
            i32::try_from(seq % 300).unwrap(),
            1,
            1,
            (seq % 2 == 0).then_some(seq % 90_000),
            issue,
            key,
        )
    }

    #[test]
    fn columns_give_back_what_was_put_in() {
        // As many actors as events, so that codes of every width are used.
        for actors in [1, 200, 100_000] {
            let last = i64::try_from(CHUNK + 1_000).unwrap();
            let events: Vec<EventValues> = (1..=last).map(|seq| event(seq, actors)).collect();
            let change = |event: &EventValues| {
                ChangeValues(event.0, "Status".to_owned(), None, Some("Done".to_owned()))
            };
            let changes: Vec<ChangeValues> = events.iter().step_by(10).map(change).collect();
            let mut columns = Columns::default();
            for events in events.chunks(9_999) {
                let (first, end) = (events[0].0, events[events.len() - 1].0);
                let within = |change: &&ChangeValues| (first..=end).contains(&change.0);
                let few: Vec<ChangeValues> = if actors == 200 {
                    changes.iter().filter(within).cloned().collect()
                } else {
                    Vec::new()
                };
                columns.append(events, &few);
            }
            assert_eq!(columns.events(), last);
            // Everybody unknown becomes known, in full chunks as in the one that fills.
            let late: Vec<i64> = (1..=last).filter(|seq| seq % 7 == 0).collect();
            for seq in &late {
                columns.learn(*seq, seq % actors + 1);
                columns.learn(*seq, seq % actors + 1);
            }
            columns.learn(last + 1, 1);
            for (index, event) in events.iter().enumerate() {
                let (chunk, at) = (&columns.chunks[index / CHUNK], index % CHUNK);
                assert_eq!(i64::from(chunk.times.at(at)), event.1.div_euclid(1_000_000));
                assert_eq!(i64::from(chunk.actors.at(at)), event.0 % actors + 1);
                assert_eq!(i64::from(chunk.containers.at(at)), event.6.unwrap_or(0));
                let kind = columns.kinds[chunk.kinds.at(at) as usize];
                let expected = Kind {
                    action: event.3,
                    product: 1,
                    source: 1,
                };
                assert_eq!(kind, expected);
                let issue = columns.names.issue_text(chunk.issues.at(at));
                let id = event.7.clone().map(IssueText::Id);
                assert_eq!(issue, id.or(event.8.clone().map(IssueText::Key)));
            }
            let moves: usize = columns
                .chunks
                .iter()
                .map(|chunk| chunk.moves.iter().count())
                .sum();
            let of_issues = events
                .iter()
                .step_by(10)
                .filter(|event| event.0 % 3 != 2)
                .count();
            assert_eq!(moves, if actors == 200 { of_issues } else { 0 });
        }
    }
}
