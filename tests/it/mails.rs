//! Mails of filter subscriptions: when they are due, what they say, and to whom; through GraphQL, a clock that stands still,
//! and a transport into memory.

mod alerts;
mod content;
mod notices;
mod server;
mod smtp;

use crate::world::{Kind, World, at, event, on_both, person};
use auditgraph::access::{Role, Viewer};
use auditgraph::app::counted;
use auditgraph::deliver::mail::{Mails, Outgoing, Transport};
use auditgraph::event::directory::{DirectoryGroup, DirectoryUser, Entry, Listing};
use auditgraph::event::{Alias, NewEvent, System};
use auditgraph::store::Batch;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

on_both!(
    c13_subscriptions_are_made_listed_changed_and_deleted,
    c13_a_schedule_is_shown_before_it_is_saved,
    c13_a_mail_has_what_became_known_since_the_last_one,
    c13_times_follow_the_clocks_of_their_zone,
    c13_missed_runs_are_one_mail,
    c13_nothing_found_is_sent_only_on_demand,
    c13_what_cannot_be_sent_is_refused_with_its_place,
    c13_a_filter_whose_group_was_deleted_fails_and_loses_nothing,
    c13_it_is_sent_now_paused_and_resumed,
    c13_the_eyes_of_the_owner_decide,
    c13_what_is_done_with_subscriptions_is_in_the_log,
    two_processes_send_each_mail_once,
);

/// A server whose mails land in memory.
pub(crate) struct Post {
    pub(crate) world: World,
    pub(crate) mails: Mails,
    pub(crate) sent: Arc<Mutex<Vec<Outgoing>>>,
    /// An administrator with a token of their own.
    pub(crate) owner: Viewer,
}

pub(crate) fn mails(world: &World, transport: Transport, holder: u128) -> Mails {
    Mails::new(
        world.feed.clone(),
        world.clock.clone(),
        transport,
        &world.config.mail,
        counted(&world.config),
        Uuid::from_u128(holder),
    )
    .unwrap()
}

impl Post {
    pub(crate) async fn new(kind: Kind) -> Self {
        let mut world = World::new(kind).await;
        world.config.mail.from = String::from("Auditgraph <audit@example.com>");
        world.config.mail.directory = "unused".into();
        let sent = Arc::default();
        let mails = mails(&world, Transport::Memory(Arc::clone(&sent)), 1);
        let owner = holder(&world, "owner", Role::Administrator).await;
        Self {
            world,
            mails,
            sent,
            owner,
        }
    }

    /// Goes on to a moment and sends what is due then.
    pub(crate) async fn reach(&self, moment: &str) -> Vec<Outgoing> {
        let left = at(moment).since(self.world.clock.now());
        assert!(!left.is_zero(), "{moment} is past");
        self.world.clock.advance(left);
        self.deliver().await
    }

    /// Sends what is due now; the mails.
    pub(crate) async fn deliver(&self) -> Vec<Outgoing> {
        self.mails.watch().await.unwrap();
        self.mails.deliver_due().await.unwrap();
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// Asks as the owner and expects no error; the data.
    pub(crate) async fn data(&self, query: &str, variables: Value) -> Value {
        let answer = self
            .world
            .ask_as(self.owner.clone(), query, variables)
            .await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"].clone()
    }

    /// The id of a new saved filter.
    pub(crate) async fn filter(&self, input: Value) -> String {
        const CREATE: &str = "mutation ($input: CreateSavedFilterInput!) {
            createSavedFilter(input: $input) { savedFilter { id } } }";
        let made = self.data(CREATE, json!({"input": input})).await;
        text(&made["createSavedFilter"]["savedFilter"]["id"])
    }

    /// The id of a new subscription to a new filter for everything that Ann does.
    pub(crate) async fn subscribe(&self, schedule: Value, more: Value) -> String {
        let filter = json!({"name": "Deletions", "search": "action:issue.deleted"});
        let filter = self.filter(filter).await;
        let made = self.create(&filter, schedule, more).await;
        assert_eq!(made.get("errors"), None, "{made}");
        text(&made["data"]["createFilterSubscription"]["filterSubscription"]["id"])
    }

