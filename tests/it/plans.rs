//! How the databases go about the common questions: by an index in the order of the list, whatever the log's size.

use crate::visibility::{issue, learn, viewer, with_jira};
use crate::world::{Kind, World, event, on_both, person, project};
use auditgraph::access::{Role, Sight};
use auditgraph::event::directory::{DirectoryGroup, DirectoryUser, Entry};
use auditgraph::event::filter::EventFilter;
use auditgraph::event::order::EventOrderField;
use auditgraph::event::{Actor, Alias, Change, IssueRef, NewEvent, System};
use auditgraph::store::Batch;
use auditgraph::store::choices::ChoiceOf;
use auditgraph::store::directory::{GroupChoice, UserChoice};
use auditgraph::store::read::{EventMark, Range};
use secrecy::ExposeSecret;
use sqlx::{Connection, Executor};

on_both!(
    common_questions_walk_an_index,
    pickers_do_not_read_everything
);

/// Who asks: the server, and people from whom something may be hidden.
fn sights() -> [Sight; 3] {
    [
        Sight::Everything,
        viewer(Role::Administrator, None, &[]).sight(),
        viewer(Role::Manager, Some("bob"), &[]).sight(),
    ]
}

async fn common_questions_walk_an_index(kind: Kind) {
    let (world, _) = with_jira(kind).await;
    let events = (0..4_000).map(|id| {
        let (minute, hour) = (id % 60, id / 60 % 24);
        let mut one = event(
            &id.to_string(),
            &format!("2026-11-01T{hour:02}:{minute:02}:00Z"),
        );
        one.actor = Some(person(&format!("557058:{}", id % 4), "Somebody"));
        one.container = Some(project(["WEB", "OPS", "DOC"][id % 3]));
        one.issue = Some(IssueRef {
            id: Some((10_000 + id / 10).to_string()),
            key: None,
        });
        one
    });
    world.append(events.collect()).await;
    let hook = |actor: Option<Actor>, key: &str| NewEvent {
        system: System::JiraCloud,
        action: "sprint_started".to_owned(),
        actor,
        ..event(key, "2026-11-02T00:00:00Z")
    };
    let somebody = Some(person("557058:3", "Somebody"));
    world
        .append(vec![hook(None, "hook"), hook(somebody, "told")])
        .await;
    assert_eq!(world.store().late_actors(&[4_001]).await.unwrap().len(), 1);
    for secured in [false, true] {
        if secured {
            let news = (0..100).map(|id| {
                let id = (10_000 + id).to_string();
                issue(&id, &format!("SEC-{id}"), Some("staff"))
            });
            learn(&world, news.collect()).await;
        }
        learn_statistics(kind, &world).await;
        for sight in sights() {
            walks_an_index(kind, &world, &sight).await;
        }
    }
}

async fn walks_an_index(kind: Kind, world: &World, sight: &Sight) {
    let everything = EventFilter::default();
    let newest = page(world, sight, &everything).await;
    expect_index(&newest, "events_time_seq");
    let users = EventFilter {
        users: Some(vec!["557058:3".to_owned()]),
        ..EventFilter::default()
    };
    expect_index(
        &page(world, sight, &users).await,
        "events_actor_id_time_seq",
    );
    let issues = EventFilter {
        issues: Some(vec!["10300".to_owned()]),
        ..EventFilter::default()
    };
    let issue = page(world, sight, &issues).await;
    let index = "events_issue_time_seq";
    assert!(issue.iter().any(|step| step.contains(index)), "{issue:#?}");
    let projects = EventFilter {
        projects: Some(vec!["WEB".to_owned()]),
        ..EventFilter::default()
    };
    let place = page(world, sight, &projects).await;
    assert!(!sorts(&place), "{place:#?}");

    for filter in [everything, users, issues, projects] {
        let now = world.clock.now();
        let store = world.store();
        let lasting = store.condition(&filter, sight, now).await.unwrap();
        let plan = store.explain_following(1_000, &lasting).await.unwrap();
        let primary = match kind {
            Kind::Sqlite => "INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
            Kind::Postgres => "events_pkey",
        };
        // A stretch of the log is bounded, so sorting what is found in it would be, too; so is what happened to one issue
        // within it.
        let of_issue = |step: &String| step.contains("issue_key) = ") && step.contains("seq >= ");
        let bounded = |step: &String| step.contains(primary) || of_issue(step);
        assert!(plan.iter().any(bounded), "{plan:#?}");
    }
}

