//! Profiles of managed accounts: what they say, which of it may be changed, and changing it.

use super::client::Client;
use crate::event::profile::{Profile, ProfileField, Values};
use crate::source::SourceError;
use crate::source::http::{CallError, ChangeError};
use crate::source::look::Look;
use serde_json::{Map, Value, json};

/// The profiles of an organization's managed accounts.
#[derive(Clone, Copy, Debug)]
pub struct Profiles<'a> {
    pub(super) client: &'a Client,
}

impl Profiles<'_> {
    /// What upstream has of somebody, and what of it cannot be changed.
    pub async fn read(&self, account: &str) -> Result<Profile, ChangeError> {
        let profile = self.client.profile(account).await.map_err(unread)?;
        let privileges = self.client.privileges(account).await.map_err(unread)?;
        let values = values(Look::new(&profile).at("account"));
        let whole = Look::new(&privileges);
        let mut write = whole.at("profile.write");
        if write.is_null() {
            write = whole.at("profile");
        }
        let locked = ProfileField::ALL.into_iter().filter_map(|field| {
            let privilege = match write.at("allowed").flag() {
                Some(_) => write,
                None => write.at(&format!("{PROFILE}.{}", upstream(field))),
            };
            let refused = privilege.at("allowed").flag() == Some(false);
            let key = privilege.at("reason").at("key").text().unwrap_or_default();
            refused.then(|| (field, reason(&key)))
        });
        Ok(Profile {
            values,
            locked: locked.collect(),
        })
    }

    /// Sets these fields and leaves the others; what upstream has then. An empty value takes the field's away.
    pub async fn change(&self, account: &str, to: &Values) -> Result<Values, ChangeError> {
        let fields: Map<String, Value> = to
            .iter()
            .map(|(field, value)| (upstream(*field).to_owned(), json!(value)))
            .collect();
        let answer = self.client.change_profile(account, fields).await;
        let answer = answer.map_err(in_words)?;
        Ok(values(Look::new(&answer).at("account")))
    }
}

/// The part of a profile in which the fields are.
pub(super) const PROFILE: &str = "extended_profile";

/// What upstream calls a field.
const fn upstream(field: ProfileField) -> &'static str {
    match field {
        ProfileField::Department => "department",
        ProfileField::JobTitle => "job_title",
        ProfileField::Organization => "organization",
        ProfileField::Location => "location",
    }
}

fn values(account: Look<'_>) -> Values {
    let profile = account.at(PROFILE);
    let value = |field| Some((field, profile.at(upstream(field)).text()?));
    ProfileField::ALL.into_iter().filter_map(value).collect()
}

/// Why a field cannot be changed, for people, by upstream's key for it.
fn reason(key: &str) -> String {
    if key.starts_with("externalDirectory") {
        return format!(
            "the account is kept by your identity provider ({key}); change it there, and it arrives with the next synchronisation"
        );
    }
    if key.is_empty() {
        return "upstream does not allow it and gives no reason".to_owned();
    }
    format!("upstream does not allow it ({key})")
}

/// Why a profile cannot be read, which is why it cannot be changed.
fn unread(error: CallError) -> ChangeError {
    match error {
        CallError::Refused {
            what,
            status: status @ (403 | 404),
            message,
            ..
        } => ChangeError::Refused {
            what,
            status,
            message: meaning(&message).map_or(message.clone(), str::to_owned),
            answer: Value::Null,
        },
        CallError::Failed(SourceError::Unavailable { what, message, .. }) => {
            ChangeError::NotSent { what, message }
        }
        error => ChangeError::NotSent {
            what: "the profile".to_owned(),
            message: error.to_string(),
        },
    }
}

/// What upstream's key for a refusal means, at the beginning of its words.
fn meaning(message: &str) -> Option<&'static str> {
    let meanings = [
        (
            "forbidden.targetUnverified",
            "the account is not managed by your organization: its e-mail address is in no domain that you have verified",
        ),
        ("accountNotFound", "upstream knows no such account"),
        ("notFound", "upstream knows no such account"),
    ];
    let found = meanings.iter().find(|(key, _)| message.starts_with(key));
    found.map(|(_, meaning)| *meaning)
}

/// A refusal with what its key means and which fields it is about.
fn in_words(error: ChangeError) -> ChangeError {
    let ChangeError::Refused {
        what,
        status,
        message,
        answer,
    } = error
    else {
        return error;
    };
    let refusal = Look::new(&answer);
    let context = refusal.at("context");
    let violations = context.at("fieldViolations").list().filter_map(|one| {
        let keys = one.at("violations").list();
        let keys: Vec<_> = keys.filter_map(|one| one.at("key").text()).collect();
        Some(format!("{}: {}", one.at("field").text()?, keys.join(", ")))
    });
    let fields = context.at("fields").list().filter_map(Look::text);
    let about: Vec<String> = violations.chain(fields).collect();
    let about = about.join("; ");
    let message = match refusal.at("key").text().as_deref() {
        Some("forbidden.fieldMutation") => {
            let key = context.at("reason").text().unwrap_or_default();
            format!("{about}: {}", reason(&key))
        }
        Some("fieldConstraintsViolated") => format!("{message}: {about}"),
        Some(key) => meaning(key).map_or(message, str::to_owned),
        None => message,
    };
    ChangeError::Refused {
        what,
        status,
        message,
        answer,
    }
}
