//! How long work shows that it goes on: a bar on a terminal, a line in the log now and then elsewhere.

use crate::source::{Part, Source};
use crate::store::runs::Outcome;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Pages between two lines in the log.
const LOG_EVERY: u64 = 50;

/// The progress of several runs, one after the other.
pub(super) struct Progress {
    bar: ProgressBar,
    /// New and repeated events of each run so far.
    totals: Mutex<BTreeMap<(String, Part), (u64, u64)>>,
}

impl Progress {
    /// Hidden where standard error is not a terminal.
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            totals: Mutex::default(),
        }
    }

    /// Shows how far a run has come.
    pub(super) fn run(
        &self,
        source: &dyn Source,
        part: Part,
        outcome: &Outcome,
        done: Option<(u64, u64)>,
    ) {
        let what = format!("{} {}", source.name(), part.as_str());
        self.show(&what, outcome.records, outcome.new, done);
        if self.bar.is_hidden() && outcome.pages.is_multiple_of(LOG_EVERY) {
            tracing::info!(
                run = what,
                pages = outcome.pages,
                records = outcome.records,
                new = outcome.new,
                "reading"
            );
        }
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.insert(
            (source.name().to_owned(), part),
            (outcome.new, outcome.repeated),
        );
    }

    /// Shows how far something has come that is not a run.
    pub(super) fn show(&self, what: &str, records: u64, new: u64, done: Option<(u64, u64)>) {
        let template = if done.is_some() {
            "{spinner} {prefix} [{bar:30}] {percent:>3}% {msg}"
        } else {
            "{spinner} {prefix} {msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        if let Some((done, of)) = done {
            self.bar.set_length(of);
            self.bar.set_position(done);
        }
        self.bar.set_prefix(what.to_owned());
        self.bar.set_message(format!("{records} read, {new} new"));
    }

    /// New and repeated events of all runs.
    pub(super) fn totals(&self) -> (u64, u64) {
        let totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.values().fold((0, 0), |(new, repeated), run| {
            (new + run.0, repeated + run.1)
        })
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
