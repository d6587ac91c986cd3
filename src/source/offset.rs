//! Lists that are read by offset, and that may move while they are read.
//!
//! An offset says nothing about what is there: when something is added in front, everything moves, and the next page
//! begins with what the last one ended with. So every page is asked for with the last records of the page before: they
//! must be where they were, else the list is read anew. Numbers in the answer (`size`, `total`, `isLast`) are not
//! believed: a list has ended when nothing follows.

use super::SourceError;
use serde_json::value::RawValue;

/// A list that moves more often than this while it is read cannot be read.
const MOST_MOVES: u32 = 8;

/// How far a list has been read.
#[derive(Debug, Default)]
pub(super) struct Offset {
    position: usize,
    /// The last records: all that are equal to the very last, and one before them.
    tail: Vec<String>,
    next: Next,
    moves: u32,
}

/// What is asked for next.
#[derive(Debug, Default)]
enum Next {
    /// The last records, and what follows them.
    #[default]
    Overlapping,
    /// Only what follows, since nothing seemed to.
    Behind,
    /// The last records, to see whether what was found behind them is really new.
    Proof(Vec<Box<RawValue>>),
}

/// What a page brought.
#[derive(Debug)]
pub(super) enum Taken {
    /// What was not there before; perhaps nothing.
    New(Vec<Box<RawValue>>),
    /// Nothing: the list has moved and is read anew from its beginning.
    Moved,
    /// Nothing: the list has ended.
    End,
}

impl Offset {
    /// The offset of the next page.
    pub(super) fn start(&self) -> usize {
        match self.next {
            Next::Behind => self.position,
            Next::Overlapping | Next::Proof(_) => self.position - self.tail.len(),
        }
    }

    /// Takes the page that was asked for at [`Offset::start`]; `what` it is of, in words for people.
    pub(super) fn take(
        &mut self,
        what: &str,
        mut page: Vec<Box<RawValue>>,
    ) -> Result<Taken, SourceError> {
        let asked = std::mem::take(&mut self.next);
        if matches!(asked, Next::Behind) {
            if page.is_empty() {
                return Ok(Taken::End);
            }
            // At the very beginning there is nothing that could have moved.
            if self.position > 0 {
                self.next = Next::Proof(page);
                return Ok(Taken::New(Vec::new()));
            }
        } else {
            let pairs = page.iter().zip(&self.tail);
            let stays = pairs.into_iter().all(|(new, old)| new.get() == *old);
            if !stays || (page.is_empty() && self.position > 0) {
                return self.anew(what);
            }
            page.drain(..self.tail.len().min(page.len()));
            match asked {
                Next::Proof(found) if page.is_empty() => page = found,
                _ if page.is_empty() => self.next = Next::Behind,
                _ => {}
            }
        }
        self.position += page.len();
        self.keep(&page);
        Ok(Taken::New(page))
    }

    fn keep(&mut self, page: &[Box<RawValue>]) {
        let before = std::mem::take(&mut self.tail);
        let all: Vec<&str> = before
            .iter()
            .map(String::as_str)
            .chain(page.iter().map(|record| record.get()))
            .collect();
        let same = all
            .iter()
            .rev()
            .take_while(|text| Some(*text) == all.last());
        let length = (same.count() + 1).min(all.len());
        self.tail = all[all.len() - length..]
            .iter()
            .map(ToString::to_string)
            .collect();
    }

    fn anew(&mut self, what: &str) -> Result<Taken, SourceError> {
        let moves = self.moves + 1;
        *self = Self {
            moves,
            ..Self::default()
        };
        if moves > MOST_MOVES {
            return Err(SourceError::Unusable {
                what: what.to_owned(),
                message: format!("its pages moved {moves} times while they were read"),
            });
        }
        Ok(Taken::Moved)
    }
}

#[cfg(test)]
mod tests {
    use super::{Offset, Taken};
    use serde_json::value::RawValue;

    fn page(list: &[u32], start: usize, limit: usize) -> Vec<Box<RawValue>> {
        list.iter()
            .skip(start)
            .take(limit)
            .map(|number| RawValue::from_string(number.to_string()).unwrap())
            .collect()
    }

    /// Reads a list whose pages are as long as `limits` say, with `change` made to it before each page.
    fn read(
        list: &[u32],
        limit: impl Fn(usize) -> usize,
        change: impl Fn(usize, &mut Vec<u32>),
    ) -> Vec<u32> {
        let (mut list, mut offset, mut found) = (list.to_vec(), Offset::default(), Vec::new());
        for round in 0..1_000 {
            change(round, &mut list);
            let answer = page(&list, offset.start(), limit(round));
            match offset.take("a list", answer).unwrap() {
                Taken::New(new) => {
                    found.extend(new.iter().map(|one| one.get().parse::<u32>().unwrap()));
                }
                Taken::Moved => found.clear(),
                Taken::End => return found,
            }
        }
        panic!("no end");
    }

    #[test]
    fn every_length_of_page_finds_everything_once() {
        for length in 0..12 {
            let list: Vec<u32> = (0..length).map(|number| number / 2).collect();
            for limit in 2..7 {
                let found = read(&list, |_| limit, |_, _| {});
                assert_eq!(found, list, "{length} by {limit}");
            }
            let different: Vec<u32> = (0..length).collect();
            assert_eq!(read(&different, |_| 1, |_, _| {}), different);
            let found = read(&list, |round| if round % 3 == 1 { 2 } else { 5 }, |_, _| {});
            assert_eq!(found, list);
        }
    }

    #[test]
    fn what_moves_is_read_anew() {
        let list: Vec<u32> = (10..20).collect();
        for round in 0..6 {
            for place in 0..10 {
                let found = read(
                    &list,
                    |_| 3,
                    |now, list| {
                        if now == round {
                            list.insert(place, 99);
                        }
                    },
                );
                let mut kept = found.clone();
                kept.retain(|one| *one != 99);
                assert_eq!(kept, list, "{round} {place}");
            }
        }
        // Nor does it matter how much comes at once, or when.
        for round in 0..8 {
            for many in 1..5 {
                let found = read(
                    &list,
                    |_| 3,
                    |now, list| {
                        if now == round {
                            list.splice(0..0, (0..many).map(|_| 99));
                        }
                    },
                );
                let kept: Vec<u32> = found.into_iter().filter(|one| *one != 99).collect();
                assert_eq!(kept, list, "{round} {many}");
            }
        }
        // Equal records hide nothing.
        let found = read(
            &[1, 7, 7, 2],
            |_| 3,
            |now, list| {
                if now == 1 {
                    list.insert(0, 7);
                }
            },
        );
        assert_eq!(found, [7, 1, 7, 7, 2]);
    }

    #[test]
    fn what_never_stops_moving_is_an_error() {
        let mut offset = Offset::default();
        let mut failed = false;
        for number in 0..40 {
            let one = page(&[number], 0, 1);
            failed |= offset.take("a list", one).is_err();
        }
        assert!(failed);
    }
}
