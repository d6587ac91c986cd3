//! What a filter means: for random logs and random filters, SQL chooses what a plain reading of the filter chooses, and so
//! does the matcher that streams use.

use crate::world::{Kind, World, administrator, at, event, on_both, person, project};
use auditgraph::access::Sight;
use auditgraph::event::directory::{DirectoryGroup, DirectoryUser, Entry, Listing};
use auditgraph::event::filter::{EventFilter, TimeBounds, TimeFilter, TimeSpan};
use auditgraph::event::order::EventOrderField;
use auditgraph::event::{
    Alias, Change, IssueRef, Location, NewEvent, Object, Product, System, action,
};
use auditgraph::store::Batch;
use auditgraph::store::beside::Wanted;
use auditgraph::store::read::Range;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::net::IpAddr;

on_both!(sql_and_matcher_choose_what_the_filter_says);

/// Account id, name, e-mail address, groups.
const PEOPLE: [(&str, &str, &str, &[&str]); 4] = [
    ("557058:ann", "Ann Lee", "ann.lee@example.com", &["admins"]),
    (
        "557058:bo",
        "Bo 100% Ek",
        "bo@example.com",
        &["admins", "developers"],
    ),
    (
        "557058:oz",
        "Özlem Çelik",
        "OZ@example.com",
        &["developers"],
    ),
    ("557058:zoe", "zoë_o'neil", "zoe@example.org", &[]),
];
const ACTIONS: [&str; 5] = [
    "jira_issue_deleted",
    "jira_issue_updated",
    "user_login",
    "made_up",
    "Made%Up",
];
const PRODUCTS: [Product; 3] = [Product::Jira, Product::Confluence, Product::Organization];
const TIMES: [&str; 4] = [
    "2026-11-01T00:00:00Z",
    "2026-11-15T10:00:00Z",
    "2026-11-20T10:00:00Z",
    "2026-11-20T11:30:00Z",
];
const TEXTS: [&str; 12] = [
    "issue", "ISSUE", "%", "_", "\\", "'", "\"", "éclair", "ÉCLAIR", "100%", "o'neil", "LEE",
];
const IPS: [&str; 5] = [
    "203.0.113.9",
    "203.0.113.200",
    "198.51.100.1",
    "2001:db8::7",
    "2001:db9::1",
];
const NETWORKS: [&str; 6] = [
    "203.0.113.9",
    "203.0.113.0/25",
    "203.0.113.77/24",
    "0.0.0.0/0",
    "2001:db8::/32",
    "2001:db9::1",
];
const COUNTRIES: [&str; 4] = ["Germany", "GERMANY", "Österreich", "österreich"];
const CITIES: [&str; 3] = ["Bonn", "BONN", "Århus"];
const METHODS: [&str; 3] = ["session", "api-token", "API-Token"];
const PROJECTS: [&str; 2] = ["WEB", "OPS"];
const FIELDS: [&str; 5] = ["status", "Status", "resolution", "priority", "Größe"];
const VALUES: [&str; 5] = ["To Do", "Done", "DONE", "Überprüft", "100%"];
const MONITORED: [&str; 2] = ["PRIORITY", "größe"];

async fn sql_and_matcher_choose_what_the_filter_says(kind: Kind) {
    let (logs, filters) = if kind == Kind::Sqlite {
        (5, 300)
    } else {
        (2, 100)
    };
    for seed in 0..logs {
        let mut dice = StdRng::seed_from_u64(seed);
        let world = World::new(kind).await;
        list_people(&world).await;
        let monitored = MONITORED.map(str::to_owned);
        let decided = world
            .feed
            .set_monitored_fields(&administrator(), &monitored, world.clock.now())
            .await;
        decided.unwrap();
        let events: Vec<NewEvent> = (0..40).map(|id| random_event(&mut dice, id)).collect();
        world.append(events.clone()).await;
        // What nothing was ever stored under is unknown, and a mistake to ask for.
        let known = Known::of(&events);
        for _ in 0..filters {
            let filter = random_filter(&mut dice, &known, 3);
            let expected: Vec<&str> = events
                .iter()
                .filter(|event| chooses(&filter, event))
                .map(|event| event.upstream_key.as_str())
                .collect();
            let found = chosen(&world, &filter).await;
            let json = serde_json::to_string(&filter).unwrap();
            assert_eq!(found, expected, "seed {seed}: {json}");
        }
    }
}