    /// The answer to making a subscription.
    pub(crate) async fn create(&self, filter: &str, schedule: Value, more: Value) -> Value {
        let mut input = json!({
            "savedFilterId": filter, "name": "Daily deletions", "recipients": ["ann@example.com"],
            "schedule": schedule,
        });
        let more = more.as_object().unwrap().clone();
        input.as_object_mut().unwrap().extend(more);
        let variables = json!({"input": input});
        self.world
            .ask_as(self.owner.clone(), CREATE, variables)
            .await
    }

    /// Everything about a subscription.
    pub(crate) async fn about(&self, id: &str) -> Value {
        let query =
            format!("{{ node(id: \"{id}\") {{ ... on FilterSubscription {{ {FIELDS} }} }} }}");
        self.data(&query, json!({})).await["node"].clone()
    }

    /// Its newest run.
    pub(crate) async fn run(&self, id: &str) -> Value {
        self.about(id).await["runs"][0].clone()
    }

    pub(crate) async fn deed(&self, mutation: &str, id: &str) -> Value {
        self.deed_as(self.owner.clone(), mutation, id).await
    }

    pub(crate) async fn deed_as(&self, viewer: Viewer, mutation: &str, id: &str) -> Value {
        let mutation = format!(
            "mutation ($id: ID!) {{ {mutation}(input: {{id: $id}}) {{ filterSubscription {{ status }} }} }}"
        );
        self.world
            .ask_as(viewer, &mutation, json!({"id": id}))
            .await
    }

    /// Stores that Ann deleted an issue now.
    pub(crate) async fn happens(&self, id: &str) {
        self.world.append(vec![self.event(id)]).await;
    }

    pub(crate) fn event(&self, id: &str) -> NewEvent {
        event(id, &self.world.clock.now().to_string())
    }
}

/// Somebody with a token.
pub(crate) async fn holder(world: &World, name: &str, role: Role) -> Viewer {
    let secret = world.token_named(name, role).await;
    let viewer = world.store().viewer(&secret, world.clock.now()).await;
    viewer.unwrap().unwrap()
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

fn code(answer: &Value) -> String {
    text(&answer["errors"][0]["extensions"]["code"])
}

/// The text of a mail, and how many events it says there are.
pub(crate) fn said(mail: &Outgoing) -> String {
    let parsed = mail_parser::MessageParser::default()
        .parse(&mail.bytes)
        .unwrap();
    parsed.body_text(0).unwrap().into_owned()
}

fn subject(mail: &Outgoing) -> String {
    let parsed = mail_parser::MessageParser::default()
        .parse(&mail.bytes)
        .unwrap();
    parsed.subject().unwrap().to_owned()
}

fn subjects(mails: &[Outgoing]) -> Vec<String> {
    mails.iter().map(subject).collect()
}

pub(crate) fn daily(time: &str) -> Value {
    json!({"daily": {"time": time}})
}

const FIELDS: &str = "id name isOwn ownerName recipients timeZone sendWhenEmpty format status pausedAt pausedBecause
    savedFilter { name } owner { name } schedule { kind time days day cron minutesBetween } nextRuns windowFrom lastSentAt
    lastError createdAt updatedAt
    runs { dueAt requested status attempts startedAt nextAttemptAt finishedAt windowFrom windowTo events recipients error messageId }";

const PREVIEW: &str = "query ($schedule: ScheduleInput!, $zone: String) {
    previewSchedule(schedule: $schedule, timeZone: $zone) { nextRuns } }";

const CREATE: &str = "mutation ($input: CreateFilterSubscriptionInput!) {
    createFilterSubscription(input: $input) { filterSubscription { id nextRuns windowFrom } } }";

const UPDATE: &str = "mutation ($input: UpdateFilterSubscriptionInput!) {
    updateFilterSubscription(input: $input) { filterSubscription { name nextRuns recipients format } } }";

