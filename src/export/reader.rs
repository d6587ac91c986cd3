//! Rows of an export, page by page: a page of the store becomes a page of cells, and no more is held than that.
//!
//! The aggregated view is counted in one go: its rows are as many as people and what the breakdown sets apart.

use super::aggregated::Counted;
use super::asked::{fits, zone};
use super::cell::{Cell, Heading};
use super::columns::{self, Column, headings};
use super::detail::{Detail, Facts};
use super::last_active;
use super::people::Known;
use super::{ExportError, aggregated};
use crate::access::Viewer;
use crate::activity::{self, Activity, Breakdown, Limits};
use crate::clock::Clock;
use crate::event::Timestamp;
use crate::event::export::Question;
use crate::event::filter::EventFilter;
use crate::event::order::{EventOrderField, OrderDirection};
use crate::event::saved::View;
use crate::event::search::both;
use crate::store::beside::Beside;
use crate::store::directory::NameMark;
use crate::store::entity::event;
use crate::store::query::chosen::Test;
use crate::store::read::{EventMark, Range};
use crate::store::{Store, StoreError};
use chrono::SecondsFormat;
use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::sync::Arc;

/// The action of which views of issues are the events.
const VIEWED: &str = "issue.viewed";

/// Rows of an ordinary page.
pub(super) const PAGE: u64 = 1_000;

/// How many ordinary pages one page is of an order for which the database has to sort everything each time.
const SORTED: u64 = 5;

/// Where rows come from, and for whom.
#[derive(Clone, Debug)]
pub struct Within {
    /// The store.
    pub store: Store,
    /// The counts of its log.
    pub activity: Activity,
    /// How far back counts go.
    pub limits: Limits,
    /// Who is to read the rows.
    pub viewer: Viewer,
    /// From when relative times count.
    pub now: Timestamp,
    /// Events up to this position count.
    pub until: i64,
    /// Rows of a page.
    pub page: u64,
}

impl Within {
    /// All that is stored now, whoever may see it, as far as it can be read beside a server.
    pub async fn alone(store: Store, clock: &Clock, limits: Limits) -> Result<Self, StoreError> {
        Ok(Self {
            activity: Activity::new(store.clone(), clock.clone()),
            limits,
            viewer: Viewer::server(),
            now: clock.now(),
            until: store.newest().await?,
            page: PAGE,
            store,
        })
    }

    /// Reads what counts are made from, however long that takes.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        self.activity.catch_up().await
    }
}

/// Some rows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rows, each with a cell for every heading.
    pub rows: Vec<Vec<Cell>>,
    /// Where the list goes on behind them; absent for what cannot be gone on with.
    pub mark: Option<String>,
}

/// Yields the rows that a question asks for.
pub struct Reader {
    within: Within,
    zone: Tz,
    /// Rows of a page, whatever the order; the usual number when absent.
    size: Option<u64>,
    headings: Vec<Heading>,
    rows: Rows,
    ended: bool,
}

/// Where the rows are read from.
enum Rows {
    Events {
        columns: &'static [Column<Detail>],
        filter: EventFilter,
        chosen: Test,
        order: EventOrderField,
        descending: bool,
        after: Option<EventMark>,
    },
    People {
        filter: EventFilter,
        after: Option<NameMark>,
    },
    Counts(Counted),
    Workspace(Vec<last_active::Row>),
}

/// Finds what is wrong with a question, as far as that shows before it is carried out.
pub async fn check(within: &Within, question: &Question) -> Result<(), ExportError> {
    fits(question)?;
    match question.view.kind {
        View::Aggregated => {
            aggregated::prepare(within, question).await?;
        }
        _ => {
            Reader::open(within.clone(), question, None).await?;
        }
    }
    Ok(())
}

impl Reader {
    /// Begins to read, behind a mark where there is one.
    pub async fn open(
        within: Within,
        question: &Question,
        mark: Option<&str>,
    ) -> Result<Self, ExportError> {
        fits(question)?;
        let zone = zone(question)?;
        let filter = question.filter.clone();
        let (headings, rows) = match question.view.kind {
            View::Detail => {
                let asked = question.view.event_order;
                let order = asked.map_or(EventOrderField::Time, |asked| asked.field);
                let descending = asked.is_none_or(|asked| asked.direction == OrderDirection::Desc);
                let events = events(
                    &within,
                    &columns::DETAIL,
                    filter,
                    (order, descending),
                    marked(mark)?,
                );
                (headings(&columns::DETAIL), events.await?)
            }
            View::IssueViews => {
                let views = EventFilter {
                    actions: Some(vec![VIEWED.to_owned()]),
                    ..EventFilter::default()
                };
                let events = events(
                    &within,
                    &columns::ISSUE_VIEWS,
                    both(views, filter),
                    (EventOrderField::Time, true),
                    marked(mark)?,
                );
                (headings(&columns::ISSUE_VIEWS), events.await?)
            }
            View::LastActive => {
                if let Some(workspace) = &question.workspace {
                    (members_headings(), members(&within, workspace).await?)
                } else {
                    let after = marked(mark)?.map(|(name, id)| NameMark { name, id });
                    let rows = Rows::People { filter, after };
                    (headings(&columns::LAST_ACTIVE), rows)
                }
            }
            View::Aggregated => {
                let prepared = aggregated::prepare(&within, question).await?;
                let headings = prepared.headings();
                (headings, Rows::Counts(prepared.count(&within).await?))
            }
        };
        Ok(Self {
            within,
            zone,
            size: None,
            headings,
            rows,
            ended: false,
        })
    }

