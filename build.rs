//! Puts the `GraphiQL` page where it gets embedded from: `OUT_DIR/web`.
//!
//! It is built with npm when it has to be and can be. That never fails the Rust build: if there is no page, a small one
//! takes its place and says how to build it.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use std::{env, thread};

/// What the page is made from.
const SOURCES: [&str; 7] = [
    "web/.npmrc",
    "web/index.html",
    "web/package-lock.json",
    "web/package.json",
    "web/src",
    "web/tsconfig.json",
    "web/vite.config.ts",
];
const DIST: &str = "web/dist";
/// What the page's build writes last: once it is there, everything is.
const BUILT: &str = "web/dist/index.html.gz";
/// What npm writes last when it installs.
const INSTALLED: &str = "web/node_modules/.package-lock.json";
/// How long one npm command may take, for instance on a network that swallows everything.
const PATIENCE: Duration = Duration::from_mins(5);

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=AUDITGRAPH_SKIP_WEB");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(ErrorKind::NotFound)?);
    let page = out.join("web");

    let mut missing = "it was built with AUDITGRAPH_SKIP_WEB=1".to_owned();
    if env::var_os("AUDITGRAPH_SKIP_WEB").is_none_or(|value| value != "1") {
        match build(&out.join("npm.log"), &page) {
            Ok(()) => return Ok(()),
            Err(reason) => missing = reason,
        }
        println!("cargo::warning=Building without the GraphiQL page: {missing}.");
        watch_dist();
    }
    clear(&page)?;
    let fallback = include_str!("web/fallback.html").replace("{reason}", &missing);
    fs::write(page.join("index.html"), fallback)
}

/// Builds the page, unless there is one as new as its sources, and takes a copy.
fn build(log: &Path, page: &Path) -> Result<(), String> {
    // Several builds may run at once, in different target directories, on the same `web/`.
    let lock = File::create("web/.lock").and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(|e| format!("web/.lock cannot be written ({e})"))?;
    if newest(SOURCES) > newest([BUILT]) {
        if newest(["web/package.json", "web/package-lock.json"]) > newest([INSTALLED]) {
            npm(
                "ci --include=dev --no-audit --no-fund --fetch-retries=1",
                log,
            )?;
        }
        npm("run build", log)?;
    }
    let copied = clear(page).and_then(|()| copy(Path::new(DIST), page));
    copied.map_err(|e| format!("web/dist cannot be copied ({e})"))
}

/// Runs npm in `web/`, quietly; what it said becomes warnings when it fails.
fn npm(arguments: &str, log: &Path) -> Result<(), String> {
    let output = File::create(log).and_then(|file| Ok((file.try_clone()?, file)));
    let (stdout, stderr) = output.map_err(|e| format!("npm.log cannot be written ({e})"))?;
    let mut child = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
        .args(arguments.split(' '))
        .current_dir("web")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .map_err(|e| match e.kind() {
            ErrorKind::NotFound => "there was no npm to build it with".to_owned(),
            _ => format!("npm cannot be started ({e})"),
        })?;
    let started = Instant::now();
    let reason = loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => break format!("`npm {arguments}` failed ({status})"),
            Ok(None) if started.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(50)),
            Ok(None) | Err(_) => {
                // It may have ended just now; then there is nothing left to stop.
                let _ = child.kill();
                let _ = child.wait();
                break format!("`npm {arguments}` took longer than {PATIENCE:?}");
            }
        }
    };
    let said = fs::read(log).unwrap_or_default();
    for line in String::from_utf8_lossy(&said).lines().take(20) {
        println!("cargo::warning=npm: {line}");
    }
    Err(reason)
}

/// The newest change below the given paths; long ago for those that are missing.
fn newest<'a>(paths: impl IntoIterator<Item = &'a str>) -> SystemTime {
    fn of(path: &Path) -> io::Result<SystemTime> {
        let metadata = fs::metadata(path)?;
        let mut newest = metadata.modified()?;
        if metadata.is_dir() {
            for entry in fs::read_dir(path)? {
                newest = newest.max(of(&entry?.path())?);
            }
        }
        Ok(newest)
    }
    let times = paths.into_iter().flat_map(|path| of(Path::new(path)));
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Copies a folder, of each file the compressed form if it has one.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.strip_prefix(from).unwrap_or(&path));
        if path.is_dir() {
            copy(&path, &target)?;
        } else if !path.with_added_extension("gz").exists() {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

fn clear(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::remove_dir_all(folder)?;
    fs::create_dir_all(folder)
}

/// Lets cargo come back once somebody has built the page by hand. To cargo, a missing folder or a new one is a change, so
/// there is one and it is old.
fn watch_dist() {
    if fs::create_dir_all(DIST).is_ok() {
        let _ = File::open(DIST).and_then(|folder| folder.set_modified(SystemTime::UNIX_EPOCH));
        println!("cargo::rerun-if-changed={DIST}");
    }
}