async fn c13_subscriptions_are_made_listed_changed_and_deleted(kind: Kind) {
    let post = Post::new(kind).await;
    let filter = post.filter(json!({"name": "Deletions"})).await;
    for (name, schedule) in [
        (
            "weekly",
            json!({"weekly": {"days": ["MONDAY", "FRIDAY"], "time": "07:30"}}),
        ),
        ("Daily", daily("09:00")),
        ("cron", json!({"cron": "0 9 * * MON-FRI"})),
    ] {
        let made = post.create(&filter, schedule, json!({"name": name})).await;
        assert_eq!(made.get("errors"), None, "{made}");
    }
    let names = async |viewer: Viewer, arguments: &str| {
        let query = format!("{{ filterSubscriptions{arguments} {{ nodes {{ name id }} }} }}");
        let answer = post.world.ask_as(viewer, &query, json!({})).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        let nodes = answer["data"]["filterSubscriptions"]["nodes"].clone();
        let nodes = nodes.as_array().unwrap().iter();
        let pairs = nodes.map(|node| (text(&node["name"]), text(&node["id"])));
        pairs.unzip::<_, _, Vec<String>, Vec<String>>()
    };
    let (all, ids) = names(post.owner.clone(), "").await;
    assert_eq!(all, ["cron", "Daily", "weekly"]);
    let of = format!("(savedFilterId: \"{filter}\", first: 2)");
    assert_eq!(names(post.owner.clone(), &of).await.0, ["cron", "Daily"]);
    // Others have none, and see none.
    let other = holder(&post.world, "other", Role::Manager).await;
    assert_eq!(names(other.clone(), "").await.0, Vec::<String>::new());
    let hidden = post
        .deed_as(other, "pauseFilterSubscription", &ids[0])
        .await;
    assert_eq!(code(&hidden), "NOT_FOUND");

    let about = post.about(&ids[2]).await;
    assert_eq!(about["savedFilter"]["name"], "Deletions");
    assert_eq!(about["ownerName"], "owner");
    assert_eq!(about["isOwn"], true);
    assert_eq!(about["timeZone"], "UTC");
    assert_eq!(about["format"], "TABLE");
    assert_eq!(about["schedule"]["days"], json!(["MONDAY", "FRIDAY"]));
    // It is Friday noon.
    let next = [
        "2026-11-23T07:30:00Z",
        "2026-11-27T07:30:00Z",
        "2026-11-30T07:30:00Z",
    ];
    assert_eq!(about["nextRuns"], json!(next));

    let input = json!({"id": ids[2], "schedule": {"monthly": {"day": 31, "time": "08:00"}},
        "timeZone": "Europe/Berlin", "recipients": ["bob@example.com", " BOB@example.com"], "format": "CSV"});
    let changed = post.data(UPDATE, json!({"input": input})).await;
    let expected = json!({"name": "weekly", "recipients": ["bob@example.com"], "format": "CSV",
        "nextRuns": ["2026-11-30T07:00:00Z", "2026-12-31T07:00:00Z", "2027-01-31T07:00:00Z"]});
    assert_eq!(
        changed["updateFilterSubscription"]["filterSubscription"],
        expected
    );

    let delete = "mutation ($id: ID!) { deleteFilterSubscription(input: {id: $id}) { deletedId } }";
    let deleted = post.data(delete, json!({"id": ids[2]})).await;
    assert_eq!(deleted["deleteFilterSubscription"]["deletedId"], ids[2]);
    // Those of a filter go with it.
    let delete = "mutation ($id: ID!) { deleteSavedFilter(input: {id: $id}) { deletedId } }";
    post.data(delete, json!({"id": filter})).await;
    assert_eq!(names(post.owner.clone(), "").await.0, Vec::<String>::new());
    assert_eq!(post.about(&ids[0]).await, Value::Null);
}

