//! THE TABLE of jobs: what runs by itself, and when.
//!
//! The scheduler only ticks, at fixed moments in UTC. A job that is still running when its next tick comes lets that
//! tick pass, and one that upstream has asked to wait stays away until then.

use crate::clock::Clock;
use crate::config::{self, parse_cron};
use crate::event::Timestamp;
use crate::feed::Feed;
use crate::source::{Part, Retry, Source};
use crate::sync::{self, SyncError};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_cron_scheduler::{Job as Tick, JobScheduler, JobSchedulerError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a source with a refused credential is left alone: often enough to notice a repair.
const REPAIR: Duration = Duration::from_mins(15);

/// For how long upstream delivers a webhook again: Jira tries five times, five to fifteen minutes apart.
const DELIVERED_AGAIN: Duration = Duration::from_mins(25);

/// How late a webhook may come: the last try of one that is only fallout of another.
const HOOKS_COME: Duration = Duration::from_mins(90);

/// Runs older than this are forgotten.
const RUNS_KEPT: Duration = Duration::from_hours(30 * 24);

/// One job: a part of a source, and when it is read.
pub struct Job {
    source: Arc<dyn Source>,
    part: Part,
    cron: String,
    running: Mutex<()>,
    /// Not to run before this moment, in microseconds.
    not_before: AtomicI64,
}

/// All jobs of these sources: one row for each part that a source has and the schedule does not switch off.
#[must_use]
pub fn jobs(sources: &[Arc<dyn Source>], schedule: &config::Schedule) -> Vec<Arc<Job>> {
    let cron = |part| match part {
        Part::Events | Part::Issues | Part::Worklogs | Part::Files => &schedule.events,
        Part::History | Part::IssueHistory => &schedule.history,
        Part::Directory => &schedule.directory,
        Part::Activity => &schedule.activity,
        Part::Actions => &schedule.actions,
    };
    let parts = sources
        .iter()
        .flat_map(|source| source.parts().iter().map(move |part| (source, *part)));
    parts
        .filter(|(_, part)| cron(*part) != "off")
        .map(|(source, part)| {
            Arc::new(Job {
                source: Arc::clone(source),
                part,
                cron: cron(part).clone(),
                running: Mutex::new(()),
                not_before: AtomicI64::new(0),
            })
        })
        .collect()
}

impl Job {
    /// Runs the job unless it is running already or has to stay away; the outcome is in the record of runs and the log.
    pub async fn run(&self, feed: &Feed, clock: &Clock) {
        let Ok(_running) = self.running.try_lock() else {
            return;
        };
        if clock.now().micros() < self.not_before.load(Ordering::SeqCst) {
            return;
        }
        let (name, part) = (self.source.name(), self.part.as_str());
        let next = |result: &Result<(), SyncError>| {
            if let Err(error) = result {
                self.not_before.store(
                    clock.now().plus(wait_after(error)).micros(),
                    Ordering::SeqCst,
                );
            }
            self.next(clock.now())
        };
        let result = sync::recorded_run(
            self.source.as_ref(),
            self.part,
            feed,
            clock,
            next,
            &|_, _| {},
        )
        .await;
        match result {
            Ok(outcome) if outcome.new > 0 => {
                tracing::info!(
                    source = name,
                    part,
                    new = outcome.new,
                    repeated = outcome.repeated,
                    "synchronised"
                );
            }
            Ok(_) => tracing::debug!(source = name, part, "nothing new"),
            Err(error) => tracing::warn!(source = name, part, %error, "synchronisation failed"),
        }
    }

    /// When it runs next: the first tick that it need not let pass.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let not_before = Timestamp::from_micros(self.not_before.load(Ordering::SeqCst));
        let cron = parse_cron(&self.cron).ok()?;
        // A tick at the very moment when waiting ends counts; the tick of this moment is past.
        cron.find_next_occurrence(&now.max(not_before).to_utc(), not_before > now)
            .ok()
            .map(Timestamp::from)
    }
}

fn wait_after(error: &SyncError) -> Duration {
    match error {
        SyncError::Source(error) => match error.retry() {
            Retry::NextRun => Duration::ZERO,
            Retry::After(wait) => wait,
            Retry::AfterRepair => REPAIR,
        },
        SyncError::Store(_) => Duration::ZERO,
    }
}

/// Runs each job once now and then at its ticks, until told to stop; jobs under way are tracked by `tasks`.
pub async fn start(
    jobs: Vec<Arc<Job>>,
    feed: Feed,
    clock: Clock,
    tasks: TaskTracker,
    stop: CancellationToken,
) -> Result<(), JobSchedulerError> {
    let mut scheduler = JobScheduler::new().await?;
    let hooked = hooked(&jobs);
    for job in jobs {
        let run = {
            let (job, feed, clock) = (Arc::clone(&job), feed.clone(), clock.clone());
            let (tasks, stop) = (tasks.clone(), stop.clone());
            move || {
                let (job, feed, clock, stop) =
                    (Arc::clone(&job), feed.clone(), clock.clone(), stop.clone());
                tasks.spawn(async move {
                    // Stopping between two pages loses nothing: the next run reads on from the cursor.
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = job.run(&feed, &clock) => {}
                    }
                });
            }
        };
        run();
        scheduler
            .add(Tick::new(job.cron.as_str(), move |_, _| run())?)
            .await?;
    }
    let forget = {
        let (feed, clock, tasks) = (feed.clone(), clock.clone(), tasks.clone());
        move || {
            let (feed, clock) = (feed.clone(), clock.clone());
            tasks.spawn(async move {
                if let Err(error) = feed.store().forget_runs(clock.now().minus(RUNS_KEPT)).await {
                    tracing::warn!(%error, "old runs could not be forgotten");
                }
            });
        }
    };
    scheduler
        .add(Tick::new("0 0 4 * * *", move |_, _| forget())?)
        .await?;
    let look = {
        let (feed, clock, tasks) = (feed.clone(), clock.clone(), tasks.clone());
        move || {
            let (feed, clock, sources) = (feed.clone(), clock.clone(), hooked.clone());
            tasks.spawn(async move { look_for_hooks(&feed, &clock, &sources).await });
        }
    };
    look();
    scheduler
        .add(Tick::new("30 * * * * *", move |_, _| look())?)
        .await?;
    scheduler.start().await?;
    tasks.spawn(async move {
        stop.cancelled().await;
        if let Err(error) = scheduler.shutdown().await {
            tracing::warn!(%error, "the scheduler did not shut down");
        }
    });
    Ok(())
}

/// The names of the sources that take webhooks.
fn hooked(jobs: &[Arc<Job>]) -> Vec<String> {
    let sources = jobs.iter().map(|job| &job.source);
    let hooked = sources.filter(|source| {
        let secret = source.hook_secret();
        secret.is_some_and(|secret| !secret.expose_secret().is_empty())
    });
    let names: BTreeSet<String> = hooked.map(|source| source.name().to_owned()).collect();
    names.into_iter().collect()
}

/// Notes that webhooks can reach us, and looks for those that did not.
async fn look_for_hooks(feed: &Feed, clock: &Clock, sources: &[String]) {
    for source in sources {
        let (store, now) = (feed.store(), clock.now());
        let looked = async {
            store.reachable(source, DELIVERED_AGAIN, now).await?;
            store.find_missed_hooks(source, HOOKS_COME, now).await
        };
        match looked.await {
            Ok(0) => {}
            Ok(missed) => tracing::warn!(source, missed, "webhooks were missed"),
            Err(error) => tracing::warn!(source, %error, "webhooks could not be checked"),
        }
    }
}
