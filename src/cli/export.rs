//! `export`: events, counts, views of issues or last activity as a file, from what is stored.

use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::event::export::{Format, Question};
use crate::event::saved::{SavedView, View};
use crate::event::search;
use crate::export::{Output, Reader, Sheet, Within, sheet};
use crate::store::{Purpose, Store};
use anyhow::Context;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to export, and where to.
#[derive(Args, Debug)]
pub(super) struct Asked {
    /// What a row is.
    #[arg(long, value_enum, value_name = "VIEW", default_value_t = ViewName::Detail)]
    view: ViewName,
    /// The form of the file; told by its name when absent, or else csv.
    // Under another name inside than the option of all commands, which says how results are printed.
    #[arg(long = "format", id = "form", value_enum, value_name = "FORMAT")]
    format: Option<FormatName>,
    /// What is chosen, as typed into a search box, e.g. `project:WEB created:last-month`.
    #[arg(long, value_name = "TEXT", default_value = "")]
    search: String,
    /// The time zone of dates, e.g. `Europe/Berlin`; UTC when absent.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// The file to write; `-` is standard output.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

/// The names of views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ViewName {
    Detail,
    Aggregated,
    IssueViews,
    LastActive,
}

/// The names of forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    Xlsx,
    Csv,
    Ndjson,
    Json,
}

impl ViewName {
    const fn view(self) -> View {
        match self {
            Self::Detail => View::Detail,
            Self::Aggregated => View::Aggregated,
            Self::IssueViews => View::IssueViews,
            Self::LastActive => View::LastActive,
        }
    }
}

impl Asked {
    fn format(&self) -> Format {
        match self.format {
            Some(FormatName::Xlsx) => Format::Xlsx,
            Some(FormatName::Csv) => Format::Csv,
            Some(FormatName::Ndjson) => Format::Ndjson,
            Some(FormatName::Json) => Format::Json,
            None => {
                let ending = self.file.extension().and_then(|ending| ending.to_str());
                ending.and_then(Format::parse).unwrap_or(Format::Csv)
            }
        }
    }

    fn question(&self) -> anyhow::Result<Question> {
        let filter = search::parse(&self.search).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("--search: {}", lines.join("; "))
        })?;
        Ok(Question {
            view: SavedView {
                kind: self.view.view(),
                ..SavedView::default()
            },
            filter,
            time_zone: self.time_zone.clone(),
            workspace: None,
        })
    }

    fn output(&self) -> anyhow::Result<Output> {
        if self.file == Path::new("-") {
            return Ok(Output::Stream(Box::new(std::io::stdout())));
        }
        let file = File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .read(true)
            .open(&self.file)
            .with_context(|| format!("cannot write `{}`", self.file.display()))?;
        Ok(Output::File(file))
    }
}

pub(super) async fn run(config: &Config, clock: &Clock, asked: &Asked) -> anyhow::Result<()> {
    let question = asked.question()?;
    let store = Store::open(&config.database, Purpose::Beside).await?;
    let within = Within::alone(store, clock, app::counted(config)).await?;
    let progress = Progress::new();
    if question.view.kind == View::Aggregated {
        progress.show("reading the log");
        within.catch_up().await?;
    }
    let mut reader = Reader::open(within, &question, None).await?;
    let scratch = std::env::temp_dir();
    let begun = sheet(
        asked.format(),
        asked.output()?,
        reader.headings(),
        ("Export", &scratch),
        0,
    );
    let records = match begun {
        Ok(sheet) => write(&mut reader, sheet, &progress).await,
        Err(failure) => Err(failure.into()),
    };
    progress.finish();
    match records {
        Ok(records) => {
            tracing::info!(records, "exported");
            Ok(())
        }
        // A reader that has had enough, such as `head`, is not an error.
        Err(failure) if is_broken_pipe(&failure) => Ok(()),
        Err(failure) => Err(failure),
    }
}

async fn write(
    reader: &mut Reader,
    mut sheet: Box<dyn Sheet>,
    progress: &Progress,
) -> anyhow::Result<u64> {
    let mut records = 0;
    while let Some(page) = reader.next().await? {
        for row in &page.rows {
            sheet.write(row)?;
            records += 1;
        }
        progress.show(&format!("{records} records"));
    }
    progress.show(&format!("{records} records, completing the file"));
    sheet.finish()?;
    Ok(records)
}

fn is_broken_pipe(failure: &anyhow::Error) -> bool {
    let mut causes = failure.chain();
    causes.any(|cause| {
        let cause = cause.downcast_ref::<std::io::Error>();
        cause.is_some_and(|cause| cause.kind() == ErrorKind::BrokenPipe)
    })
}

/// How far it has come, on a terminal.
struct Progress(ProgressBar);

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    fn show(&self, message: &str) {
        self.0.set_message(message.to_owned());
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}
