//! What a query in Jira's own language finds: all pages, of each issue its id and key.

use super::client::{Client, SEARCH};
use crate::event::jql::{FoundIssue, SearchError};
use crate::source::http::{CallError, Guard};
use crate::source::look::{self, Look};
use futures::stream::{self, Stream};

/// The pages of an answer.
pub(super) fn pages<'a>(
    client: &'a Client,
    jql: &'a str,
) -> impl Stream<Item = Result<Vec<FoundIssue>, SearchError>> + use<'a> {
    let first = Some((None::<String>, Guard::default()));
    stream::try_unfold(first, move |next| async move {
        let Some((token, mut guard)) = next else {
            return Ok(None);
        };
        let page = client.found(jql, token.as_deref()).await;
        let page = page.map_err(|error| in_words(error, token.is_none()))?;
        let next = page.next();
        if let Some(token) = &next {
            let passed = guard.pass(SEARCH, token, []);
            passed.map_err(|error| SearchError::Unavailable(error.to_string()))?;
        }
        let found: Vec<FoundIssue> = page
            .issues
            .iter()
            .filter_map(|issue| {
                let value = look::value(issue);
                let issue = Look::new(&value);
                Some(FoundIssue {
                    id: issue.at("id").text()?.into(),
                    key: issue.at("key").text().map(Into::into),
                })
            })
            .collect();
        if found.is_empty() && token.is_none() {
            let proven = client.prove().await;
            proven.map_err(|error| in_words(error, false))?;
        }
        Ok(Some((found, next.map(|token| (Some(token), guard)))))
    })
}

/// What went wrong; at first, what Jira refuses is the query.
fn in_words(error: CallError, first: bool) -> SearchError {
    match error {
        CallError::Refused {
            status: 400,
            message,
            ..
        } if first => SearchError::Refused(message),
        error => SearchError::Unavailable(error.to_string()),
    }
}