async fn chosen(world: &World, filter: &EventFilter) -> Vec<String> {
    let range = Range {
        limit: 500,
        after: None,
        before: None,
        from_end: false,
        descending: false,
    };
    let (sight, now) = (Sight::Everything, world.clock.now());
    let store = world.store();
    let page = store
        .events(
            filter,
            &sight,
            EventOrderField::Recorded,
            range,
            Wanted::ALL,
            now,
        )
        .await
        .unwrap()
        .0
        .rows;
    // Asked for what follows, the database chooses the same, and so does the matcher.
    let lasting = store.condition(filter, &sight, now).await.unwrap();
    let followed = store.following(0, &lasting, 500).await.unwrap().events;
    assert_eq!(page, followed, "{filter:?}");
    let newest = store.newest().await.unwrap();
    let excerpt = store.excerpt(0, newest).await.unwrap();
    let test = store.chosen(filter, &sight, now).await.unwrap();
    let matched = excerpt.choose(store, &test, 0).await.unwrap();
    let matched: Vec<_> = matched.iter().map(|row| row.as_ref().clone()).collect();
    assert_eq!(page, matched, "{filter:?}");
    // That monitored fields were set is an event, too.
    let random =
        |row: &auditgraph::store::entity::event::Model| row.upstream_key.parse::<u32>().is_ok();
    let page = page.into_iter().filter(random);
    page.map(|row| row.upstream_key).collect()
}

pub(crate) async fn list_people(world: &World) {
    let entries = PEOPLE.iter().map(|(account, name, email, groups)| {
        let group = |name: &&str| DirectoryGroup {
            id: (*name).to_owned(),
            name: Some((*name).to_owned()),
            description: None,
        };
        Entry::User(Box::new(DirectoryUser {
            aliases: vec![Alias::account(*account)],
            name: Some((*name).to_owned()),
            email: Some((*email).to_owned()),
            groups: Some(groups.iter().map(group).collect()),
            ..DirectoryUser::default()
        }))
    });
    let batch = Batch {
        part: "directory",
        entries: entries.chain([Entry::End(Listing::Users)]).collect(),
        ..Batch::default()
    };
    let now = world.clock.now();
    let appended = world
        .feed
        .append("organization", System::Organization, batch, now)
        .await;
    appended.unwrap();
}

pub(crate) fn random_event(dice: &mut StdRng, id: u32) -> NewEvent {
    let (account, name, ..) = *PEOPLE.choose(dice).unwrap();
    let words = |dice: &mut StdRng| {
        let words: Vec<&str> = TEXTS.choose_multiple(dice, 2).copied().collect();
        dice.random_bool(0.6).then(|| words.join(""))
    };
    let target = Object {
        kind: "page".to_owned(),
        id: words(dice),
        name: words(dice),
        ..Object::default()
    };
    NewEvent {
        actor: dice.random_bool(0.8).then(|| person(account, name)),
        action: (*ACTIONS.choose(dice).unwrap()).to_owned(),
        product: *PRODUCTS.choose(dice).unwrap(),
        container: PROJECTS
            .choose(dice)
            .filter(|_| dice.random_bool(0.7))
            .map(|key| project(key)),
        target: dice.random_bool(0.8).then_some(target),
        issue: dice.random_bool(0.3).then(|| IssueRef {
            id: None,
            key: words(dice),
        }),
        location: Location {
            ip: IPS
                .choose(dice)
                .filter(|_| dice.random_bool(0.7))
                .map(|ip| (*ip).to_owned()),
            country: COUNTRIES
                .choose(dice)
                .filter(|_| dice.random_bool(0.7))
                .map(|name| (*name).to_owned()),
            city: maybe(dice, &CITIES),
            ..Location::default()
        },
        method: maybe(dice, &METHODS),
        changes: (0..dice.random_range(0..3))
            .map(|_| Change {
                field: (*FIELDS.choose(dice).unwrap()).to_owned(),
                from: maybe(dice, &VALUES),
                to: maybe(dice, &VALUES),
            })
            .collect(),
        message: words(dice),
        ..event(&id.to_string(), TIMES.choose(dice).unwrap())
    }
}

