//! The text form of a filter, as people type it into a search box: `actor:lila -project:WEB created:>=2026-11-01 "release
//! notes"`. Reading and printing it, and nothing else: what a filter means is said in `store/query`.
//!
//! ```text
//! search  = all, { "OR", all } ;
//! all     = run, { "AND", run } ;
//! run     = item, { item } ;
//! item    = ( "-" | "NOT" ), item | "(", [ search ], ")" | "any:(", [ search ], ")" | word | quoted
//!         | qualifier, ":", value, { ",", value } ;
//! quoted  = '"', characters with \" and \\, '"' ;
//! ```
//!
//! Side by side, everything must hold, but the values of one qualifier are alternatives, and so are all qualifiers of
//! people, as in [`EventFilter`]; what `AND` joins must hold each by itself. A time zone holds for all that is in the same
//! parentheses. Quoted values are taken as they are. Every filter has a text, and reading it gives the same filter.

mod conjunction;
mod lower;
mod parse;
mod print;
mod problem;
mod qualifier;
#[cfg(test)]
mod tests;
mod time;
mod tree;

pub use conjunction::both;
pub use print::print;
pub use problem::Problem;

use super::filter::EventFilter;

/// The filter that a text asks for; an empty text chooses everything. Fails with everything that is wrong with it, first
/// things first, at least one and at most ten.
pub fn parse(text: &str) -> Result<EventFilter, Vec<Problem>> {
    parse::tree(text).map(|tree| lower::filter(tree, chrono_tz::UTC))
}
