//! The binary as people and scripts use it: what it prints, where, and how it ends.

use crate::client::{ask, post};
use crate::world::{Kind, World};
use auditgraph::sandbox::Settings;
use auditgraph::source::import::records;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/organization");

/// A folder with a database of its own, and the binary to run in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditgraph"));
        // Settings of whoever runs the tests are not ours.
        command.env_clear();
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a command that has to succeed; what it printed.
    #[track_caller]
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        text(&output.stdout)
    }

    /// Runs a command that has to fail; what it complained.
    #[track_caller]
    fn bad(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        text(&output.stderr)
    }

    fn write(&self, name: &str, content: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn import(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["import", "--output", "json"];
        all.extend(arguments);
        counts(&self.good(&all))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn counts(output: &str) -> Value {
    serde_json::from_str(output.lines().last().unwrap()).unwrap()
}

/// A command that keeps running; killed when the test ends, however it ends.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    /// The line that says where it is reached.
    fn ready(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Asks it to stop; its exit code.
    fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(told.success());
        let (ended, end) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| ended.send(self.child.wait().unwrap().code()).unwrap());
            end.recv_timeout(Duration::from_secs(10))
                .unwrap_or_else(|_| {
                    // The other thread waits for it.
                    let _ = Command::new("kill").args(["-KILL", &pid]).status();
                    panic!("it did not stop in time");
                })
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_is_ready_answers_and_stops() {
    let place = Place::new();
    let arguments = [
        "demo",
        "--output",
        "json",
        "--pause",
        "--listen",
        "127.0.0.1:0",
    ];
    let mut demo = Running::start(place.command(&arguments));
    let ready = demo.ready();
    let (url, token) = (
        ready["url"].as_str().unwrap(),
        ready["token"].as_str().unwrap(),
    );
    assert_eq!(ready["graphiql"], format!("{url}#token={token}"));
    assert_eq!(ready["ws"], format!("{}/ws", url.replace("http:", "ws:")));
    let mut after = "null".to_owned();
    let mut seen = 0;
    while seen <= 1_000 {
        let page = format!(
            "{{ events(first: 500, after: {after}) {{ nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }} }}"
        );
        let page = ask(url, token, &page).await["events"].take();
        seen += page["nodes"].as_array().unwrap().len();
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
        after = page["pageInfo"]["endCursor"].to_string();
    }
    let address = url
        .trim_start_matches("http://")
        .trim_end_matches("/graphql");
    let mut socket = crate::client::Socket::greeted(address.parse().unwrap(), token).await;
    socket.follow("1", "", None).await;
    socket.settled().await;
    let stopping = tokio::task::spawn_blocking(move || demo.stop());
    assert_eq!(socket.heard().await.code(), 1001);
    drop(socket);
    assert_eq!(stopping.await.unwrap(), Some(0));
    let left: Vec<_> = std::fs::read_dir(place.0.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_made_listed_and_revoked_beside_a_server() {
    let place = Place::new();
    let arguments = ["serve", "--output", "json", "--listen", "127.0.0.1:0"];
    let mut server = Running::start(place.command(&arguments));
    let ready = server.ready();
    let url = ready["url"].as_str().unwrap();
    let made = place.good(&["token", "create", "--role", "viewer", "--name", "x"]);
    let token = made.split_whitespace().last().unwrap();
    assert!(token.starts_with("ag_"), "{made}");
    assert!(made.ends_with(&format!("{token}\n")));
    let viewer = ask(url, token, "{ viewer { name role } }").await;
    assert_eq!(viewer["viewer"], json!({"name": "x", "role": "VIEWER"}));

    for arguments in [
        &["token", "list"][..],
        &["token", "list", "--output", "json"],
    ] {
        let list = place.good(arguments);
        assert!(list.contains('x') && list.contains("viewer"), "{list}");
        assert!(!list.contains("ag_"), "{list}");
    }
    place.good(&["token", "revoke", "x"]);
    assert_eq!(post(url, Some(token), "{ __typename }").await.status, 401);
    assert!(
        place
            .bad(&["token", "revoke", "x"])
            .contains("no valid token `x`")
    );
    assert!(place.good(&["token", "list"]).contains("revoked"));
    let boss = place.bad(&["token", "create", "--role", "boss", "--name", "y"]);
    assert!(boss.contains("administrator, manager or viewer"), "{boss}");

    let listen = ready["url"].as_str().unwrap().trim_start_matches("http://");
    let listen = listen.trim_end_matches("/graphql");
    let second = Place::new().bad(&["serve", "--listen", listen]);
    assert!(
        second.contains(&format!("cannot listen on {listen}")),
        "{second}"
    );
    let second = place.bad(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(
        second.contains("in use by another auditgraph process"),
        "{second}"
    );
    let wrong = place.bad(&["serve", "--listen", "8080"]);
    assert!(wrong.contains("such as 127.0.0.1:8080"), "{wrong}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn schema_is_the_committed_file() {
    let committed = include_str!("../../schema.graphql");
    assert_eq!(Place::new().good(&["schema"]), committed);
}

#[test]
fn every_form_of_file_is_imported_once() {
    let file = format!("{FIXTURES}/products.json");
    let page = std::fs::read_to_string(&file).unwrap();
    let raws: Vec<String> = records(page.as_bytes())
        .map(|record| record.unwrap().get().to_owned())
        .collect();
    let lines: Vec<String> = raws
        .iter()
        .map(|raw| serde_json::from_str::<Value>(raw).unwrap().to_string())
        .collect();
    let all = lines.len();
    let forms = [
        (page, all),
        (format!("[{}]", lines.join(",")), all),
        (lines.join("\n"), all),
        (lines[0].clone(), 1),
        (format!("{{\"data\": {}}}", lines[0]), 1),
    ];
    for (form, count) in forms {
        let place = Place::new();
        let file = place.write("events.json", &form);
        let first = json!({"read": count, "new": count, "repeated": 0});
        let again = json!({"read": count, "new": 0, "repeated": count});
        assert_eq!(place.import(&["--as", "organization", &file]), first);
        assert_eq!(place.import(&["--as", "organization", &file]), again);
        assert_eq!(place.import(&[&file]), again, "recognised by shape");
        let mut command = place.command(&["import", "--output", "json", "-"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(form.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert_eq!(counts(&text(&output.stdout)), again, "standard input");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_is_kept_to_the_last_digit() {
    let place = Place::new();
    let mut expected = Vec::new();
    for name in [
        "administration",
        "group-membership",
        "issue-views",
        "products",
    ] {
        let file = format!("{FIXTURES}/{name}.json");
        for record in records(std::fs::read(&file).unwrap().as_slice()) {
            let raw = record.unwrap().get().to_owned();
            let value: Value = serde_json::from_str(&raw).unwrap();
            let time = value["attributes"]["time"].as_str().unwrap().to_owned();
            expected.push((time, raw));
        }
        place.import(&["--as", "organization", &file]);
    }
    let made = place.good(&["token", "create", "--role", "manager", "--name", "x"]);
    let token = made.split_whitespace().last().unwrap();
    let arguments = ["serve", "--output", "json", "--listen", "127.0.0.1:0"];
    let mut server = Running::start(place.command(&arguments));
    let url = server.ready()["url"].as_str().unwrap().to_owned();
    let stored = ask(
        &url,
        token,
        "{ events(filter: {sources: [\"organization\"]}) { nodes { time raw } } }",
    )
    .await;
    let mut stored: Vec<(String, String)> = stored["events"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| {
            let text = |name: &str| node[name].as_str().unwrap().to_owned();
            (text("time"), text("raw"))
        })
        .collect();
    stored.sort();
    expected.sort();
    assert_eq!(stored, expected);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn broken_imports_say_where_and_keep_what_was_good() {
    let place = Place::new();
    let good = r#"{"id":"1","attributes":{"action":"user_login"}}"#;
    let broken = place.write("broken.json", &format!("{good}\n{{\"id\":"));
    let output = place.run(&["import", "--output", "json", &broken]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = text(&output.stderr);
    for part in ["broken.json", "line 2", "column 6"] {
        assert!(complaint.contains(part), "{complaint}");
    }
    let kept = json!({"read": 1, "new": 1, "repeated": 0});
    assert_eq!(counts(&text(&output.stdout)), kept);
    let file = place.write("good.json", good);
    let known = json!({"read": 1, "new": 0, "repeated": 1});
    assert_eq!(place.import(&[&file]), known);

    let alike = r#"{"auditType":{"action":"Audit Log search performed"},"author":{"id":"-2"}}"#;
    let alike = place.write("alike.json", alike);
    let alike = place.bad(&["import", &alike]);
    assert!(alike.contains("--as SYSTEM"), "{alike}");
    let unknown = place.bad(&["import", "--as", "trello", &file]);
    assert!(
        unknown.contains("organization, bitbucket-cloud"),
        "{unknown}"
    );
    let odd = place.write("odd.json", r#"{"something": "else"}"#);
    let odd = place.bad(&["import", &odd]);
    assert!(
        odd.contains("--as SYSTEM") && odd.contains("something"),
        "{odd}"
    );
    let missing = place.bad(&["import", "missing.json"]);
    assert!(missing.contains("missing.json"), "{missing}");
}

#[test]
fn all_mistakes_in_the_settings_are_named_at_once() {
    let place = Place::new();
    let file = place.write(
        "wrong.toml",
        "[organization]\nkey = 1\npage_size = \"many\"\napi_key = \"secret word\"\n\
         [schedule]\nevents = \"every minute\"\n[jira]\nurl = \"x\"\n",
    );
    let mut command = place.command(&["check-config", "--config", &file]);
    let output = command
        .env("AUDITGRAPH__BITBUCKET_CLOUD__TOKEN_FILE", "/no/such/file")
        .env("AUDITGRAPH__SERVER__LISTEN", "everywhere")
        .env("AUDITGRAPH__SERVER__PORT", "1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let complaint = text(&output.stderr);
    for part in [
        "organization.key: there is no such setting",
        "organization.page_size: ",
        "organization.org_id: missing",
        "schedule.events: `every minute` is not a schedule",
        "jira: there is no such section",
        "AUDITGRAPH__BITBUCKET_CLOUD__TOKEN_FILE: cannot read `/no/such/file`",
        "server.listen: ",
        "server.port: there is no such setting",
    ] {
        assert!(
            complaint.contains(part),
            "{part} is missing in\n{complaint}"
        );
    }
    assert!(!complaint.contains("secret word"), "{complaint}");
    let broken = place.write("broken.toml", "x = [");
    let broken = place.bad(&["check-config", "--config", &broken]);
    assert!(
        broken.contains("line 1") && broken.contains("broken.toml"),
        "{broken}"
    );
    let nowhere = place.bad(&["serve", "--database-url", "sqlite://no/such/x.db?mode=rwc"]);
    assert!(
        nowhere.contains("there is no folder `no/such`"),
        "{nowhere}"
    );
    let missing = place.bad(&["check-config", "--config", "missing.toml"]);
    assert!(
        missing.contains("there is no file `missing.toml`"),
        "{missing}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn check_config_tries_the_connections() {
    let settings = Settings {
        history_events: 100,
        history_days: 2,
        people: 10,
        ..Settings::default()
    };
    let world = World::with_sandbox(Kind::Sqlite, settings).await;
    let organization = &world.config.organization;
    let place = Place::new();
    // With the line end that editors put behind a secret.
    let secret = organization.api_key.expose_secret();
    let key = place.write("key", &format!("{secret}\n"));
    let check = |key: &str| {
        let mut command = place.command(&["check-config"]);
        command
            .env("AUDITGRAPH__ORGANIZATION__ORG_ID", &organization.org_id)
            .env(
                "AUDITGRAPH__ORGANIZATION__BASE_URL",
                organization.base_url.as_str(),
            )
            .env("AUDITGRAPH__ORGANIZATION__NAME", "7")
            .env("AUDITGRAPH__ORGANIZATION__API_KEY_FILE", key)
            .output()
            .unwrap()
    };
    let good = check(&key);
    assert!(good.status.success(), "{good:?}");
    let report = text(&good.stdout);
    assert!(
        report.contains("ok      7: "),
        "a name stays text: {report}"
    );
    assert!(!report.contains(secret));
    let bad = check(&place.write("key", "wrong"));
    assert!(!bad.status.success());
    let report = text(&bad.stdout);
    assert!(report.contains("FAILED  7: "), "{report}");
    assert!(Path::new(&key).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_activity_of_a_workspace_is_printed_or_written() {
    for workspace_dates in [true, false] {
        let settings = Settings {
            history_events: 100,
            history_days: 2,
            people: 10,
            workspace_dates,
            ..Settings::default()
        };
        let world = World::with_sandbox(Kind::Sqlite, settings).await;
        let place = Place::new();
        let url = world.database.url.clone();
        let run = |more: &[&str]| {
            let mut arguments = vec!["last-activity", "--database-url", &url];
            arguments.extend(more);
            place.run(&arguments)
        };
        let early = run(&["--workspace", "acme"]);
        assert!(!early.status.success());
        let complaint = text(&early.stderr);
        for part in [
            "no workspace has been read yet",
            "auditgraph sync bitbucket-cloud",
        ] {
            assert!(complaint.contains(part), "{complaint}");
        }
        world.sync_all().await;
        let ledger = world.sandbox().ledger();
        let members = ledger.users().into_values();
        let mut uuids: Vec<String> = members
            .filter(|user| user.workspace.is_some())
            .map(|user| user.bitbucket_uuid)
            .collect();
        uuids.sort();
        let wrong = text(&run(&["--workspace", "no-such"]).stderr);
        let (_, known) = wrong.split_once("read so far are: ").unwrap();
        let slug = known.split(['.', ',']).next().unwrap().to_owned();

        let good = run(&["--workspace", &slug]);
        assert!(good.status.success(), "{good:?}");
        let csv = text(&good.stdout);
        let mut lines = csv.split_terminator("\r\n");
        assert_eq!(lines.next(), Some("nickname,uuid,last_accessed"));
        let mut listed: Vec<String> = lines
            .map(|line| line.split(',').nth(1).unwrap().to_owned())
            .collect();
        listed.sort();
        assert_eq!(listed, uuids);
        let said = text(&good.stderr).contains("productAccess");
        assert_eq!(said, !workspace_dates, "{good:?}");

        let asked = ["--workspace", &slug, "--output", "csv", "--file", "out.csv"];
        assert_eq!(text(&run(&asked).stdout), "");
        let written = std::fs::read_to_string(place.0.path().join("out.csv")).unwrap();
        assert_eq!(written, csv);
        let json = text(&run(&["--workspace", &slug, "--output", "json"]).stdout);
        let objects: Vec<Value> = json
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(objects.len(), uuids.len());
        for object in objects {
            assert_eq!(
                object["last_accessed"].is_null(),
                object["state"] != "ACTIVE",
                "{object}"
            );
        }
        assert!(
            place
                .bad(&["migrate", "--output", "csv"])
                .contains("only `last-activity` has it")
        );
    }
}
