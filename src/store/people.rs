//! People in a directory listing: their accounts and what they are called. Which accounts are one person's is in
//! [`persons`](super::persons), what they belong to in [`belonging`](super::belonging), their signs of activity in
//! [`signs`](super::signs).

use super::entity::{listed_user, user};
use super::listing::Comparison;
use super::names::unnamed;
use super::observation::Observation;
use super::{StoreError, clean, email_key, sort_name, words};
use crate::event::directory::{DirectoryUser, Listing, UserStatus};
use crate::event::{Actor, Change, System, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set};

impl Comparison<'_, '_> {
    /// Somebody whom a listing of users names.
    pub(super) async fn user(&mut self, listed: DirectoryUser) -> Result<(), StoreError> {
        let Some((row, is_new)) = self.person_row(&listed).await? else {
            return Ok(());
        };
        let first = !self.is_listed(row.id).await?;
        self.mark_listed(row.id, &listed).await?;
        if first && self.has_baseline(Listing::Users).await? {
            let person = actor_of(&listed);
            self.observe(Observation::of_user("directory.user_added", person).at(listed.added_at));
        }
        self.update_person(row, &listed, is_new || first).await
    }

    /// The row of the account that a line of a directory is about, found by the line's names or made; and whether it is
    /// new. The account of the most telling name that is known gets what the line says.
    pub(super) async fn person_row(
        &mut self,
        listed: &DirectoryUser,
    ) -> Result<Option<(user::Model, bool)>, StoreError> {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for name in &listed.aliases {
            match self.resolver.stored_alias(name).await? {
                Some(alias) => known.push(alias),
                None => unknown.push(name),
            }
        }
        let Some(first) = listed.aliases.first() else {
            return Ok(None);
        };
        let mut home = None;
        for alias in &known {
            // A name that an account cannot have says that the account is somebody else's.
            let may_be =
                unknown.first() != Some(&first) || self.resolver.fits(alias.user_id, first).await?;
            if may_be {
                home = Some(alias.account_id);
                break;
            }
        }
        let found = match home {
            Some(id) => {
                let transaction = self.resolver.transaction;
                user::Entity::find_by_id(id).one(transaction).await?
            }
            None => None,
        };
        let (row, is_new) = match found {
            Some(row) => (row, false),
            None => (self.new_account(listed).await?, true),
        };
        for name in unknown {
            if self.resolver.fits(row.person_id, name).await? {
                known.push(self.resolver.add_alias(name, &row).await?);
            } else {
                let own = self.new_account(listed).await?;
                known.push(self.resolver.add_alias(name, &own).await?);
            }
        }
        self.named_together(&row, &known).await?;
        Ok(Some((row, is_new)))
    }

    async fn new_account(&mut self, listed: &DirectoryUser) -> Result<user::Model, StoreError> {
        let row = user::Model {
            kind: listed.kind.number(),
            ..unnamed(self.resolver.next_user().await?)
        };
        let row = row.into_active_model().reset_all();
        Ok(row.insert(self.resolver.transaction).await?)
    }

    /// Signs of activity of somebody who may be known.
    pub(super) async fn activity(&mut self, seen: &DirectoryUser) -> Result<(), StoreError> {
        for name in &seen.aliases {
            if let Some(alias) = self.resolver.stored_alias(name).await? {
                return self.signs(alias.account_id, seen).await;
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
    async fn mark_listed(&self, user_id: i64, listed: &DirectoryUser) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        let began = self.began.micros();
        let email = email_key(listed.email.as_deref())
            .filter(|_| vouches(self.system) && !listed.unverified_email);
        let known = listed_user::Entity::find_by_id((self.source_id, user_id))
            .one(transaction)
            .await?;
        if let Some(known) = known {
            let seen_at = Ord::max(known.seen_at, began);
            let mut known = known.into_active_model();
            known.seen_at = Set(seen_at);
            known.email = Set(email);
            known.update(transaction).await?;
        } else {
            let row = listed_user::ActiveModel {
                source_id: Set(self.source_id),
                user_id: Set(user_id),
                seen_at: Set(began),
                email: Set(email),
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
            words::index_words(self.resolver.transaction, &updated).await?;
            if !silently {
                for observation in observations(actor_of(listed), status, &changes, listed) {
                    self.observe(observation);
                }
            }
        }
        if let Some(groups) = &listed.groups {
            self.groups_of(user_id, actor_of(listed), groups).await?;
        }
        self.signs(user_id, listed).await
    }
}

/// Whether a system's directory vouches for the e-mail addresses that it lists.
fn vouches(system: System) -> bool {
    matches!(
        system,
        System::Organization | System::BitbucketDc | System::JiraDc | System::ConfluenceDc
    )
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
    row.email_key = Set(email_key(email.as_deref()));
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
