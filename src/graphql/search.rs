//! Filters as text: what a search box needs, and the `search` argument beside every `filter`.

use super::{error, saved, viewer};
use crate::event::filter::EventFilter;
use crate::event::search::{self, Problem, both};
use crate::store::StoreError;
use async_graphql::types::Json;
use async_graphql::{Context, Error, ErrorExtensions, ID, Object, Result, SimpleObject};

#[derive(Default)]
pub(super) struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Reads a search as text, e.g. `actor:lila action:issue.deleted -project:WEB created:>=2026-11-01 "release notes"`,
    /// without searching. The file `docs/search.md` of the project has all qualifiers.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn parse_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The text, as somebody types it.")] search: String,
    ) -> Result<ParsedSearch> {
        viewer(ctx)?;
        Ok(match search::parse(&search) {
            Ok(filter) => ParsedSearch {
                search: Some(search::print(&filter)),
                filter: Some(Json(filter)),
                problems: Vec::new(),
            },
            Err(problems) => ParsedSearch {
                filter: None,
                search: None,
                problems: problems.into_iter().map(SearchProblem::from).collect(),
            },
        })
    }

    /// A filter as text: reading it with `parseSearch` gives the same filter again.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn print_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The filter.")] filter: EventFilter,
    ) -> Result<String> {
        viewer(ctx)?;
        Ok(search::print(&filter))
    }
}

/// What a text asks for, or what is wrong with it.
#[derive(SimpleObject)]
struct ParsedSearch {
    /// The filter, in the form in which `EventFilter` is given; null when something is wrong with the text.
    filter: Option<Json<EventFilter>>,
    /// The same search as it is written here: one way for all that mean the same filter. Null when something is wrong.
    search: Option<String>,
    /// What is wrong, from the beginning of the text to its end, the first ten at most; empty when nothing is.
    problems: Vec<SearchProblem>,
}

/// Something that is wrong with a text.
#[derive(SimpleObject)]
struct SearchProblem {
    /// What is wrong, and what was expected.
    message: String,
    /// Where it is: the number of the character, counted from 1.
    column: i32,
    /// What was probably meant, to be put in the place of what is wrong; null where nothing comes to mind.
    suggestion: Option<String>,
}

impl From<Problem> for SearchProblem {
    fn from(problem: Problem) -> Self {
        Self {
            message: problem.message,
            column: i32::try_from(problem.column).unwrap_or(i32::MAX),
            suggestion: problem.suggestion,
        }
    }
}

/// What a list takes as `filter`, as `search` and as `savedFilterId`: all have to hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// All in one.
    pub(super) filter: EventFilter,
    /// What each argument gave, where there is more than one or it is not the filter itself.
    given: Vec<(&'static str, EventFilter)>,
}

impl Asked {
    /// Reads what was given.
    pub(super) async fn read(
        ctx: &Context<'_>,
        filter: Option<EventFilter>,
        search: Option<&str>,
        saved: Option<&ID>,
    ) -> Result<Self> {
        let filter = filter.unwrap_or_default();
        if search.is_none() && saved.is_none() {
            return Ok(Self::within(filter));
        }
        let mut given = vec![("filter", filter)];
        if let Some(text) = search {
            given.push(("search", read(text, "search")?));
        }
        if let Some(id) = saved {
            given.push(("savedFilterId", saved::filter(ctx, id).await?));
        }
        Ok(Self::of(given))
    }

    /// What several arguments ask for together.
    pub(super) fn of(given: Vec<(&'static str, EventFilter)>) -> Self {
        let all = given.iter().map(|(_, filter)| filter.clone());
        let filter = all.reduce(both).unwrap_or_default();
        Self { filter, given }
    }

    /// What is asked for without a search.
    pub(super) fn within(filter: EventFilter) -> Self {
        Self {
            filter,
            given: Vec::new(),
        }
    }

    /// The error for what the store says about the filter, which names the argument that it is about.
    pub(super) fn failed(&self, ctx: &Context<'_>, failure: StoreError) -> Error {
        match failure {
            StoreError::Filter { path, message } => match self.argument(&path) {
                "filter" => error::bad_input(&path, message),
                argument => error::bad_input(argument, message),
            },
            failure => error::from_store(ctx, failure),
        }
    }

    /// Which argument has something at a path such as `filter.not.actions[0]`: what was given may have been put inside
    /// something else.
    pub(super) fn argument(&self, path: &str) -> &'static str {
        let (Some(rest), Some((last, _))) = (path.strip_prefix("filter"), self.given.last()) else {
            return "filter";
        };
        let has = |given: &EventFilter, path: &str| {
            let Ok(given) = serde_json::to_value(given) else {
                return false;
            };
            let steps = path.split(['.', '[']).filter(|step| !step.is_empty());
            let mut steps = steps.map(|step| step.trim_end_matches(']'));
            let found = steps.try_fold(&given, |at, step| match step.parse::<usize>() {
                Ok(place) => at.get(place),
                Err(_) => at.get(step),
            });
            found.is_some()
        };
        let mut inner = Some(rest);
        while let Some(rest) = inner {
            let found = self.given.iter().find(|(_, given)| has(given, rest));
            if let Some((argument, _)) = found {
                return argument;
            }
            inner = rest.strip_prefix(".any[0]");
        }
        last
    }
}

/// The filter that a text means; `argument` gave it.
pub(super) fn read(text: &str, argument: &str) -> Result<EventFilter> {
    search::parse(text).map_err(|problems| {
        let first = problems.into_iter().next();
        let message = first.as_ref().map(ToString::to_string);
        let wrong = error::bad_input(argument, message.unwrap_or_default());
        wrong.extend_with(|_, extensions| {
            if let Some(problem) = first {
                extensions.set("column", problem.column);
                if let Some(suggestion) = problem.suggestion {
                    extensions.set("suggestion", suggestion);
                }
            }
        })
    })
}
