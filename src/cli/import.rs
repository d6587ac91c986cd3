//! `import`: recorded events from files into the log.

use super::progress::Progress;
use super::{Output, print};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::event::{NewEvent, System};
use crate::source::{self, import};
use crate::store::{Appended, Batch};
use anyhow::Context;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Events in one transaction: enough that its flush costs little, few enough to hold in memory.
const BATCH: usize = 5_000;

/// What an import did.
#[derive(Default)]
struct Count {
    read: u64,
    new: u64,
    repeated: u64,
}

pub(super) async fn run(
    config: Config,
    clock: Clock,
    system: Option<System>,
    files: Vec<PathBuf>,
    output: Output,
) -> anyhow::Result<()> {
    let app = App::open(config, clock).await?;
    let progress = Progress::new();
    let mut count = Count::default();
    let mut result = Ok(());
    for file in &files {
        result = import(&app, system, file, &mut count, &progress)
            .await
            .with_context(|| format!("{}: not imported to its end", title(file)));
        if result.is_err() {
            break;
        }
    }
    progress.finish();
    let Count {
        read,
        new,
        repeated,
    } = count;
    print(&match output {
        Output::Json => format!(
            "{}\n",
            json!({"read": read, "new": new, "repeated": repeated})
        ),
        Output::Text => format!("Events read: {read}, new: {new}, known before: {repeated}\n"),
    })?;
    result
}

/// What a file is called in messages.
fn title(file: &Path) -> std::borrow::Cow<'_, str> {
    if file == Path::new("-") {
        "standard input".into()
    } else {
        file.to_string_lossy()
    }
}

async fn import(
    app: &App,
    system: Option<System>,
    file: &Path,
    count: &mut Count,
    progress: &Progress,
) -> anyhow::Result<()> {
    let reader: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).context("cannot open it")?))
    };
    let mut waiting: BTreeMap<System, Vec<NewEvent>> = BTreeMap::new();
    let mut outcome = Ok(());
    for record in import::records(reader) {
        // What stands before a broken place is good and is kept.
        let events = record.map_err(anyhow::Error::from).and_then(|record| {
            let Some(system) = system.or_else(|| import::recognise(&record)) else {
                let start: String = record.get().chars().take(40).collect();
                anyhow::bail!(
                    "the record `{start}…` does not show which system it is from; say it with --as SYSTEM"
                );
            };
            let normalise = source::normaliser(system).with_context(|| {
                format!("records of {system} cannot be read yet; organization can")
            })?;
            Ok((system, normalise(&record)))
        });
        let (system, events) = match events {
            Ok(events) => events,
            Err(error) => {
                outcome = Err(error);
                break;
            }
        };
        count.read += 1;
        let batch = waiting.entry(system).or_default();
        batch.extend(events);
        if batch.len() >= BATCH {
            let events = std::mem::take(batch);
            store(app, system, events, count).await?;
            progress.show(&title(file), count.read, count.new, None);
        }
    }
    for (system, events) in waiting {
        store(app, system, events, count).await?;
    }
    outcome
}

async fn store(
    app: &App,
    system: System,
    events: Vec<NewEvent>,
    count: &mut Count,
) -> anyhow::Result<()> {
    let name = source_name(&app.config, system);
    let batch = Batch {
        part: "import",
        events,
        ..Batch::default()
    };
    let Appended { new, repeated, .. } = app
        .feed
        .append(&name, system, batch, app.clock.now())
        .await?;
    count.new += new;
    count.repeated += repeated;
    Ok(())
}

/// The source that the events would have come through, so that what is imported now and synchronised later is one event.
fn source_name(config: &Config, system: System) -> String {
    match system {
        System::Organization => config.organization.name.clone(),
        System::BitbucketCloud => config.bitbucket_cloud.name.clone(),
        other => other.as_str().to_owned(),
    }
}