async fn c13_a_schedule_is_shown_before_it_is_saved(kind: Kind) {
    let post = Post::new(kind).await;
    let preview = async |schedule: Value, zone: &str| {
        let variables = json!({"schedule": schedule, "zone": zone});
        post.world
            .ask_as(post.owner.clone(), PREVIEW, variables)
            .await
    };
    let shown = preview(json!({"cron": "30 2 * * *"}), "Europe/Berlin").await;
    let next = [
        "2026-11-21T01:30:00Z",
        "2026-11-22T01:30:00Z",
        "2026-11-23T01:30:00Z",
    ];
    assert_eq!(shown["data"]["previewSchedule"]["nextRuns"], json!(next));
    let shown = preview(json!({"atOnce": {}}), "UTC").await;
    assert_eq!(shown["data"]["previewSchedule"]["nextRuns"], json!([]));
    for (schedule, zone, place) in [
        (json!({"cron": "0 0 31 2 *"}), "UTC", "schedule.cron"),
        (
            json!({"daily": {"time": "9 o'clock"}}),
            "UTC",
            "schedule.daily.time",
        ),
        (daily("09:00"), "Mars/Olympus", "timeZone"),
    ] {
        let refused = preview(schedule, zone).await;
        assert_eq!(refused["errors"][0]["extensions"]["argument"], place);
    }
}

