//! `import` of a folder: what the archive has written becomes the log that it was; other JSON files are imported as what
//! they are.
//!
//! Day by day, and within a day in the order in which things happened; where that is the same, in the order in which the
//! log had them. What is wrong with one file does not keep the others out: all of it is told at the end.

use super::import::{BATCH, Count, import};
use super::progress::Progress;
use crate::app::App;
use crate::event::archived::{Archived, Origin, Restored};
use crate::event::directory::Entry;
use crate::event::{NewEvent, System};
use crate::store::{Appended, Batch};
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How the name of a file ends that says what the log says beside a record.
const META: &str = ".meta.json";

/// Faults that are told one by one; of others, only how many there were.
const TOLD: usize = 20;

/// Imports everything in a folder.
pub(super) async fn folder(
    app: &App,
    system: Option<System>,
    path: &Path,
    count: &mut Count,
    progress: &Progress,
) -> anyhow::Result<()> {
    let mut faults = Faults::default();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let inside = match Inside::of(&folder) {
            Ok(inside) => inside,
            Err(error) => {
                faults.add(format!("{}: {error:#}", folder.display()));
                continue;
            }
        };
        let title = folder.display().to_string();
        restore(app, &inside.archived, &mut faults, |appended, read| {
            count.read += read;
            count.new += appended.new;
            // An event that its record named later comes twice.
            count.repeated += read.saturating_sub(appended.new);
            progress.show(&title, count.read, count.new, None);
        })
        .await?;
        for file in inside.others {
            if let Err(error) = import(app, system, &file, count, progress).await {
                faults.add(format!("{}: {error:#}", file.display()));
            }
        }
        // The last one is taken first.
        folders.extend(inside.folders.into_iter().rev());
    }
    faults.told()
}

/// What a folder holds.
struct Inside {
    folders: BTreeSet<PathBuf>,
    /// Files that say what the log says beside a record.
    archived: Vec<PathBuf>,
    /// Other JSON files, but for the records of those.
    others: BTreeSet<PathBuf>,
}

impl Inside {
    fn of(folder: &Path) -> anyhow::Result<Self> {
        let (mut folders, mut files) = (BTreeSet::new(), BTreeSet::new());
        for entry in std::fs::read_dir(folder).context("cannot open it")? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.insert(entry.path());
            } else if kind.is_file() {
                files.insert(entry.file_name());
            }
        }
        let metas = files.iter().filter(|name| is_meta(name));
        let archived: Vec<PathBuf> = metas.map(|name| folder.join(name)).collect();
        let records: BTreeSet<PathBuf> = archived.iter().map(|meta| record_of(meta)).collect();
        let others = files
            .iter()
            .filter(|name| !is_meta(name))
            .map(|name| folder.join(name))
            .filter(|file| file.extension().is_some_and(|ending| ending == "json"))
            .filter(|file| !records.contains(file));
        Ok(Self {
            folders,
            others: others.collect(),
            archived,
        })
    }
}

fn is_meta(name: &OsString) -> bool {
    name.to_str().is_some_and(|name| name.ends_with(META))
}

/// The file of the record that a file says something of.
fn record_of(meta: &Path) -> PathBuf {
    let name = meta.file_name().and_then(|name| name.to_str());
    let stem = name.and_then(|name| name.strip_suffix(META));
    meta.with_file_name(format!("{}.json", stem.unwrap_or_default()))
}

/// Stores the events of one folder.
async fn restore(
    app: &App,
    metas: &[PathBuf],
    faults: &mut Faults,
    mut stored: impl FnMut(Appended, u64),
) -> anyhow::Result<()> {
    // Only their order is held in memory, for a day may have very many.
    let mut order = Vec::new();
    for (place, meta) in metas.iter().enumerate() {
        match read_meta(meta) {
            Ok(archived) => order.push((archived.time, archived.position, place)),
            Err(error) => faults.add(format!("{}: {error:#}", meta.display())),
        }
    }
    order.sort_unstable();
    for some in order.chunks(BATCH) {
        let mut batches: BTreeMap<Origin, Waiting> = BTreeMap::new();
        for (.., place) in some {
            match read(&metas[*place]) {
                Ok(Restored {
                    source,
                    events,
                    entries,
                }) => {
                    let batch = batches.entry(source).or_default();
                    batch.read += 1;
                    batch.events.extend(events);
                    batch.entries.extend(entries);
                }
                Err(error) => faults.add(format!("{}: {error:#}", metas[*place].display())),
            }
        }
        for (source, waiting) in batches {
            let read = waiting.read;
            let batch = Batch {
                part: "import",
                events: waiting.events,
                entries: waiting.entries,
                ..Batch::default()
            };
            let append = app
                .feed
                .append(&source.name, source.system, batch, app.clock.now());
            stored(Box::pin(append).await?, read);
        }
    }
    Ok(())
}

/// Events of one source on their way into the log.
#[derive(Default)]
struct Waiting {
    read: u64,
    events: Vec<NewEvent>,
    entries: Vec<Entry>,
}

fn read_meta(meta: &Path) -> anyhow::Result<Archived> {
    let text = std::fs::read(meta).context("cannot read it")?;
    Ok(Archived::parse(&text)?)
}

fn read(meta: &Path) -> anyhow::Result<Restored> {
    let archived = read_meta(meta)?;
    let record = record_of(meta);
    let name = record.file_name().unwrap_or_default().to_string_lossy();
    let content = std::fs::read(&record)
        .with_context(|| format!("cannot read `{name}`, the record that belongs to it"))?;
    Ok(archived.restore(&name, content)?)
}

/// What is wrong with files.
#[derive(Default)]
struct Faults {
    told: Vec<String>,
    others: usize,
}

impl Faults {
    fn add(&mut self, fault: String) {
        if self.told.len() < TOLD {
            self.told.push(fault);
        } else {
            self.others += 1;
        }
    }

    fn told(mut self) -> anyhow::Result<()> {
        if self.told.is_empty() {
            return Ok(());
        }
        if self.others > 0 {
            self.told.push(format!("and {} more", self.others));
        }
        anyhow::bail!("everything else is imported\n  {}", self.told.join("\n  "))
    }
}
