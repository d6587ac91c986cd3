//! Issues that changed, each with its changelog and comments: those of late, and those of the past day by day.

use super::client::{CHANGELOGS, Client, Parts};
use super::scan::{Found, Scan, State};
use super::to_cursor;
use super::wire::{Glance, Records};
use crate::event::Timestamp;
use crate::source::http::Guard;
use crate::source::jira::issue;
use crate::source::look::{self, Look};
use crate::source::{Page, SourceError, Stretch};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// Every round reads this much of what was read before, since the index lags.
const OVERLAP: Duration = Duration::from_mins(5);

/// What was updated so lately may be updated again in the same instant, or not be shown whole yet: it is read once more.
const UNSETTLED: Duration = Duration::from_mins(1);

/// Issues of that stretch that are remembered, so that they need not be read again in every round.
const MOST_SEEN: usize = 2_000;

/// Issues whose changelogs are asked for at once, the most that upstream takes.
const MOST_AT_ONCE: usize = 1_000;

/// Where the reading of changed issues has got to; kept as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// Everything updated before has been read, in epoch milliseconds.
    updated: i64,
    /// What was read of the overlap.
    seen: Vec<State>,
}

/// How much of the past has been read; kept as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PastMark {
    /// The moment from which days are counted backwards.
    start: Timestamp,
    /// How many days have been read completely.
    days: u32,
    /// What has been read of the next day, in epoch milliseconds.
    within: Option<i64>,
}

/// What changed after `cursor`; without one, from now on. Of each issue, what happened in the last `days` days.
pub(super) fn changed<'a>(
    client: &'a Client,
    days: u32,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let mark: Option<Mark> = cursor.and_then(|cursor| serde_json::from_str(cursor).ok());
    // A cursor that is not ours, as after a damaged database, goes back by all of the past.
    let start = match (&mark, cursor) {
        (Some(mark), _) => mark.updated,
        (None, None) => client.now().millis(),
        (None, Some(_)) => client.now().minus(DAY * days).millis(),
    };
    let from = before(start);
    let seen = mark.map(|mark| mark.seen).unwrap_or_default();
    let scan = Scan::new(client, from, None, seen.into_iter().collect());
    stream::try_unfold(Some(scan), move |scan| async move {
        let Some(mut scan) = scan else {
            return Ok(None);
        };
        let asked = client.now();
        let found = scan.next().await?;
        if found.is_empty() && scan.over {
            client.prove().await?;
        }
        // Our own clock may have been ahead before upstream's was known.
        let now = client.now();
        let since = now.minus(DAY * days).millis();
        let records = records(client, found, since).await?;
        let updated = scan.from.max(start.min(now.millis()));
        let settled = before(updated)..asked.min(now).minus(UNSETTLED).millis();
        let covered = stretch(from, before(asked.min(now).millis()));
        let page = Page {
            records,
            cursor: Some(to_cursor(&Mark {
                updated,
                seen: lately(&scan.seen, settled),
            })),
            watermark: Timestamp::from_millis(updated),
            covered: covered.filter(|_| scan.over),
            ..Page::default()
        };
        Ok(Some((page, (!scan.over).then_some(scan))))
    })
}

/// The issues of the last `days` days that `cursor` has not read yet, by the day of their last update, newest day first.
pub(super) fn past<'a>(
    client: &'a Client,
    days: u32,
    cursor: Option<&str>,
) -> impl Stream<Item = Result<Page, SourceError>> + use<'a> {
    let mark: Option<PastMark> = cursor.and_then(|cursor| serde_json::from_str(cursor).ok());
    let mark = mark.unwrap_or_else(|| PastMark {
        start: client.now(),
        days: 0,
        within: None,
    });
    stream::try_unfold((mark, None), move |(mut mark, scan)| async move {
        if mark.days >= days {
            return Ok(None);
        }
        let end = mark.start.minus(DAY * mark.days);
        let begin = end.minus(DAY);
        let mut scan = scan.unwrap_or_else(|| {
            // The first day is open: what was updated since then is looked for, too.
            let to = (mark.days > 0).then_some(end.millis());
            let from = mark.within.unwrap_or(begin.millis());
            Scan::new(client, from, to, HashSet::new())
        });
        let found = scan.next().await?;
        let since = mark.start.minus(DAY * days).millis();
        let records = records(client, found, since).await?;
        mark.within = Some(scan.from);
        let over = scan.over;
        if over {
            mark.days += 1;
            mark.within = None;
        }
        let page = Page {
            records,
            cursor: Some(to_cursor(&mark)),
            progress: Some((mark.days.into(), days.into())),
            covered: stretch(begin.millis(), end.millis()).filter(|_| over),
            ..Page::default()
        };
        Ok(Some((page, (mark, (!over).then_some(scan)))))
    })
}

