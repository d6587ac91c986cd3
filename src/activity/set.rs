//! Sets of small numbers, a bit each.

/// A set of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set(Vec<u64>);

impl Set {
    /// The numbers below this one.
    pub(super) fn below(end: usize) -> Self {
        let mut words = vec![u64::MAX; end.div_ceil(64)];
        if let (Some(last), rest @ 1..) = (words.last_mut(), end % 64) {
            *last = (1 << rest) - 1;
        }
        Self(words)
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        let word = self.0.get(number / 64).copied().unwrap_or_default();
        word >> (number % 64) & 1 == 1
    }

    pub(super) fn insert(&mut self, number: usize) {
        if self.0.len() <= number / 64 {
            self.0.resize(number / 64 + 1, 0);
        }
        self.0[number / 64] |= 1 << (number % 64);
    }

    /// Keeps what is in the other one, too.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    /// Adds what is in the other one.
    pub(super) fn unite(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// Takes out what is in the other one.
    pub(super) fn subtract(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= !other;
        }
    }
}

impl FromIterator<usize> for Set {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut set = Self::default();
        for number in numbers {
            set.insert(number);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::Set;

    #[test]
    fn sets_are_sets() {
        for end in [0, 1, 63, 64, 65, 200] {
            let all = Set::below(end);
            assert!((0..end).all(|number| all.contains(number)), "{end}");
            assert!(
                (end..end + 130).all(|number| !all.contains(number)),
                "{end}"
            );
        }
        let (odd, three): (Set, Set) = (
            (0..100).filter(|n| n % 2 == 1).collect(),
            (0..300).filter(|n| n % 3 == 0).collect(),
        );
        let check = |what: &dyn Fn(&mut Set), holds: &dyn Fn(usize) -> bool| {
            let mut set = odd.clone();
            what(&mut set);
            assert!((0..400).all(|number| set.contains(number) == holds(number)));
        };
        let (is_odd, is_three) = (
            |n: usize| n < 100 && n % 2 == 1,
            |n: usize| n < 300 && n.is_multiple_of(3),
        );
        check(&|set| set.intersect(&three), &|n| is_odd(n) && is_three(n));
        check(&|set| set.unite(&three), &|n| is_odd(n) || is_three(n));
        check(&|set| set.subtract(&three), &|n| is_odd(n) && !is_three(n));
    }
}
