//! `token`: creating, listing and revoking.

use super::{Output, print};
use crate::access::Role;
use crate::clock::Clock;
use crate::config::Config;
use crate::event::Timestamp;
use crate::store::entity::token;
use crate::store::tokens::{NewToken, is_valid};
use crate::store::{Purpose, Store};
use clap::Subcommand;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  auditgraph token create --role administrator --name me
  auditgraph token create --role manager --name siem --expires-in-days 365
  auditgraph token create --role viewer --name web-team --project WEB --project API";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a token and print it; it cannot be shown again.
    #[command(after_help = EXAMPLES)]
    Create {
        /// What it allows: administrator and manager (read everything), or viewer (reads the granted projects only).
        #[arg(long, value_parser = role)]
        role: Role,
        /// What it is for, so that it can be found again.
        #[arg(long)]
        name: String,
        /// A project that a viewer may see, by key; may be given several times.
        #[arg(long = "project", value_name = "KEY")]
        projects: Vec<String>,
        /// The Atlassian account id that it acts for.
        #[arg(long, value_name = "ID")]
        account: Option<String>,
        /// After how many days it stops working; never when absent.
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u32>,
    },
    /// List all tokens, without their secrets.
    List,
    /// Make a token useless for ever; streams that it has open end within a second.
    Revoke {
        /// The token's number, or the name of all tokens to revoke.
        token: String,
    },
}

fn role(name: &str) -> Result<Role, String> {
    Role::parse(name)
        .ok_or_else(|| "there is no such role; give administrator, manager or viewer".to_owned())
}

pub(super) async fn run(
    command: Command,
    config: &Config,
    clock: &Clock,
    output: Output,
) -> anyhow::Result<()> {
    let store = Store::open(&config.database, Purpose::Beside).await?;
    match command {
        Command::Create {
            role,
            name,
            projects,
            account,
            expires_in_days,
        } => {
            anyhow::ensure!(
                !name.trim().is_empty(),
                "--name: give a name by which to find the token again"
            );
            anyhow::ensure!(
                role == Role::Viewer || projects.is_empty(),
                "--project: only a viewer's token is limited to projects; {} sees all of them",
                role.as_str()
            );
            if role == Role::Viewer && projects.is_empty() {
                tracing::warn!("this token sees no project: grant some with --project KEY");
            }
            let now = clock.now();
            let day = Duration::from_hours(24);
            let expires_at = expires_in_days.map(|days| now.plus(day * days));
            let new = NewToken {
                name,
                role,
                account_id: account,
                projects,
                expires_at,
            };
            let (row, secret) = store
                .create_token(new, Some("command line"), now, &mut StdRng::from_os_rng())
                .await?;
            print(&match output {
                Output::Json => format!(
                    "{}\n",
                    json!({"id": row.id, "name": row.name, "role": role, "token": secret})
                ),
                Output::Text => format!(
                    "Token {} for {} ({}). It is shown this once: {secret}\n",
                    row.id,
                    row.name,
                    role.as_str()
                ),
            })
        }
        Command::List => list(&store.tokens().await?, clock.now(), output),
        Command::Revoke { token } => {
            let revoked = store
                .revoke_token(&token, Some("command line"), clock.now())
                .await?;
            print(&match output {
                Output::Json => format!("{}\n", json!({"revoked": revoked})),
                Output::Text if revoked == 1 => format!("Revoked the token `{token}`.\n"),
                Output::Text => format!("Revoked {revoked} tokens `{token}`.\n"),
            })
        }
    }
}

fn list(tokens: &[token::Model], now: Timestamp, output: Output) -> anyhow::Result<()> {
    let moment =
        |micros: Option<i64>| micros.map(|micros| Timestamp::from_micros(micros).to_string());
    if output == Output::Json {
        let mut text = String::new();
        for row in tokens {
            let line = json!({
                "id": row.id,
                "name": &row.name,
                "role": Role::from_number(row.role),
                "valid": is_valid(row, now),
                "createdAt": moment(Some(row.created_at)),
                "expiresAt": moment(row.expires_at),
                "lastUsedAt": moment(row.last_used_at),
                "revokedAt": moment(row.revoked_at),
            });
            text.push_str(&line.to_string());
            text.push('\n');
        }
        return print(&text);
    }
    let mut lines = vec![
        [
            "ID",
            "NAME",
            "ROLE",
            "STATE",
            "CREATED",
            "EXPIRES",
            "LAST USED",
        ]
        .map(str::to_owned),
    ];
    for row in tokens {
        let state = if row.revoked_at.is_some() {
            "revoked"
        } else if is_valid(row, now) {
            "valid"
        } else {
            "expired"
        };
        lines.push([
            row.id.to_string(),
            row.name.clone(),
            Role::from_number(row.role).as_str().to_owned(),
            state.to_owned(),
            moment(Some(row.created_at)).unwrap_or_default(),
            moment(row.expires_at).unwrap_or_else(|| "never".to_owned()),
            moment(row.last_used_at).unwrap_or_else(|| "never".to_owned()),
        ]);
    }
    print(&super::table(&lines))
}
