//! What goes back upstream: a change of somebody's profile, and a deleted issue made again.
//!
//! Switched off unless the settings of the source allow it, for administrators only, each in the log before upstream is
//! asked and again once it has answered. A change whose answer is lost is never sent twice: whoever wants it again finds
//! out first what became of it.

use crate::access::Viewer;
use crate::clock::Clock;
use crate::config::Config;
use crate::event::Change;
use crate::event::profile::{Profile, ProfileField, Values};
use crate::event::restore::{Draft, Restored};
use crate::feed::Feed;
use crate::source::http::ChangeError;
use crate::source::jira_cloud::Restores;
use crate::source::{Source, SourceError};
use crate::store::write_backs::{Begun, NewWriteBack, Subject, WriteBackEnding};
use crate::store::{Store, StoreError};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// Characters that a field of a profile may have.
const VALUE: usize = 255;

/// What goes back upstream. Cheap to clone.
#[derive(Clone)]
pub struct WriteBacks {
    feed: Feed,
    sources: Vec<Arc<dyn Source>>,
    clock: Clock,
    tasks: TaskTracker,
    profiles_per_day: u32,
    restores_per_day: u32,
}

/// Why nothing was changed upstream.
#[derive(Debug, thiserror::Error)]
pub enum WriteBackError {
    /// An argument makes no sense.
    #[error("{argument}: {message}")]
    Input {
        /// Which one.
        argument: &'static str,
        /// What is wrong with it, and what would be right.
        message: String,
    },
    /// The settings, or the viewer's role, do not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing, or the viewer may not see it.
    #[error("there is no {0}")]
    NotFound(&'static str),
    /// Upstream could not be asked, or its answer was lost.
    #[error("{0}")]
    Upstream(String),
    /// The store failed, or knows why not.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It broke off.
    #[error("a write-back broke off: {0}")]
    BrokenOff(#[from] tokio::task::JoinError),
}

/// What became of a profile, or would.
#[derive(Clone, Debug)]
pub struct ProfileChange {
    /// The account whose profile it is.
    pub account: String,
    /// The profile before.
    pub before: Profile,
    /// What was to be changed, or would be; nothing that upstream has already.
    pub to: Values,
}

/// What became of a deleted issue, or would.
#[derive(Clone, Debug)]
pub struct Restore {
    /// What the new issue is made of, and what it does not have.
    pub draft: Draft,
    /// The new issue; none in a dry run.
    pub made: Option<Restored>,
    /// Where people open it.
    pub url: Option<String>,
}

impl WriteBacks {
    /// What goes back to these sources, as far as the settings allow; nothing has gone yet.
    #[must_use]
    pub fn new(
        feed: Feed,
        sources: Vec<Arc<dyn Source>>,
        clock: Clock,
        tasks: TaskTracker,
        config: &Config,
    ) -> Self {
        Self {
            feed,
            sources,
            clock,
            tasks,
            profiles_per_day: config.organization.writes_per_day,
            restores_per_day: config.jira_cloud.writes_per_day,
        }
    }

    /// Changes fields of a user's profile; in a dry run, only says what would be changed. `account` says which of
    /// several accounts is meant.
    pub async fn change_profile(
        &self,
        viewer: &Arc<Viewer>,
        user: i64,
        account: Option<String>,
        to: Values,
        dry_run: bool,
    ) -> Result<ProfileChange, WriteBackError> {
        // Of its own, so that it is brought to its end even if nobody waits for it any more.
        let (this, viewer) = (self.clone(), Arc::clone(viewer));
        let change = async move {
            let account = account.as_deref();
            this.change_profile_now(&viewer, user, account, to, dry_run)
                .await
        };
        self.tasks.spawn(change).await?
    }

    /// Makes an issue again of which this event tells the deletion; in a dry run, only says what it would be made of.
    pub async fn restore(
        &self,
        viewer: &Arc<Viewer>,
        seq: i64,
        dry_run: bool,
    ) -> Result<Restore, WriteBackError> {
        let (this, viewer) = (self.clone(), Arc::clone(viewer));
        let restore = async move { this.restore_now(&viewer, seq, dry_run).await };
        self.tasks.spawn(restore).await?
    }

    fn store(&self) -> &Store {
        self.feed.store()
    }

    async fn change_profile_now(
        &self,
        viewer: &Viewer,
        user: i64,
        account: Option<&str>,
        to: Values,
        dry_run: bool,
    ) -> Result<ProfileChange, WriteBackError> {
        allowed(viewer, "changes profiles")?;
        let source = self.sources.iter().find(|it| it.profiles().is_some());
        let Some((source, profiles)) = source.and_then(|it| Some((it, it.profiles()?))) else {
            return Err(WriteBackError::Forbidden(
                "profiles cannot be changed from here: organization.writes_per_day is 0, or no organization is configured"
                    .to_owned(),
            ));
        };
        for (field, value) in &to {
            if value.chars().count() > VALUE || value.chars().any(char::is_control) {
                return Err(WriteBackError::Input {
                    argument: argument(*field),
                    message: format!("give at most {VALUE} characters, without line breaks"),
                });
            }
        }
        let (account, name) = self.account(user, account).await?;
        let before = profiles.read(&account).await;
        let before = before.map_err(|error| answered("input.user", error))?;
        let kept = |field: &ProfileField| before.values.get(field).map_or("", String::as_str);
        let to: Values = to
            .into_iter()
            .filter(|(field, value)| kept(field) != value)
            .collect();
        let change = ProfileChange {
            account,
            before: before.clone(),
            to,
        };
        if dry_run || change.to.is_empty() {
            return Ok(change);
        }
        for field in change.to.keys() {
            if let Some(reason) = before.locked.get(field) {
                return Err(WriteBackError::Input {
                    argument: argument(*field),
                    message: format!("the {} cannot be changed: {reason}", field.as_str()),
                });
            }
        }
        let filled = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        let changes = change.to.iter().map(|(field, value)| Change {
            field: field.as_str().to_owned(),
            from: filled(kept(field)),
            to: filled(value),
        });
        let new = NewWriteBack {
            source: source.name(),
            per_day: self.profiles_per_day,
            subject: Subject::Profile {
                account: &change.account,
                name: name.as_deref(),
                changes: changes.collect(),
            },
        };
        let begun = self.begin(viewer, &new).await?;
        match profiles.change(&change.account, &change.to).await {
            Ok(_) => {
                let ending = WriteBackEnding::Done(None);
                self.end(viewer, begun, &new, &ending).await?;
                Ok(change)
            }
            Err(error) => Err(self.failed(viewer, begun, &new, error).await?),
        }
    }

    /// The Atlassian account of a user, and their name.
    async fn account(
        &self,
        user: i64,
        account: Option<&str>,
    ) -> Result<(String, Option<String>), WriteBackError> {
        let accounts = self.store().accounts_of(&[user]).await?;
        let person = accounts.iter().find(|row| row.id == user);
        let Some(person) = person else {
            return Err(WriteBackError::NotFound("such user"));
        };
        let name = person.name.clone();
        let aliases = self.store().aliases_of(&[user]).await?;
        let own = aliases
            .into_iter()
            .filter(|alias| alias.namespace == "account");
        let all: Vec<String> = own.map(|alias| alias.value).collect();
        let wrong = |argument, message: String| WriteBackError::Input { argument, message };
        match (account, all.as_slice()) {
            (Some(account), all) if all.iter().any(|one| one == account) => {
                Ok((account.to_owned(), name))
            }
            (_, []) => Err(wrong(
                "input.user",
                "has no Atlassian account, so there is no profile to change".to_owned(),
            )),
            (None, [only]) => Ok((only.clone(), name)),
            (_, all) => Err(wrong(
                "input.accountId",
                format!("give one of the user's accounts: {}", all.join(", ")),
            )),
        }
    }

    async fn restore_now(
        &self,
        viewer: &Viewer,
        seq: i64,
        dry_run: bool,
    ) -> Result<Restore, WriteBackError> {
        allowed(viewer, "restores issues")?;
        let event = self.store().events_at(&[seq], &viewer.sight()).await?.pop();
        let event = event.ok_or(WriteBackError::NotFound("such event"))?;
        let source = self.store().source_name(event.source_id).await?;
        let source = self
            .sources
            .iter()
            .find(|it| Some(it.name()) == source.as_deref());
        let Some((source, restores)) = source.and_then(|it| Some((it, it.restores()?))) else {
            return Err(WriteBackError::Forbidden(
                "issues cannot be restored from here: jira_cloud.writes_per_day is 0, or the event is of another source"
                    .to_owned(),
            ));
        };
        let raw = self.store().payloads(&[seq]).await?.pop();
        let record = raw.and_then(|payload| serde_json::from_str(&payload.raw).ok());
        let draft = match record {
            Some(record) => restores
                .plan(&record)
                .await
                .map_err(|error| unread(&error))?,
            None => None,
        };
        let Some(mut draft) = draft else {
            return Err(WriteBackError::Input {
                argument: "input.event",
                message: "is not the deletion of an issue as a webhook of Jira tells it, with the issue as it was; only \
                    such an issue can be restored"
                    .to_owned(),
            });
        };
        if dry_run {
            self.store().check_restore(seq, self.clock.now()).await?;
            return Ok(Restore {
                draft,
                made: None,
                url: None,
            });
        }
        if !draft.demands.is_empty() {
            return Err(WriteBackError::Input {
                argument: "input.event",
                message: format!(
                    "Jira demands of new issues what this one did not have: {}; give these fields a default, or take them off \
                     the create screen for a while",
                    draft.demands.join(", ")
                ),
            });
        }
        let new = NewWriteBack {
            source: source.name(),
            per_day: self.restores_per_day,
            subject: Subject::Issue { event: &event },
        };
        let begun = self.begin(viewer, &new).await?;
        let made = match self.make(restores, &mut draft, &begun).await {
            Ok(made) => made,
            Err(error) => return Err(self.failed(viewer, begun, &new, error).await?),
        };
        let ending = WriteBackEnding::Done(Some(made.key.clone()));
        self.end(viewer, begun, &new, &ending).await?;
        restores.bring_along(&mut draft, &made).await;
        Ok(Restore {
            url: restores.link(&made.key),
            draft,
            made: Some(made),
        })
    }

    /// Makes the issue, unless an earlier attempt turns out to have made it.
    async fn make(
        &self,
        restores: Restores<'_>,
        draft: &mut Draft,
        begun: &Begun,
    ) -> Result<Restored, ChangeError> {
        if let Some(since) = begun.unclear_since {
            let found = restores.find(draft, since.minus(SKEW)).await;
            let found = found.map_err(|error| ChangeError::Unclear {
                what: "the new issue".to_owned(),
                message: error.to_string(),
            })?;
            if let Some(made) = found {
                return Ok(made);
            }
        }
        restores.create(draft).await
    }

    async fn begin(
        &self,
        viewer: &Viewer,
        new: &NewWriteBack<'_>,
    ) -> Result<Begun, WriteBackError> {
        let begun = self.store().begin_write_back(viewer, new, self.clock.now());
        Ok(self.feed.recording(Box::pin(begun)).await?)
    }

    async fn end(
        &self,
        viewer: &Viewer,
        begun: Begun,
        new: &NewWriteBack<'_>,
        ending: &WriteBackEnding,
    ) -> Result<(), WriteBackError> {
        let now = self.clock.now();
        let ended = self
            .store()
            .end_write_back(viewer, begun.id, &new.subject, ending, now);
        Ok(self.feed.recording(Box::pin(ended)).await?)
    }

    /// Notes that upstream has not done it, or that this is not known; what the viewer is told.
    async fn failed(
        &self,
        viewer: &Viewer,
        begun: Begun,
        new: &NewWriteBack<'_>,
        error: ChangeError,
    ) -> Result<WriteBackError, WriteBackError> {
        let ending = match &error {
            ChangeError::Refused { .. } | ChangeError::NotSent { .. } => {
                WriteBackEnding::Failed(error.to_string())
            }
            ChangeError::Unclear { .. } => WriteBackEnding::Unclear(error.to_string()),
        };
        self.end(viewer, begun, new, &ending).await?;
        let argument = match new.subject {
            Subject::Profile { .. } => "input.user",
            Subject::Issue { .. } => "input.event",
        };
        Ok(answered(argument, error))
    }
}

/// What the viewer is told of what upstream said, or did not say.
fn answered(argument: &'static str, error: ChangeError) -> WriteBackError {
    match error {
        ChangeError::Refused { .. } => WriteBackError::Input {
            argument,
            message: error.to_string(),
        },
        error => WriteBackError::Upstream(error.to_string()),
    }
}

/// How much upstream's clock may be behind ours.
const SKEW: std::time::Duration = std::time::Duration::from_mins(5);

fn allowed(viewer: &Viewer, what: &str) -> Result<(), WriteBackError> {
    if viewer.administers() {
        return Ok(());
    }
    Err(WriteBackError::Forbidden(format!(
        "only an administrator {what}; this needs a token with the role ADMINISTRATOR"
    )))
}

/// The argument in which a field is given.
const fn argument(field: ProfileField) -> &'static str {
    match field {
        ProfileField::Department => "input.department",
        ProfileField::JobTitle => "input.jobTitle",
        ProfileField::Organization => "input.organization",
        ProfileField::Location => "input.location",
    }
}

/// What the viewer is told when upstream could not be asked how things are.
fn unread(error: &SourceError) -> WriteBackError {
    WriteBackError::Upstream(error.to_string())
}
