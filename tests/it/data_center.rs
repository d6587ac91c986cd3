//! The Data Center family: both shapes of a record are one fact, and what an instance has written is stored once.

use crate::normalise::view;
use crate::world::{Kind, World, at, on_both};
use auditgraph::clock::Clock;
use auditgraph::event::directory::Entry;
use auditgraph::event::{Facts, NewEvent, System, Timestamp};
use auditgraph::sandbox::{Faults, Instance, Sandbox, Settings};
use auditgraph::source::data_center::{DataCenter, Product};
use auditgraph::source::{self, Part, Repeats, Retry, import};
use auditgraph::sync::SyncError;
use serde_json::json;
use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

on_both!(
    everything_written_is_stored_once,
    faults_of_seeds_0_to_99_lose_and_repeat_nothing,
    faults_of_seeds_100_to_199_lose_and_repeat_nothing,
    faults_of_seeds_200_to_299_lose_and_repeat_nothing,
    faults_of_seeds_300_to_399_lose_and_repeat_nothing,
    faults_of_seeds_400_to_499_lose_and_repeat_nothing,
    faults_of_seeds_500_to_599_lose_and_repeat_nothing,
    late_events_and_wrong_clocks_lose_nothing,
    the_old_lists_are_read_where_there_is_no_plugin,
    directories_are_read,
    upstream_texts_filter,
);

pub(crate) const PRODUCTS: [(Product, Instance); 3] = [
    (Product::Bitbucket, Instance::Bitbucket),
    (Product::Jira, Instance::Jira),
    (Product::Confluence, Instance::Confluence),
];

pub(crate) fn fixture(system: System, name: &str) -> Vec<Facts> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(system.as_str())
        .join(name);
    let normalise = source::normaliser(system).unwrap();
    import::records(BufReader::new(File::open(file).unwrap()))
        .map(|record| {
            let record = record.unwrap();
            let facts = normalise(&record, "");
            assert_eq!(facts.events[0].raw, record.get());
            facts
        })
        .collect()
}

fn events(facts: Vec<Facts>) -> Vec<NewEvent> {
    let mut events: Vec<_> = facts.into_iter().flat_map(|facts| facts.events).collect();
    Repeats::default().tell_apart(&mut events);
    events
}

#[test]
fn fixtures_become_events() {
    for (product, _) in PRODUCTS {
        let system = product.system();
        for (shape, name) in [("rest", "rest.json"), ("file", "20261120.00000.audit.log")] {
            let facts = fixture(system, name);
            let shown: Vec<_> = facts
                .iter()
                .map(|facts| {
                    let named = facts.entries.iter().map(|entry| match entry {
                        Entry::Action(action) => json!(action),
                        other => panic!("{other:?}"),
                    });
                    json!({"event": view(&facts.events[0]), "actions": named.collect::<Vec<_>>()})
                })
                .collect();
            insta::assert_json_snapshot!(format!("{system}-{shape}"), shown);
        }
    }
}

#[test]
fn both_shapes_of_a_fact_have_one_key() {
    for (product, _) in PRODUCTS {
        let system = product.system();
        let keys = |name| {
            let events = events(fixture(system, name)).into_iter();
            let mut keys: Vec<_> = events
                .map(|event| {
                    (
                        event.upstream_key,
                        event.action,
                        event.time.map(Timestamp::millis),
                    )
                })
                .collect();
            keys.sort();
            keys
        };
        let (rest, file) = (keys("rest.json"), keys("20261120.00000.audit.log"));
        assert_eq!(rest, file, "{system}");
        let mut distinct = rest.clone();
        distinct.dedup();
        assert_eq!(
            distinct.len(),
            rest.len(),
            "{system}: every event has a key of its own"
        );
    }
}

#[test]
fn times_are_kept_as_finely_as_they_are_given() {
    let deleted = fixture(System::BitbucketDc, "20261120.00000.audit.log");
    let time = deleted[1].events[0].time.unwrap();
    assert_eq!(time.micros() % 1_000_000, 19_000, "a nano is not padded");
}

/// An instance and the source that reads it.
pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Clock,
    pub(crate) instance: Instance,
    pub(crate) name: String,
}

