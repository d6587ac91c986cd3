//! What only some events of a chunk have, and some several times.

use super::columns::{Codes, Column};
use std::collections::HashMap;
use std::hash::Hash;

/// Where the events stand in the chunk, in order, and a value for each.
#[derive(Debug)]
pub(super) struct Marks<T> {
    places: Vec<u16>,
    values: Values<T>,
}

#[derive(Debug)]
enum Values<T> {
    /// As they came.
    Plain(Vec<T>),
    /// By code: there are few that differ.
    Coded(Column<T>),
}

impl<T> Default for Marks<T> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            values: Values::Plain(Vec::new()),
        }
    }
}

impl<T: Copy + Eq + Hash> Marks<T> {
    /// All of them, each with the place of its event.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u16, T)> {
        let value = |number: usize| match &self.values {
            Values::Plain(values) => values[number],
            Values::Coded(column) => column.at(number),
        };
        let places = self.places.iter().enumerate();
        places.map(move |(number, place)| (*place, value(number)))
    }

    /// Adds one; to marks that are not sealed.
    pub(super) fn push(&mut self, place: u16, value: T) {
        if let Values::Plain(values) = &mut self.values {
            self.places.push(place);
            values.push(value);
        }
    }

    /// Takes no more room than it needs.
    pub(super) fn seal(&mut self) {
        self.places.shrink_to_fit();
        let Values::Plain(values) = &mut self.values else {
            return;
        };
        let (mut known, mut places) = (Vec::new(), HashMap::new());
        let coded: Option<Vec<u16>> = values
            .iter()
            .map(|value| {
                let code = *places.entry(*value).or_insert_with(|| {
                    known.push(*value);
                    known.len() - 1
                });
                u16::try_from(code).ok()
            })
            .collect();
        match coded {
            Some(coded) => {
                let mut column = Column {
                    codes: Codes::Wide(coded),
                    values: known,
                };
                column.seal();
                self.values = Values::Coded(column);
            }
            None => values.shrink_to_fit(),
        }
    }

    /// Bytes that they hold.
    pub(super) fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Plain(values) => values.capacity() * size_of::<T>(),
            Values::Coded(column) => column.bytes(),
        };
        self.places.capacity() * size_of::<u16>() + values
    }
}

#[cfg(test)]
mod tests {
    use super::{Marks, Values};

    #[test]
    fn sealed_marks_are_the_same() {
        for (count, coded) in [(0, true), (1, true), (300, true), (70_000, false)] {
            let all: Vec<(u16, u32)> = (0..100_000_u32)
                .map(|number| (u16::try_from(number / 2).unwrap_or(u16::MAX), number))
                .map(|(place, number)| (place, number % count.max(1)))
                .filter(|_| count > 0)
                .collect();
            let mut marks = Marks::default();
            for (place, value) in &all {
                marks.push(*place, *value);
            }
            marks.seal();
            assert_eq!(matches!(marks.values, Values::Coded(_)), coded, "{count}");
            assert_eq!(marks.iter().collect::<Vec<_>>(), all);
        }
    }
}