fn maybe(dice: &mut StdRng, texts: &[&str]) -> Option<String> {
    let text = texts.choose(dice).filter(|_| dice.random_bool(0.7));
    text.map(|text| (*text).to_owned())
}

/// What of the vocabulary a log has seen.
pub(crate) struct Known {
    fields: Vec<String>,
    statuses: Vec<String>,
    resolutions: Vec<String>,
    targets: Vec<String>,
    actions: Vec<String>,
    categories: Vec<String>,
    projects: Vec<String>,
}

impl Known {
    pub(crate) fn of(events: &[NewEvent]) -> Self {
        let keys = events
            .iter()
            .filter_map(|event| event.container.as_ref()?.key.clone());
        let changes = events.iter().filter(|event| has_issue(event));
        let changes = changes.flat_map(|event| &event.changes);
        let of = |field: &'static str| {
            let changes = changes.clone();
            changes.filter(move |change| change.field.eq_ignore_ascii_case(field))
        };
        let targets = events.iter().filter_map(|event| event.target.as_ref());
        Self {
            fields: events
                .iter()
                .flat_map(|event| &event.changes)
                .map(|change| change.field.to_ascii_uppercase())
                .collect(),
            statuses: of("status")
                .flat_map(|change| change.from.iter().chain(&change.to))
                .cloned()
                .collect(),
            resolutions: of("resolution")
                .filter_map(|change| change.to.clone())
                .collect(),
            targets: targets
                .flat_map(|target| target.id.iter().chain(&target.name))
                .map(|text| text.to_ascii_lowercase())
                .collect(),
            actions: events
                .iter()
                .flat_map(|event| [event.action.to_uppercase(), code(event)])
                .collect(),
            categories: events
                .iter()
                .map(|event| category(event).to_lowercase())
                .collect(),
            projects: keys.collect(),
        }
    }
}

pub(crate) fn random_filter(dice: &mut StdRng, known: &Known, depth: u32) -> EventFilter {
    fn some<T: Clone>(dice: &mut StdRng, from: &[T]) -> Option<Vec<T>> {
        let count = dice.random_range(0..3);
        dice.random_bool(0.2)
            .then(|| from.choose_multiple(dice, count).cloned().collect())
    }
    let own =
        |texts: &[&str]| -> Vec<String> { texts.iter().map(|text| (*text).to_owned()).collect() };
    let names: Vec<&str> = PEOPLE
        .iter()
        .flat_map(|(account, _, email, _)| [*account, *email])
        .collect();
    let moment = |dice: &mut StdRng| {
        TIMES
            .choose(dice)
            .filter(|_| dice.random_bool(0.7))
            .map(|text| at(text))
    };
    let (from, to) = (moment(dice), moment(dice));
    let between = TimeBounds {
        from,
        to: to.filter(|to| from.is_none_or(|from| from < *to)),
    };
    let times = [
        TimeFilter::Last(TimeSpan::Hours(1)),
        TimeFilter::Last(TimeSpan::Days(7)),
        TimeFilter::Between(between),
    ];
    let nested = depth > 0 && dice.random_bool(0.4);
    let inner = |dice: &mut StdRng| random_filter(dice, known, depth - 1);
    EventFilter {
        time: times
            .choose(dice)
            .filter(|_| dice.random_bool(0.2))
            .cloned(),
        products: some(dice, &PRODUCTS),
        categories: some(dice, &known.categories),
        actions: some(dice, &known.actions),
        users: some(dice, &own(&names)),
        groups: some(dice, &own(&["admins", "developers"])),
        projects: some(dice, &known.projects),
        ips: some(dice, &own(&NETWORKS)),
        countries: some(dice, &own(&COUNTRIES)),
        cities: some(dice, &own(&CITIES)),
        methods: some(dice, &own(&METHODS)),
        targets: some(dice, &known.targets),
        status_from: some(dice, &known.statuses),
        status_to: some(dice, &known.statuses),
        resolutions: some(dice, &known.resolutions),
        fields: some(dice, &known.fields),
        text: TEXTS
            .choose(dice)
            .filter(|_| dice.random_bool(0.2))
            .map(|text| (*text).to_owned()),
        not: (nested && dice.random_bool(0.5)).then(|| Box::new(inner(dice))),
        any: (nested && dice.random_bool(0.7))
            .then(|| (0..dice.random_range(0..4)).map(|_| inner(dice)).collect()),
        ..EventFilter::default()
    }
}