pub(crate) fn small(seed: u64) -> Settings {
    Settings {
        seed,
        history_events: 5,
        history_days: 4,
        people: 12,
        groups: 4,
        projects: 3,
        repositories: 4,
        data_center_events: 60,
        ..Settings::default()
    }
}

impl Site {
    /// Adds a source under a name of its own to `world`; its upstream's clock may be another.
    pub(crate) async fn new(
        world: &mut World,
        (product, instance): (Product, Instance),
        settings: Settings,
        clock: Clock,
        change: impl FnOnce(&Sandbox, &mut auditgraph::config::DataCenter),
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!(
            "{}-{}-{}",
            instance.name(),
            settings.seed,
            world.sources.len()
        );
        let (tasks, stop) = (&world.tasks, world.stop.clone());
        let sandbox = Sandbox::start(settings, clock.clone(), listener, tasks, stop).unwrap();
        let mut settings = sandbox.data_center_settings(instance);
        settings.page_size = 7;
        change(&sandbox, &mut settings);
        settings.name.clone_from(&name);
        let limits = &world.config.http_client;
        let source = DataCenter::new(product, &settings, limits, &world.clock).unwrap();
        world.sources.push(Arc::new(source));
        Self {
            sandbox,
            clock,
            instance,
            name,
        }
    }

    pub(crate) async fn plain(world: &mut World, which: (Product, Instance), seed: u64) -> Self {
        let clock = world.clock.clone();
        Self::new(world, which, small(seed), clock, |_, _| ()).await
    }

    /// What the log has to hold, as REST tells it.
    fn expected(&self) -> Vec<String> {
        let written = self.sandbox.written(self.instance).into_iter();
        let mut records: Vec<_> = written.filter(|row| !row.own).map(|row| row.rest).collect();
        records.sort();
        records
    }

    pub(crate) async fn stored(&self, world: &World) -> Vec<String> {
        let mut records: Vec<_> = world.stored(&self.name).await.into_values().collect();
        records.sort();
        records
    }

    async fn assert_stored(&self, world: &World, context: &str) {
        let (stored, expected) = (self.stored(world).await, self.expected());
        let missing: Vec<_> = expected
            .iter()
            .filter(|one| !stored.contains(one))
            .collect();
        assert_eq!(
            missing,
            Vec::<&String>::new(),
            "{context} {}: missing",
            self.name
        );
        assert_eq!(
            stored.len(),
            expected.len(),
            "{context} {}: too many",
            self.name
        );
        assert_eq!(stored, expected, "{context}");
    }
}

async fn everything_written_is_stored_once(kind: Kind) {
    let mut world = World::new(kind).await;
    for which in PRODUCTS {
        let site = Site::plain(&mut world, which, 3).await;
        for part in [Part::Events, Part::History] {
            world.sync(&site.name, part).await.unwrap();
        }
        site.assert_stored(&world, "at first").await;
        let searched = |own| {
            let written = site.sandbox.written(site.instance);
            written
                .iter()
                .filter(|row| row.own == own && row.action.ends_with("audit.search"))
                .count()
        };
        assert!(searched(true) > 0, "our own reading is written");
        assert!(searched(false) > 0, "other people search, too");

        site.sandbox.write(site.instance, 40);
        world.clock.advance(Duration::from_mins(1));
        world.sync(&site.name, Part::Events).await.unwrap();
        site.assert_stored(&world, "later").await;
        let again = world.sync(&site.name, Part::Events).await.unwrap();
        assert_eq!(again.new, 0, "reading again brings nothing new");
        let past = world.sync(&site.name, Part::History).await.unwrap();
        assert_eq!(past.pages, 0, "the past is read once");

        let source = world
            .sources
            .iter()
            .find(|source| source.name() == site.name);
        let title = source.unwrap().check().await.unwrap();
        assert!(title.contains("Data Center"), "{title}");
    }
    // With a password each request is a login as well.
    let clock = world.clock.clone();
    let with_password = |sandbox: &Sandbox, settings: &mut auditgraph::config::DataCenter| {
        *settings = sandbox.data_center_password_settings(Instance::Bitbucket);
    };
    let site = Site::new(&mut world, PRODUCTS[0], small(5), clock, with_password).await;
    for part in [Part::Events, Part::History, Part::Events] {
        world.sync(&site.name, part).await.unwrap();
    }
    site.assert_stored(&world, "with a password").await;
}

