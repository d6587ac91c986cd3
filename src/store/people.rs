//! People in a directory listing: their rows, their names and their signs of activity. What they belong to is in
//! [`belonging`](super::belonging).

use super::entity::{activity_signal, alias, listed_user, membership, user, user_word};
use super::listing::Comparison;
use super::names::unnamed;
use super::observation::Observation;
use super::{StoreError, clean, directory, sort_name};
use crate::event::directory::{ActivitySignal, DirectoryUser, Listing, UserStatus};
use crate::event::{Actor, Change, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QueryOrder, Set,
};
use std::collections::BTreeSet;

impl Comparison<'_, '_> {
    /// Somebody whom a listing of users names.
    pub(super) async fn user(&mut self, listed: DirectoryUser) -> Result<(), StoreError> {
        let Some((row, is_new)) = self.person_row(&listed).await? else {
            return Ok(());
        };
        let first = !self.is_listed(row.id).await?;
        self.mark_listed(row.id).await?;
        if first && self.has_baseline(Listing::Users).await? {
            let person = actor_of(&listed);
            self.observe(Observation::of_user("directory.user_added", person).at(listed.added_at));
        }
        self.update_person(row, &listed, is_new || first).await
    }

    /// The row of a person, found by any of their names or made; and whether it is new.
    pub(super) async fn person_row(
        &mut self,
        listed: &DirectoryUser,
    ) -> Result<Option<(user::Model, bool)>, StoreError> {
        let transaction = self.resolver.transaction;
        let mut known = BTreeSet::new();
        let mut unknown = Vec::new();
        for name in &listed.aliases {
            match self.resolver.stored_alias(name).await? {
                Some(alias) => {
                    known.insert(alias.user_id);
                }
                None => unknown.push(name),
            }
        }
        let mut ids = known.into_iter();
        let found = match ids.next() {
            Some(id) => user::Entity::find_by_id(id).one(transaction).await?,
            None => None,
        };
        let (row, is_new) = match found {
            Some(row) => (row, false),
            None if listed.aliases.is_empty() => return Ok(None),
            None => {
                let row = user::Model {
                    kind: listed.kind.number(),
                    ..unnamed(self.resolver.next_user().await?)
                };
                (
                    row.into_active_model()
                        .reset_all()
                        .insert(transaction)
                        .await?,
                    true,
                )
            }
        };
        for other in ids {
            self.merge(row.id, other).await?;
        }
        for name in unknown {
            self.resolver.add_alias(name, row.id).await?;
        }
        Ok(Some((row, is_new)))
    }

