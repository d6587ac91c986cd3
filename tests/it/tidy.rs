//! The rules that the compiler does not know: who may import whom, where each big package lives, how long a file may
//! be, what may not be said. Each test reads the repository's own text and says what is wrong and how to mend it.

mod source;

use source::{File, code, files, heads, without_tests, words};

/// Which modules a module of `src` may import. [`LEAVES`] are open to all of them.
const IMPORTS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "app", "source", "sync", "feed", "store", "access", "export", "graphql",
        ],
    ),
    (
        "app",
        &[
            "http",
            "schedule",
            "sandbox",
            "graphql",
            "deliver",
            "export",
            "activity",
            "write_back",
            "sync",
            "feed",
            "source",
            "store",
            "access",
        ],
    ),
    (
        "http",
        &["graphql", "export", "sync", "feed", "store", "access"],
    ),
    (
        "graphql",
        &[
            "activity",
            "deliver",
            "feed",
            "export",
            "write_back",
            "sync",
            "source",
            "store",
            "access",
        ],
    ),
    ("schedule", &["sync", "deliver", "feed", "source", "store"]),
    (
        "deliver",
        &["feed", "export", "activity", "store", "access"],
    ),
    ("export", &["activity", "store", "access"]),
    ("activity", &["feed", "store", "access"]),
    ("write_back", &["source", "feed", "store", "access"]),
    ("sync", &["source", "feed", "store"]),
    ("feed", &["store", "access"]),
    ("store", &["access"]),
    ("access", &[]),
    ("source", &[]),
    ("sandbox", &[]),
    ("config", &["event"]),
    ("clock", &["event"]),
    ("metrics", &[]),
    ("event", &[]),
];

/// The modules that everything else builds on.
const LEAVES: [&str; 4] = ["event", "config", "clock", "metrics"];

/// The big packages and the folders or modules that may know them.
const HOMES: &[(&str, &[&str])] = &[
    (
        "async_graphql",
        &["graphql", "http", "event", "access", "store"],
    ),
    ("async_graphql_axum", &["http"]),
    ("axum", &["http", "sandbox"]),
    ("clap", &["cli", "main"]),
    ("figment", &["config"]),
    ("lettre", &["deliver", "config", "store"]),
    ("object_store", &["deliver"]),
    ("reqwest", &["source", "deliver"]),
    ("sea_orm", &["store"]),
    ("sqlx", &["store"]),
    ("tokio_cron_scheduler", &["schedule"]),
];

/// What modules other than `graphql` and `http` may take from `async_graphql`: what makes a type an input, an output, an enum or a
/// scalar, nothing that executes.
const TYPES: [&str; 9] = [
    "Enum",
    "InputObject",
    "InputValueError",
    "InputValueResult",
    "OneofObject",
    "Scalar",
    "ScalarType",
    "SimpleObject",
    "Value",
];

/// Packages that bring a second TLS stack, which leaves rustls without a default.
const BANNED: [&str; 7] = [
    "aws-lc-fips-sys",
    "aws-lc-rs",
    "aws-lc-sys",
    "native-tls",
    "openssl",
    "openssl-src",
    "openssl-sys",
];

/// Fails with one line for each complaint.
#[track_caller]
fn report(rule: &str, complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{rule}\n  {}\n",
        complaints.join("\n  ")
    );
}

/// The files of `src` that are part of the program, each with its code.
fn program(files: &[File]) -> impl Iterator<Item = (&File, String)> {
    files
        .iter()
        .filter(|file| file.path.starts_with("src/") && file.is_rust() && !file.is_test())
        .map(|file| (file, without_tests(&code(&file.text))))
}

#[test]
fn imports_point_one_way() {
    let mut complaints = Vec::new();
    for (file, code) in program(&files()) {
        let modules = file.modules();
        let Some(module) = modules.first() else {
            continue;
        };
        let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| name == module) else {
            complaints.push(format!(
                "{}: give `{module}` its row in IMPORTS (tests/it/tidy.rs)",
                file.path
            ));
            continue;
        };
        for (line, import) in imports(&code, modules.len()) {
            let leaf = LEAVES.contains(&import) && !LEAVES.contains(module) && *module != "main";
            let known = IMPORTS.iter().any(|(name, _)| *name == import);
            if known && import != *module && !leaf && !allowed.contains(&import) {
                complaints.push(format!(
                    "{}:{line}: `{module}` may not import `{import}`",
                    file.path
                ));
            }
        }
    }
    report(
        "Imports point one way. Move the code to where both sides may reach it, or pass the value in; if the direction \
         itself is wrong, change IMPORTS and say why.",
        &complaints,
    );
}

/// The top-level modules that code imports, with their lines; `depth` is how many modules the file is inside.
fn imports(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for root in ["crate", "auditgraph"] {
        for (line, after) in words(code, root) {
            found.extend(heads(after).into_iter().map(|head| (line, head)));
        }
    }
    let to_root = vec!["super"; depth].join("::");
    for (line, after) in words(code, &to_root) {
        found.extend(heads(after).into_iter().map(|head| (line, head)));
    }
    found
}