async fn c13_a_mail_has_what_became_known_since_the_last_one(kind: Kind) {
    let post = Post::new(kind).await;
    // Friday noon; the first mail, on Saturday at nine, has what came since Friday at nine.
    post.happens("one").await;
    let id = post.subscribe(daily("09:00"), json!({})).await;
    assert_eq!(post.about(&id).await["windowFrom"], "2026-11-20T09:00:00Z");
    assert_eq!(post.deliver().await, []);
    let first = post.reach("2026-11-21T09:00:05Z").await;
    assert_eq!(subjects(&first), ["Daily deletions: 1 event"]);
    assert_eq!(first[0].to[0].to_string(), "ann@example.com");
    assert_eq!(post.deliver().await, []);

    // What happened long ago, but became known only now, is in the next mail; what is older than a month is not news.
    let late = event("two", "2026-11-10T09:00:00Z");
    let old = event("old", "2026-09-10T09:00:00Z");
    post.world.append(vec![late, old]).await;
    let second = post.reach("2026-11-22T09:00:00Z").await;
    assert_eq!(subjects(&second), ["Daily deletions: 1 event"]);
    assert!(
        said(&second[0]).contains("2026-11-10 09:00:00 UTC"),
        "{}",
        said(&second[0])
    );

    let about = post.about(&id).await;
    assert_eq!(about["windowFrom"], "2026-11-22T09:00:00Z");
    assert_eq!(about["lastSentAt"], "2026-11-22T09:00:00Z");
    assert_eq!(about["nextRuns"][0], "2026-11-23T09:00:00Z");
    let runs = about["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    let run = &runs[0];
    assert_eq!(run["dueAt"], "2026-11-22T09:00:00Z");
    assert_eq!(run["windowFrom"], "2026-11-21T09:00:05Z");
    assert_eq!(run["status"], "SENT");
    assert_eq!(run["events"], 1);
    assert_eq!(run["recipients"], 1);
    assert_eq!(run["attempts"], 1);
    assert_eq!(run["messageId"], second[0].id);
    assert_ne!(runs[1]["messageId"], run["messageId"]);
}

async fn c13_times_follow_the_clocks_of_their_zone(kind: Kind) {
    let post = Post::new(kind).await;
    for (start, due) in [
        // The night in which 02:30 does not exist in Berlin, and the one in which it comes twice.
        (
            "2027-03-27T12:00:00Z",
            [
                "2027-03-28T01:00:00Z",
                "2027-03-29T00:30:00Z",
                "2027-03-30T00:30:00Z",
            ],
        ),
        (
            "2027-10-30T12:00:00Z",
            [
                "2027-10-31T00:30:00Z",
                "2027-11-01T01:30:00Z",
                "2027-11-02T01:30:00Z",
            ],
        ),
    ] {
        post.reach(start).await;
        let more = json!({"timeZone": "Europe/Berlin", "sendWhenEmpty": true});
        let id = post.subscribe(daily("02:30"), more).await;
        assert_eq!(post.about(&id).await["nextRuns"], json!(due));
        // Looked after every ten minutes, each due time has one mail.
        let mut sent = Vec::new();
        while post.world.clock.now() < at(due[2]) {
            post.world.clock.advance(Duration::from_mins(10));
            for _ in post.deliver().await {
                sent.push(post.world.clock.now().to_string());
            }
        }
        assert_eq!(sent, due);
        post.deed("pauseFilterSubscription", &id).await;
    }
}

async fn c13_missed_runs_are_one_mail(kind: Kind) {
    let post = Post::new(kind).await;
    let id = post
        .subscribe(json!({"cron": "0 * * * *"}), json!({}))
        .await;
    post.reach("2026-11-20T13:00:00Z").await;
    for hour in 0..50 {
        post.world.clock.advance(Duration::from_hours(1));
        post.happens(&format!("event {hour}")).await;
    }
    // The server comes back after two days.
    post.world.clock.advance(Duration::from_mins(7));
    let sent = post.deliver().await;
    assert_eq!(subjects(&sent), ["Daily deletions: 50 events"]);
    let run = post.run(&id).await;
    assert_eq!(run["dueAt"], "2026-11-20T14:00:00Z");
    assert_eq!(run["windowTo"], "2026-11-22T15:07:00Z");
    assert_eq!(post.about(&id).await["nextRuns"][0], "2026-11-22T16:00:00Z");
    assert_eq!(post.reach("2026-11-22T16:00:00Z").await, []);
    assert_eq!(post.run(&id).await["status"], "EMPTY");
}

async fn c13_nothing_found_is_sent_only_on_demand(kind: Kind) {
    let post = Post::new(kind).await;
    let quiet = post.subscribe(daily("09:00"), json!({})).await;
    let loud = json!({"name": "Loud", "sendWhenEmpty": true});
    let loud = post.subscribe(daily("09:00"), loud).await;
    let sent = post.reach("2026-11-21T09:00:00Z").await;
    assert_eq!(subjects(&sent), ["Loud: no events"]);
    assert_eq!(post.run(&loud).await["status"], "SENT");
    assert_eq!(post.run(&quiet).await["status"], "EMPTY");
    assert_eq!(post.run(&quiet).await["events"], 0);
    // The window is since the last mail that was sent.
    post.happens("one").await;
    post.reach("2026-11-22T09:00:00Z").await;
    assert_eq!(post.run(&loud).await["windowFrom"], "2026-11-21T09:00:00Z");
    assert_eq!(post.run(&quiet).await["windowFrom"], "2026-11-20T09:00:00Z");
}

async fn c13_what_cannot_be_sent_is_refused_with_its_place(kind: Kind) {
    let post = Post::new(kind).await;
    let filter = post.filter(json!({"name": "Deletions"})).await;
    let addresses = |count: usize| -> Vec<String> {
        (0..count)
            .map(|place| format!("user{place}@example.com"))
            .collect()
    };
    let mut one_bad = addresses(61);
    one_bad[17] = String::from("user17@");
    for (more, place, says) in [
        (
            json!({"recipients": one_bad}),
            "input.recipients[17]",
            "`user17@` is not an e-mail address",
        ),
        (
            json!({"recipients": ["a@example.com\r\nBcc: b@example.com"]}),
            "input.recipients[0]",
            "not an e-mail",
        ),
        (
            json!({"recipients": ["grüße@example.com"]}),
            "input.recipients[0]",
            "not an e-mail",
        ),
        (
            json!({"recipients": addresses(501)}),
            "input.recipients",
            "501 addresses; give 1 to 500",
        ),
        (json!({"recipients": []}), "input.recipients", "0 addresses"),
        (json!({"name": " "}), "input.name", "0 characters"),
        (
            json!({"timeZone": "Mars/Olympus"}),
            "input.timeZone",
            "not a time zone",
        ),
        (
            json!({"schedule": {"cron": "0 0 31 2 *"}}),
            "input.schedule.cron",
            "`0 0 31 2 *` never comes",
        ),
        (
            json!({"schedule": {"cron": "0 0 0 1 1 *"}}),
            "input.schedule.cron",
            "give five fields",
        ),
        (
            json!({"schedule": {"weekly": {"days": [], "time": "09:00"}}}),
            "input.schedule.weekly.days",
            "no day",
        ),
        (
            json!({"schedule": {"atOnce": {"minutesBetween": 0}}}),
            "input.schedule.atOnce.minutesBetween",
            "out of range",
        ),
    ] {
        let refused = post.create(&filter, daily("09:00"), more.clone()).await;
        assert_eq!(code(&refused), "BAD_USER_INPUT", "{more}");
        let error = &refused["errors"][0];
        assert_eq!(error["extensions"]["argument"], place, "{error}");
        assert!(text(&error["message"]).contains(says), "{error}");
    }
    let ages = json!({"name": "Ages", "filter": {"time": {"last": {"days": 400}}}});
    let ages = post.filter(ages).await;
    let refused = post.create(&ages, daily("09:00"), json!({})).await;
    assert!(text(&refused["errors"][0]["message"]).contains("400 days are too many"));
    let strange = post
        .create(&post.owner.name, daily("09:00"), json!({}))
        .await;
    assert_eq!(code(&strange), "BAD_USER_INPUT");
    // Exactly as many as there may be.
    let made = post
        .create(
            &filter,
            daily("09:00"),
            json!({"recipients": addresses(500)}),
        )
        .await;
    assert_eq!(made.get("errors"), None, "{made}");
    let mut deaf = Post::new(kind).await;
    deaf.world.config.mail.directory = "".into();
    let filter = deaf.filter(json!({"name": "Deletions"})).await;
    let refused = deaf.create(&filter, daily("09:00"), json!({})).await;
    assert!(text(&refused["errors"][0]["message"]).contains("mail.smtp_host"));
}

/// Lists Ann as the only user, in these groups.
async fn list_ann(world: &World, groups: &[&str]) {
    world.clock.advance(Duration::from_mins(1));
    let group = |name: &&str| DirectoryGroup {
        id: (*name).to_owned(),
        name: Some((*name).to_owned()),
        description: None,
    };
    let ann = DirectoryUser {
        aliases: vec![Alias::account("557058:ann")],
        name: Some("Ann Lee".to_owned()),
        groups: Some(groups.iter().map(group).collect()),
        ..DirectoryUser::default()
    };
    let mut entries = vec![Entry::User(Box::new(ann)), Entry::End(Listing::Users)];
    for name in groups {
        entries.push(Entry::Group(group(name)));
    }
    entries.push(Entry::End(Listing::Groups));
    let now = world.clock.now();
    let batch = Batch {
        part: "directory",
        entries,
        listing_began: Some(now),
        ..Batch::default()
    };
    let listed = world
        .feed
        .append("organization", System::Organization, batch, now)
        .await;
    listed.unwrap();
}

async fn c13_a_filter_whose_group_was_deleted_fails_and_loses_nothing(kind: Kind) {
    let post = Post::new(kind).await;
    list_ann(&post.world, &["auditors", "others"]).await;
    let filter = json!({"name": "Auditors", "filter": {"groups": ["auditors"], "actions": ["issue.deleted"]}});
    let filter = post.filter(filter).await;
    let made = post.create(&filter, daily("09:00"), json!({})).await;
    let id = text(&made["data"]["createFilterSubscription"]["filterSubscription"]["id"]);
    post.happens("one").await;
    list_ann(&post.world, &["others"]).await;
    assert_eq!(post.reach("2026-11-21T09:00:00Z").await, []);
    let run = post.run(&id).await;
    assert_eq!(run["status"], "FAILED");
    let error = text(&run["error"]);
    assert!(
        error.contains("the group `auditors` has been deleted"),
        "{error}"
    );
    let about = post.about(&id).await;
    assert_eq!(about["lastError"], run["error"]);
    assert_eq!(about["status"], "ACTIVE");
    assert_eq!(about["nextRuns"][0], "2026-11-22T09:00:00Z");
    // Saving another one like it is refused.
    let refused = post.create(&filter, daily("09:00"), json!({})).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["argument"],
        "input.savedFilterId"
    );
    // It is back: the mail has what the failed one would have had.
    list_ann(&post.world, &["auditors", "others"]).await;
    let sent = post.reach("2026-11-22T09:00:00Z").await;
    assert_eq!(subjects(&sent), ["Daily deletions: 1 event"]);
    assert_eq!(post.run(&id).await["windowFrom"], "2026-11-20T09:00:00Z");
}