    /// Upstream says that two rows are one person: everything moves to the first.
    async fn merge(&self, keep: i64, other: i64) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        alias::Entity::update_many()
            .col_expr(alias::Column::UserId, Expr::value(keep))
            .filter(alias::COLUMN.user_id.eq(other))
            .exec(transaction)
            .await?;
        membership::Entity::update_many()
            .col_expr(membership::Column::UserId, Expr::value(keep))
            .filter(membership::COLUMN.user_id.eq(other))
            .exec(transaction)
            .await?;
        for signal in activity_signal::Entity::find()
            .filter(activity_signal::COLUMN.user_id.eq(other))
            .all(transaction)
            .await?
        {
            let time = Timestamp::from_micros(signal.time);
            self.signal(
                keep,
                &ActivitySignal {
                    evidence: signal.evidence,
                    time,
                },
            )
            .await?;
        }
        activity_signal::Entity::delete_many()
            .filter(activity_signal::COLUMN.user_id.eq(other))
            .exec(transaction)
            .await?;
        listed_user::Entity::delete_many()
            .filter(listed_user::COLUMN.user_id.eq(other))
            .exec(transaction)
            .await?;
        user_word::Entity::delete_many()
            .filter(user_word::COLUMN.user_id.eq(other))
            .exec(transaction)
            .await?;
        user::Entity::delete_by_id(other).exec(transaction).await?;
        Ok(())
    }

    /// Signs of activity of somebody who may be known.
    pub(super) async fn activity(&mut self, seen: &DirectoryUser) -> Result<(), StoreError> {
        for name in &seen.aliases {
            if let Some(alias) = self.resolver.stored_alias(name).await? {
                for signal in &seen.activity {
                    self.signal(alias.user_id, signal).await?;
                }
                break;
            }
        }
        Ok(())
    }

    async fn is_listed(&self, user_id: i64) -> Result<bool, StoreError> {
        let row = listed_user::Entity::find_by_id((self.source_id, user_id))
            .one(self.resolver.transaction)
            .await?;
        Ok(row.is_some())
    }

    /// Notes that this listing names somebody. One that began earlier does not undo what a later one has noted.
    async fn mark_listed(&self, user_id: i64) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        let began = self.began.micros();
        let known = listed_user::Entity::find_by_id((self.source_id, user_id))
            .one(transaction)
            .await?;
        if let Some(known) = known {
            let seen_at = Ord::max(known.seen_at, began);
            let mut known = known.into_active_model();
            known.seen_at = Set(seen_at);
            known.update(transaction).await?;
        } else {
            let row = listed_user::ActiveModel {
                source_id: Set(self.source_id),
                user_id: Set(user_id),
                seen_at: Set(began),
            };
            row.insert(transaction).await?;
        }
        user::Entity::update_many()
            .col_expr(user::Column::Listed, Expr::value(true))
            .filter(user::COLUMN.id.eq(user_id))
            .filter(user::COLUMN.listed.eq(false))
            .exec(self.resolver.transaction)
            .await?;
        Ok(())
    }

    /// Whether this source's word about a person counts: the first source that lists them decides, so that two
    /// directories that spell a name differently do not take turns in renaming them.
    async fn decides(&self, user_id: i64) -> Result<bool, StoreError> {
        let first = listed_user::Entity::find()
            .filter(listed_user::COLUMN.user_id.eq(user_id))
            .order_by_asc(listed_user::Column::SourceId)
            .one(self.resolver.transaction)
            .await?;
        Ok(first.is_none_or(|first| first.source_id == self.source_id))
    }

    /// Brings a person's row up to date; `silently` when nothing was known of them before.
    pub(super) async fn update_person(
        &mut self,
        row: user::Model,
        listed: &DirectoryUser,
        silently: bool,
    ) -> Result<(), StoreError> {
        let user_id = row.id;
        let decides = self.decides(user_id).await?;
        let changes = differences(&row, listed, decides);
        if !changes.is_empty() {
            let status = row.status.and_then(UserStatus::from_number);
            let updated = changed(row, listed, decides)
                .update(self.resolver.transaction)
                .await?;
            directory::index_words(self.resolver.transaction, &updated).await?;
            if !silently {
                for observation in observations(actor_of(listed), status, &changes, listed) {
                    self.observe(observation);
                }
            }
        }
        if let Some(groups) = &listed.groups {
            self.groups_of(user_id, actor_of(listed), groups).await?;
        }
        for signal in &listed.activity {
            self.signal(user_id, signal).await?;
        }
        Ok(())
    }

    /// Keeps a sign of activity if it is newer than what is known from the same evidence.
    async fn signal(&self, user_id: i64, signal: &ActivitySignal) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        let key = (user_id, self.source_id, clean(signal.evidence.clone()));
        let time = signal.time.micros();
        match activity_signal::Entity::find_by_id(key.clone())
            .one(transaction)
            .await?
        {
            Some(old) if old.time >= time => return Ok(()),
            Some(old) => {
                let mut old = old.into_active_model();
                old.time = Set(time);
                old.update(transaction).await?;
            }
            None => {
                let row = activity_signal::ActiveModel {
                    user_id: Set(key.0),
                    source_id: Set(key.1),
                    evidence: Set(key.2.clone()),
                    time: Set(time),
                };
                row.insert(transaction).await?;
            }
        }
        user::Entity::update_many()
            .col_expr(user::Column::LastActiveAt, Expr::value(time))
            .col_expr(
                user::Column::LastActiveEvidence,
                Expr::value(format!("{}: {}", self.source, key.2)),
            )
            .filter(user::COLUMN.id.eq(user_id))
            .filter(
                user::COLUMN
                    .last_active_at
                    .is_null()
                    .or(user::COLUMN.last_active_at.lt(time)),
            )
            .exec(transaction)
            .await?;
        Ok(())
    }
}

