//! Seeded randomness: the same seed throws the same numbers on every machine and with every release of every crate.
//!
//! The demo company and its history are promised byte for byte, so the generator is written out here (the
//! `SplitMix64` of the literature) instead of being borrowed. It knows nothing of what the numbers are used for, and it is no good for secrets.

/// A source of numbers that depends on its seed alone.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of one `topic` under `seed`: topics do not disturb each other.
    pub(super) fn new(seed: u64, topic: u64) -> Self {
        let mut dice = Self(seed ^ topic.wrapping_mul(0xd6e8_feb8_6659_fd93));
        dice.next();
        dice
    }

    /// Any number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to and without `end`; 0 when there is none.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let scaled = (u128::from(self.next()) * u128::from(end)) >> 64;
        u64::try_from(scaled).unwrap_or(0)
    }

    /// An index into something of that length.
    pub(super) fn index(&mut self, length: usize) -> usize {
        let below = self.below(u64::try_from(length).unwrap_or(u64::MAX));
        usize::try_from(below).unwrap_or(0)
    }

    /// True so many times in a thousand.
    pub(super) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of `choices`; the default when there are none.
    pub(super) fn pick<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        choices
            .get(self.index(choices.len()))
            .copied()
            .unwrap_or_default()
    }

    /// The place of one of `weights`, each as likely as it is heavy.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let total = weights.clone().map(u64::from).sum();
        let mut left = self.below(total);
        for (place, weight) in weights.enumerate() {
            match left.checked_sub(u64::from(weight)) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    /// A random UUID.
    pub(super) fn uuid(&mut self) -> uuid::Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_numbers_never_change() {
        let mut dice = Dice::new(7, 1);
        let thrown: Vec<u64> = (0..6).map(|_| dice.below(1_000)).collect();
        assert_eq!(thrown, [477, 896, 870, 332, 751, 183]);
    }

    #[test]
    fn every_throw_is_within_bounds_and_every_weight_counts() {
        let mut dice = Dice::new(1, 0);
        let mut hits = [0_u32; 3];
        for _ in 0..3_000 {
            assert!(dice.below(10) < 10);
            hits[dice.weighted([1, 0, 2].into_iter())] += 1;
        }
        assert_eq!(hits[1], 0);
        assert!(hits[0] > 800 && hits[2] > 1_700, "{hits:?}");
        assert_eq!(dice.below(0), 0);
    }
}