async fn faults_of_seeds_0_to_99_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 0..100).await;
}

async fn faults_of_seeds_100_to_199_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 100..200).await;
}

async fn faults_of_seeds_200_to_299_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 200..300).await;
}

async fn faults_of_seeds_300_to_399_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 300..400).await;
}

async fn faults_of_seeds_400_to_499_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 400..500).await;
}

async fn faults_of_seeds_500_to_599_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 500..600).await;
}

/// Every seed is another company, another past, another order of faults; a fifth of all answers is one. Their clock may be
/// ten minutes wrong, and some of what they write shows up to two days late. The products take turns: 200 seeds for each.
async fn faults(kind: Kind, seeds: Range<u64>) {
    // Some of the days are those on which clocks in Europe and America change.
    const STARTS: [&str; 4] = [
        "2026-11-20T12:00:00Z",
        "2026-10-26T01:30:00Z",
        "2026-11-02T03:00:00Z",
        "2026-03-30T00:30:00Z",
    ];
    let skew = Duration::from_mins(10);
    let mut world = World::new(kind).await;
    for (seed, start) in seeds.zip(STARTS.into_iter().cycle()) {
        let seed_of = |below: u64| usize::try_from(seed % below).unwrap();
        let settings = Settings {
            faults: Faults::mix(0.2, seed),
            ..small(seed)
        };
        let start = at(start);
        world.clock = Clock::manual(start);
        let right = seed / 3 % 3 == 0;
        let clock = match seed / 3 % 3 {
            0 => world.clock.clone(),
            1 => Clock::manual(start.plus(skew)),
            _ => Clock::manual(start.minus(skew)),
        };
        let site = Site::new(&mut world, PRODUCTS[seed_of(3)], settings, clock, |_, _| ()).await;
        let pass = |time: Duration| {
            world.clock.advance(time);
            if !right {
                site.clock.advance(time);
            }
        };
        for (round, late) in [0, 1, 12, 47].into_iter().enumerate() {
            for part in [Part::Events, Part::History] {
                let run = world.sync(&site.name, part).await;
                if let Err(SyncError::Source(error)) = &run
                    && let Retry::After(wait) = error.retry()
                {
                    pass(wait);
                }
            }
            site.sandbox.write(site.instance, 9);
            let age = Duration::from_mins(late * 60 + seed % 60);
            site.sandbox.write_late(site.instance, 2, age);
            pass(Duration::from_mins(7 * round as u64));
        }
        site.sandbox.heal();
        // The look that goes back far comes once an hour.
        for minutes in [1, 61] {
            pass(Duration::from_mins(minutes));
            for part in [Part::Events, Part::History] {
                world.sync(&site.name, part).await.unwrap();
            }
        }
        site.assert_stored(&world, &format!("seed {seed}")).await;
        // Where the clocks are two, that of the other side stands still while we wait.
        if right {
            assert_eq!(site.sandbox.ledger().offences(), [""; 0], "seed {seed}");
        }
    }
}

async fn late_events_and_wrong_clocks_lose_nothing(kind: Kind) {
    let mut world = World::new(kind).await;
    let minutes = |number: i64| Duration::from_mins(number.unsigned_abs());
    for (seed, ahead) in [(1, 10_i64), (2, -10), (3, 0)] {
        let now = world.clock.now();
        let theirs = if ahead < 0 {
            now.minus(minutes(ahead))
        } else {
            now.plus(minutes(ahead))
        };
        let which = PRODUCTS[usize::try_from(seed % 3).unwrap()];
        let clock = Clock::manual(theirs);
        let site = Site::new(&mut world, which, small(seed), clock, |_, _| ()).await;
        let pass = |time: Duration| {
            world.clock.advance(time);
            site.clock.advance(time);
        };
        for part in [Part::Events, Part::History] {
            world.sync(&site.name, part).await.unwrap();
        }
        for hours in [0, 1, 12, 30, 47] {
            site.sandbox.write(site.instance, 3);
            let age = Duration::from_mins(hours * 60 + 3);
            site.sandbox.write_late(site.instance, 4, age);
            pass(Duration::from_mins(2));
            world.sync(&site.name, Part::Events).await.unwrap();
        }
        // The look that goes back far comes once an hour.
        pass(Duration::from_mins(61));
        world.sync(&site.name, Part::Events).await.unwrap();
        site.assert_stored(&world, &format!("{ahead} minutes ahead"))
            .await;
    }
}

