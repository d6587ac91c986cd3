//! `archive`: the files of the archive for all events of some days.

use super::{Output, print};
use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::event::Stretch;
use crate::feed::Feed;
use crate::store::{Purpose, Store};
use anyhow::Context;
use chrono::{NaiveDate, NaiveTime};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::time::Duration;

/// Events between two lines in the log, where there is no terminal.
const LOG_EVERY: u64 = 10_000;

/// Which days.
#[derive(Args, Debug)]
pub(super) struct Asked {
    /// The first day, e.g. 2026-11-20, in UTC and by the events' own time.
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: NaiveDate,
    /// The day after the last one.
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: NaiveDate,
}

fn date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| format!("`{text}` is not a date; give one such as 2026-11-20"))
}

pub(super) async fn run(
    config: &Config,
    clock: &Clock,
    asked: &Asked,
    output: Output,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        asked.from < asked.to,
        "--to: {} is not after --from {}; give the day after the last one, which for a single day is the next",
        asked.to,
        asked.from
    );
    let store = Store::open(&config.database, Purpose::Beside).await?;
    let feed = Feed::open(store).await?;
    let archive = app::archive(config, &feed, clock)?.context(
        "there is no archive to write to; set archive.folder, or archive.bucket with its access key",
    )?;
    let [from, to] =
        [asked.from, asked.to].map(|day| day.and_time(NaiveTime::MIN).and_utc().into());
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{spinner} [{bar:30}] {pos} of {len} events") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let progress = |written: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(written);
        if bar.is_hidden() && written > 0 && written.is_multiple_of(LOG_EVERY) {
            tracing::info!(written, total, "writing the archive");
        }
    };
    let written = archive.backfill(Stretch { from, to }, progress).await;
    bar.finish_and_clear();
    let written = written.context("not written to its end; run it again, what is there stays")?;
    let (events, bytes) = (written.events, written.bytes);
    print(&match output {
        Output::Json => format!("{}\n", json!({"events": events, "bytes": bytes})),
        Output::Text => format!("{events} events in the archive, {bytes} bytes\n"),
    })
}