async fn c13_it_is_sent_now_paused_and_resumed(kind: Kind) {
    let post = Post::new(kind).await;
    let id = post.subscribe(daily("09:00"), json!({})).await;
    post.happens("one").await;
    post.deed("runFilterSubscription", &id).await;
    let sent = post.deliver().await;
    assert_eq!(subjects(&sent), ["Daily deletions: 1 event"]);
    let run = post.run(&id).await;
    assert_eq!(run["requested"], true);
    assert_eq!(run["dueAt"], "2026-11-20T12:00:00Z");
    // That was the last mail; the next one is due as before.
    let about = post.about(&id).await;
    assert_eq!(about["windowFrom"], "2026-11-20T12:00:00Z");
    assert_eq!(about["nextRuns"][0], "2026-11-21T09:00:00Z");

    post.deed("pauseFilterSubscription", &id).await;
    let about = post.about(&id).await;
    assert_eq!(about["status"], "PAUSED");
    assert_eq!(about["pausedAt"], "2026-11-20T12:00:00Z");
    assert_eq!(about["nextRuns"], json!([]));
    post.happens("two").await;
    assert_eq!(post.reach("2026-11-23T10:00:00Z").await, []);
    // Sent on demand even so.
    post.deed("runFilterSubscription", &id).await;
    assert_eq!(post.deliver().await.len(), 1);
    assert_eq!(post.about(&id).await["status"], "PAUSED");
    post.happens("three").await;
    post.deed("resumeFilterSubscription", &id).await;
    assert_eq!(post.deliver().await, []);
    let sent = post.reach("2026-11-24T09:00:00Z").await;
    assert_eq!(subjects(&sent), ["Daily deletions: 1 event"]);
}

