//! The command line: what can be asked of the binary, and what it prints.
//!
//! Results go to standard output, the log to standard error. One file a command that does more than call something.

mod archive;
mod check;
mod export;
mod import;
mod last_activity;
mod progress;
mod restore;
mod serve;
mod token;

use crate::clock::Clock;
use crate::config::Config;
use crate::event::System;
use crate::graphql;
use crate::store::{Purpose, Store};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;

const EXAMPLES: &str = "\
A first look, with a made-up company:
  auditgraph demo

With your own organization:
  auditgraph check-config --config auditgraph.toml
  auditgraph token create --config auditgraph.toml --role administrator --name me
  auditgraph serve --config auditgraph.toml

Every setting can also be given as an environment variable, AUDITGRAPH__SECTION__KEY.
RUST_LOG chooses what is logged, e.g. RUST_LOG=warn,auditgraph=debug.
src/default.toml lists all settings and says what they mean.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  auditgraph import events-2026-10.json
  auditgraph import --as organization page-*.json
  zcat events.jsonl.gz | auditgraph import -
  auditgraph import /var/lib/auditgraph/archive

Importing a file twice stores nothing twice.";

const ARCHIVE_EXAMPLES: &str = "\
Examples:
  auditgraph archive --from 2026-11-20 --to 2026-11-21
  auditgraph archive --from 2026-01-01 --to 2027-01-01 --output json";

const EXPORT_EXAMPLES: &str = "\
Examples:
  auditgraph export --search 'project:WEB created:last-month' web.xlsx
  auditgraph export --view aggregated --format csv > counts.csv
  auditgraph export --view issue-views --time-zone Europe/Berlin views.ndjson";

/// Who did what, when, to what, across Atlassian: one log, served as GraphQL.
#[derive(Debug, Parser)]
#[command(name = "auditgraph", version, about, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// The settings file (TOML); what it does not set keeps its default.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The database, `sqlite://FILE?mode=rwc` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// The address and port to listen on, e.g. 127.0.0.1:8080; port 0 is any that is free.
    #[arg(long, global = true, value_name = "ADDRESS", value_parser = address)]
    listen: Option<SocketAddr>,
    /// How results are printed: for people, as one JSON object a line, or (`last-activity` only) as CSV.
    #[arg(long = "output", global = true, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    Text,
    Json,
}

/// How results can be asked for.
// The variants have no doc comments, so that clap keeps the help of the option on two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Csv,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a made-up company: nothing to configure, nothing kept.
    ///
    /// Its audit log is read through the same code as a real one and goes into a temporary database. Prints the
    /// address of the `GraphiQL` page and an administrator's token. Listens on another port when 8080 is taken.
    Demo {
        /// The company's past only; nothing new happens.
        #[arg(long)]
        pause: bool,
    },
    /// Serve the log over HTTP and keep it up to date.
    ///
    /// Everybody who asks needs a token: see `auditgraph token`.
    Serve,
    /// Read the sources without serving anything.
    ///
    /// Reads on from where the last run stopped, until it is interrupted. A database file takes one `serve`, `sync` or
    /// `import` at a time; `PostgreSQL` takes several.
    Sync {
        /// The source to read, by its configured name; all when absent.
        source: Option<String>,
        /// Read everything there is now, then end; what the schedule switches off is read, too.
        #[arg(long)]
        once: bool,
    },
    /// Store recorded events: upstream's pages, arrays, single events or JSON lines.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import {
        /// The system they come from, e.g. `jira-dc`; recognised by their shape when absent.
        #[arg(long = "as", value_name = "SYSTEM", value_parser = system)]
        system: Option<System>,
        /// The files; `-` is standard input. Of a folder, the archive in it and every other `.json` file, however deep.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print the GraphQL schema (SDL).
    Schema,
    /// Create the database's tables or bring them up to date; `serve` does so, too.
    Migrate,
    /// Create, list and revoke the tokens that clients authenticate with.
    #[command(subcommand)]
    Token(token::Command),
    /// Print when the members of a Bitbucket workspace were last there, as CSV.
    ///
    /// Everybody whom the workspace lists, with the columns `nickname,uuid,last_accessed`; reads what is stored, so
    /// `auditgraph sync bitbucket-cloud --once` comes first. With `--output json`, each line also says what the time
    /// comes from and whether none means never.
    LastActivity {
        /// The workspace, by its slug or uuid.
        #[arg(long, value_name = "WORKSPACE")]
        workspace: String,
        /// The file to write; standard output when absent.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Write events, counts, views of issues or last activity as a file.
    ///
    /// Reads what is stored, all of it whoever may see it; works while the server runs. Over GraphQL, `createExport` does the
    /// same for whoever asks, with what they may see.
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(export::Asked),
    /// Write the files of the archive for all events of some days.
    ///
    /// Goes where `[archive]` says, and reads what is stored; works while the server runs, which by itself writes what comes
    /// and, at first, all that is there. Writing twice changes nothing.
    #[command(after_help = ARCHIVE_EXAMPLES)]
    Archive(archive::Asked),
    /// Check the settings, the database, the connections to the sources and the archive.
    ///
    /// Changes nothing upstream; fails when any check fails.
    CheckConfig,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.replace("localhost:", "127.0.0.1:")
        .parse()
        .map_err(|_| "give an address and a port, such as 127.0.0.1:8080".to_owned())
}