pub(super) fn actor_of(listed: &DirectoryUser) -> Actor {
    Actor {
        alias: listed
            .aliases
            .first()
            .cloned()
            .unwrap_or_else(|| crate::event::Alias::account("")),
        kind: listed.kind,
        name: listed.name.clone(),
        email: listed.email.clone(),
    }
}

/// What a listing says otherwise than the row; where this source does not decide, only what the row lacks.
fn differences(row: &user::Model, listed: &DirectoryUser, decides: bool) -> Vec<Change> {
    let status = |number: Option<i16>| {
        number
            .and_then(UserStatus::from_number)
            .map(|status| format!("{status:?}").to_lowercase())
    };
    let mut changes = Vec::new();
    let mut compare = |field: &str, old: Option<String>, new: Option<String>| {
        if new.is_some() && new != old && (decides || old.is_none()) {
            changes.push(Change {
                field: field.to_owned(),
                from: old,
                to: new,
            });
        }
    };
    compare("name", row.name.clone(), listed.name.clone().map(clean));
    compare(
        "nickname",
        row.nickname.clone(),
        listed.nickname.clone().map(clean),
    );
    compare("email", row.email.clone(), listed.email.clone().map(clean));
    compare(
        "status",
        status(row.status),
        status(listed.status.map(UserStatus::number)),
    );
    compare(
        "avatar",
        row.avatar_url.clone(),
        listed.avatar_url.clone().map(clean),
    );
    compare(
        "job title",
        row.job_title.clone(),
        listed.job_title.clone().map(clean),
    );
    compare(
        "department",
        row.department.clone(),
        listed.department.clone().map(clean),
    );
    compare(
        "added",
        row.added_at.map(|added| added.to_string()),
        listed.added_at.map(|added| added.micros().to_string()),
    );
    changes
}

fn changed(row: user::Model, listed: &DirectoryUser, decides: bool) -> user::ActiveModel {
    let pick = |old: Option<String>, new: &Option<String>| match new {
        Some(new) if decides || old.is_none() => Some(clean(new.clone())),
        _ => old,
    };
    let name = pick(row.name.clone(), &listed.name);
    let nickname = pick(row.nickname.clone(), &listed.nickname);
    let email = pick(row.email.clone(), &listed.email);
    let status = match listed.status {
        Some(status) if decides || row.status.is_none() => Some(status.number()),
        _ => row.status,
    };
    let avatar_url = pick(row.avatar_url.clone(), &listed.avatar_url);
    let job_title = pick(row.job_title.clone(), &listed.job_title);
    let department = pick(row.department.clone(), &listed.department);
    let added_at = if decides || row.added_at.is_none() {
        listed.added_at.map(Timestamp::micros).or(row.added_at)
    } else {
        row.added_at
    };
    let mut row = row.into_active_model();
    row.sort_name = Set(sort_name(
        name.as_deref().or(nickname.as_deref()).or(email.as_deref()),
    ));
    row.name = Set(name);
    row.nickname = Set(nickname);
    row.email = Set(email);
    row.status = Set(status);
    row.avatar_url = Set(avatar_url);
    row.job_title = Set(job_title);
    row.department = Set(department);
    row.added_at = Set(added_at);
    row
}

/// What the differences are worth telling: a new name, a new status, other details.
fn observations(
    person: Actor,
    before: Option<UserStatus>,
    changes: &[Change],
    listed: &DirectoryUser,
) -> Vec<Observation<'static>> {
    let mut told = Vec::new();
    let mut details = Vec::new();
    for change in changes {
        match change.field.as_str() {
            "name" => told.push(
                Observation::of_user("directory.user_renamed", person.clone())
                    .changes(vec![change.clone()]),
            ),
            "status" if before.is_some() => {
                let code = if listed.status == Some(UserStatus::Active) {
                    "directory.user_reactivated"
                } else {
                    "directory.user_deactivated"
                };
                told.push(Observation::of_user(code, person.clone()).changes(vec![change.clone()]));
            }
            // Pictures change by themselves, and a joining date is not news.
            "avatar" | "added" | "status" => {}
            _ => details.push(change.clone()),
        }
    }
    if !details.is_empty() {
        told.push(Observation::of_user("directory.user_changed", person).changes(details));
    }
    told
}
