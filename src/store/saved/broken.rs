//! What is broken in a filter that was kept: each of its criteria is looked at alone, so that one mistake hides no other.

use crate::access::Sight;
use crate::event::Timestamp;
use crate::event::filter::EventFilter;
use crate::store::{Store, StoreError};

impl Store {
    /// What a filter asks for that is not there, or makes no sense any more: where it stands, and what is wrong. Jira is
    /// not asked.
    pub async fn broken(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let mut problems = Vec::new();
        for part in parts(filter) {
            match self.chosen(&part.filter, sight, now).await {
                Err(StoreError::Filter { path, message }) => {
                    problems.push((part.path(&path), message));
                }
                Err(failure) => return Err(failure),
                Ok(_) => {}
            }
        }
        Ok(problems)
    }
}

/// One criterion of a filter, alone, so that each is looked at whatever is wrong with the others.
struct Part {
    filter: EventFilter,
    /// The list that it is a value of, and which one.
    value: Option<(String, usize)>,
}

impl Part {
    /// Where in the whole filter it is, what stands at `path` in the part.
    fn path(&self, path: &str) -> String {
        match &self.value {
            Some((list, place)) => {
                let (alone, whole) = (format!("{list}[0]"), format!("{list}[{place}]"));
                path.replacen(&alone, &whole, 1)
            }
            None => path.to_owned(),
        }
    }
}

/// A filter's criteria, and the values of those that are lists, one by one. What holds for others stays with them.
fn parts(filter: &EventFilter) -> Vec<Part> {
    const WITH_OTHERS: [&str; 2] = ["timeZone", "membership"];
    let Ok(serde_json::Value::Object(criteria)) = serde_json::to_value(filter) else {
        return Vec::new();
    };
    let alone = |name: &str, value: serde_json::Value| {
        let mut part = serde_json::Map::new();
        for other in WITH_OTHERS {
            if let Some(value) = criteria.get(other) {
                part.insert(other.to_owned(), value.clone());
            }
        }
        part.insert(name.to_owned(), value);
        serde_json::from_value::<EventFilter>(part.into()).ok()
    };
    let mut parts = Vec::new();
    for (name, value) in &criteria {
        match value {
            _ if name == "jql" => {}
            serde_json::Value::Array(values) => {
                parts.extend(values.iter().enumerate().filter_map(|(place, value)| {
                    let filter = alone(name, serde_json::json!([value]))?;
                    let value = Some((name.clone(), place));
                    Some(Part { filter, value })
                }));
            }
            _ => {
                let filter = alone(name, value.clone());
                parts.extend(filter.map(|filter| Part {
                    filter,
                    value: None,
                }));
            }
        }
    }
    parts
}
