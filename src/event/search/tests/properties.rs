//! What holds for all texts and filters: each filter has a text, and each text means what it says or is refused.

use crate::event::filter::{EventFilter, Membership, TimeBounds, TimeFilter, TimePreset, TimeSpan};
use crate::event::search::{both, parse, print};
use crate::event::{Product, Timestamp};
use proptest::prelude::*;

/// Texts with what is special in them.
fn text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("WEB".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just(" ".to_owned()),
        Just("*".to_owned()),
        Just("OR".to_owned()),
        "[-:,()<>=.a-z0-9]{0,4}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(parts, 0..4).prop_map(|parts| parts.concat())
}

fn texts() -> impl Strategy<Value = Option<Vec<String>>> {
    let some = proptest::collection::vec(text(), 0..4);
    prop_oneof![6 => Just(None), 2 => some.prop_map(Some)]
}

fn moment() -> impl Strategy<Value = Timestamp> {
    let days = (0_i64..40_000).prop_map(|day| day * 86_400_000_000);
    let hours = (0_i64..1_000_000).prop_map(|hour| hour * 3_600_000_000);
    prop_oneof![any::<i64>(), any::<i32>().prop_map(i64::from), days, hours]
        .prop_map(Timestamp::from_micros)
}

fn time() -> impl Strategy<Value = TimeFilter> {
    use TimePreset as P;
    let presets = [
        P::Today,
        P::Yesterday,
        P::ThisWeek,
        P::LastWeek,
        P::ThisMonth,
        P::LastMonth,
        P::ThisYear,
        P::Last7Days,
        P::Last30Days,
        P::Last90Days,
        P::Last365Days,
    ];
    let number = prop_oneof![any::<u32>(), Just(0), Just(1), Just(7), Just(30), Just(365)];
    prop_oneof![
        proptest::sample::select(presets.to_vec()).prop_map(TimeFilter::Preset),
        number
            .clone()
            .prop_map(|days| TimeFilter::Last(TimeSpan::Days(days))),
        number.prop_map(|hours| TimeFilter::Last(TimeSpan::Hours(hours))),
        (
            proptest::option::of(moment()),
            proptest::option::of(moment())
        )
            .prop_map(|(from, to)| TimeFilter::Between(TimeBounds { from, to })),
    ]
}

fn zone() -> impl Strategy<Value = Option<String>> {
    let known = [
        "Europe/Berlin",
        "Asia/Kolkata",
        "Pacific/Apia",
        "UTC",
        "utc",
    ];
    let known = proptest::sample::select(known.to_vec()).prop_map(str::to_owned);
    prop_oneof![4 => Just(None), 1 => known.prop_map(Some), 1 => text().prop_map(Some)]
}

fn plain_filter() -> impl Strategy<Value = EventFilter> {
    let lists = proptest::collection::vec(texts(), 18);
    let products = proptest::collection::vec(proptest::sample::select(Product::ALL.to_vec()), 0..3);
    let membership = proptest::sample::select(vec![Membership::Now, Membership::AtEventTime]);
    let few = |text| proptest::option::weighted(0.2, text);
    (
        lists,
        proptest::option::weighted(0.2, products),
        proptest::option::weighted(0.2, membership),
        proptest::option::weighted(0.3, time()),
        zone(),
        few(text().boxed()),
        few(text().boxed()),
        // Most criteria of most filters are not given.
        proptest::collection::vec(proptest::bool::weighted(0.1), 18),
    )
        .prop_map(
            |(lists, products, membership, time, time_zone, jql, text, given)| {
                let mut lists = lists
                    .into_iter()
                    .zip(given)
                    .map(|(list, given)| list.filter(|_| given));
                let mut list = || lists.next().flatten();
                EventFilter {
                    sources: list(),
                    categories: list(),
                    actions: list(),
                    users: list(),
                    groups: list(),
                    people_in_projects: list(),
                    people_in_organizations: list(),
                    projects: list(),
                    issues: list(),
                    targets: list(),
                    status_from: list(),
                    status_to: list(),
                    resolutions: list(),
                    fields: list(),
                    ips: list(),
                    countries: list(),
                    cities: list(),
                    methods: list(),
                    products,
                    membership,
                    time,
                    time_zone,
                    jql,
                    text,
                    not: None,
                    any: None,
                }
            },
        )
}

fn any_filter() -> impl Strategy<Value = EventFilter> {
    plain_filter().prop_recursive(4, 24, 4, |inner| {
        (
            plain_filter(),
            proptest::option::of(inner.clone()),
            proptest::option::of(proptest::collection::vec(inner, 0..4)),
        )
            .prop_map(|(filter, not, any)| EventFilter {
                not: not.map(Box::new),
                any,
                ..filter
            })
    })
}

