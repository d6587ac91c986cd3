//! Directory listings: what a source says is there, compared with what was there before.
//!
//! An entry is applied when it comes; what a complete listing did not name has gone. Differences become events, except
//! in the first complete listing, which is where we start from and not a change. People are in [`people`](super::people).

use super::StoreError;
use super::entity::{container, cursor, group, listed_user, membership, user};
use super::names::Resolver;
use super::observation::Observation;
use super::{append, clean, indexed, news, sort_name};
use crate::event::directory::{DirectoryGroup, Entry, Listing};
use crate::event::{Container, NewEvent, System, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, Set};

/// One page of a listing against what is known.
pub(super) struct Comparison<'a, 'b> {
    pub(super) resolver: &'b mut Resolver<'a>,
    pub(super) source: &'b str,
    pub(super) source_id: i32,
    pub(super) system: System,
    /// When the listing began; everything it names is marked with it.
    pub(super) began: Timestamp,
    pub(super) now: Timestamp,
    pub(super) observed: Vec<NewEvent>,
}

impl<'a, 'b> Comparison<'a, 'b> {
    pub(super) fn new(
        resolver: &'b mut Resolver<'a>,
        source: &'b str,
        source_id: i32,
        system: System,
        (began, now): (Timestamp, Timestamp),
    ) -> Self {
        Self {
            resolver,
            source,
            source_id,
            system,
            began,
            now,
            observed: Vec::new(),
        }
    }

