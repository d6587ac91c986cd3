//! Whose the names are that events have: aliases by number, each a person's.

use std::collections::HashMap;

/// Every alias's person, and a row for each person.
#[derive(Debug)]
pub(super) struct People {
    /// By alias; 0 is nobody.
    rows: Vec<u32>,
    /// By row; the first is nobody's.
    persons: Vec<Person>,
    places: HashMap<i64, u32>,
    newest: i64,
}

/// Somebody who has a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Person {
    /// In `users`; 0 for nobody.
    pub(super) user_id: i64,
    /// One of their names, in `aliases`.
    pub(super) alias_id: i64,
}

impl Default for People {
    fn default() -> Self {
        Self {
            rows: vec![0],
            persons: vec![Person::default()],
            places: HashMap::new(),
            newest: 0,
        }
    }
}

impl People {
    /// Adds names and whose they are, in the order of their numbers.
    pub(super) fn add(&mut self, names: &[(i64, i64)]) {
        for (alias_id, user_id) in names.iter().copied() {
            self.newest = self.newest.max(alias_id);
            let Ok(alias) = usize::try_from(alias_id) else {
                continue;
            };
            let next = u32::try_from(self.persons.len()).unwrap_or(0);
            let row = *self.places.entry(user_id).or_insert_with(|| {
                self.persons.push(Person { user_id, alias_id });
                next
            });
            if self.rows.len() <= alias {
                self.rows.resize(alias + 1, 0);
            }
            self.rows[alias] = row;
        }
    }

    /// The newest name.
    pub(super) fn newest(&self) -> i64 {
        self.newest
    }

    pub(super) fn rows(&self) -> usize {
        self.persons.len()
    }

    /// The row of whoever has a name.
    pub(super) fn row_of(&self, alias: u32) -> u32 {
        self.rows.get(alias as usize).copied().unwrap_or_default()
    }

    /// The row of a person.
    pub(super) fn row_of_person(&self, user_id: i64) -> Option<u32> {
        if user_id == 0 {
            return Some(0);
        }
        self.places.get(&user_id).copied()
    }

    pub(super) fn person(&self, row: u32) -> Person {
        self.persons.get(row as usize).copied().unwrap_or_default()
    }
}
