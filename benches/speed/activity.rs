//! How fast the aggregated view counts, beside DuckDB and the database's own GROUP BY over the same rows, in the same run.
//!
//! `cargo bench -- activity`. Runs on SQLite in a temporary folder, and on PostgreSQL when `TEST_DATABASE_URL` names
//! a server. `EVENTS` sets how many events there are (1,000,000 unless told otherwise). With `DUCKDB_PYTHON`, a Python
//! that has the package `duckdb`, DuckDB counts the same rows from a native table in memory. All take turns, so that a
//! busy machine slows all of them; look at the ratios.

use crate::company::{
    batches, connect, events, median, millis, multiply, now, open, ratio, run, seed, variable,
};
use auditgraph::access::{Sight, Viewer};
use auditgraph::activity::{Activity, Breakdown, Question};
use auditgraph::clock::Clock;
use auditgraph::event::filter::{EventFilter, TimeBounds, TimeFilter};
use auditgraph::event::{System, Timestamp};
use auditgraph::feed::Feed;
use auditgraph::store::Store;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const ROUNDS: usize = 7;
const DAY: i64 = 86_400 * 1_000_000;

pub(crate) async fn measure() {
    let count = variable("EVENTS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sqlite = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("log.db").display()
    );
    Box::pin(measure_on("SQLite", &sqlite, count, folder.path())).await;
    let Some(server) = variable("TEST_DATABASE_URL") else {
        println!("PostgreSQL: not measured; TEST_DATABASE_URL names no server");
        return;
    };
    let admin = connect(&server).await;
    let name = format!("auditgraph_bench_{}", std::process::id());
    run(&admin, &format!("CREATE DATABASE {name}")).await;
    let mut url = url::Url::parse(&server).expect("a URL");
    url.set_path(&name);
    Box::pin(measure_on("PostgreSQL", url.as_str(), count, folder.path())).await;
    run(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn measure_on(database: &str, url: &str, count: i64, folder: &Path) {
    println!("{database}, {count} events");
    let store = open(url).await;
    seed(&store).await;
    let db = connect(url).await;
    multiply(&db, count).await;
    let activity = Activity::new(store.clone(), Clock::System);
    let begin = Instant::now();
    activity.catch_up().await.expect("the log");
    let (bytes, events) = activity.size();
    println!(
        "  columns: read in {:.1} s, {:.1} bytes an event",
        begin.elapsed().as_secs_f64(),
        ratio(bytes, usize::try_from(events).unwrap_or(1)),
    );
    let mut duck = Duck::start(&db, folder).await;
    for (label, days, actors) in [
        ("30 days, all actors", 30, None),
        ("30 days, 50 actors", 30, Some(50)),
        ("a year, all actors", 365, None),
        ("a year, 50 actors", 365, Some(50)),
    ] {
        let from = now().micros() - days * DAY;
        let aliases = aliases(&db, actors).await;
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        let mut counted = 0;
        for _ in 0..ROUNDS {
            let begin = Instant::now();
            counted = ask(&store, &activity, from, actors).await;
            ours.push(begin.elapsed());
            if let Some(duck) = &mut duck {
                let (took, sum) = duck.ask(from, &aliases);
                assert_eq!(sum, counted, "DuckDB counts something else");
                theirs.push(took);
            }
        }
        let (grouped, sum) = group_by(&db, from, &aliases).await;
        assert_eq!(sum, counted, "the database counts something else");
        let ours = median(ours);
        print!(
            "  {label}: {:.2} ms; GROUP BY {:.0} ms, {:.0} times as long",
            millis(ours),
            millis(grouped),
            millis(grouped) / millis(ours)
        );
        if !theirs.is_empty() {
            let theirs = millis(median(theirs));
            print!(
                "; DuckDB {theirs:.2} ms, {:.1} times as long",
                theirs / millis(ours)
            );
        }
        println!();
    }
    filling(&store).await;
}

/// What the server does for one question, from the filter to the rows; how many events were counted.
async fn ask(store: &Store, activity: &Activity, from: i64, actors: Option<usize>) -> u64 {
    let filter = EventFilter {
        time: Some(TimeFilter::Between(TimeBounds {
            from: Some(Timestamp::from_micros(from)),
            to: Some(now()),
        })),
        users: actors.map(|count| (0..count).map(|actor| format!("557058:{actor}")).collect()),
        ..EventFilter::default()
    };
    let test = store.countable(&filter, &Sight::Everything, now()).await;
    let actions = store.actions().await.expect("the actions");
    let question = Question {
        test: test.expect("the filter"),
        columns: actions.iter().map(|action| vec![action.id]).collect(),
        breakdown: Breakdown::default(),
        fields: Vec::new(),
    };
    let answer = activity.ask(&Viewer::server(), &question).await;
    answer.expect("the counts").totals.iter().sum()
}

/// The numbers of the names of the first people; empty for everybody.
async fn aliases(db: &DatabaseConnection, actors: Option<usize>) -> String {
    let Some(count) = actors else {
        return String::new();
    };
    let names: Vec<String> = (0..count)
        .map(|actor| format!("'557058:{actor}'"))
        .collect();
    let sql = format!(
        "SELECT id FROM aliases WHERE value IN ({})",
        names.join(", ")
    );
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("the names");
    let number = |row: &sea_orm::QueryResult| row.try_get_by_index::<i64>(0).expect("a number");
    let numbers: Vec<String> = rows.iter().map(|row| number(row).to_string()).collect();
    numbers.join(", ")
}

/// How long the database takes to group the rows itself, and how many events it counts.
async fn group_by(db: &DatabaseConnection, from: i64, aliases: &str) -> (Duration, u64) {
    let few = match aliases {
        "" => String::new(),
        aliases => format!(" AND actor_id IN ({aliases})"),
    };
    let sql = format!(
        "SELECT CAST(sum(n) AS bigint) FROM (SELECT actor_id, action_id, count(*) AS n FROM events \
         WHERE time >= {from} AND time < {}{} GROUP BY actor_id, action_id) AS counted",
        now().micros(),
        few
    );
    let begin = Instant::now();
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("the counts")
        .expect("a row");
    let took = begin.elapsed();
    let sum: i64 = row.try_get_by_index(0).expect("a number");
    (took, u64::try_from(sum).unwrap_or_default())
}

/// How much slower events go in while the columns follow, as they do in a server.
async fn filling(store: &Store) {
    let feed = Feed::open(store.clone()).await.expect("the log");
    let (mut alone, mut followed) = (Vec::new(), Vec::new());
    for round in 0..3_u64 {
        alone.push(fill(&feed, 100 + 2 * round).await);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let activity = Activity::new(store.clone(), Clock::System);
        activity.catch_up().await.expect("the log");
        let (followed_feed, stopped) = (feed.clone(), stop.clone());
        tasks.spawn(async move { activity.follow(&followed_feed, &stopped).await });
        followed.push(fill(&feed, 101 + 2 * round).await);
        stop.cancel();
        tasks.close();
        tasks.wait().await;
    }
    let (alone, followed) = (millis(median(alone)), millis(median(followed)));
    println!(
        "  filling: append takes {:.2} times as long while the columns follow",
        followed / alone
    );
}

/// How long events that nobody knew take to go in.
async fn fill(feed: &Feed, round: u64) -> Duration {
    let batches = batches(&events(round, 25_000));
    let begin = Instant::now();
    for batch in batches {
        let appended = feed.append("bench", System::Organization, batch, now());
        appended.await.expect("the append");
    }
    begin.elapsed()
}

/// DuckDB in a process of its own, which answers a line with a line.
struct Duck {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

const SCRIPT: &str = r#"
import sys, time, duckdb
db = duckdb.connect(":memory:")
db.execute("SET enable_progress_bar = false")
db.execute("SET threads TO 2")
db.execute("CREATE TABLE events AS SELECT * FROM read_csv(?, header=false, columns={'time': 'TIMESTAMP', 'actor_id': 'USMALLINT', 'action_id': 'USMALLINT', 'container_id': 'USMALLINT'}, nullstr='')", [sys.argv[1]])
print("ready", flush=True)
for line in sys.stdin:
    source, to, people = line.rstrip("\n").split("|")
    few = f" AND actor_id IN ({people})" if people else ""
    sql = f"SELECT actor_id, action_id, count(*) FROM events WHERE time >= make_timestamp({source}) AND time < make_timestamp({to}){few} GROUP BY actor_id, action_id"
    begin = time.perf_counter()
    rows = db.execute(sql).fetchall()
    took = time.perf_counter() - begin
    print(took * 1e6, sum(row[2] for row in rows), flush=True)
"#;

impl Duck {
    async fn start(db: &DatabaseConnection, folder: &Path) -> Option<Self> {
        let python = variable("DUCKDB_PYTHON")?;
        let file = folder.join("events.csv");
        write_csv(db, &file).await;
        let mut child = Command::new(python)
            .args(["-c", SCRIPT])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the Python at DUCKDB_PYTHON");
        let asks = child.stdin.take().expect("its input");
        let mut answers = BufReader::new(child.stdout.take().expect("its output"));
        let mut ready = String::new();
        answers.read_line(&mut ready).expect("a line");
        assert_eq!(ready.trim(), "ready");
        Some(Self {
            child,
            asks,
            answers,
        })
    }

    /// Counts what these aliases did, or everybody.
    fn ask(&mut self, from: i64, people: &str) -> (Duration, u64) {
        writeln!(self.asks, "{from}|{}|{people}", now().micros()).expect("a question");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        let (micros, sum) = line.trim().split_once(' ').expect("two numbers");
        let micros: f64 = micros.parse().expect("a time");
        (
            Duration::from_secs_f64(micros / 1e6),
            sum.parse().expect("a sum"),
        )
    }
}

impl Drop for Duck {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn write_csv(db: &DatabaseConnection, file: &Path) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).expect("a file"));
    let mut after = 0_i64;
    loop {
        let sql = format!(
            "SELECT seq, time, actor_id, action_id, container_id FROM events WHERE seq > {after} ORDER BY seq LIMIT 100000"
        );
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
            .await
            .expect("the events");
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let number = |place: usize| row.try_get_by_index::<Option<i64>>(place);
            after = row.try_get_by_index(0).expect("a position");
            let time: i64 = row.try_get_by_index(1).expect("a time");
            let time = Timestamp::from_micros(time);
            let action: i32 = row.try_get_by_index(3).expect("an action");
            let text = |place| {
                let number = number(place).expect("a number");
                number.map_or_else(String::new, |number| number.to_string())
            };
            writeln!(out, "{time},{},{action},{}", text(2), text(4)).expect("a line");
        }
    }
    out.flush().expect("the file");
}