async fn c13_the_eyes_of_the_owner_decide(kind: Kind) {
    let mut post = Post::new(kind).await;
    let administrator = post.owner.clone();
    let web = NewEvent {
        actor: Some(person("557058:ann", "Ann Lee")),
        ..post.event("one")
    };
    let ops = NewEvent {
        container: Some(crate::world::project("OPS")),
        ..post.event("two")
    };
    post.world.append(vec![web, ops]).await;
    let limited = auditgraph::store::tokens::NewToken {
        name: "limited".to_owned(),
        role: Role::Viewer,
        account_id: Some("557058:dan".to_owned()),
        projects: vec!["WEB".to_owned()],
        expires_at: None,
    };
    let mut randomness: rand::rngs::StdRng = rand::SeedableRng::from_os_rng();
    let now = post.world.clock.now();
    let (_, secret) = post
        .world
        .store()
        .create_token(limited.clone(), None, now, &mut randomness)
        .await
        .unwrap();
    post.owner = post
        .world
        .store()
        .viewer(&secret, now)
        .await
        .unwrap()
        .unwrap();
    let id = post.subscribe(daily("09:00"), json!({})).await;
    // An administrator may look at it, have it run and stop it, but not have it send what its owner sees to somebody else.
    let input = json!({"id": id, "recipients": ["me@example.com"]});
    let refused = post
        .world
        .ask_as(administrator.clone(), UPDATE, json!({"input": input}))
        .await;
    assert_eq!(code(&refused), "FORBIDDEN");
    post.deed_as(administrator.clone(), "runFilterSubscription", &id)
        .await;
    let sent = post.deliver().await;
    assert_eq!(subjects(&sent), ["Daily deletions: 1 event"]);
    assert!(said(&sent[0]).contains("WEB"));

    post.world
        .store()
        .revoke_token("limited", None, now)
        .await
        .unwrap();
    assert_eq!(post.reach("2026-11-21T09:00:00Z").await, []);
    let about = post.about(&id).await;
    assert_eq!(about["status"], "PAUSED");
    let because = text(&about["pausedBecause"]);
    assert!(because.contains("revoked or has expired"), "{because}");
    assert_eq!(post.run(&id).await["status"], "FAILED");
    // Their new token, which sees everything, lets it go on.
    let free = auditgraph::store::tokens::NewToken {
        name: "free".to_owned(),
        role: Role::Manager,
        projects: Vec::new(),
        ..limited
    };
    let (_, secret) = post
        .world
        .store()
        .create_token(free, None, now, &mut randomness)
        .await
        .unwrap();
    post.owner = post
        .world
        .store()
        .viewer(&secret, now)
        .await
        .unwrap()
        .unwrap();
    post.deed("resumeFilterSubscription", &id).await;
    let ops = NewEvent {
        container: Some(crate::world::project("OPS")),
        ..post.event("three")
    };
    post.world.append(vec![ops]).await;
    let sent = post.reach("2026-11-22T09:00:00Z").await;
    assert_eq!(subjects(&sent), ["Daily deletions: 1 event"]);
    assert_eq!(post.about(&id).await["pausedBecause"], Value::Null);
}

