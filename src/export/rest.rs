//! What programs read of a saved filter over REST (C31): its counts, or its events, page by page.
//!
//! Columns of events are those of every export; how an answer travels is up to [`http`](crate::http).

mod counters;

use super::ExportError;
use super::aggregated::{Names, prepare_columns};
use super::cell::{Cell, Object};
use super::reader::{Reader, Within};
use crate::event::export::Question;
use crate::event::saved::{SavedView, View};
use crate::store::StoreError;
use crate::store::entity::access_token;
use crate::store::saved::SavedFilter;
use counters::People;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};

/// Rows of a page of events.
pub const DETAIL_PAGE: u64 = 1_000;

/// Rows of a page of counts.
pub const AGGREGATED_PAGE: u64 = 5_000;

/// How many pages behind the last that was read a page may be: those between are looked through for it.
const AHEAD: i64 = 50;

/// A page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The saved filter's name.
    filter: String,
    /// What the rows are.
    data_type: &'static str,
    /// Which page.
    page: i64,
    /// How many rows a page has that is not the last.
    page_size: u64,
    /// Whether there is another page.
    has_next: bool,
    /// The rows.
    data: Vec<Box<RawValue>>,
}

/// A page of counts: a row an actor, or what the saved filter's breakdown sets apart of one.
pub async fn aggregated(
    within: &Within,
    saved: &SavedFilter,
    page: i64,
) -> Result<Answer, ExportError> {
    let question = question(saved, View::Aggregated)?;
    let stored = within.store.actions().await?;
    let (columns, order) = counters::columns(&question.view, &stored)?;
    let counters = counters::names(&columns);
    let prepared = prepare_columns(within, &question, columns, order).await?;
    let headings = prepared.set_apart();
    let mut counted = prepared.count(within).await?;
    let size = usize::try_from(AGGREGATED_PAGE).unwrap_or(usize::MAX);
    let before = usize::try_from(page - 1).unwrap_or(usize::MAX);
    counted.pass(before.saturating_mul(size));
    let rows = counted.take(size);
    let people = People::load(within, &rows).await?;
    let around = Names::load(within, &rows).await?;
    let rows = rows.iter().map(|row| {
        let apart = around.cells(counted.breakdown(), row);
        written(&people.row(row, Object(&headings, &apart), &counters))
    });
    Ok(Answer {
        filter: saved.row.name.clone(),
        data_type: "aggregated",
        page,
        page_size: AGGREGATED_PAGE,
        data: rows.collect::<Result<_, _>>()?,
        has_next: counted.left() > 0,
    })
}

/// A page of events. All pages that are read after a first one are pages of one list: what happens meanwhile is not in it.
pub async fn detail(
    mut within: Within,
    token: &access_token::Model,
    saved: &SavedFilter,
    page: i64,
) -> Result<Answer, ExportError> {
    let question = question(saved, View::Detail)?;
    let store = within.store.clone();
    let what = Sha256::digest(serde_json::to_vec(&question).unwrap_or_default());
    let known = store.reading(token, &what).filter(|_| page > 1);
    let reading = match known {
        Some(reading) => reading,
        None => store.begin_reading(token, &what, within.now).await?,
    };
    (within.now, within.until) = (reading.at, reading.until);
    let (nearest, mark) = store.nearest_page(&reading, page).await?;
    if page - nearest > AHEAD {
        let furthest = nearest + AHEAD;
        return Err(ExportError::TooMuch(format!(
            "page: {page} is too far ahead; the last page that was found is {nearest}, so give one up to {furthest}, and go \
             on from there"
        )));
    }
    let reader = Reader::open(within, &question, mark.as_deref()).await?;
    let mut pages = Pages {
        reader: reader.in_pages_of(DETAIL_PAGE),
        page: nearest,
        marks: Vec::new(),
    };
    let rows = pages.rows_of(page).await;
    // What was found stays found, even where something went wrong behind it.
    let marks = std::mem::take(&mut pages.marks);
    store.keep_pages(&reading, marks).await?;
    let headings = pages.reader.headings();
    let rows = rows?
        .into_iter()
        .map(|row| written(&Object(headings, &row)));
    Ok(Answer {
        filter: saved.row.name.clone(),
        data_type: "detail",
        page,
        page_size: DETAIL_PAGE,
        data: rows.collect::<Result<_, _>>()?,
        has_next: !pages.reader.is_over(),
    })
}

/// A list on the way to one of its pages.
struct Pages {
    reader: Reader,
    /// The page that comes next.
    page: i64,
    /// Where pages begin.
    marks: Vec<(i64, String)>,
}

impl Pages {
    async fn rows_of(&mut self, page: i64) -> Result<Vec<Vec<Cell>>, ExportError> {
        while self.page < page {
            let mark = self.reader.skip().await?;
            self.went_on(mark);
            if self.reader.is_over() {
                return Ok(Vec::new());
            }
        }
        let Some(found) = self.reader.next().await? else {
            return Ok(Vec::new());
        };
        self.went_on(found.mark);
        Ok(found.rows)
    }

    fn went_on(&mut self, mark: Option<String>) {
        self.page += 1;
        let mark = mark.filter(|_| !self.reader.is_over());
        self.marks.extend(mark.map(|mark| (self.page, mark)));
    }
}

/// What is asked of a saved filter, in that form; the form's own settings hold where the filter is saved in it.
fn question(saved: &SavedFilter, kind: View) -> Result<Question, StoreError> {
    let plain = SavedView {
        kind,
        ..SavedView::default()
    };
    let saved_view = Some(saved.view()?).filter(|view| view.kind == kind);
    // A view may be saved with settings of other forms, too.
    let view = saved_view.map_or(plain.clone(), |view| match kind {
        View::Aggregated => SavedView {
            event_order: None,
            ..view
        },
        _ => SavedView {
            event_order: view.event_order,
            ..plain
        },
    });
    Ok(Question {
        view,
        filter: saved.filter()?,
        ..Question::default()
    })
}

fn written(row: &impl Serialize) -> Result<Box<RawValue>, ExportError> {
    to_raw_value(row).map_err(|error| ExportError::File(error.into()))
}