#[test]
fn big_packages_have_one_home() {
    let mut complaints = Vec::new();
    for (file, code) in program(&files()) {
        let modules = file.modules();
        let module = modules.first().copied().unwrap_or("lib");
        for (package, homes) in HOMES {
            for (line, after) in words(&code, package) {
                if !homes.contains(&module) {
                    let homes = homes.join("`, `");
                    complaints.push(format!(
                        "{}:{line}: `{package}` belongs in `{homes}`",
                        file.path
                    ));
                } else if *package == "async_graphql" && !["graphql", "http"].contains(&module) {
                    let foreign = heads(after)
                        .into_iter()
                        .filter(|head| !TYPES.contains(head));
                    complaints.extend(foreign.map(|head| {
                        format!(
                            "{}:{line}: `{module}` may only define types with {TYPES:?}, not use `{head}`",
                            file.path
                        )
                    }));
                }
            }
        }
    }
    report(
        "Each big package has one home. Move the code there and call it.",
        &complaints,
    );
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut complaints = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        let lines = file.text.lines().count();
        let limit = if file.path.starts_with("tests/") {
            800
        } else {
            500
        };
        if lines > limit {
            complaints.push(format!(
                "{}: {lines} lines, at most {limit}: cut it in two",
                file.path
            ));
        }
        if !file.text.starts_with("//!") {
            complaints.push(format!(
                "{}: begin with `//!`: what is this module for?",
                file.path
            ));
        }
    }
    report(
        "A file is read in one sitting and introduces itself.",
        &complaints,
    );
}

#[test]
fn integration_tests_are_one_binary() {
    let stray = |file: &&File| {
        file.path.starts_with("tests/") && file.is_rust() && file.path.matches('/').count() == 1
    };
    let complaints: Vec<String> = files()
        .iter()
        .filter(stray)
        .map(|file| file.path.clone())
        .collect();
    report(
        "Each file in tests/ is a binary to link. Move it to tests/it/ and name it in main.rs.",
        &complaints,
    );
}

#[test]
fn nothing_is_switched_off() {
    let forbidden = [
        ("#[ignore", "a test runs or is deleted"),
        ("[allow(", "use #[expect(…, reason = \"…\")]"),
        ("todo!", "finish it"),
        ("unimplemented!", "finish it"),
    ];
    let mut complaints = Vec::new();
    for file in files().iter().filter(|file| file.is_rust()) {
        let code = code(&file.text);
        for (number, line) in code.lines().enumerate() {
            let found = forbidden
                .iter()
                .filter(|(pattern, _)| line.contains(pattern));
            complaints.extend(found.map(|(pattern, cure)| {
                format!("{}:{}: `{pattern}`: {cure}", file.path, number + 1)
            }));
        }
        for (line, after) in words(&code, "expect") {
            let attribute = code
                .lines()
                .nth(line - 1)
                .is_some_and(|line| line.contains("[expect("));
            if attribute
                && !after
                    .split(']')
                    .next()
                    .unwrap_or_default()
                    .contains("reason")
            {
                complaints.push(format!("{}:{line}: #[expect] without a reason", file.path));
            }
        }
    }
    report("Nothing is switched off without a reason.", &complaints);
}

#[test]
fn tests_do_not_sleep() {
    let mut complaints = Vec::new();
    for file in files().iter().filter(|file| {
        file.is_rust() && !["build.rs", "src/clock.rs"].contains(&file.path.as_str())
    }) {
        let code = code(&file.text);
        for pattern in ["sleep", "sleep_until", "sleep_ms"] {
            for (line, after) in words(&code, pattern) {
                let text = code.lines().nth(line - 1).unwrap_or_default();
                if after.starts_with('(') && !text.contains(&format!(".{pattern}(")) {
                    complaints.push(format!("{}:{line}: `{pattern}`", file.path));
                }
            }
        }
    }
    report(
        "Nobody sleeps: wait for the thing itself (a channel, a notification, an answer), or on a manual Clock.",
        &complaints,
    );
}

#[test]
fn nothing_names_a_developers_machine() {
    let folders = ["work", "root", "Users"].map(|name| format!("/{name}/"));
    let hosts = [
        ["registry.npm", "js.org"],
        ["index.crates", ".io"],
        ["static", ".crates.io"],
        ["files.python", "hosted.org"],
    ]
    .map(|host| host.concat());
    let mut complaints = Vec::new();
    for file in &files() {
        let lock = file.path.ends_with("package-lock.json");
        for (number, line) in file.text.lines().enumerate() {
            let mut complain =
                |what: &str| complaints.push(format!("{}:{}: {what}", file.path, number + 1));
            for folder in &folders {
                let part = |c: char| c.is_alphanumeric() || "_-.~}])".contains(c);
                if line
                    .match_indices(folder)
                    .any(|(at, _)| !line[..at].ends_with(part))
                {
                    complain(folder);
                }
            }
            for host in &hosts {
                if line.contains(host) && !lock {
                    complain(host);
                }
            }
            if lock
                && line.contains("\"resolved\"")
                && !line.contains(&format!("\"https://{}/", hosts[0]))
            {
                complain("resolved from elsewhere than the public registry");
            }
            if file.path == "Cargo.lock"
                && line.starts_with("source")
                && !line.contains("crates.io-index")
            {
                complain("resolved from elsewhere than crates.io");
            }
        }
    }
    report(
        "Paths and hosts of one machine do not belong in the repository: leave them out.",
        &complaints,
    );
}

#[test]
fn there_is_one_tls_stack() {
    let files = files();
    let lock = files.iter().find(|file| file.path == "Cargo.lock").unwrap();
    let names = lock
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let complaints: Vec<String> = names
        .filter(|name| BANNED.contains(name))
        .map(ToOwned::to_owned)
        .collect();
    report(
        "TLS is rustls with ring, alone. `cargo tree -i PACKAGE -e features` shows which dependency's feature to switch off.",
        &complaints,
    );
}
