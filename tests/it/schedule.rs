//! Jobs: never over each other, never against upstream's will, and every run on record.

use crate::world::{Kind, World, on_both};
use auditgraph::config::Config;
use auditgraph::event::{Facts, System};
use auditgraph::schedule;
use auditgraph::source::{Budget, Page, Part, Source, SourceError};
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt, once};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

on_both!(
    a_job_does_not_overlap_itself,
    a_job_stays_away_as_long_as_upstream_asks,
    c16_the_directory_and_last_activity_are_read_every_half_hour_unless_told_otherwise,
);

/// A source that answers when told to, and counts how often it was asked.
#[derive(Default)]
struct Told {
    asked: AtomicUsize,
    was_asked: Notify,
    answer: Notify,
    refuses: bool,
    parts: &'static [Part],
}

impl Told {
    /// One that has nothing but events.
    fn events() -> Self {
        Self {
            parts: &[Part::Events],
            ..Self::default()
        }
    }
}

impl Source for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn system(&self) -> System {
        System::Organization
    }

    fn parts(&self) -> &'static [Part] {
        self.parts
    }

    fn pages(&self, _: Part, _: Option<String>) -> BoxStream<'_, Result<Page, SourceError>> {
        once(async {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.was_asked.notify_one();
            if self.refuses {
                let retry_after = Duration::from_mins(10);
                return Err(SourceError::RateLimited {
                    what: "the log".to_owned(),
                    retry_after,
                });
            }
            self.answer.notified().await;
            Ok(Page {
                cursor: Some("1".to_owned()),
                ..Page::default()
            })
        })
        .boxed()
    }

    fn normalise(&self, _: &RawValue) -> Facts {
        Facts::default()
    }

    fn check(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        Box::pin(async { Ok("told".to_owned()) })
    }

    fn budget(&self) -> Budget {
        Budget::default()
    }
}

async fn a_job_does_not_overlap_itself(kind: Kind) {
    let world = World::new(kind).await;
    let source = Arc::new(Told::events());
    let config: Config = "".parse().unwrap();
    let jobs = schedule::jobs(&[Arc::clone(&source) as Arc<dyn Source>], &config.schedule);
    let job = Arc::clone(&jobs[0]);
    let first = {
        let (job, feed, clock) = (Arc::clone(&job), world.feed.clone(), world.clock.clone());
        world
            .tasks
            .spawn(async move { job.run(&feed, &clock).await })
    };
    source.was_asked.notified().await;
    job.run(&world.feed, &world.clock).await;
    assert_eq!(
        source.asked.load(Ordering::SeqCst),
        1,
        "the second run let its tick pass"
    );
    source.answer.notify_one();
    first.await.unwrap();

    let id = world.store().source_id("told").await.unwrap().unwrap();
    let runs = world.store().recent_runs(id, 10).await.unwrap();
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert_eq!((run.pages, run.error.as_deref()), (1, None));
    assert_eq!(
        (run.cursor_from.as_deref(), run.cursor_to.as_deref()),
        (None, Some("1"))
    );
    assert_eq!(
        run.next_run_at,
        Some(world.clock.now().plus(Duration::from_secs(15)).micros())
    );
}

async fn a_job_stays_away_as_long_as_upstream_asks(kind: Kind) {
    let world = World::new(kind).await;
    let source = Arc::new(Told {
        refuses: true,
        ..Told::events()
    });
    let config: Config = "".parse().unwrap();
    let jobs = schedule::jobs(&[Arc::clone(&source) as Arc<dyn Source>], &config.schedule);
    let asked = || source.asked.load(Ordering::SeqCst);
    jobs[0].run(&world.feed, &world.clock).await;
    world.clock.advance(Duration::from_mins(9));
    jobs[0].run(&world.feed, &world.clock).await;
    assert_eq!(asked(), 1, "nine of ten minutes are not enough");
    world.clock.advance(Duration::from_mins(1));
    jobs[0].run(&world.feed, &world.clock).await;
    assert_eq!(asked(), 2);
    let id = world.store().source_id("told").await.unwrap().unwrap();
    let runs = world.store().recent_runs(id, 10).await.unwrap();
    assert_eq!(runs.len(), 2, "a run that did not happen is not on record");
    assert!(runs[0].error.as_deref().unwrap().contains("rate limited"));
    let next = world.clock.now().plus(Duration::from_mins(10));
    assert_eq!(
        runs[0].next_run_at,
        Some(next.micros()),
        "the record says when it really goes on"
    );
}

/// When each job of these runs next, counted from now.
async fn next_runs(world: &World, config: &Config, parts: &'static [Part]) -> Vec<Duration> {
    let source = Arc::new(Told {
        parts,
        ..Told::default()
    });
    let jobs = schedule::jobs(&[Arc::clone(&source) as Arc<dyn Source>], &config.schedule);
    for job in jobs {
        source.answer.notify_one();
        job.run(&world.feed, &world.clock).await;
    }
    let id = world.store().source_id("told").await.unwrap().unwrap();
    let runs = world
        .store()
        .recent_runs(id, parts.len() as u64)
        .await
        .unwrap();
    let now = world.clock.now().micros();
    let wait =
        |next: Option<i64>| Duration::from_micros(u64::try_from(next.unwrap() - now).unwrap());
    runs.iter().map(|run| wait(run.next_run_at)).collect()
}

async fn c16_the_directory_and_last_activity_are_read_every_half_hour_unless_told_otherwise(
    kind: Kind,
) {
    const PARTS: &[Part] = &[Part::Directory, Part::Activity];
    let world = World::new(kind).await;
    let config: Config = "".parse().unwrap();
    let half_an_hour = Duration::from_mins(30);
    for _ in 0..4 {
        for wait in next_runs(&world, &config, PARTS).await {
            assert!(wait <= half_an_hour, "{wait:?}");
        }
        world.clock.advance(Duration::from_mins(17));
    }
    let told = "schedule.directory = '0 0 4 * * *'\nschedule.activity = 'off'";
    let config: Config = told.parse().unwrap();
    let waits = next_runs(&world, &config, PARTS).await;
    assert!(waits[0] > half_an_hour, "{waits:?}");
}
