//! What a tree of tests says for certain of every event that it chooses: when, from which sources, in which products. Of
//! alternatives and of what is left out nothing is said, so the bounds may be wider than the truth, never narrower.

use super::chosen::Test;
use crate::event::{Product, Timestamp};
use std::collections::BTreeSet;

/// Bounds of what is chosen; what is absent is not bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The first moment that no longer counts.
    pub to: Option<Timestamp>,
    /// The sources, in `sources`.
    pub sources: Option<BTreeSet<i32>>,
    /// The products.
    pub products: Option<BTreeSet<Product>>,
    /// For each criterion about changed fields, the names that it means, folded.
    pub fields: Vec<BTreeSet<String>>,
}

impl Bounds {
    /// The bounds of what passes a test.
    #[must_use]
    pub fn of(test: &Test) -> Self {
        let mut bounds = Self::default();
        bounds.add(test);
        bounds
    }

    fn add(&mut self, test: &Test) {
        match test {
            Test::All(tests) => tests.iter().for_each(|test| self.add(test)),
            Test::Any(tests) if tests.len() == 1 => self.add(&tests[0]),
            Test::Time { to, .. } => self.to = [self.to, *to].into_iter().flatten().min(),
            Test::Sources(ids) => narrow(&mut self.sources, ids),
            Test::Products(products) => narrow(&mut self.products, products),
            Test::Changed(change) if change.from.is_none() && change.to.is_none() => {
                self.fields.push(change.fields.clone());
            }
            _ => {}
        }
    }
}

fn narrow<T: Copy + Ord>(known: &mut Option<BTreeSet<T>>, values: &[T]) {
    let within = |value: &T| known.as_ref().is_none_or(|known| known.contains(value));
    *known = Some(values.iter().copied().filter(within).collect());
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Test};
    use crate::event::Timestamp;
    use std::collections::BTreeSet;

    fn until(to: i64) -> Test {
        Test::Time {
            from: None,
            to: Some(Timestamp::from_micros(to)),
        }
    }

    #[test]
    fn only_what_is_certain_bounds() {
        let test = Test::All(vec![
            until(9),
            Test::Sources(vec![1, 2]),
            Test::Any(vec![Test::All(vec![until(20), Test::Sources(vec![2, 3])])]),
            Test::Any(vec![until(5), until(7)]),
            Test::Not(Box::new(until(1))),
        ]);
        let bounds = Bounds::of(&test);
        assert_eq!(bounds.to, Some(Timestamp::from_micros(9)));
        assert_eq!(bounds.sources, Some(BTreeSet::from([2])));
        assert_eq!(bounds.products, None);
    }
}
