//! When the events of a chunk happened, in seconds since 1970: most logs run forwards, so that events that lie side by side
//! are close together, and two bytes tell how far they are from the earliest of them.

/// Events that are told from one beginning.
const BLOCK: usize = 1_024;

/// The times of a chunk.
#[derive(Debug)]
pub(super) enum Times {
    /// As they are.
    Whole(Vec<u32>),
    /// From the earliest of each block on.
    Near {
        /// By block.
        earliest: Vec<u32>,
        /// By event.
        since: Vec<u16>,
    },
}

impl Default for Times {
    fn default() -> Self {
        Self::Whole(Vec::new())
    }
}

impl Times {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Whole(times) => times.len(),
            Self::Near { since, .. } => since.len(),
        }
    }

    /// The time of the event at a place.
    pub(super) fn at(&self, place: usize) -> u32 {
        match self {
            Self::Whole(times) => times[place],
            Self::Near { earliest, since } => earliest[place / BLOCK] + u32::from(since[place]),
        }
    }

    /// Adds the time of what comes next; to times that are not sealed.
    pub(super) fn push(&mut self, seconds: u32) {
        if let Self::Whole(times) = self {
            times.push(seconds);
        }
    }

    /// Takes no more room than it needs.
    pub(super) fn seal(&mut self) {
        let Self::Whole(times) = self else { return };
        let earliest = times.chunks(BLOCK).map(|block| block.iter().copied().min());
        let earliest: Vec<u32> = earliest.map(Option::unwrap_or_default).collect();
        let blocks = times.chunks(BLOCK).zip(&earliest);
        let since: Option<Vec<u16>> = blocks
            .flat_map(|(block, first)| {
                block
                    .iter()
                    .map(move |time| u16::try_from(time - first).ok())
            })
            .collect();
        match since {
            Some(since) => *self = Self::Near { earliest, since },
            None => times.shrink_to_fit(),
        }
    }

    /// Bytes that they hold.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Whole(times) => times.capacity() * size_of::<u32>(),
            Self::Near { earliest, since } => {
                earliest.capacity() * size_of::<u32>() + since.capacity() * size_of::<u16>()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Times};

    #[test]
    fn sealed_times_are_the_same() {
        for (step, near) in [(1, true), (63, true), (65, false)] {
            let last = u32::try_from(3 * BLOCK + 7).unwrap();
            // Forwards, but each a little out of order.
            let all: Vec<u32> = (0..last).map(|place| 1_000 + (place ^ 1) * step).collect();
            let mut times = Times::default();
            for time in &all {
                times.push(*time);
            }
            times.seal();
            assert_eq!(matches!(times, Times::Near { .. }), near);
            assert_eq!(times.len(), all.len());
            let back: Vec<u32> = (0..all.len()).map(|place| times.at(place)).collect();
            assert_eq!(back, all);
        }
    }
}