/// Issues with their changelogs and comments, as records.
async fn records(
    client: &Client,
    found: Vec<Found>,
    since: i64,
) -> Result<Vec<Box<RawValue>>, SourceError> {
    let mut records = Vec::new();
    for some in found.chunks(MOST_AT_ONCE) {
        let ids: Vec<String> = some.iter().map(|issue| issue.id.clone()).collect();
        let mut changelogs = changelogs(client, &ids, since).await?;
        let mut comments = comments(client, &ids).await?;
        for issue in some {
            let changelog = changelogs.remove(&issue.id).unwrap_or_default();
            let comments = comments.remove(&issue.id).unwrap_or_default();
            records.extend(issue::record(&issue.record, &changelog, &comments, since));
        }
    }
    Ok(records)
}

/// The changelogs of issues since some moment, by the issues' ids.
async fn changelogs(
    client: &Client,
    ids: &[String],
    since: i64,
) -> Result<HashMap<String, Records>, SourceError> {
    let mut known = HashMap::new();
    if ids.is_empty() {
        return Ok(known);
    }
    let recent = |history: &RawValue| {
        Glance::at(history)
            .created
            .is_none_or(|created| created.millis() >= since)
    };
    let (mut token, mut guard) = (None::<String>, Guard::default());
    let mut restarted = false;
    while client.in_bulk() {
        let page = match client.changelogs(ids, token.as_deref()).await {
            // A token that is not known any more: all of it again.
            Err(error) if error.status() == Some(400) && token.is_some() && !restarted => {
                (token, guard, restarted) = (None, Guard::default(), true);
                known.clear();
                continue;
            }
            Err(error) if matches!(error.status(), Some(403 | 404 | 405 | 410)) => {
                client.not_in_bulk();
                break;
            }
            page => page?,
        };
        token = page.next();
        for changelog in page.issue_change_logs {
            let Some(id) = changelog.issue() else {
                continue;
            };
            let histories = changelog.change_histories.unwrap_or_default();
            let kept: &mut Records = known.entry(id).or_default();
            kept.extend(histories.into_iter().filter(|history| recent(history)));
        }
        match &token {
            Some(token) => guard.pass(CHANGELOGS, token, [])?,
            None => return Ok(known),
        }
    }
    for id in ids {
        let changelog = parts(client, Parts::Changelog, id).await?;
        known.insert(
            id.clone(),
            changelog
                .into_iter()
                .filter(|history| recent(history))
                .collect(),
        );
    }
    Ok(known)
}

/// The comments of issues, by the issues' ids: all at once as far as a search shows them, else issue by issue.
async fn comments(
    client: &Client,
    ids: &[String],
) -> Result<BTreeMap<String, Records>, SourceError> {
    let mut known = BTreeMap::new();
    if ids.is_empty() {
        return Ok(known);
    }
    let shown = match client.comments_of(ids).await {
        // One of the issues may have gone meanwhile.
        Err(error) if error.status() == Some(400) => Vec::new(),
        page => page?.issues,
    };
    for issue in shown {
        if let Some((id, comments)) = all_comments(&issue)
            && ids.contains(&id)
        {
            known.insert(id, comments);
        }
    }
    for id in ids {
        if !known.contains_key(id) {
            let comments = parts(client, Parts::Comments, id).await?;
            known.insert(id.clone(), comments);
        }
    }
    Ok(known)
}

/// The comments in an issue, if they are all there.
fn all_comments(issue: &RawValue) -> Option<(String, Records)> {
    #[derive(Deserialize)]
    struct Issue {
        fields: Fields,
    }
    #[derive(Deserialize)]
    struct Fields {
        comment: Comments,
    }
    #[derive(Deserialize)]
    struct Comments {
        comments: Records,
        total: u64,
    }
    let read: Issue = serde_json::from_str(issue.get()).ok()?;
    let Comments { comments, total } = read.fields.comment;
    let value = look::value(issue);
    let id = Look::new(&value).at("id").text()?;
    (comments.len() as u64 >= total).then_some((id, comments))
}

/// All pages of an issue's changelog or comments; nothing when the issue has gone or must not be seen.
async fn parts(client: &Client, parts: Parts, id: &str) -> Result<Records, SourceError> {
    let mut all = Records::new();
    loop {
        let page = match client.parts(parts, id, all.len()).await {
            Err(error) if matches!(error.status(), Some(403 | 404)) => return Ok(all),
            page => page?,
        };
        let over = page.is_last(all.len() + page.values.len());
        all.extend(page.values);
        if over {
            return Ok(all);
        }
    }
}

/// The beginning of the overlap before a moment.
fn before(millis: i64) -> i64 {
    millis.saturating_sub(i64::try_from(OVERLAP.as_millis()).unwrap_or(0))
}

fn stretch(from: i64, to: i64) -> Option<Stretch> {
    let stretch = Stretch {
        from: Timestamp::from_millis(from)?,
        to: Timestamp::from_millis(to)?,
    };
    (stretch.from < stretch.to).then_some(stretch)
}

/// What was seen of some stretch of time, the latest of it.
fn lately(seen: &HashSet<State>, stretch: Range<i64>) -> Vec<State> {
    let mut lately: Vec<State> = seen
        .iter()
        .filter(|(_, updated)| stretch.contains(updated))
        .cloned()
        .collect();
    lately.sort_unstable_by(|one, other| (other.1, &other.0).cmp(&(one.1, &one.0)));
    lately.truncate(MOST_SEEN);
    lately
}