    /// Applies the entries in order and returns what was noticed.
    pub(super) async fn apply(mut self, entries: Vec<Entry>) -> Result<Vec<NewEvent>, StoreError> {
        let (mut issues, mut things) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::Issue(issue) => issues.push(*issue),
                Entry::Thing(thing) => things.push(*thing),
                Entry::User(user) => self.user(*user).await?,
                Entry::Activity(user) => self.activity(&user).await?,
                Entry::Group(group) => {
                    self.group(&group, true).await?;
                }
                Entry::Container(container) => {
                    self.container(&container).await?;
                }
                Entry::Member(member) => self.member(member).await?,
                Entry::Action(action) => {
                    self.resolver.describe_action(self.system, &action).await?;
                }
                Entry::RoleHolders(holders) => self.role_holders(holders).await?,
                Entry::End(listing) => {
                    self.things(std::mem::take(&mut things)).await?;
                    self.end(listing).await?;
                }
            }
        }
        self.things(things).await?;
        news::learn(self.resolver, issues, self.now).await?;
        Ok(self.observed)
    }

    /// Whether a listing of this kind was ever complete: only then is something new a change.
    pub(super) async fn has_baseline(&self, listing: Listing) -> Result<bool, StoreError> {
        Ok(self.baseline(listing).await?.is_some())
    }

    /// When the last complete listing of this kind began.
    pub(super) async fn baseline(&self, listing: Listing) -> Result<Option<Timestamp>, StoreError> {
        let row = cursor::Entity::find_by_id((self.source_id, part(listing)))
            .one(self.resolver.transaction)
            .await?;
        Ok(row.map(|row| Timestamp::parse(&row.value).unwrap_or(self.began)))
    }

    pub(super) fn observe(&mut self, observation: Observation<'_>) {
        self.observed
            .push(observation.into_event(self.source, self.now));
    }

    /// The row of a group, made or brought up to date; `listed` when a listing of groups names it.
    pub(super) async fn group(
        &mut self,
        listed: &DirectoryGroup,
        complete: bool,
    ) -> Result<group::Model, StoreError> {
        let transaction = self.resolver.transaction;
        let found = group::Entity::find()
            .filter(group::COLUMN.source_id.eq(self.source_id))
            .filter(group::COLUMN.upstream_id.eq(indexed(listed.id.clone())))
            .one(transaction)
            .await?;
        let name = listed.name.clone().map(clean);
        let Some(old) = found else {
            let row = group::ActiveModel {
                source_id: Set(self.source_id),
                upstream_id: Set(indexed(listed.id.clone())),
                sort_name: Set(sort_name(name.as_deref())),
                name: Set(name),
                description: Set(listed.description.clone().map(clean)),
                seen_at: Set(self.began.micros()),
                ..Default::default()
            };
            let row = row.insert(transaction).await?;
            if self.has_baseline(Listing::Groups).await? {
                self.observe(Observation::of_group("directory.group_added", &row));
            }
            return Ok(row);
        };
        let renamed = name.is_some() && name != old.name;
        let back = old.gone_at.is_some();
        if !renamed && !back && !complete && listed.description.is_none() {
            return Ok(old);
        }
        let (before, seen_at) = (old.name.clone(), old.seen_at);
        let mut row = old.into_active_model();
        if renamed {
            row.sort_name = Set(sort_name(name.as_deref()));
            row.name = Set(name);
        }
        if let Some(description) = listed.description.clone() {
            row.description = Set(Some(clean(description)));
        }
        row.seen_at = Set(self.began.micros().max(seen_at));
        row.gone_at = Set(None);
        let row = row.update(transaction).await?;
        if back {
            self.observe(Observation::of_group("directory.group_added", &row));
        } else if renamed {
            self.observe(
                Observation::of_group("directory.group_renamed", &row).change(
                    "name",
                    before,
                    row.name.clone(),
                ),
            );
        }
        Ok(row)
    }

    /// The row of a container, made or brought up to date.
    pub(super) async fn container(
        &mut self,
        listed: &Container,
    ) -> Result<Option<container::Model>, StoreError> {
        let transaction = self.resolver.transaction;
        let known = self.resolver.stored_container(listed).await?;
        let Some(id) = self.resolver.container(listed).await? else {
            return Ok(None);
        };
        let Some(old) = container::Entity::find_by_id(id).one(transaction).await? else {
            return Ok(None);
        };
        let was_listed = known
            .as_ref()
            .is_some_and(|row| row.source_id == Some(self.source_id));
        let added = (!was_listed || old.gone_at.is_some())
            && self.has_baseline(Listing::Containers).await?;
        let parent_id = match &listed.parent {
            Some(parent) => self.resolver.container(parent).await?,
            None => old.parent_id,
        };
        let name = listed.name.clone().map(clean).or_else(|| old.name.clone());
        let key = listed.key.clone().map(indexed).or_else(|| old.key.clone());
        let renamed = was_listed && (name != old.name || key != old.key);
        let (before, seen_at) = (old.name.clone(), old.seen_at);
        let mut row = old.into_active_model();
        row.sort_name = Set(sort_name(name.as_deref().or(key.as_deref())));
        row.name = Set(name);
        row.key = Set(key);
        if listed.url.is_some() {
            row.url = Set(listed.url.clone().map(clean));
        }
        if listed.private.is_some() {
            row.private = Set(listed.private);
        }
        row.parent_id = Set(parent_id);
        row.source_id = Set(Some(self.source_id));
        row.seen_at = Set(seen_at.max(Some(self.began.micros())));
        row.gone_at = Set(None);
        let row = row.update(transaction).await?;
        if added {
            self.observe(Observation::of_container(
                "directory.container_added",
                &row,
                listed.clone(),
            ));
        } else if renamed {
            let observation =
                Observation::of_container("directory.container_renamed", &row, listed.clone());
            self.observe(observation.change("name", before, row.name.clone()));
        }
        Ok(Some(row))
    }

    /// The listing is complete: what it did not name has gone.
    async fn end(&mut self, listing: Listing) -> Result<(), StoreError> {
        let (named, missing) = self.count(listing).await?;
        if named == 0 && missing > 0 {
            // Nobody loses every user, group or project at once; an empty answer is far more likely a fault upstream.
            tracing::warn!(
                source = self.source,
                ?listing,
                missing,
                "an empty listing was not believed"
            );
            return Ok(());
        }
        match listing {
            Listing::Users => {
                self.sweep_users().await?;
                self.link_by_address().await?;
            }
            Listing::Groups => self.sweep_groups().await?,
            Listing::Containers => self.sweep_containers().await?,
            Listing::Members => self.sweep_members().await?,
            Listing::Things(kind) => self.sweep_things(kind).await?,
        }
        let value = self.began.to_string();
        append::save_cursor(
            self.resolver.transaction,
            self.source_id,
            &part(listing),
            value,
            self.now,
        )
        .await
    }

    /// How many rows the listing named, and how many it did not.
    async fn count(&self, listing: Listing) -> Result<(u64, u64), StoreError> {
        let transaction = self.resolver.transaction;
        let (source, began) = (self.source_id, self.began.micros());
        Ok(match listing {
            Listing::Users => {
                let all =
                    listed_user::Entity::find().filter(listed_user::COLUMN.source_id.eq(source));
                let missing = all
                    .clone()
                    .filter(listed_user::COLUMN.seen_at.lt(began))
                    .count(transaction)
                    .await?;
                (all.count(transaction).await? - missing, missing)
            }
            Listing::Groups => {
                let all = group::Entity::find()
                    .filter(group::COLUMN.source_id.eq(source))
                    .filter(group::COLUMN.gone_at.is_null());
                let missing = all
                    .clone()
                    .filter(group::COLUMN.seen_at.lt(began))
                    .count(transaction)
                    .await?;
                (all.count(transaction).await? - missing, missing)
            }
            Listing::Containers => {
                let all = container::Entity::find()
                    .filter(container::COLUMN.source_id.eq(source))
                    .filter(container::COLUMN.gone_at.is_null());
                let missing = all
                    .clone()
                    .filter(container::COLUMN.seen_at.lt(began))
                    .count(transaction)
                    .await?;
                (all.count(transaction).await? - missing, missing)
            }
            Listing::Things(kind) => self.count_things(kind).await?,
            Listing::Members => {
                let all = self.open_members();
                let missing = all
                    .clone()
                    .filter(membership::COLUMN.seen_at.lt(began))
                    .count(transaction)
                    .await?;
                (all.count(transaction).await? - missing, missing)
            }
        })
    }

    fn open_members(&self) -> sea_orm::Select<membership::Entity> {
        membership::Entity::find()
            .filter(membership::COLUMN.source_id.eq(self.source_id))
            .filter(membership::COLUMN.container_id.is_not_null())
            .filter(membership::COLUMN.until.is_null())
    }

    async fn sweep_users(&mut self) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        let gone = listed_user::Entity::find()
            .filter(listed_user::COLUMN.source_id.eq(self.source_id))
            .filter(listed_user::COLUMN.seen_at.lt(self.began.micros()))
            .all(transaction)
            .await?;
        for row in gone {
            let user_id = row.user_id;
            listed_user::Entity::delete_by_id((row.source_id, user_id))
                .exec(transaction)
                .await?;
            membership::Entity::update_many()
                .col_expr(membership::Column::Until, Expr::value(self.now.micros()))
                .filter(membership::COLUMN.source_id.eq(self.source_id))
                .filter(membership::COLUMN.user_id.eq(user_id))
                .filter(membership::COLUMN.group_id.is_not_null())
                .filter(membership::COLUMN.until.is_null())
                .exec(transaction)
                .await?;
            let elsewhere = listed_user::Entity::find()
                .filter(listed_user::COLUMN.user_id.eq(user_id))
                .count(transaction)
                .await?;
            if elsewhere == 0 {
                user::Entity::update_many()
                    .col_expr(user::Column::Listed, Expr::value(false))
                    .filter(user::COLUMN.id.eq(user_id))
                    .exec(transaction)
                    .await?;
            }
            if let Some(person) = self.resolver.actor(user_id).await? {
                self.observe(Observation::of_user("directory.user_removed", person));
            }
        }
        Ok(())
    }

    async fn sweep_groups(&mut self) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        let gone = group::Entity::find()
            .filter(group::COLUMN.source_id.eq(self.source_id))
            .filter(group::COLUMN.gone_at.is_null())
            .filter(group::COLUMN.seen_at.lt(self.began.micros()))
            .all(transaction)
            .await?;
        for row in gone {
            membership::Entity::update_many()
                .col_expr(membership::Column::Until, Expr::value(self.now.micros()))
                .filter(membership::COLUMN.group_id.eq(row.id))
                .filter(membership::COLUMN.until.is_null())
                .exec(transaction)
                .await?;
            self.observe(Observation::of_group("directory.group_removed", &row));
            let mut row = row.into_active_model();
            row.gone_at = Set(Some(self.now.micros()));
            row.update(transaction).await?;
        }
        Ok(())
    }

    async fn sweep_containers(&mut self) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        let gone = container::Entity::find()
            .filter(container::COLUMN.source_id.eq(self.source_id))
            .filter(container::COLUMN.gone_at.is_null())
            .filter(container::COLUMN.seen_at.lt(self.began.micros()))
            .all(transaction)
            .await?;
        for row in gone {
            let place = self.place(&row).await?;
            self.observe(Observation::of_container(
                "directory.container_removed",
                &row,
                place,
            ));
            let mut row = row.into_active_model();
            row.gone_at = Set(Some(self.now.micros()));
            row.update(transaction).await?;
        }
        Ok(())
    }

    async fn sweep_members(&mut self) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        let gone = self
            .open_members()
            .filter(membership::COLUMN.seen_at.lt(self.began.micros()))
            .all(transaction)
            .await?;
        for row in gone {
            let container = match row.container_id {
                Some(id) => container::Entity::find_by_id(id).one(transaction).await?,
                None => None,
            };
            let user_id = row.user_id;
            let mut row = row.into_active_model();
            row.until = Set(Some(self.now.micros()));
            row.update(transaction).await?;
            let (Some(container), Some(person)) = (container, self.resolver.actor(user_id).await?)
            else {
                continue;
            };
            let place = self.place(&container).await?;
            self.observe(Observation::of_member(
                "directory.member_left",
                person,
                place,
            ));
        }
        Ok(())
    }

    /// A stored container as an event names it.
    pub(super) async fn place(&self, row: &container::Model) -> Result<Container, StoreError> {
        let parent = match row.parent_id {
            Some(id) => {
                container::Entity::find_by_id(id)
                    .one(self.resolver.transaction)
                    .await?
            }
            None => None,
        };
        let mut place = unstored(row);
        place.parent = parent.map(|parent| Box::new(unstored(&parent)));
        Ok(place)
    }
}

pub(super) fn unstored(row: &container::Model) -> Container {
    Container {
        kind: crate::event::ContainerKind::from_number(row.kind),
        scope: row.scope.clone(),
        id: row.upstream_id.clone(),
        key: row.key.clone(),
        name: row.name.clone(),
        url: row.url.clone(),
        private: row.private,
        parent: None,
    }
}

/// The name under which it is kept that a listing was complete.
fn part(listing: Listing) -> String {
    match listing {
        Listing::Users => "listing/users".to_owned(),
        Listing::Groups => "listing/groups".to_owned(),
        Listing::Containers => "listing/containers".to_owned(),
        Listing::Members => "listing/members".to_owned(),
        Listing::Things(kind) => format!("listing/{}", kind.as_str()),
    }
}