    /// The same in pages of exactly this size, whatever the order.
    #[must_use]
    pub fn in_pages_of(self, size: u64) -> Self {
        Self {
            size: Some(size),
            ..self
        }
    }

    /// Whether nothing comes any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended
    }

    /// Passes over the next page of events without making rows of it; where the list goes on behind it.
    pub async fn skip(&mut self) -> Result<Option<String>, ExportError> {
        if self.ended || !matches!(self.rows, Rows::Events { .. }) {
            return Ok(None);
        }
        let found = self.events().await?;
        Ok(found.and_then(|(_, _, mark)| mark))
    }

    /// The next events, with what stands beside them, and where the list goes on behind them.
    async fn events(&mut self) -> Result<Option<Found>, ExportError> {
        let Rows::Events {
            chosen,
            order,
            descending,
            after,
            ..
        } = &mut self.rows
        else {
            return Ok(None);
        };
        let within = &self.within;
        let walks = matches!(order, EventOrderField::Time | EventOrderField::Recorded);
        let factor = if walks { 1 } else { SORTED };
        let size = self.size.unwrap_or(within.page * factor);
        let range = forwards(size, *after, *descending);
        let sight = within.viewer.sight();
        let store = &within.store;
        let found = store.events_until(chosen, &sight, *order, range, within.until);
        let (found, beside) = found.await?;
        self.ended = !found.more;
        *after = found.rows.last().map(|last| EventMark {
            seq: last.seq,
            time: last.time,
        });
        let mark = after.and_then(|after| serde_json::to_string(&after).ok());
        Ok(Some((found.rows, beside, mark)))
    }

    /// What the columns are called.
    #[must_use]
    pub fn headings(&self) -> &[Heading] {
        &self.headings
    }

    /// About how many rows there are, where that can be counted without reading them.
    pub async fn expected(&self) -> Result<Option<u64>, ExportError> {
        let within = &self.within;
        Ok(match &self.rows {
            Rows::Events { chosen, .. } => {
                let actions = within.store.actions().await?;
                let question = activity::Question {
                    test: chosen.clone(),
                    columns: vec![actions.into_iter().map(|action| action.id).collect()],
                    breakdown: Breakdown::default(),
                    fields: Vec::new(),
                };
                let counted = within.activity.ask(&within.viewer, &question).await?;
                counted.totals.first().copied()
            }
            Rows::Counts(counted) => Some(counted.left()),
            Rows::Workspace(rows) => u64::try_from(rows.len()).ok(),
            Rows::People { .. } => None,
        })
    }

    /// Goes on for the same viewer, who may see something else by now.
    pub async fn look_as(&mut self, viewer: Viewer) -> Result<(), ExportError> {
        let sight = viewer.sight();
        let differs = sight != self.within.viewer.sight();
        self.within.viewer = viewer;
        if let Rows::Events { filter, chosen, .. } = &mut self.rows
            && differs
        {
            let within = &self.within;
            *chosen = within.store.chosen(filter, &sight, within.now).await?;
        }
        Ok(())
    }

    /// The next rows; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Page>, ExportError> {
        if self.ended {
            return Ok(None);
        }
        if let Some((events, beside, mark)) = self.events().await? {
            let rows = self.details(events, beside).await?;
            self.ended |= rows.is_empty();
            return Ok((!rows.is_empty()).then_some(Page { rows, mark }));
        }
        let (within, zone) = (&self.within, self.zone);
        let size = usize::try_from(within.page).unwrap_or(usize::MAX);
        let page = match &mut self.rows {
            // Those have come already.
            Rows::Events { .. } => return Ok(None),
            Rows::People { filter, after } => {
                let range = forwards(within.page, after.take(), false);
                let store = &within.store;
                let found = store.users_meant(&within.viewer, filter, range).await?;
                self.ended = !found.more;
                let mark = found.rows.last().map(|last| NameMark {
                    name: last.sort_name.clone(),
                    id: last.id,
                });
                let known = Arc::new(Known::load(store, &found.rows, zone).await?);
                let people = found.rows.into_iter().map(|user| known.about(user));
                let rows = people.map(|person| {
                    let columns = columns::LAST_ACTIVE.iter();
                    columns.map(|column| (column.cell)(&person)).collect()
                });
                let page = Page {
                    rows: rows.collect(),
                    mark: mark
                        .as_ref()
                        .and_then(|mark| serde_json::to_string(&(&mark.name, mark.id)).ok()),
                };
                *after = mark;
                page
            }
            Rows::Counts(counted) => Page {
                rows: counted.next(within, size).await?,
                mark: None,
            },
            Rows::Workspace(rows) => {
                let few = rows.drain(..rows.len().min(size));
                let cells = |row: last_active::Row| {
                    let time = row.last_accessed.map(|time| time_in(time, zone));
                    vec![
                        Cell::Text(row.nickname),
                        Cell::Text(row.uuid),
                        Cell::of(time),
                    ]
                };
                Page {
                    rows: few.map(cells).collect(),
                    mark: None,
                }
            }
        };
        self.ended |= page.rows.is_empty();
        Ok((!page.rows.is_empty()).then_some(page))
    }

    /// Events as rows.
    async fn details(
        &self,
        events: Vec<event::Model>,
        beside: Beside,
    ) -> Result<Vec<Vec<Cell>>, ExportError> {
        let Rows::Events { columns, .. } = &self.rows else {
            return Ok(Vec::new());
        };
        let facts = Facts::load(&self.within, &events, beside, self.zone).await?;
        let facts = Arc::new(facts);
        let details = events.into_iter().map(|event| facts.about(event));
        let cells = |row: Detail| columns.iter().map(|column| (column.cell)(&row)).collect();
        Ok(details.map(cells).collect())
    }
}