/// Without statistics PostgreSQL guesses; a server gathers them by itself.
async fn learn_statistics(kind: Kind, world: &World) {
    if kind == Kind::Postgres {
        let url = world.config.database.url.expose_secret();
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        connection.execute("ANALYZE").await.unwrap();
    }
}

/// The plan of a page somewhere in the list, newest first.
async fn page(world: &World, sight: &Sight, filter: &EventFilter) -> Vec<String> {
    let range = Range {
        limit: 50,
        after: Some(EventMark {
            seq: 3_000,
            time: world.clock.now().micros(),
        }),
        before: None,
        from_end: false,
        descending: true,
    };
    let (store, now) = (world.store(), world.clock.now());
    store
        .explain_events(filter, sight, EventOrderField::Time, range, now)
        .await
        .unwrap()
}

fn expect_index(plan: &[String], index: &str) {
    assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
    assert!(!sorts(plan), "{plan:#?}");
}

fn sorts(plan: &[String]) -> bool {
    plan.iter()
        .any(|step| step.contains("TEMP B-TREE") || step.contains("Sort"))
}

async fn pickers_do_not_read_everything(kind: Kind) {
    let world = World::new(kind).await;
    let user = |id: usize| {
        let group = |name: String| DirectoryGroup {
            id: name.clone(),
            name: Some(name),
            description: None,
        };
        Entry::User(Box::new(DirectoryUser {
            aliases: vec![Alias::account(format!("557058:{id}"))],
            name: Some(format!("First{} Last{id}", id % 90)),
            groups: Some(vec![
                group(format!("group-{}", id % 300)),
                group(format!("jsm-organization/{}", id % 5)),
            ]),
            ..DirectoryUser::default()
        }))
    };
    let batch = Batch {
        part: "directory",
        entries: (0..1_000).map(user).collect(),
        listing_began: Some(world.clock.now()),
        ..Batch::default()
    };
    let now = world.clock.now();
    let appended = world
        .feed
        .append("organization", System::Organization, batch, now);
    appended.await.unwrap();
    let moved = |id: usize| NewEvent {
        changes: vec![Change {
            field: ["status", "resolution", "priority"][id % 3].to_owned(),
            from: Some(format!("From {}", id % 4)),
            to: Some(format!("To {}", id % 5)),
        }],
        ..event(&id.to_string(), "2026-11-01T00:00:00Z")
    };
    world.append((0..3_000).map(moved).collect()).await;
    learn_statistics(kind, &world).await;
    let store = world.store();
    let range = Range {
        limit: 50,
        after: None,
        before: None,
        from_end: false,
        descending: false,
    };

    let people = UserChoice {
        search: Some("last77"),
        conflict: None,
    };
    let plan = store.explain_users(&people, range.clone()).await.unwrap();
    let words = match kind {
        Kind::Sqlite => "SEARCH user_words",
        Kind::Postgres => "user_words_pkey",
    };
    assert!(plan.iter().any(|step| step.contains(words)), "{plan:#?}");
    // PostgreSQL would rather read a thousand users in one go than look up a hundred.
    assert!(
        !plan.iter().any(|step| step.contains("SCAN users")),
        "{plan:#?}"
    );

    for (organizations, index) in [
        (false, "groups_sort_name_id"),
        (true, "groups_organizations"),
    ] {
        let choice = GroupChoice {
            search: Some("g"),
            organizations,
        };
        let plan = store.explain_groups(&choice, range.clone()).await.unwrap();
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
    }
    for of in [ChoiceOf::Statuses, ChoiceOf::Resolutions, ChoiceOf::Fields] {
        let plan = store.explain_choices(of).await.unwrap();
        let reads = |step: &&String| {
            let all = ["SCAN changes", "Seq Scan on changes", "TEMP B-TREE", "Sort"];
            // Of an index in the order of the list, no more is read than is asked for.
            all.iter().any(|scan| step.contains(scan)) && !step.contains(" USING ")
        };
        assert_eq!(plan.iter().find(reads), None, "{of:?}: {plan:#?}");
    }
}