/// The plain reading: all criteria that are given hold, of several values one is enough.
fn chooses(filter: &EventFilter, event: &NewEvent) -> bool {
    fn holds<T>(values: Option<&Vec<T>>, is: impl Fn(&T) -> bool) -> bool {
        values.is_none_or(|values| values.is_empty() || values.iter().any(is))
    }
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let actor = event.actor.as_ref().and_then(|actor| {
        PEOPLE
            .iter()
            .find(|(account, ..)| *account == actor.alias.value)
    });
    let nobody = |values: Option<&Vec<String>>| values.is_none_or(Vec::is_empty);
    let people = (nobody(filter.users.as_ref()) && nobody(filter.groups.as_ref()))
        || actor.is_some_and(|(account, _, email, groups)| {
            let named = |name: &String| name == account || same(name, email);
            filter.users.iter().flatten().any(named)
                || filter
                    .groups
                    .iter()
                    .flatten()
                    .any(|name| groups.contains(&name.as_str()))
        });
    let address: Option<IpAddr> = event.location.ip.as_ref().map(|ip| ip.parse().unwrap());
    let inside = |network: &String| {
        let network: ipnet::IpNet = network.parse().unwrap_or_else(|_| {
            let single: IpAddr = network.parse().unwrap();
            single.into()
        });
        address.is_some_and(|address| network.contains(&address))
    };
    let key = event
        .container
        .as_ref()
        .and_then(|container| container.key.as_ref());
    let country = event.location.country.as_deref();
    let target = event.target.as_ref();
    let is_called = |name: &String| {
        let names = target.map(|target| [&target.id, &target.name]);
        let mut names = names.into_iter().flatten().flatten();
        names.any(|known| same(known, name))
    };
    let city = event.location.city.as_deref();
    let method = event.method.as_deref();
    filter.time.as_ref().is_none_or(|time| in_time(time, event))
        && changes(filter, event)
        && holds(filter.targets.as_ref(), is_called)
        && holds(filter.cities.as_ref(), |name| {
            city.is_some_and(|city| same(name, city))
        })
        && holds(filter.methods.as_ref(), |name| {
            method.is_some_and(|method| same(name, method))
        })
        && holds(filter.products.as_ref(), |product| {
            *product == event.product
        })
        && holds(filter.categories.as_ref(), |name| {
            same(name, category(event))
        })
        && holds(filter.actions.as_ref(), |name| {
            same(name, &event.action) || same(name, &code(event))
        })
        && people
        && holds(filter.projects.as_ref(), |project| key == Some(project))
        && holds(filter.ips.as_ref(), inside)
        && holds(filter.countries.as_ref(), |name| {
            country.is_some_and(|country| same(name, country))
        })
        && filter
            .text
            .as_ref()
            .is_none_or(|text| has_text(text, event, actor.map(|actor| [actor.1, actor.2])))
        && filter.not.as_ref().is_none_or(|not| !chooses(not, event))
        && holds(filter.any.as_ref(), |filter| chooses(filter, event))
}

