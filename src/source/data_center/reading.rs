//! Reading one window of an audit log to its end.
//!
//! The log is served newest first, and nothing can be said of a window before its last page has come. So the mark moves
//! with that page only, and a reading that was broken off is begun again.

use super::client::{Client, LOG, Window};
use crate::source::http::{CallError, Guard};
use crate::source::{Page, Stretch};
use std::time::Duration;

/// The longest stretch that one window covers.
pub(super) const DAY: Duration = Duration::from_hours(24);

/// One moment of a log: events have whole milliseconds in REST.
const TICK: Duration = Duration::from_millis(1);

/// A window that is being read.
pub(super) struct Reading {
    stretch: Stretch,
    cursor: Option<String>,
    begun: bool,
    restarted: bool,
    guard: Guard,
}

impl Reading {
    pub(super) fn new(stretch: Stretch) -> Self {
        Self {
            stretch,
            cursor: None,
            begun: false,
            restarted: false,
            guard: Guard::default(),
        }
    }

    /// The next page, and whether it was the last one.
    pub(super) async fn next(&mut self, client: &Client) -> Result<(Page, bool), CallError> {
        // Whether the ends are included is not said, so both are, with what lies beside them.
        let window = Window {
            from: self.stretch.from.minus(TICK),
            to: self.stretch.to.plus(TICK),
        };
        let page = match client.events(window, self.cursor.as_deref()).await {
            Err(CallError::Refused { status: 400, .. })
                if self.cursor.is_some() && !self.restarted =>
            {
                self.restarted = true;
                self.begun = false;
                self.cursor = None;
                self.guard = Guard::default();
                client.events(window, None).await?
            }
            page => page?,
        };
        let next = page.next();
        let records = page.into_records();
        self.guard.pass(
            LOG,
            self.cursor.as_deref().unwrap_or("the first page"),
            records.iter().map(|record| record.get()),
        )?;
        let last = next.is_none();
        let starts_reading = !std::mem::replace(&mut self.begun, true);
        self.cursor = next;
        let page = Page {
            records,
            starts_reading,
            covered: last.then_some(self.stretch),
            ..Page::default()
        };
        Ok((page, last))
    }
}
