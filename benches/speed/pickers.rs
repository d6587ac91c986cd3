//! How long it takes to choose somebody by the start of a word among 100,000 people, beside 1,000 in the same run.
//!
//! `cargo bench -- pickers`. Runs on SQLite in a temporary folder, and on PostgreSQL when `TEST_DATABASE_URL` names a
//! server on this machine.

use crate::company::{ask, backend, connect, median, millis, now, open, run, variable};
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::event::directory::{DirectoryGroup, DirectoryUser, Entry, Listing};
use auditgraph::event::{Alias, System};
use auditgraph::graphql::Engine;
use auditgraph::metrics::Metrics;
use auditgraph::store::{Batch, Store};
use serde_json::json;
use std::time::{Duration, Instant};

const FEW: usize = 1_000;
const MANY: usize = 100_000;
const ROUNDS: usize = 51;

const SYLLABLES: [&str; 20] = [
    "an", "be", "chi", "do", "el", "fa", "gu", "ha", "is", "jo", "ka", "li", "mo", "ni", "os",
    "pe", "ro", "su", "ti", "vo",
];

/// What is typed: a letter that many names begin with, one name, two words, an address, and nothing yet.
const TYPED: [&str; 5] = ["l", "lianka", "ka an", "person4", ""];

pub(crate) async fn measure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| format!("sqlite://{}?mode=rwc", folder.path().join(name).display());
    compare("SQLite", &file("few.db"), &file("many.db")).await;
    let Some(server) = variable("TEST_DATABASE_URL") else {
        println!("PostgreSQL: not measured; TEST_DATABASE_URL names no server");
        return;
    };
    let admin = connect(&server).await;
    let names =
        ["few", "many"].map(|size| format!("auditgraph_bench_{size}_{}", std::process::id()));
    let mut urls = Vec::new();
    for name in &names {
        run(&admin, &format!("CREATE DATABASE {name}")).await;
        let mut url = url::Url::parse(&server).expect("a URL");
        url.set_path(name);
        urls.push(url.to_string());
    }
    compare("PostgreSQL", &urls[0], &urls[1]).await;
    for name in &names {
        run(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

async fn compare(database: &str, few: &str, many: &str) {
    let (few, many) = (company(few, FEW).await, company(many, MANY).await);
    println!("{database}, {MANY} people beside {FEW}:");
    for typed in TYPED {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            short.push(pick(&few, typed).await);
            long.push(pick(&many, typed).await);
        }
        let (short, long) = (millis(median(short)), millis(median(long)));
        println!(
            "  \"{typed}\": {long:.2} ms beside {short:.2} ms, {:.1} times",
            long / short
        );
    }
}

/// A directory of so many people.
async fn company(url: &str, people: usize) -> Engine {
    let store = open(url).await;
    fill(&store, people).await;
    run(&connect(url).await, "ANALYZE").await;
    let mut config: Config = "".parse().expect("the defaults");
    config.limits.cost_per_minute = u32::MAX;
    let backend = backend(store, &config, Clock::manual(now())).await;
    Engine::new(backend, &config, Metrics::default()).expect("the engine")
}

async fn fill(store: &Store, people: usize) {
    let numbers: Vec<usize> = (0..people).collect();
    let mut pages: Vec<Vec<Entry>> = numbers
        .chunks(2_000)
        .map(|page| page.iter().map(|number| person(*number)).collect())
        .collect();
    pages.push(vec![Entry::End(Listing::Users)]);
    for entries in pages {
        let batch = Batch {
            part: "directory",
            entries,
            listing_began: Some(now()),
            ..Batch::default()
        };
        let appended = store.append("bench", System::Organization, batch, now());
        appended.await.expect("the append");
    }
}

fn person(number: usize) -> Entry {
    let word = |mut rest: usize, syllables: usize| {
        let mut word = String::new();
        for _ in 0..syllables {
            word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
            rest /= SYLLABLES.len();
        }
        word
    };
    let group = format!("group-{}", number % 200);
    Entry::User(Box::new(DirectoryUser {
        aliases: vec![Alias::account(format!("557058:{number}"))],
        name: Some(format!("{} {}", word(number, 3), word(number * 7 + 3, 2))),
        email: Some(format!("person{number}@example.com")),
        groups: Some(vec![DirectoryGroup {
            id: group.clone(),
            name: Some(group),
            description: None,
        }]),
        ..DirectoryUser::default()
    }))
}

async fn pick(engine: &Engine, typed: &str) -> Duration {
    let query =
        "query ($typed: String) { users(search: $typed, first: 20) { nodes { id name email } } }";
    let typed = (!typed.is_empty()).then_some(typed);
    let begin = Instant::now();
    ask(engine, query, json!({"typed": typed})).await;
    begin.elapsed()
}
