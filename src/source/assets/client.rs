//! The calls of the Assets API that are used, one function each, and how a search for changes is worded.
//!
//! Dates in a search have minutes at best, and are read in a time zone that nobody tells: so a search asks for as much
//! more as time zones can differ, and what it finds is sorted out by the exact moment that each object carries.

use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::source::http::{Bucket, Call, CallError, Credential, Http, SetupError};
use crate::source::look::{self, Look};
use crate::source::windows::Log;
use crate::source::{Budget, SourceError, Stretch};
use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::OnceCell;

const ADVICE: &str = "Give the API token of somebody who may see the object schemas in assets.token with the \
    account's e-mail address in assets.email, or an OAuth access token without one. Assets needs the plan Premium or \
    Enterprise of Jira Service Management (scope read:cmdb-object:jira)";

/// What calls ask for, in the words of error messages.
const OBJECTS: &str = "the changed objects of Assets";
const HISTORY: &str = "the history of an object of Assets";
const WORKSPACE: &str = "the workspace of Assets";
const SCHEMAS: &str = "the object schemas of Assets";

/// How far behind and ahead of UTC clocks on walls can be, with a minute for what is cut off.
const WEST: Duration = Duration::from_mins(12 * 60 + 1);
const EAST: Duration = Duration::from_mins(14 * 60 + 1);

/// A client of one workspace: the site says which it is, the API has what is in it.
#[derive(Debug)]
pub(super) struct Client {
    site: Http,
    api: Http,
    workspace: OnceCell<String>,
    page_size: String,
    bucket: Bucket,
}

/// A page of objects, in the shape of today (`values`) or the older one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Objects {
    values: Option<Vec<Box<RawValue>>>,
    object_entries: Option<Vec<Box<RawValue>>>,
}

impl Client {
    pub(super) fn new(
        config: &config::Assets,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let Some(base) = &config.base_url else {
            return Err(SetupError {
                setting: "assets.base_url".to_owned(),
                message: "missing; give an address such as https://acme.atlassian.net".to_owned(),
            });
        };
        let http = |base| {
            let credential = if config.email.is_empty() {
                Credential::Bearer(config.token.clone())
            } else {
                let token = config.token.expose_secret().to_owned();
                Credential::Basic(config.email.clone(), token.into())
            };
            Http::new("assets", base, credential, ADVICE, limits, clock.clone())
        };
        let workspace = &config.workspace_id;
        Ok(Self {
            site: http(base)?,
            api: http(&config.api_base_url)?,
            workspace: OnceCell::new_with((!workspace.is_empty()).then(|| workspace.clone())),
            page_size: config.page_size.to_string(),
            bucket: Bucket::new(config.requests_per_minute, Duration::from_mins(1), clock),
        })
    }

    pub(super) fn budget(&self) -> Budget {
        self.bucket.budget()
    }

    /// The workspace's id, which the site is asked for once.
    pub(super) async fn workspace(&self) -> Result<&str, SourceError> {
        let ask = || async {
            let path = ["rest", "servicedeskapi", "assets", "workspace"];
            let url = self.site.url(&path, &[]);
            let answer: Value = self.fetch(&self.site, WORKSPACE, url, None).await?;
            let mut values = Look::new(&answer).at("values").list();
            let id = values.find_map(|value| value.at("workspaceId").text());
            id.ok_or_else(|| SourceError::Unusable {
                what: WORKSPACE.to_owned(),
                message: "the site has none; give its id in assets.workspace_id".to_owned(),
            })
        };
        let id = self.workspace.get_or_try_init(ask).await?;
        Ok(id)
    }

    /// How many object schemas there are to see, as upstream says.
    pub(super) async fn schemas(&self) -> Result<String, SourceError> {
        let answer: Value = self
            .api(SCHEMAS, &["objectschema", "list"], &[], None)
            .await?;
        let answer = Look::new(&answer);
        let listed = ["values", "objectschemas"]
            .into_iter()
            .map(|name| answer.at(name).list().count())
            .sum::<usize>();
        let total = answer.at("total").text();
        Ok(total.unwrap_or_else(|| listed.to_string()))
    }

