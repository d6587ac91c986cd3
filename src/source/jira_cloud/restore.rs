//! Making a deleted issue again: what Jira takes of it, the new issue, and its status.

use super::client::Client;
use super::draft::{NEEDED, draft};
use crate::event::Timestamp;
use crate::event::restore::{Draft, Restored};
use crate::source::SourceError;
use crate::source::http::{CallError, ChangeError};
use crate::source::look::Look;
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// How often a new issue is asked for without the fields that Jira has refused.
const ROUNDS: usize = 4;

/// Where deleted issues are made again.
#[derive(Clone, Copy, Debug)]
pub struct Restores<'a> {
    pub(super) client: &'a Client,
    /// Where people open the site.
    pub(super) address: Option<&'a Url>,
}

impl Restores<'_> {
    /// What would be made of an issue whose deletion this record tells: only what the project's create screen takes.
    /// `None` when the record does not tell the issue as it was.
    pub async fn plan(&self, record: &Value) -> Result<Option<Draft>, SourceError> {
        let Some(mut draft) = draft(record) else {
            return Ok(None);
        };
        let id = |field: &str| Look::new(&draft.fields[field]).at("id").text();
        let (Some(project), Some(kind)) = (id("project"), id("issuetype")) else {
            return Ok(None);
        };
        let screen = match self.client.screen(&project, &kind).await {
            Err(CallError::Refused { status: 404, .. }) => {
                return Err(SourceError::Unusable {
                    what: "the project or the type of the issue".to_owned(),
                    message: "it is gone, or the credential may not create issues there".to_owned(),
                });
            }
            screen => screen?,
        };
        // Jira does not always list what every screen has.
        let always = |field: &str| matches!(field, "project" | "issuetype");
        let given: Vec<String> = draft.fields.keys().cloned().collect();
        for field in given {
            if !always(&field) && !screen.contains_key(&field) {
                draft.leave(&field, "it is not on the project's create screen");
            }
        }
        let demanded = screen.iter().filter(|(field, demanded)| {
            **demanded && !always(field) && !draft.fields.contains_key(*field)
        });
        draft.demands = demanded.map(|(field, _)| field.clone()).collect();
        Ok(Some(draft))
    }

    /// Makes the issue. What Jira refuses of it is left out, and the draft says so then.
    pub async fn create(&self, draft: &mut Draft) -> Result<Restored, ChangeError> {
        let mut rounds = 0;
        loop {
            rounds += 1;
            let refused = match self.client.create_issue(&draft.fields).await {
                Ok(made) => return restored(&made),
                Err(refused) => refused,
            };
            let ChangeError::Refused {
                status: 400,
                answer,
                ..
            } = &refused
            else {
                return Err(refused);
            };
            let errors = Look::new(answer).at("errors");
            let about: BTreeMap<String, String> = errors
                .entries()
                .map(|(field, message)| (field.to_owned(), message.text().unwrap_or_default()))
                .collect();
            let optional = |field: &String| {
                draft.fields.contains_key(field) && !NEEDED.contains(&field.as_str())
            };
            if rounds == ROUNDS || about.is_empty() || !about.keys().all(optional) {
                return Err(refused);
            }
            for (field, message) in about {
                draft.leave(&field, &format!("Jira refuses it: {message}"));
            }
        }
    }

    /// The issue that was made of a draft at that moment or later, for want of an answer; `None` when there is none.
    pub async fn find(
        &self,
        draft: &Draft,
        since: Timestamp,
    ) -> Result<Option<Restored>, SourceError> {
        let account = self.client.account().await?.unwrap_or_default();
        let found = self.client.made_since(&draft.project, since).await?;
        let same = found.issues.iter().find_map(|issue| {
            let issue: Value = serde_json::from_str(issue.get()).ok()?;
            let issue = Look::new(&issue);
            let fields = issue.at("fields");
            let ours = fields.at("creator").at("accountId").is(&account);
            (ours && fields.at("summary").is(&draft.summary)).then_some(())?;
            Some(Restored {
                id: issue.at("id").text()?,
                key: issue.at("key").text()?,
                created: fields.at("created").time(),
            })
        });
        Ok(same)
    }

    /// Brings the new issue to the status that the old one had, if one step of its workflow leads there; the draft says so
    /// where it does not.
    pub async fn bring_along(&self, draft: &mut Draft, made: &Restored) {
        let Some(status) = draft.status.clone() else {
            return;
        };
        if let Err(reason) = self.step(&made.id, &status).await {
            draft.leave("status", &reason);
        }
    }

    async fn step(&self, issue: &str, status: &str) -> Result<(), String> {
        let current = self.client.status(issue).await;
        if current.map_err(|error| error.to_string())?.as_deref() == Some(status) {
            return Ok(());
        }
        let steps = self.client.transitions(issue).await;
        let steps = steps.map_err(|error| error.to_string())?;
        let steps = Look::new(&steps).at("transitions");
        let step = steps.list().find(|step| step.at("to").at("id").is(status));
        let Some(step) = step.and_then(|step| step.at("id").text()) else {
            return Err("no single step of the workflow leads there".to_owned());
        };
        let stepped = self.client.transition(issue, &step).await;
        stepped.map_err(|error| error.to_string())
    }

    /// Where people open an issue.
    #[must_use]
    pub fn link(&self, key: &str) -> Option<String> {
        let mut url = self.address?.clone();
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(["browse", key]);
        Some(url.into())
    }
}

fn restored(made: &Value) -> Result<Restored, ChangeError> {
    let made = Look::new(made);
    let (Some(id), Some(key)) = (made.at("id").text(), made.at("key").text()) else {
        return Err(ChangeError::Unclear {
            what: super::client::CREATE.to_owned(),
            message: "Jira did not say which issue it made".to_owned(),
        });
    };
    Ok(Restored {
        id,
        key,
        created: None,
    })
}
