//! How large a filter or a search may be, so that a statement stays one that a database takes and finishes.

use super::wrong;
use crate::event::filter::EventFilter;
use crate::store::StoreError;

/// How deep `not` and `any` may be nested.
const DEPTH: usize = 8;

/// How many filters one filter may be made of, itself included.
const FILTERS: usize = 100;

/// How many texts it may search for: each has the database read every event that nothing else rules out.
const TEXTS: usize = 10;

/// Characters of a text.
const TEXT: usize = 500;

/// How many ranges of addresses it may name: each is compared with every event that nothing else rules out. Single
/// addresses are looked up.
const RANGES: usize = 200;

/// How many questions in Jira's language it may ask: each is a request to Jira, or several.
const QUERIES: usize = 5;

/// Characters of such a question.
const QUERY: usize = 5_000;

/// How many values all its lists may have together: each may be a parameter of the statement, of which databases take
/// only so many.
const VALUES: usize = 5_000;

/// Characters that a search may have: more than any name.
const SEARCH: usize = 200;

/// Refuses a search in a list of names that is too long.
pub(in crate::store) fn check_search(search: Option<&str>) -> Result<(), StoreError> {
    let length = search.map_or(0, |search| search.chars().count());
    if length <= SEARCH {
        return Ok(());
    }
    let message = format!("{length} characters are too many; give at most {SEARCH}");
    Err(wrong("search".to_owned(), message))
}

/// Refuses a filter that is too large, and names the part that is.
pub(super) fn check(filter: &EventFilter) -> Result<(), StoreError> {
    Size::default().add(filter, "filter".to_owned(), 0)
}

#[derive(Default)]
struct Size {
    filters: usize,
    texts: usize,
    ranges: usize,
    queries: usize,
    values: usize,
}

impl Size {
    fn add(&mut self, filter: &EventFilter, path: String, depth: usize) -> Result<(), StoreError> {
        if depth > DEPTH {
            let message = format!("nested too deeply; at most {DEPTH} levels of `not` and `any`");
            return Err(wrong(path, message));
        }
        self.filters += 1;
        if self.filters > FILTERS {
            let message = format!("too many filters in `not` and `any`; at most {FILTERS} in all");
            return Err(wrong(path, message));
        }
        if let Some(text) = &filter.text {
            self.texts += 1;
            if self.texts > TEXTS {
                let message = format!("too many texts to search for; at most {TEXTS} in all");
                return Err(wrong(format!("{path}.text"), message));
            }
            let length = text.chars().count();
            if length > TEXT {
                let message = format!("{length} characters are too many; give at most {TEXT}");
                return Err(wrong(format!("{path}.text"), message));
            }
        }
        if let Some(jql) = &filter.jql {
            self.queries += 1;
            if self.queries > QUERIES {
                let message = format!("too many questions to Jira; at most {QUERIES} in all");
                return Err(wrong(format!("{path}.jql"), message));
            }
            let length = jql.chars().count();
            if length > QUERY {
                let message = format!("{length} characters are too many; give at most {QUERY}");
                return Err(wrong(format!("{path}.jql"), message));
            }
        }
        self.values += values(filter);
        if self.values > VALUES {
            let message = format!("too many values; at most {VALUES} in all lists together");
            return Err(wrong(path, message));
        }
        let ranges = filter.ips.iter().flatten().filter(|ip| ip.contains('/'));
        self.ranges += ranges.count();
        if self.ranges > RANGES {
            let message = format!("too many ranges of addresses; at most {RANGES} in all");
            return Err(wrong(format!("{path}.ips"), message));
        }
        if let Some(not) = &filter.not {
            self.add(not, format!("{path}.not"), depth + 1)?;
        }
        for (place, filter) in filter.any.iter().flatten().enumerate() {
            self.add(filter, format!("{path}.any[{place}]"), depth + 1)?;
        }
        Ok(())
    }
}

/// How many values the lists of a filter have, those of filters inside it left out.
fn values(filter: &EventFilter) -> usize {
    let length = |list: &Option<Vec<String>>| list.as_ref().map_or(0, Vec::len);
    let lists = [
        &filter.sources,
        &filter.categories,
        &filter.actions,
        &filter.users,
        &filter.groups,
        &filter.people_in_projects,
        &filter.people_in_organizations,
        &filter.projects,
        &filter.issues,
        &filter.targets,
        &filter.status_from,
        &filter.status_to,
        &filter.resolutions,
        &filter.fields,
        &filter.ips,
        &filter.countries,
        &filter.cities,
        &filter.methods,
    ];
    lists.into_iter().map(length).sum()
}