    async fn api<T: DeserializeOwned>(
        &self,
        what: &str,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<T, SourceError> {
        let workspace = self.workspace().await?;
        let path = [&["workspace", workspace, "v1"], path].concat();
        let url = self.api.url(&path, query);
        Ok(self.fetch(&self.api, what, url, body).await?)
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        http: &Http,
        what: &str,
        url: url::Url,
        body: Option<Value>,
    ) -> Result<T, CallError> {
        let bucket = &self.bucket;
        http.fetch(Call {
            what,
            url,
            body,
            bucket,
        })
        .await
    }

    /// The history of one object, oldest first; none when the object is gone.
    async fn history(&self, id: &str) -> Result<Vec<Box<RawValue>>, SourceError> {
        let workspace = self.workspace().await?;
        let path = ["workspace", workspace, "v1", "object", id, "history"];
        let url = self.api.url(&path, &[("asc", "true")]);
        let answer: Result<History, CallError> = self.fetch(&self.api, HISTORY, url, None).await;
        match answer {
            Ok(History::Bare(entries)) => Ok(entries),
            Ok(History::Listed { values }) => Ok(values),
            Err(error) if matches!(error.status(), Some(404 | 410)) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A history: a bare list, or one in an envelope as other lists are.
enum History {
    Bare(Vec<Box<RawValue>>),
    Listed { values: Vec<Box<RawValue>> },
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: serde::Deserializer<'de>>(answer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Envelope {
            values: Vec<Box<RawValue>>,
        }
        let answer = Box::<RawValue>::deserialize(answer)?;
        let text = answer.get();
        if text.starts_with('[') {
            serde_json::from_str(text).map(Self::Bare)
        } else {
            serde_json::from_str(text).map(|Envelope { values }| Self::Listed { values })
        }
        .map_err(serde::de::Error::custom)
    }
}

/// The search for what changed within a stretch, wherever on earth its dates are read.
fn search(stretch: Stretch) -> String {
    let minute = |moment: Timestamp| moment.to_utc().format("%Y-%m-%d %H:%M").to_string();
    let from = minute(stretch.from.minus(WEST));
    let to = minute(stretch.to.plus(EAST));
    format!(r#"Updated >= "{from}" AND Updated <= "{to}""#)
}

/// The entry of a history together with its object, each as received.
fn record(object: &RawValue, entry: &RawValue) -> Option<Box<RawValue>> {
    let text = format!(r#"{{"object":{},"history":{}}}"#, object.get(), entry.get());
    RawValue::from_string(text).ok()
}

impl Log for Client {
    fn what(&self) -> &'static str {
        OBJECTS
    }

    fn now(&self) -> Timestamp {
        self.api.server_now()
    }

    fn page(
        &self,
        stretch: Stretch,
        start: usize,
    ) -> BoxFuture<'_, Result<Vec<Box<RawValue>>, SourceError>> {
        async move {
            let start = start.to_string();
            let query = [
                ("startAt", start.as_str()),
                ("maxResults", &self.page_size),
                ("includeAttributes", "false"),
            ];
            let body = json!({"qlQuery": search(stretch)});
            let page: Objects = self
                .api(OBJECTS, &["object", "aql"], &query, Some(body))
                .await?;
            Ok(page.values.or(page.object_entries).unwrap_or_default())
        }
        .boxed()
    }

    fn expand(
        &self,
        stretch: Stretch,
        objects: Vec<Box<RawValue>>,
    ) -> BoxFuture<'_, Result<Vec<Box<RawValue>>, SourceError>> {
        async move {
            let mut records = Vec::new();
            for object in &objects {
                let value = look::value(object);
                let look = Look::new(&value);
                let updated = look.at("updated").time();
                let Some(id) = look.at("id").text() else {
                    continue;
                };
                // What changes while this is read is of a later window; it does no harm to have it twice.
                if updated.is_some_and(|updated| updated < stretch.from || updated > stretch.to) {
                    continue;
                }
                let entries = self.history(&id).await?;
                records.extend(entries.iter().filter_map(|entry| record(object, entry)));
            }
            Ok(records)
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::search;
    use crate::event::Timestamp;
    use crate::source::Stretch;

    #[test]
    fn a_search_allows_for_every_time_zone() {
        let stretch = Stretch {
            from: Timestamp::parse("2026-03-29T01:30:20Z").unwrap(),
            to: Timestamp::parse("2026-03-29T02:00:40Z").unwrap(),
        };
        assert_eq!(
            search(stretch),
            r#"Updated >= "2026-03-28 13:29" AND Updated <= "2026-03-29 16:01""#
        );
    }
}
