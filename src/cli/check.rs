//! `check-config`: what is set, what is missing, and whether the connections work.

use super::print;
use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::source;
use crate::store::{Purpose, Store};

pub(super) async fn run(config: &Config, clock: &Clock) -> anyhow::Result<()> {
    let mut failed = 0;
    let mut report = |what: &str, result: Result<String, String>| {
        let (mark, text) = match result {
            Ok(text) => ("ok    ", text),
            Err(text) => {
                failed += 1;
                ("FAILED", text)
            }
        };
        print(&format!("{mark}  {what}: {text}\n"))
    };
    report("settings", Ok("every value makes sense".to_owned()))?;
    match Store::open(&config.database, Purpose::Beside).await {
        Ok(store) => {
            let database = if store.is_postgres() {
                "PostgreSQL"
            } else {
                "SQLite"
            };
            report(
                "database",
                Ok(format!(
                    "{database}, {} events in the log",
                    store.newest().await?
                )),
            )?;
            if store.tokens().await?.is_empty() {
                print(
                    "note    token: there is none yet; make one with `auditgraph token create --role administrator --name me`\n",
                )?;
            }
        }
        Err(error) => report("database", Err(error.to_string()))?,
    }
    let sources = source::configured(config, clock)?;
    for source in &sources {
        report(
            source.name(),
            source.check().await.map_err(|error| error.to_string()),
        )?;
    }
    for (section, system, advice) in [
        (
            "organization",
            "organization",
            "set organization.org_id and organization.api_key to read its audit log and directory",
        ),
        (
            "bitbucket_cloud",
            "bitbucket-cloud",
            "set bitbucket_cloud.email and bitbucket_cloud.token to read members and repositories",
        ),
        (
            "bitbucket_dc",
            "bitbucket-dc",
            "set bitbucket_dc.base_url and bitbucket_dc.token to read its audit log and directory",
        ),
        (
            "jira_dc",
            "jira-dc",
            "set jira_dc.base_url and jira_dc.token to read its audit log and directory",
        ),
        (
            "confluence_dc",
            "confluence-dc",
            "set confluence_dc.base_url and confluence_dc.token to read its audit log and directory",
        ),
        (
            "jira_cloud",
            "jira-cloud",
            "set jira_cloud.base_url, jira_cloud.email and jira_cloud.token to read issues, the audit log and the directory",
        ),
    ] {
        if !sources
            .iter()
            .any(|source| source.system().as_str() == system)
        {
            print(&format!("off     {section}: not configured; {advice}\n"))?;
        }
    }
    match app::check_mail(config, clock).await {
        Ok(None) => print(
            "off     mail: not configured; set mail.from and mail.smtp_host to send filter subscriptions\n",
        )?,
        Ok(Some(text)) => report("mail", Ok(text))?,
        Err(error) => report("mail", Err(error.to_string()))?,
    }
    match app::check_archive(config).await {
        Ok(None) => print(
            "off     archive: not configured; set archive.folder, or archive.bucket with its access key, to keep a copy of every event\n",
        )?,
        Ok(Some(text)) => report("archive", Ok(text))?,
        Err(error) => report("archive", Err(error.to_string()))?,
    }
    anyhow::ensure!(failed == 0, "{failed} of the checks failed");
    Ok(())
}
