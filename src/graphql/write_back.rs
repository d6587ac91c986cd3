//! Write-backs: changing a profile, and restoring a deleted issue. Both change something upstream.

use super::event::Event;
use super::user::User;
use super::{backend, error, loader, loaders, node, viewer};
use crate::event::node::NodeKind;
use crate::event::profile::{ProfileField, Values};
use crate::write_back::{ProfileChange, Restore, WriteBackError};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

#[derive(Default)]
pub(super) struct WriteBackMutation;

#[Object]
impl WriteBackMutation {
    /// Changes fields of somebody's profile in the Atlassian organization. Absent fields stay as they are; null and the
    /// empty text take a value away. With `dryRun`, nothing is changed and the answer says what would be, and what cannot
    /// be. For administrators, and only where `organization.writes_per_day` allows it.
    async fn update_user_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose profile, and what of it.")] input: UpdateUserProfileInput,
    ) -> Result<UpdateUserProfilePayload> {
        let viewer = viewer(ctx)?;
        let id = node::read("input.user", &input.user)?;
        if id.kind != NodeKind::User {
            return Err(error::bad_input("input.user", "is not the id of a user"));
        }
        let (account, dry_run) = (input.account_id.clone(), input.dry_run);
        let write_backs = &backend(ctx)?.write_backs;
        let change =
            write_backs.change_profile(viewer, id.number, account, input.values(), dry_run);
        let change = change.await.map_err(|failure| failed(ctx, failure))?;
        let user = loaders(ctx)?.load_one(loader::UserId(id.number)).await;
        let user = user.map_err(|failure| super::viewer::shared(ctx, &failure))?;
        Ok(UpdateUserProfilePayload {
            user: user.map(User),
            changed: !dry_run && !change.to.is_empty(),
            account_id: change.account.clone(),
            fields: fields(&change),
        })
    }

    /// Makes a deleted issue again, with the system fields that it had: no custom fields, comments, history or worklogs,
    /// and with a new id and key. Only what a webhook told can be restored, and only once. With `dryRun`, nothing is made
    /// and the answer says what would be set, and what cannot be. For administrators, and only where
    /// `jira_cloud.writes_per_day` allows it.
    async fn restore_issue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which issue.")] input: RestoreIssueInput,
    ) -> Result<RestoreIssuePayload> {
        let viewer = viewer(ctx)?;
        let id = node::read("input.event", &input.event)?;
        if id.kind != NodeKind::Event {
            return Err(error::bad_input("input.event", "is not the id of an event"));
        }
        let write_backs = &backend(ctx)?.write_backs;
        let restore = write_backs.restore(viewer, id.number, input.dry_run);
        let restore = restore.await.map_err(|failure| failed(ctx, failure))?;
        let event = loaders(ctx)?.load_one(loader::EventAt(id.number)).await;
        let event = event.map_err(|failure| super::viewer::shared(ctx, &failure))?;
        Ok(RestoreIssuePayload::new(event.map(Event::alone), restore))
    }
}

/// Whose profile is changed, and what of it.
#[derive(InputObject)]
struct UpdateUserProfileInput {
    /// The user's global id.
    user: ID,
    /// Which of their Atlassian accounts, where they have several.
    account_id: Option<String>,
    /// The department.
    department: MaybeUndefined<String>,
    /// The job title.
    job_title: MaybeUndefined<String>,
    /// The organization, as the profile names it.
    organization: MaybeUndefined<String>,
    /// Where they work.
    location: MaybeUndefined<String>,
    /// Whether to change nothing and only say what would be.
    #[graphql(default)]
    dry_run: bool,
}

impl UpdateUserProfileInput {
    fn values(self) -> Values {
        let given = [
            (ProfileField::Department, self.department),
            (ProfileField::JobTitle, self.job_title),
            (ProfileField::Organization, self.organization),
            (ProfileField::Location, self.location),
        ];
        let given = given.into_iter().filter_map(|(field, value)| match value {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some((field, String::new())),
            MaybeUndefined::Value(value) => Some((field, value.trim().to_owned())),
        });
        given.collect()
    }
}

