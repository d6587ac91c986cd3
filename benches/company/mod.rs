//! A company to measure with: 5,000 people, 500 projects, 40 actions, a year.

use auditgraph::config::Config;
use auditgraph::event::{
    Actor, ActorKind, Alias, Container, ContainerKind, IssueRef, Location, NewEvent, Object,
    Product, System, Timestamp,
};
use auditgraph::store::{Purpose, Store};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// The time that it is.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000)
}

/// Events of a year: few are busy, most are not.
pub(crate) fn events(seed: u64, count: usize) -> Vec<NewEvent> {
    let mut dice = StdRng::seed_from_u64(seed);
    let year: i64 = 365 * 86_400 * 1_000_000;
    (0..count)
        .map(|number| {
            let busy: f64 = dice.random();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small positive number"
            )]
            let actor = (busy * busy * 5_000.0) as u32;
            let project = dice.random_range(0..500);
            let id: u128 = dice.random();
            NewEvent {
                upstream_key: format!("{id:032x}"),
                system: System::Organization,
                action: format!("action_{}", dice.random_range(0..40)),
                product: Product::Jira,
                time: Some(Timestamp::from_micros(
                    now().micros() - dice.random_range(0..year),
                )),
                actor: Some(Actor {
                    alias: Alias::account(format!("557058:{actor}")),
                    kind: ActorKind::Person,
                    name: Some(format!("Person {actor}")),
                    email: None,
                }),
                target: Some(Object {
                    kind: "issue".to_owned(),
                    id: Some(number.to_string()),
                    name: Some(format!("P{project}-{number}")),
                    url: Some(format!("https://site.example/browse/P{project}-{number}")),
                    user: None,
                }),
                objects: Vec::new(),
                container: Some(Container {
                    id: None,
                    key: Some(format!("P{project}")),
                    ..Container::new(ContainerKind::Project, "site", "")
                }),
                issue: Some(IssueRef {
                    id: Some(number.to_string()),
                    key: Some(format!("P{project}-{number}")),
                }),
                changes: Vec::new(),
                location: Location {
                    ip: Some(format!("203.0.113.{}", dice.random_range(1..255))),
                    city: Some("Tbilisi".to_owned()),
                    region: None,
                    country: Some("Georgia".to_owned()),
                },
                method: Some("session".to_owned()),
                message: Some(format!("Viewed issue P{project}-{number}")),
                raw: format!(
                    r#"{{"id":"{id:032x}","attributes":{{"action":"x","text":"{}"}}}}"#,
                    "x".repeat(300)
                ),
            }
        })
        .collect()
}

/// Opens the store at a database URL.
pub(crate) async fn open(url: &str) -> Store {
    let mut config: Config = "".parse().expect("the defaults");
    config.database.url = url.to_owned().into();
    Store::open(&config.database, Purpose::Log)
        .await
        .expect("the store")
}

/// What a variable of the environment says.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark has no settings of its own"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::vars()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}