fn system(name: &str) -> Result<System, String> {
    System::parse(name)
        .filter(|system| !system.is_own())
        .ok_or_else(|| {
            let names: Vec<&str> = System::ALL
                .iter()
                .filter(|system| !system.is_own())
                .map(|system| system.as_str())
                .collect();
            format!("there is no such system; give one of: {}", names.join(", "))
        })
}

impl Cli {
    /// Carries out the command.
    pub async fn run(self) -> anyhow::Result<()> {
        start_logging();
        if let Command::Schema = self.command {
            return print(&graphql::sdl());
        }
        let output = match (self.global.format, &self.command) {
            (Format::Json, _) => Output::Json,
            // What people get of it is CSV.
            (Format::Text, _) | (Format::Csv, Command::LastActivity { .. }) => Output::Text,
            (Format::Csv, _) => {
                anyhow::bail!("--output csv: only `last-activity` has it; give text or json")
            }
        };
        let clock = Clock::System;
        let config = self.global.settings()?;
        match self.command {
            Command::Demo { pause } => {
                let elsewhere = self.global.listen.is_some();
                Box::pin(serve::demo(config, elsewhere, clock, pause, output)).await
            }
            Command::Serve => Box::pin(serve::serve(config, clock, output)).await,
            Command::Sync { source, once } => {
                Box::pin(serve::sync(config, clock, source, once, output)).await
            }
            Command::Import { system, files } => {
                Box::pin(import::run(config, clock, system, files, output)).await
            }
            Command::Migrate => {
                Store::open(&config.database, Purpose::Log).await?;
                print("The database is up to date.\n")
            }
            Command::Token(command) => token::run(command, &config, &clock, output).await,
            Command::LastActivity { workspace, file } => {
                last_activity::run(&config, &workspace, file, output).await
            }
            Command::Export(asked) => Box::pin(export::run(&config, &clock, &asked)).await,
            Command::Archive(asked) => {
                Box::pin(archive::run(&config, &clock, &asked, output)).await
            }
            Command::CheckConfig => check::run(&config, &clock).await,
            Command::Schema => Ok(()),
        }
    }
}

impl Global {
    fn settings(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref())?;
        if let Some(url) = &self.database_url {
            config.database.url = url.clone().into();
        }
        if let Some(listen) = self.listen {
            config.server.listen = listen;
        }
        Ok(config)
    }
}

/// Prints a result; a reader that has had enough, such as `head`, is not an error.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::{ErrorKind, Write};
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The log goes to standard error: readable on a terminal, JSON lines elsewhere.
fn start_logging() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,auditgraph=info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.compact().with_target(false).init();
    } else {
        log.json().flatten_event(true).init();
    }
}

/// Lines of cells, the columns as wide as their widest cell.
fn table<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for line in lines {
        let cells = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}