/// Events, what stands beside them, and where the list goes on behind them.
type Found = (Vec<event::Model>, Beside, Option<String>);

async fn events(
    within: &Within,
    columns: &'static [Column<Detail>],
    filter: EventFilter,
    (order, descending): (EventOrderField, bool),
    after: Option<EventMark>,
) -> Result<Rows, ExportError> {
    let sight = within.viewer.sight();
    let chosen = within.store.chosen(&filter, &sight, within.now).await?;
    Ok(Rows::Events {
        columns,
        filter,
        chosen,
        order,
        descending,
        after,
    })
}

/// The members of a workspace with what Bitbucket says of their last access (C34).
async fn members(within: &Within, workspace: &str) -> Result<Rows, ExportError> {
    let mut found = None;
    if within.viewer.sees_directory() {
        found = last_active::rows(&within.store, workspace).await?;
    }
    found.map(Rows::Workspace).ok_or_else(|| {
        let message = format!("there is no workspace `{workspace}`; give its slug or uuid");
        wrong("workspace", message).into()
    })
}

fn members_headings() -> Vec<Heading> {
    let widths = [24, 40, 28];
    let heading = |(name, width): (&'static str, u16)| Heading {
        title: Cow::Borrowed(name),
        key: Cow::Borrowed(name),
        width,
    };
    let columns = last_active::COLUMNS.into_iter().zip(widths);
    columns.map(heading).collect()
}

fn forwards<M>(limit: u64, after: Option<M>, descending: bool) -> Range<M> {
    Range {
        limit,
        after,
        before: None,
        from_end: false,
        descending,
    }
}

/// Reads where to go on.
fn marked<M: DeserializeOwned>(mark: Option<&str>) -> Result<Option<M>, StoreError> {
    let read = |mark| {
        serde_json::from_str(mark).map_err(|_| wrong("mark", "cannot be read any more".to_owned()))
    };
    mark.map(read).transpose()
}

/// A moment as ISO 8601 has it, on the clocks of a time zone.
pub(super) fn time_in(time: Timestamp, zone: Tz) -> String {
    if zone == Tz::UTC {
        return time.to_string();
    }
    let there = time.to_utc().with_timezone(&zone);
    there.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

pub(super) fn wrong(path: &str, message: String) -> StoreError {
    StoreError::Filter {
        path: path.to_owned(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::time_in;
    use crate::event::Timestamp;
    use chrono_tz::Tz;

    #[test]
    fn times_are_those_of_the_zone() {
        let time = Timestamp::parse("2026-07-20T10:00:00.5Z").unwrap();
        assert_eq!(time_in(time, Tz::UTC), "2026-07-20T10:00:00.500Z");
        assert_eq!(
            time_in(time, Tz::Europe__Berlin),
            "2026-07-20T12:00:00.500+02:00"
        );
    }
}