async fn c13_what_is_done_with_subscriptions_is_in_the_log(kind: Kind) {
    let post = Post::new(kind).await;
    let id = post.subscribe(daily("09:00"), json!({})).await;
    let input = json!({"id": id, "schedule": {"daily": {"time": "10:00"}}});
    post.data(UPDATE, json!({"input": input})).await;
    for deed in [
        "pauseFilterSubscription",
        "pauseFilterSubscription",
        "resumeFilterSubscription",
        "runFilterSubscription",
    ] {
        post.deed(deed, &id).await;
    }
    let told = "{ events(filter: {sources: [\"auditgraph\"]}, orderBy: {field: RECORDED, direction: ASC}) { nodes {
        action { code } target { type name } changes { field from to } } } }";
    let told = post.data(told, json!({})).await;
    let deeds: Vec<&Value> = told["events"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .skip(1)
        .collect();
    let codes: Vec<String> = deeds
        .iter()
        .map(|deed| text(&deed["action"]["code"]))
        .collect();
    let expected = ["created", "changed", "paused", "resumed", "run"];
    assert_eq!(
        codes,
        expected.map(|code| format!("filter_subscription.{code}"))
    );
    assert_eq!(
        deeds[0]["target"],
        json!({"type": "filter_subscription", "name": "Daily deletions"})
    );
    let change = json!([{"field": "schedule", "from": r#"{"daily":{"time":"09:00"}}"#, "to": r#"{"daily":{"time":"10:00"}}"#}]);
    assert_eq!(deeds[1]["changes"], change);
}

async fn two_processes_send_each_mail_once(kind: Kind) {
    let post = Post::new(kind).await;
    for place in 0..10 {
        let more = json!({"name": format!("Mail {place}"), "sendWhenEmpty": true});
        post.subscribe(daily("09:00"), more).await;
    }
    let memory = || Transport::Memory(Arc::clone(&post.sent));
    let others = [
        mails(&post.world, memory(), 2),
        mails(&post.world, memory(), 3),
    ];
    post.world.clock.advance(Duration::from_hours(24));
    let (one, two, three) = tokio::join!(
        post.mails.deliver_due(),
        others[0].deliver_due(),
        others[1].deliver_due()
    );
    assert_eq!(one.unwrap() + two.unwrap() + three.unwrap(), 10);
    let mut sent = subjects(&post.deliver().await);
    sent.sort();
    let expected: Vec<String> = (0..10)
        .map(|place| format!("Mail {place}: no events"))
        .collect();
    assert_eq!(sent, expected);
}
