//! `demo`, `serve` and `sync`: what keeps running.

use super::progress::Progress;
use super::{Output, print};
use crate::access::Role;
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Config;
use crate::source::{Part, Source};
use crate::store::Store;
use serde_json::json;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Serves a made-up company from a temporary database.
pub(super) async fn demo(
    mut config: Config,
    listens_where_told: bool,
    clock: Clock,
    pause: bool,
    output: Output,
) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("auditgraph-demo-")
        .tempdir()?;
    config.database.url = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("demo.db").display()
    )
    .into();
    config.exports.folder = folder.path().join("exports");
    let (upstream_tasks, upstream_stop) = (TaskTracker::new(), CancellationToken::new());
    let sandbox = app::demo(&mut config, &clock, &upstream_tasks, &upstream_stop).await?;

    app::demo_mails(&mut config, &folder.path().join("mails"));
    let app = App::open(config, clock.clone()).await?;
    let listener = match app.listen().await {
        // The usual port may be taken; a demo is content with any.
        Err(_) if !listens_where_told => {
            TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?
        }
        listener => listener?,
    };
    // The whole past first, so that a stream that is opened at once carries only what is new. Last-activity dates take
    // a request for each person and can come later.
    let at_once = |_: &dyn Source, part: Part| pause || part != Part::Activity;
    let progress = Progress::new();
    let past = app.sync_once(at_once, |source, part, outcome, done| {
        progress.run(source, part, outcome, done);
    });
    let failures = tokio::select! {
        failures = past => failures,
        // Killed on the spot, it would leave its database behind.
        () = app::asked_to_stop() => return Ok(()),
    };
    progress.finish();
    anyhow::ensure!(
        failures.is_empty(),
        "the sandbox could not be read: {}",
        failures.join("; ")
    );
    let token = {
        let account = sandbox.jira_account();
        let made = app.create_token("demo", Role::Administrator, &account);
        made.await?
    };
    app.start_jobs().await?;
    app.start_mails()?;
    if !pause {
        app::demo_hooks(&sandbox, &app.config, listener.local_addr()?)?;
        sandbox.live();
    }
    announce(listener.local_addr()?, Some(&token), output)?;
    stop_when_asked(&app);
    let served = app.serve(listener).await;
    upstream_stop.cancel();
    app::finish(&upstream_tasks, &clock).await;
    served
}

/// Serves the log and keeps it up to date.
pub(super) async fn serve(config: Config, clock: Clock, output: Output) -> anyhow::Result<()> {
    let app = App::open(config, clock).await?;
    let listener = app.listen().await?;
    app.start_jobs().await?;
    app.start_mails()?;
    app.start_archive()?;
    announce(listener.local_addr()?, None, output)?;
    if output == Output::Text {
        advise(&app, app.feed.store()).await?;
    }
    stop_when_asked(&app);
    app.serve(listener).await
}

/// Reads the sources, once or until told to stop.
pub(super) async fn sync(
    config: Config,
    clock: Clock,
    source: Option<String>,
    once: bool,
    output: Output,
) -> anyhow::Result<()> {
    let mut app = App::open(config, clock).await?;
    if let Some(name) = &source {
        let names: Vec<&str> = app.sources.iter().map(|source| source.name()).collect();
        anyhow::ensure!(
            names.contains(&name.as_str()),
            "there is no source `{name}`; configured are: {}",
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        );
        app.sources.retain(|source| source.name() == name);
    }
    anyhow::ensure!(
        !app.sources.is_empty(),
        "no source is configured; `auditgraph check-config` says what is missing"
    );
    if !once {
        app.start_jobs().await?;
        app::asked_to_stop().await;
        app.stop.cancel();
        app::finish(&app.tasks, &app.clock).await;
        return Ok(());
    }
    let progress = Progress::new();
    let all = |_: &dyn Source, _: Part| true;
    let work = app.sync_once(all, |source, part, outcome, done| {
        progress.run(source, part, outcome, done);
    });
    let failures = tokio::select! {
        failures = work => failures,
        () = app::asked_to_stop() => vec!["stopped before everything was read; the next run goes on from here".to_owned()],
    };
    progress.finish();
    let (new, repeated) = progress.totals();
    print(&match output {
        Output::Json => format!(
            "{}\n",
            json!({"new": new, "repeated": repeated, "failed": failures.len()})
        ),
        Output::Text => format!("{new} new events, {repeated} known before\n"),
    })?;
    anyhow::ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

fn stop_when_asked(app: &App) {
    let stop = app.stop.clone();
    app.tasks.spawn(async move {
        tokio::select! {
            () = app::asked_to_stop() => stop.cancel(),
            () = stop.cancelled() => {}
        }
    });
}

fn announce(address: SocketAddr, token: Option<&str>, output: Output) -> anyhow::Result<()> {
    let url = format!("http://{address}/graphql");
    let ws = format!("ws://{address}/graphql/ws");
    print(&match (output, token) {
        (Output::Json, Some(token)) => {
            let page = format!("{url}#token={token}");
            format!(
                "{}\n",
                json!({"url": url, "graphiql": page, "ws": ws, "token": token})
            )
        }
        (Output::Json, None) => format!("{}\n", json!({"url": url, "graphiql": url, "ws": ws})),
        (Output::Text, Some(token)) => format!(
            "Auditgraph is ready.\n\n  GraphiQL   {url}#token={token}\n  GraphQL    {url}\n  Streams    {ws}\n  \
             Token      {token}\n\nStop it with Ctrl-C; nothing is kept.\n"
        ),
        (Output::Text, None) => {
            format!(
                "Auditgraph is ready.\n\n  GraphiQL   {url}\n  GraphQL    {url}\n  Streams    {ws}\n"
            )
        }
    })
}

/// Says what a newcomer would otherwise have to find out.
async fn advise(app: &App, store: &Store) -> anyhow::Result<()> {
    if app.sources.is_empty() {
        print("\nNo source is configured: `auditgraph check-config` says what to set.\n")?;
    }
    if store.tokens().await?.is_empty() {
        print(
            "\nThere is no token yet: `auditgraph token create --role administrator --name me` makes one, given the same \
             --config and --database-url as this.\n",
        )?;
    }
    Ok(())
}
