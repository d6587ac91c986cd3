//! Following the audit log files of a node: JSON lines that grow, are rotated, and are sometimes cut off.
//!
//! A file is known by its first line, so rotation by renaming changes nothing, and one that was replaced is another
//! file. A line counts once it has its line break. What the instance tells by REST as well has the same key and is stored
//! once. Identical lines are told apart by counting, so each reading begins a few seconds before what is new.

use super::folder::{self, Found};
use crate::event::Timestamp;
use crate::source::look::{self, Look};
use crate::source::{Page, SourceError};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, BufReader, SeekFrom};

/// Lines on a page.
const LINES: usize = 1_000;

/// The longest line that is a record; anything longer is damage.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// Identical lines are not further apart than this, by their own times.
const TOGETHER: Duration = Duration::from_secs(5);

/// How far each file has been read; kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Mark {
    files: Vec<Known>,
}

/// How far a file has been read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    /// Its name when it was last seen.
    name: String,
    /// A hash over its first line.
    first: String,
    /// How many bytes of it have been read.
    read: u64,
    /// Where its last few seconds begin.
    recent: u64,
}

/// A file of which something is to be read.
struct Job {
    found: Found,
    place: usize,
    /// Whether another file begins alike: then the two are not counted together.
    alone: bool,
    /// Whether more is going to be written to it.
    grows: bool,
}

/// A file that is being read.
struct Open {
    job: Job,
    reader: BufReader<File>,
    at: u64,
    recent: VecDeque<(u64, Timestamp)>,
}

struct Files<'a> {
    folder: &'a Path,
    mark: Mark,
    jobs: Option<VecDeque<Job>>,
    open: Option<Open>,
    begins: bool,
}

/// What is new in the files in `folder` since `cursor`, file by file, the oldest first.
pub(super) fn pages<'a>(
    folder: &'a Path,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let mark = cursor.and_then(|cursor| serde_json::from_str(cursor).ok());
    let files = Files {
        folder,
        mark: mark.unwrap_or_default(),
        jobs: None,
        open: None,
        begins: true,
    };
    stream::try_unfold(files, |mut files| async {
        let page = files.step().await;
        let page = page.map_err(|error| folder::unreadable(files.folder, &error))?;
        Ok(page.map(|page| (page, files)))
    })
}

impl Files<'_> {
    async fn step(&mut self) -> io::Result<Option<Page>> {
        loop {
            if let Some(open) = self.open.take() {
                if let Some(page) = self.read(open).await? {
                    return Ok(Some(page));
                }
                continue;
            }
            let mut jobs = match self.jobs.take() {
                Some(jobs) => jobs,
                None => self.look().await?,
            };
            let Some(job) = jobs.pop_front() else {
                return Ok(None);
            };
            self.jobs = Some(jobs);
            let known = &self.mark.files[job.place];
            let mut file = match File::open(&job.found.path).await {
                Ok(file) => file,
                // It was rotated away since the look; the next one finds it under its new name.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let at = known.recent.min(known.read);
            file.seek(SeekFrom::Start(at)).await?;
            self.begins |= job.alone;
            self.open = Some(Open {
                job,
                reader: BufReader::new(file),
                at,
                recent: VecDeque::new(),
            });
        }
    }

    /// What there is to read: files that have grown, and the last seconds of the file before them.
    async fn look(&mut self) -> io::Result<VecDeque<Job>> {
        let found = folder::files(self.folder).await?;
        let names: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
        let before = std::mem::take(&mut self.mark.files);
        let mut taken = vec![false; before.len()];
        let mut files = Vec::new();
        let mut alone = Vec::new();
        for file in &found {
            let mut alike = before
                .iter()
                .enumerate()
                .filter(|(place, known)| !taken[*place] && known.first == file.first);
            let same = alike.clone().find(|(_, known)| known.name == file.name);
            let same =
                same.or_else(|| alike.find(|(_, known)| !names.contains(&known.name.as_str())));
            let known = same.map(|(place, known)| {
                taken[place] = true;
                known.clone()
            });
            alone.push(
                found
                    .iter()
                    .filter(|other| other.first == file.first)
                    .count()
                    > 1,
            );
            // A file that has become shorter was cut off, and what is in it now is new.
            let known = known.filter(|known| known.read <= file.size);
            files.push(Known {
                name: file.name.clone(),
                first: file.first.clone(),
                read: known.as_ref().map_or(0, |known| known.read),
                recent: known.map_or(0, |known| known.recent),
            });
        }
        self.mark.files = files;
        let grown = |place: usize| self.mark.files[place].read < found[place].size;
        let last = found.len().saturating_sub(1);
        let Some(first) = (0..found.len()).find(|place| grown(*place)) else {
            return Ok(VecDeque::new());
        };
        let needed: Vec<bool> = (0..found.len())
            .map(|place| grown(place) || place + 1 == first)
            .collect();
        let jobs = found.into_iter().zip(alone).enumerate();
        Ok(jobs
            .filter(|(place, _)| needed[*place])
            .map(|(place, (found, alone))| Job {
                found,
                place,
                alone,
                grows: place == last,
            })
            .collect())
    }

    /// The next lines of a file; nothing at its end.
    async fn read(&mut self, mut open: Open) -> io::Result<Option<Page>> {
        let mut records = Vec::new();
        let mut over = false;
        while records.len() < LINES {
            let mut line = Vec::new();
            let mut limited = (&mut open.reader).take(LONGEST_LINE);
            let length = limited.read_until(b'\n', &mut line).await? as u64;
            let whole = line.ends_with(b"\n") || length == LONGEST_LINE;
            let record = record(&line);
            // In a file that no longer grows, the last line may do without a line break.
            if length == 0 || (!whole && (open.job.grows || record.is_none())) {
                over = true;
                break;
            }
            let known = &self.mark.files[open.job.place];
            if record.is_none() && open.at >= known.read && !line.trim_ascii().is_empty() {
                tracing::warn!(
                    file = open.job.found.name,
                    at = open.at,
                    "a line of the audit log is no record and was left out"
                );
            }
            if let Some((record, time)) = record {
                if let Some(time) = time {
                    open.recent.push_back((open.at, time));
                    let newest = open.recent.iter().map(|(_, time)| *time).max();
                    let from = newest.unwrap_or(time).minus(TOGETHER);
                    while open.recent.front().is_some_and(|(_, time)| *time < from) {
                        open.recent.pop_front();
                    }
                }
                records.push(record);
            }
            open.at += length;
        }
        let known = &mut self.mark.files[open.job.place];
        known.read = known.read.max(open.at);
        known.recent = open.recent.front().map_or(open.at, |(at, _)| *at);
        if over && records.is_empty() {
            return Ok(None);
        }
        if !over {
            self.open = Some(open);
        }
        Ok(Some(Page {
            records,
            cursor: Some(super::to_cursor(&self.mark)),
            starts_reading: std::mem::take(&mut self.begins),
            ..Page::default()
        }))
    }
}

/// The record in a line, and when it says that it happened.
fn record(line: &[u8]) -> Option<(Box<RawValue>, Option<Timestamp>)> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.starts_with('{') {
        return None;
    }
    let record = RawValue::from_string(text.to_owned()).ok()?;
    let value = look::value(&record);
    let time = Look::new(&value).at("timestamp").time();
    Some((record, time))
}