/// What became of a profile, or would.
#[derive(SimpleObject)]
struct UpdateUserProfilePayload {
    /// The user. What the directory tells of them follows when it is read next.
    user: Option<User>,
    /// The account whose profile it is.
    account_id: String,
    /// Whether anything was changed: not in a dry run, and not where everything was so already.
    changed: bool,
    /// The fields of the profile.
    fields: Vec<ProfileFieldChange>,
}

/// A field of a profile, and what becomes of it.
#[derive(SimpleObject)]
struct ProfileFieldChange {
    /// Which field.
    field: ProfileField,
    /// What it said before.
    from: Option<String>,
    /// What it says now, or would say.
    to: Option<String>,
    /// Why upstream does not let it be changed; absent when it does.
    locked_because: Option<String>,
}

fn fields(change: &ProfileChange) -> Vec<ProfileFieldChange> {
    let filled = |value: Option<&String>| value.filter(|value| !value.is_empty()).cloned();
    let field = |field| {
        let from = change.before.values.get(&field);
        ProfileFieldChange {
            field,
            from: filled(from),
            to: filled(change.to.get(&field).or(from)),
            locked_because: change.before.locked.get(&field).cloned(),
        }
    };
    ProfileField::ALL.into_iter().map(field).collect()
}

/// Which issue is made again.
#[derive(InputObject)]
struct RestoreIssueInput {
    /// The global id of the event of its deletion.
    event: ID,
    /// Whether to make nothing and only say what would be.
    #[graphql(default)]
    dry_run: bool,
}

/// What became of a deleted issue, or would.
#[derive(SimpleObject)]
struct RestoreIssuePayload {
    /// The event of its deletion.
    event: Option<Event>,
    /// The key of the new issue; null in a dry run.
    key: Option<String>,
    /// Where people open the new issue; null in a dry run.
    url: Option<String>,
    /// What the new issue has, or would have.
    sets: Vec<RestoredField>,
    /// What it does not have, or would not have.
    leaves: Vec<LostField>,
    /// Fields that Jira demands of new issues and that the deleted one did not have: as long as there are any, it cannot be
    /// restored.
    demands: Vec<String>,
}

/// A field of a restored issue.
#[derive(SimpleObject)]
struct RestoredField {
    /// Jira's name of it.
    field: String,
    /// What it says, for people.
    value: String,
}

/// A field of a deleted issue that the new one does not have.
#[derive(SimpleObject)]
struct LostField {
    /// Jira's name of it.
    field: String,
    /// What it said, for people.
    value: String,
    /// Why it is not set.
    reason: String,
}

impl RestoreIssuePayload {
    fn new(event: Option<Event>, restore: Restore) -> Self {
        let draft = restore.draft;
        let sets = draft.sets.into_iter().map(|kept| RestoredField {
            field: kept.field,
            value: kept.value,
        });
        let leaves = draft.leaves.into_iter().map(|left| LostField {
            field: left.field,
            value: left.value,
            reason: left.reason,
        });
        Self {
            event,
            key: restore.made.map(|made| made.key),
            url: restore.url,
            sets: sets.collect(),
            leaves: leaves.collect(),
            demands: draft.demands,
        }
    }
}

fn failed(ctx: &Context<'_>, failure: WriteBackError) -> async_graphql::Error {
    match failure {
        WriteBackError::Input { argument, message } => error::bad_input(argument, message),
        WriteBackError::Forbidden(message) => error::error(error::Code::Forbidden, message),
        WriteBackError::NotFound(what) => {
            error::error(error::Code::NotFound, format!("there is no {what}"))
        }
        WriteBackError::Upstream(message) => {
            error::error(error::Code::UpstreamUnavailable, message)
        }
        WriteBackError::Store(failure) => error::from_store(ctx, failure),
        WriteBackError::BrokenOff(cause) => error::internal(&error::request_id(ctx), &cause),
    }
}
