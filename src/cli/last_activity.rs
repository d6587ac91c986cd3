//! `last-activity`: when the members of a Bitbucket workspace were last there, as a file.

use super::Output;
use crate::config::Config;
use crate::event::ContainerKind;
use crate::export::last_active;
use crate::store::directory::ContainerChoice;
use crate::store::read::Range;
use crate::store::{Purpose, Store};
use anyhow::Context;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

pub(super) async fn run(
    config: &Config,
    workspace: &str,
    file: Option<PathBuf>,
    output: Output,
) -> anyhow::Result<()> {
    let store = Store::open(&config.database, Purpose::Beside).await?;
    let rows = last_active::rows(&store, workspace)
        .await?
        .unwrap_or_default();
    if rows.is_empty() {
        let known = workspaces(&store).await?;
        let known = if known.is_empty() {
            "no workspace has been read yet".to_owned()
        } else {
            format!("the workspaces read so far are: {}", known.join(", "))
        };
        anyhow::bail!(
            "--workspace: no members of a workspace `{workspace}` are stored; {known}. Check the name, give \
             bitbucket_cloud its credential, and run `auditgraph sync bitbucket-cloud --once`"
        );
    }
    let instead = rows.iter().filter(|row| row.is_fallback).count();
    if instead > 0 {
        tracing::warn!(
            workspace,
            members = instead,
            "Bitbucket does not say when these members last accessed the workspace, as after a move of its \
             administration to the organization; the organization's productAccess for bitbucket is given instead"
        );
    }
    let bytes = match output {
        Output::Json => last_active::json(&rows)?,
        Output::Text => last_active::csv(&rows)?,
    };
    match file {
        Some(path) => std::fs::write(&path, bytes)
            .with_context(|| format!("--file: cannot write `{}`", path.display())),
        None => match std::io::stdout().lock().write_all(&bytes) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        },
    }
}

/// The slugs of some workspaces that have been read.
async fn workspaces(store: &Store) -> anyhow::Result<Vec<String>> {
    let choice = ContainerChoice {
        kinds: &[ContainerKind::Workspace],
        parent: None,
        search: None,
    };
    let range = Range {
        limit: 20,
        after: None,
        before: None,
        from_end: false,
        descending: false,
    };
    let server = crate::access::Viewer::server();
    let found = store.containers(&server, &choice, range).await?;
    Ok(found.rows.into_iter().filter_map(|row| row.key).collect())
}