fn has_issue(event: &NewEvent) -> bool {
    let issue = event.issue.as_ref();
    issue.is_some_and(|issue| issue.id.is_some() || issue.key.is_some())
}

/// Whether one of its changes is of the status, of the resolution and of the fields that are asked for.
fn changes(filter: &EventFilter, event: &NewEvent) -> bool {
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let fits = |field: &str, from: &Option<Vec<String>>, to: &Option<Vec<String>>| {
        let among = |names: &Option<Vec<String>>, value: &Option<String>| {
            let names = names.as_ref().filter(|names| !names.is_empty());
            names.is_none_or(|names| {
                let mut names = names.iter();
                value
                    .as_ref()
                    .is_some_and(|value| names.any(|name| same(name, value)))
            })
        };
        let mut changes = event.changes.iter();
        changes.any(|change| {
            same(&change.field, field) && among(from, &change.from) && among(to, &change.to)
        })
    };
    let given =
        |values: &Option<Vec<String>>| values.as_ref().is_some_and(|values| !values.is_empty());
    let status = !(given(&filter.status_from) || given(&filter.status_to))
        || (has_issue(event) && fits("status", &filter.status_from, &filter.status_to));
    let resolution = !given(&filter.resolutions)
        || (has_issue(event) && fits("resolution", &None, &filter.resolutions));
    let any_of = |fields: &[String]| fields.iter().any(|field| fits(field, &None, &None));
    let fields = match &filter.fields {
        None => true,
        Some(fields) if fields.is_empty() => any_of(&MONITORED.map(str::to_owned)),
        Some(fields) => any_of(fields),
    };
    status && resolution && fields
}

fn in_time(time: &TimeFilter, event: &NewEvent) -> bool {
    let time_of = event.time.unwrap();
    match time {
        TimeFilter::Last(TimeSpan::Hours(1)) => time_of >= at("2026-11-20T11:00:00Z"),
        TimeFilter::Last(_) => time_of >= at("2026-11-13T12:00:00Z"),
        TimeFilter::Between(TimeBounds { from, to }) => {
            from.is_none_or(|from| from <= time_of) && to.is_none_or(|to| time_of < to)
        }
        TimeFilter::Preset(_) => unreachable!("no random filter has a preset"),
    }
}

fn has_text(text: &str, event: &NewEvent, names: Option<[&str; 2]>) -> bool {
    let plain = text.to_ascii_lowercase();
    let target = event.target.as_ref();
    let places = [
        event.message.as_deref(),
        target.and_then(|target| target.name.as_deref()),
        target.and_then(|target| target.id.as_deref()),
        event.issue.as_ref().and_then(|issue| issue.key.as_deref()),
        Some(&event.action),
        Some(&code(event)),
        Some(
            action::resolve(event.system, &event.action, None)
                .map_or(&event.action, |known| known.label),
        ),
    ]
    .iter()
    .flatten()
    .any(|place| place.to_ascii_lowercase().contains(&plain));
    let folded = text.to_lowercase();
    places
        || names.into_iter().flatten().any(|name| {
            let name = name.to_lowercase();
            let begins = |(place, _): &(usize, char)| {
                let before = name[..*place].chars().next_back();
                let begin = before.is_none_or(|before| !before.is_alphanumeric());
                begin
                    && name[*place..]
                        .split(' ')
                        .next()
                        .unwrap_or_default()
                        .starts_with(&folded)
            };
            // A word begins behind a space, or with a letter or digit behind something that is neither.
            name.char_indices().any(|character| {
                let behind_space = character.0 == 0 || name[..character.0].ends_with(' ');
                (behind_space || character.1.is_alphanumeric()) && begins(&character)
            })
        })
}

fn code(event: &NewEvent) -> String {
    action::resolve(event.system, &event.action, None)
        .map_or_else(|| event.action.clone(), |known| known.code.to_owned())
}

fn category(event: &NewEvent) -> &'static str {
    action::resolve(event.system, &event.action, None).map_or(action::OTHER, |known| known.category)
}