/// A small world in which a filter's meaning can be seen: what it says of two actions, two projects and two words.
fn chooses(filter: &EventFilter, (action, project, words): (&str, &str, &str)) -> bool {
    let has = |values: Option<&Vec<String>>, value: &str| {
        values.is_none_or(|values| values.is_empty() || values.iter().any(|one| one == value))
    };
    has(filter.actions.as_ref(), action)
        && has(filter.projects.as_ref(), project)
        && filter
            .text
            .as_ref()
            .is_none_or(|text| words.contains(text.as_str()))
        && filter
            .not
            .as_ref()
            .is_none_or(|not| !chooses(not, (action, project, words)))
        && filter.any.as_ref().is_none_or(|any| {
            any.is_empty() || any.iter().any(|one| chooses(one, (action, project, words)))
        })
}

/// An expression, to be written as a text and to be worked out by itself.
#[derive(Clone, Debug)]
enum Meant {
    Action(char),
    Project(char),
    Word(char),
    Not(Box<Meant>),
    All(Vec<Meant>),
    Any(Vec<Meant>),
}

impl Meant {
    fn written(&self) -> String {
        let inside = |many: &[Self], between: &str| {
            let many: Vec<String> = many.iter().map(Self::written).collect();
            format!("({})", many.join(between))
        };
        match self {
            Self::Action(name) => format!("action:{name}"),
            Self::Project(name) => format!("project:{name}"),
            Self::Word(name) => name.to_string(),
            Self::Not(inner) => format!("-{}", inner.written()),
            Self::All(many) => inside(many, " AND "),
            Self::Any(many) => inside(many, " OR "),
        }
    }

    fn holds(&self, event: (&str, &str, &str)) -> bool {
        match self {
            Self::Action(name) => event.0 == name.to_string(),
            Self::Project(name) => event.1 == name.to_string(),
            Self::Word(name) => event.2.contains(*name),
            Self::Not(inner) => !inner.holds(event),
            Self::All(many) => many.iter().all(|one| one.holds(event)),
            Self::Any(many) => many.iter().any(|one| one.holds(event)),
        }
    }
}

fn meant() -> impl Strategy<Value = Meant> {
    let name = proptest::sample::select(vec!['x', 'y']);
    let leaf = prop_oneof![
        name.clone().prop_map(Meant::Action),
        name.clone().prop_map(Meant::Project),
        name.prop_map(Meant::Word),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let many = proptest::collection::vec(inner.clone(), 1..5);
        prop_oneof![
            inner.prop_map(|inner| Meant::Not(Box::new(inner))),
            many.clone().prop_map(Meant::All),
            many.prop_map(Meant::Any),
        ]
    })
}

fn events() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut events = Vec::new();
    for action in ["x", "y"] {
        for project in ["x", "y"] {
            for words in ["", "x", "y", "xy"] {
                events.push((action, project, words));
            }
        }
    }
    events
}

/// What looks like a search, more or less.
fn nonsense() -> impl Strategy<Value = String> {
    let parts = [
        "actor:",
        "created:",
        "tz:",
        "any:",
        "field:*",
        "(",
        ")",
        "\"",
        "\\",
        "-",
        " ",
        " OR ",
        " AND ",
        "NOT ",
        ",",
        "..",
        ">=",
        "2026-11-01",
        "T10:30",
        "last-",
        "7",
        "days",
        "Europe/Berlin",
        "membership:",
        "now",
        "é",
        "\u{1F600}",
        "x",
        "*",
        "@",
        "product:jira",
        "\u{0}",
        "\n",
    ];
    let part = prop_oneof![
        8 => proptest::sample::select(parts.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_filter_has_a_text(filter in any_filter()) {
        let text = print(&filter);
        let read = parse(&text);
        prop_assert_eq!(read, Ok(filter), "{}", text);
    }

    #[test]
    fn a_text_means_what_it_says(meant in meant()) {
        let text = meant.written();
        let read = parse(&text).unwrap();
        for event in events() {
            prop_assert_eq!(chooses(&read, event), meant.holds(event), "{} {:?} {:?}", text, event, read);
        }
        prop_assert_eq!(parse(&print(&read)), Ok(read));
    }

    #[test]
    fn both_chooses_what_both_choose(one in meant(), other in meant()) {
        let (first, second) = (parse(&one.written()).unwrap(), parse(&other.written()).unwrap());
        let together = both(first, second);
        for event in events() {
            prop_assert_eq!(chooses(&together, event), one.holds(event) && other.holds(event), "{:?}", together);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_is_too_odd(text in nonsense()) {
        match parse(&text) {
            Ok(filter) => {
                let printed = print(&filter);
                prop_assert_eq!(parse(&printed), Ok(filter), "{} {}", text, printed);
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty() && problems.len() <= 10);
                let columns = text.chars().count() + 1;
                for problem in problems {
                    prop_assert!((1..=columns).contains(&problem.column), "{} {:?}", text, problem);
                }
            }
        }
    }
}