async fn the_old_lists_are_read_where_there_is_no_plugin(kind: Kind) {
    let mut world = World::new(kind).await;
    let settings = Settings {
        audit_plugin: false,
        data_center_events: 200,
        ..small(4)
    };
    let clock = world.clock.clone();
    let site = Site::new(&mut world, PRODUCTS[0], settings, clock, |_, _| ()).await;
    let placed = |sandbox: &Sandbox| {
        let written = sandbox.written(Instance::Bitbucket).into_iter();
        written
            .filter(|row| {
                let asked = row.action.ends_with("creationrequested");
                let placed = ["\"REPOSITORY\"", "\"PROJECT\""];
                !asked && placed.iter().any(|kind| row.rest.contains(kind))
            })
            .count()
    };
    world.sync(&site.name, Part::Events).await.unwrap();
    world.sync(&site.name, Part::History).await.unwrap();
    assert_eq!(site.stored(&world).await.len(), placed(&site.sandbox));
    site.sandbox.write(site.instance, 30);
    world.clock.advance(Duration::from_mins(1));
    let outcome = world.sync(&site.name, Part::Events).await.unwrap();
    assert!(outcome.new > 0);
    assert_eq!(site.stored(&world).await.len(), placed(&site.sandbox));
    let stored = site.stored(&world).await;
    assert!(
        stored.iter().all(|raw| !raw.contains("auditgraph")),
        "raw is upstream's"
    );
}

async fn directories_are_read(kind: Kind) {
    let mut world = World::new(kind).await;
    for which in PRODUCTS {
        let site = Site::plain(&mut world, which, 6).await;
        let first = world.sync(&site.name, Part::Directory).await.unwrap();
        assert!(first.records > 20, "{first:?}");
        let newest = world.store().newest().await.unwrap();
        world.clock.advance(Duration::from_mins(1));
        world.sync(&site.name, Part::Directory).await.unwrap();
        assert_eq!(
            world.store().newest().await.unwrap(),
            newest,
            "nothing has changed"
        );
    }
    let users = world
        .data("{ users(first: 200) { nodes { name email listed } } }")
        .await;
    let users = users["users"]["nodes"].as_array().unwrap();
    let listed = users.iter().filter(|user| user["listed"] == true).count();
    assert!(listed >= 8, "{listed} of {}", users.len());
    assert!(users.iter().any(|user| user["email"].is_string()));
}

async fn upstream_texts_filter(kind: Kind) {
    let mut world = World::new(kind).await;
    let site = Site::plain(&mut world, PRODUCTS[0], 8).await;
    for part in [Part::Events, Part::History] {
        world.sync(&site.name, part).await.unwrap();
    }
    let count = async |filter: &str| {
        let query =
            format!("{{ events(first: 500, filter: {{{filter}}}) {{ edges {{ cursor }} }} }}");
        world.data(&query).await["events"]["edges"]
            .as_array()
            .unwrap()
            .len()
    };
    let accessed = count("actions: [\"repository.accessed\"]").await;
    assert!(accessed > 0);
    for name in [
        "Repository accessed by user",
        "bitbucket.service.repository.audit.action.repositoryaccessed",
        "repository accessed",
    ] {
        assert_eq!(
            count(&format!("actions: [\"{name}\"]")).await,
            accessed,
            "{name}"
        );
    }
    let soteri = count("categories: [\"SOTERI_SECURITY\"]").await;
    assert!(soteri > 0);
    assert_eq!(
        count("categories: [\"Soteri Security for Bitbucket\"]").await,
        soteri
    );
    assert!(count("categories: [\"Users and groups\"]").await > 0);
}
