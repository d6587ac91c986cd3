//! When the members of a Bitbucket Cloud workspace were last there (C34): everybody whom the workspace lists, whether
//! the organization manages their account or not.
//!
//! Bitbucket itself says so until the workspace's administration moves to the organization; from then on the
//! organization's directory does, and the row names it as its source.

use super::harmless;
use crate::access::Viewer;
use crate::event::signal::{LAST_ACTIVE_DATE, PRODUCT_ACCESS, Signal, WORKSPACE};
use crate::event::{ContainerKind, Timestamp};
use crate::store::activity::{Activity, Sign};
use crate::store::directory::MembershipSide;
use crate::store::entity::{alias, user};
use crate::store::read::Range;
use crate::store::{Store, StoreError};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// The columns of the CSV form.
pub const COLUMNS: [&str; 3] = ["nickname", "uuid", "last_accessed"];

/// Members read at once.
const PAGE: u64 = 500;

/// One member of a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Nickname; the display name of who has none.
    pub nickname: String,
    /// Bitbucket's uuid, with braces.
    pub uuid: String,
    /// When they were last there.
    pub last_accessed: Option<Timestamp>,
    /// Whether they were ever there, as far as that can be known.
    pub state: State,
    /// What says so: the source, and what it has told.
    pub source: Option<String>,
    /// Whether the organization says so in Bitbucket's place.
    #[serde(skip)]
    pub is_fallback: bool,
}

/// Whether somebody was ever there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// `last_accessed` says when.
    Active,
    /// Whoever would know knows of nothing.
    Never,
    /// Nobody would know.
    Unknown,
}

/// The members of the workspace with this slug or uuid, by nickname; `None` when no such workspace has been read.
pub async fn rows(store: &Store, workspace: &str) -> Result<Option<Vec<Row>>, StoreError> {
    let server = Viewer::server();
    let kinds = [ContainerKind::Workspace];
    let mut found = store.containers_by_key(&server, workspace, &kinds).await?;
    if found.is_empty() {
        found = store.containers_by_upstream_id(workspace, &kinds).await?;
    }
    if found.is_empty() {
        return Ok(None);
    }
    let (mut rows, mut seen) = (Vec::new(), BTreeSet::new());
    for container in found {
        let slug = container.key.clone().unwrap_or_default();
        let mut after = None;
        loop {
            let range = Range {
                limit: PAGE,
                after,
                before: None,
                from_end: false,
                descending: false,
            };
            let page = store
                .members(MembershipSide::Container, container.id, None, range)
                .await?;
            after = page.rows.last().map(|row| row.id);
            let accounts: Vec<i64> = page.rows.iter().map(|row| row.user_id).collect();
            let fresh = accounts.into_iter().filter(|account| seen.insert(*account));
            rows.extend(members(store, &server, &slug, fresh.collect()).await?);
            if !page.more {
                break;
            }
        }
    }
    // Where nobody's access is told, an absent one says nothing.
    if rows.iter().all(|row| row.last_accessed.is_none()) {
        for row in &mut rows {
            row.state = State::Unknown;
        }
    }
    rows.sort_by_cached_key(|row| (row.nickname.to_lowercase(), row.uuid.clone()));
    Ok(Some(rows))
}

async fn members(
    store: &Store,
    server: &Viewer,
    slug: &str,
    accounts: Vec<i64>,
) -> Result<Vec<Row>, StoreError> {
    let persons: HashMap<i64, i64> = store
        .users_by_id(server, &accounts)
        .await?
        .into_iter()
        .map(|(account, person)| (account, person.id))
        .collect();
    let ids: Vec<i64> = persons
        .values()
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let known = store.accounts_of(&ids).await?;
    let aliases = store.aliases_of(&ids).await?;
    let activity = store.activity_of(&ids).await?;
    let row = |account: &i64| {
        let person = persons.get(account)?;
        let user = known.iter().find(|user| user.id == *account)?;
        Some(row(slug, user, &aliases, activity.get(person)))
    };
    Ok(accounts.iter().filter_map(row).collect())
}

fn row(
    slug: &str,
    user: &user::Model,
    aliases: &[alias::Model],
    activity: Option<&Activity>,
) -> Row {
    let uuid = aliases
        .iter()
        .find(|alias| alias.account_id == user.id && alias.namespace == "bitbucket");
    let signs = activity.map(|activity| activity.signs.as_slice());
    let (own, organizations) = (
        format!("{WORKSPACE}{slug}"),
        [PRODUCT_ACCESS, LAST_ACTIVE_DATE].map(|kind| format!("{kind}bitbucket")),
    );
    let newest = |wanted: &dyn Fn(&Sign) -> bool| {
        let signs = signs.unwrap_or_default().iter();
        signs
            .filter(|sign| wanted(sign))
            .max_by_key(|sign| sign.time)
    };
    let told = newest(&|sign| {
        sign.signal == Signal::BitbucketLastAccessed
            && sign.evidence == own
            && sign.account == Some(user.id)
    });
    let instead = newest(&|sign| organizations.contains(&sign.evidence));
    let sign = told.or(instead);
    let would_be_known = activity.is_some_and(|activity| activity.would_be_known);
    Row {
        nickname: user
            .nickname
            .clone()
            .or_else(|| user.name.clone())
            .unwrap_or_default(),
        uuid: uuid.map(|alias| alias.value.clone()).unwrap_or_default(),
        last_accessed: sign.map(|sign| sign.time),
        state: match sign {
            Some(_) => State::Active,
            None if would_be_known => State::Never,
            None => State::Unknown,
        },
        source: sign.map(|sign| format!("{}: {}", sign.source, sign.evidence)),
        is_fallback: told.is_none() && instead.is_some(),
    }
}

/// The rows as CSV (RFC 4180), with a header; times in UTC, nothing where there is none.
pub fn csv(rows: &[Row]) -> std::io::Result<Vec<u8>> {
    let mut out = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    out.write_record(COLUMNS)?;
    for row in rows {
        let time = row.last_accessed.map(|time| time.to_string());
        out.write_record([
            harmless(&row.nickname).as_ref(),
            harmless(&row.uuid).as_ref(),
            time.as_deref().unwrap_or_default(),
        ])?;
    }
    out.into_inner()
        .map_err(|failure| std::io::Error::other(failure.error().to_string()))
}

/// The rows as JSON, one object a line.
pub fn json(rows: &[Row]) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut out, row)?;
        out.push(b'\n');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{Row, State, csv};
    use crate::event::Timestamp;

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        let row = |nickname: &str| Row {
            nickname: nickname.to_owned(),
            uuid: "{1}".to_owned(),
            last_accessed: None,
            state: State::Never,
            source: None,
            is_fallback: false,
        };
        let rows = [
            Row {
                last_accessed: Timestamp::parse("2024-09-18T10:13:52.159725+02:00"),
                state: State::Active,
                ..row("Lila")
            },
            row("says \"hi\", often"),
            row("=cmd|' /C calc'!A0"),
            row("two\r\nlines"),
        ];
        let text = String::from_utf8(csv(&rows).unwrap_or_default()).unwrap_or_default();
        let expected = "nickname,uuid,last_accessed\r\nLila,{1},2024-09-18T08:13:52.159725Z\r\n\
            \"says \"\"hi\"\", often\",{1},\r\n'=cmd|' /C calc'!A0,{1},\r\n\"two\r\nlines\",{1},\r\n";
        assert_eq!(text, expected);
    }
}
