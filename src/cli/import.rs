//! `import`: recorded events from files into the log. What the archive has written is read in [`restore`](super::restore).

use super::progress::Progress;
use super::{Output, print, restore};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::event::{Facts, System};
use crate::source::{self, Repeats, import};
use crate::store::{Appended, Batch};
use anyhow::Context;
use serde_json::json;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Events in one transaction: enough that its flush costs little, few enough to hold in memory.
pub(super) const BATCH: usize = 5_000;

/// What an import did.
#[derive(Default)]
pub(super) struct Count {
    pub(super) read: u64,
    pub(super) new: u64,
    pub(super) repeated: u64,
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
        let imported = if file.is_dir() {
            Box::pin(restore::folder(&app, system, file, &mut count, &progress)).await
        } else {
            import(&app, system, file, &mut count, &progress).await
        };
        result = imported.with_context(|| format!("{}: not imported to its end", title(file)));
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

pub(super) async fn import(
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
    let mut intake = Intake::new(app, system, file);
    let mut outcome = Ok(());
    for record in import::records(reader) {
        // What stands before a broken place is good and is kept.
        let taken = match record {
            Ok(record) => intake.take(record),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = taken {
            outcome = Err(error);
            break;
        }
        count.read += std::mem::take(&mut intake.read);
        if let Some((system, facts)) = intake.full() {
            store(app, system, facts, count).await?;
            progress.show(&title(file), count.read, count.new, None);
        }
    }
    let outcome = outcome.and_then(|()| intake.finish());
    count.read += intake.read;
    for (system, facts) in intake.waiting {
        store(app, system, facts, count).await?;
    }
    outcome
}

/// The records of one file on their way into the log.
struct Intake<'a> {
    app: &'a App,
    /// The system that was said.
    system: Option<System>,
    /// The Data Center product that the file is of, once a record has shown it.
    product: Option<System>,
    /// Records that only their neighbours can tell the product of.
    undecided: Vec<Box<RawValue>>,
    waiting: BTreeMap<System, Facts>,
    repeats: Repeats,
    path: &'a Path,
    read: u64,
}

impl<'a> Intake<'a> {
    fn new(app: &'a App, system: Option<System>, path: &'a Path) -> Self {
        Self {
            app,
            system,
            product: None,
            undecided: Vec::new(),
            waiting: BTreeMap::new(),
            repeats: Repeats::default(),
            path,
            read: 0,
        }
    }

    fn take(&mut self, record: Box<RawValue>) -> anyhow::Result<()> {
        let Some(system) = self.system.or_else(|| import::recognise(&record)) else {
            if !import::is_data_center(&record) {
                return Err(unrecognised(&record));
            }
            match self.product {
                Some(product) => self.put(product, &record)?,
                None => self.undecided.push(record),
            }
            return Ok(());
        };
        if matches!(
            system,
            System::BitbucketDc | System::JiraDc | System::ConfluenceDc
        ) {
            self.product = Some(system);
            for record in std::mem::take(&mut self.undecided) {
                self.put(system, &record)?;
            }
        }
        self.put(system, &record)
    }

    fn put(&mut self, system: System, record: &RawValue) -> anyhow::Result<()> {
        let normalise = source::normaliser(system)
            .with_context(|| format!("records of {system} cannot be read"))?;
        let mut facts = normalise(record, &scope(&self.app.config, system));
        self.repeats.tell_apart(&mut facts.events);
        let batch = self.waiting.entry(system).or_default();
        batch.events.extend(facts.events);
        batch.entries.extend(facts.entries);
        self.read += 1;
        Ok(())
    }

    /// A batch that is worth storing.
    fn full(&mut self) -> Option<(System, Facts)> {
        let full = |facts: &Facts| facts.events.len() + facts.entries.len() >= BATCH;
        let (system, facts) = self.waiting.iter_mut().find(|(_, facts)| full(facts))?;
        Some((*system, std::mem::take(facts)))
    }

    /// Complains about what nothing in the file has told the product of, unless its name does.
    fn finish(&mut self) -> anyhow::Result<()> {
        let path = self.path.to_string_lossy().to_lowercase();
        let products = [
            ("bitbucket", System::BitbucketDc),
            ("jira", System::JiraDc),
            ("confluence", System::ConfluenceDc),
        ];
        let named = products.iter().find(|(name, _)| path.contains(name));
        for record in std::mem::take(&mut self.undecided) {
            let (_, system) = named.ok_or_else(|| unrecognised(&record))?;
            self.put(*system, &record)?;
        }
        Ok(())
    }
}

fn unrecognised(record: &RawValue) -> anyhow::Error {
    let start: String = record.get().chars().take(40).collect();
    anyhow::anyhow!(
        "the record `{start}…` does not show which system it is from; say it with --as SYSTEM"
    )
}

async fn store(app: &App, system: System, facts: Facts, count: &mut Count) -> anyhow::Result<()> {
    let name = source_name(&app.config, system);
    let batch = Batch {
        part: "import",
        events: facts.events,
        entries: facts.entries,
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
        System::JiraCloud => config.jira_cloud.name.clone(),
        System::ConfluenceCloud => config.confluence_cloud.name.clone(),
        System::Assets => config.assets.name.clone(),
        other => data_center(config, other)
            .map_or_else(|| other.as_str().to_owned(), |center| center.name.clone()),
    }
}

/// The scope of the site or instance that the settings name for a system; empty when they name none.
fn scope(config: &Config, system: System) -> String {
    let site = match system {
        System::ConfluenceCloud => {
            return source::confluence_cloud::scope(&config.confluence_cloud);
        }
        System::Assets => return source::assets::scope(&config.assets),
        System::JiraCloud => config.jira_cloud.site(),
        _ => data_center(config, system).and_then(|center| center.base_url.as_ref()),
    };
    site.map(source::scope_of).unwrap_or_default()
}

fn data_center(config: &Config, system: System) -> Option<&crate::config::DataCenter> {
    match system {
        System::BitbucketDc => Some(&config.bitbucket_dc),
        System::JiraDc => Some(&config.jira_dc),
        System::ConfluenceDc => Some(&config.confluence_dc),
        _ => None,
    }
}
