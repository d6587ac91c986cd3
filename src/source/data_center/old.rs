//! The lists in which Bitbucket kept its log before the audit plugin: one for each project and each repository.
//!
//! They are read newest first, each down to where the last reading began. Pages are counted from the newest record, so
//! they shift while something happens: each page takes in the last record of the page before, and a list that has moved is
//! read again.

use super::client::{Client, LOG};
use super::legacy::Found;
use super::tail::Pace;
use crate::event::Timestamp;
use crate::source::http::CallError;
use crate::source::look::{self, Look};
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

/// How far each reading goes back behind the last one.
const OVERLAP: Duration = Duration::from_mins(5);

/// Asking hundreds of lists takes its time, so it is not done more often than this.
const PAUSE: Duration = Duration::from_mins(15);

/// How often a list that keeps moving is read again.
const ATTEMPTS: usize = 5;

/// How far the lists have been read; kept as JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// When the last complete reading began.
    old: Option<Timestamp>,
}

/// The mark in a cursor; none when the log was read otherwise.
pub(super) fn mark(cursor: Option<&str>) -> Option<Mark> {
    let mark: Mark = serde_json::from_str(cursor?).ok()?;
    mark.old.map(|_| mark)
}

/// A list that is still to be read.
type Place = (String, Option<String>);

struct Lists<'a> {
    client: &'a Client,
    places: Option<VecDeque<Place>>,
    since: Option<Timestamp>,
    began: Timestamp,
    over: bool,
    begun: bool,
}

/// The pages that came after the last reading: one for each project and repository.
pub(super) fn pages(
    client: &Client,
    pace: Pace,
    mark: Mark,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'_> {
    let began = client.now();
    let rests = |old: Timestamp| old <= began && began.since(old) < pace.pause.max(PAUSE);
    let lists = Lists {
        client,
        places: None,
        since: mark.old.map(|old| old.min(began).minus(OVERLAP)),
        began,
        over: pace.pause > Duration::ZERO && mark.old.is_some_and(rests),
        begun: false,
    };
    stream::try_unfold(lists, |mut lists| async {
        let found = lists.step().await?;
        Ok(found.map(|found| (found, lists)))
    })
}

impl Lists<'_> {
    async fn step(&mut self) -> Result<Option<Page>, SourceError> {
        if self.over {
            return Ok(None);
        }
        let places = match self.places.take() {
            Some(places) => places,
            None => self.places().await?,
        };
        let places = self.places.insert(places);
        let Some((project, repository)) = places.pop_front() else {
            self.over = true;
            let mark = Mark {
                old: Some(self.began),
            };
            return Ok(Some(Page {
                cursor: Some(super::to_cursor(&mark)),
                watermark: Some(self.began),
                ..Page::default()
            }));
        };
        let records = self.list(&project, repository.as_deref()).await?;
        let records = records.iter().filter_map(|record| {
            let found = Found {
                project: Cow::Borrowed(&project),
                repository: repository.as_deref().map(Cow::Borrowed),
                record,
            };
            found.wrapped()
        });
        Ok(Some(Page {
            records: records.collect(),
            starts_reading: !std::mem::replace(&mut self.begun, true),
            ..Page::default()
        }))
    }

    /// All lists that there are.
    async fn places(&self) -> Result<VecDeque<Place>, SourceError> {
        let mut places = VecDeque::new();
        let lists = [
            ("projects", "the list of projects"),
            ("repos", "the list of repositories"),
        ];
        for (noun, what) in lists {
            let mut start = Some(0);
            while let Some(at) = start {
                let path = ["rest", "api", "latest", noun];
                let listing = self.client.list(what, &path, &[], at).await?;
                for item in listing.items() {
                    let (project, slug) = (item.at("project"), item.at("slug").text());
                    let place = match noun {
                        "repos" => project.at("key").text().zip(slug.map(Some)),
                        _ => item.at("key").text().map(|key| (key, None)),
                    };
                    places.extend(place);
                }
                start = listing.next(at).filter(|next| *next > at);
            }
        }
        Ok(places)
    }

    /// What is new in one list, newest first; nothing where there is no such list for us.
    async fn list(
        &self,
        project: &str,
        repository: Option<&str>,
    ) -> Result<Vec<Box<RawValue>>, SourceError> {
        for _ in 0..ATTEMPTS {
            match self.attempt(project, repository).await {
                Ok(Some(records)) => return Ok(records),
                Ok(None) => {}
                Err(error) if matches!(error.status(), Some(403 | 404)) => return Ok(Vec::new()),
                Err(error) => return Err(error.into()),
            }
        }
        Err(SourceError::Unusable {
            what: LOG.to_owned(),
            message: format!("the list of {project} moved on whenever it was read"),
        })
    }

    /// The same, or nothing when the list has moved meanwhile.
    async fn attempt(
        &self,
        project: &str,
        repository: Option<&str>,
    ) -> Result<Option<Vec<Box<RawValue>>>, CallError> {
        let mut records: Vec<Box<RawValue>> = Vec::new();
        let mut start = 0;
        loop {
            let mut page = self.client.old_events(project, repository, start).await?;
            let next = page.next();
            let mut found = page.values.take().unwrap_or_default().into_iter();
            if let Some(last) = records.last()
                && found.next().as_ref().map(|first| first.get()) != Some(last.get())
            {
                return Ok(None);
            }
            let before = records.len();
            records.extend(found);
            let known = |record: &RawValue| {
                let value = look::value(record);
                let time = Look::new(&value).at("timestamp").time();
                self.since
                    .zip(time)
                    .is_some_and(|(since, time)| time < since)
            };
            match next.filter(|next| *next > start + 1) {
                Some(next)
                    if records.len() > before
                        && !records.last().is_some_and(|last| known(last)) =>
                {
                    start = next - 1;
                }
                _ => return Ok(Some(records)),
            }
        }
    }
}
