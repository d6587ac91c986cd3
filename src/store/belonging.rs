//! Who belongs to what in a directory listing: memberships of groups and containers, as intervals.
//!
//! What has ended is closed and kept, so that "members at that time" can be asked.

use super::entity::{group, membership};
use super::listing::Comparison;
use super::observation::Observation;
use super::people::actor_of;
use super::{StoreError, clean};
use crate::event::directory::{DirectoryGroup, DirectoryMember, Listing};
use crate::event::{Actor, Timestamp};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use std::collections::BTreeMap;

impl Comparison<'_, '_> {
    /// Somebody whom a container's list of members names.
    pub(super) async fn member(&mut self, member: DirectoryMember) -> Result<(), StoreError> {
        let Some(container_id) = self.resolver.container(&member.container).await? else {
            return Ok(());
        };
        let Some((row, is_new)) = self.person_row(&member.user).await? else {
            return Ok(());
        };
        let user_id = row.id;
        self.update_person(row, &member.user, is_new).await?;

        let transaction = self.resolver.transaction;
        let open = membership::Entity::find()
            .filter(membership::COLUMN.source_id.eq(self.source_id))
            .filter(membership::COLUMN.user_id.eq(user_id))
            .filter(membership::COLUMN.container_id.eq(container_id))
            .filter(membership::COLUMN.until.is_null())
            .one(transaction)
            .await?;
        let permission = member.permission.clone().map(clean);
        let known = self.has_baseline(Listing::Members).await?;
        if let Some(old) = open {
            if old.permission == permission || permission.is_none() {
                let seen_at = old.seen_at.max(self.began.micros());
                let mut old = old.into_active_model();
                old.seen_at = Set(seen_at);
                old.update(transaction).await?;
                return Ok(());
            }
            let before = old.permission.clone();
            let mut old = old.into_active_model();
            old.until = Set(Some(self.now.micros()));
            old.update(transaction).await?;
            let since = Some(self.now);
            self.add_membership(user_id, None, Some(container_id), permission.clone(), since)
                .await?;
            let observation = Observation::of_member(
                "directory.permission_changed",
                actor_of(&member.user),
                member.container,
            );
            self.observe(observation.change("permission", before, permission));
            return Ok(());
        }
        let since = member.since.or(known.then_some(self.now));
        self.add_membership(user_id, None, Some(container_id), permission, since)
            .await?;
        if known {
            let observation = Observation::of_member(
                "directory.member_joined",
                actor_of(&member.user),
                member.container,
            );
            self.observe(observation.at(member.since));
        }
        Ok(())
    }

    /// The groups somebody is in now, all of them.
    pub(super) async fn groups_of(
        &mut self,
        user_id: i64,
        person: Actor,
        groups: &[DirectoryGroup],
    ) -> Result<(), StoreError> {
        let open = membership::Entity::find()
            .filter(membership::COLUMN.source_id.eq(self.source_id))
            .filter(membership::COLUMN.user_id.eq(user_id))
            .filter(membership::COLUMN.group_id.is_not_null())
            .filter(membership::COLUMN.until.is_null())
            .all(self.resolver.transaction)
            .await?;
        let mut open: BTreeMap<i64, membership::Model> = open
            .into_iter()
            .filter_map(|row| row.group_id.map(|group| (group, row)))
            .collect();
        let known = self.has_baseline(Listing::Users).await?;
        for listed in groups {
            let group = self.group(listed, false).await?;
            if open.remove(&group.id).is_none() {
                let since = known.then_some(self.now);
                self.add_membership(user_id, Some(group.id), None, None, since)
                    .await?;
                if known {
                    self.observe(Observation::of_grouping(
                        "directory.group_joined",
                        person.clone(),
                        &group,
                    ));
                }
            }
        }
        for (group_id, row) in open {
            let mut row = row.into_active_model();
            row.until = Set(Some(self.now.micros()));
            row.update(self.resolver.transaction).await?;
            let group = group::Entity::find_by_id(group_id)
                .one(self.resolver.transaction)
                .await?;
            if let Some(group) = group {
                self.observe(Observation::of_grouping(
                    "directory.group_left",
                    person.clone(),
                    &group,
                ));
            }
        }
        Ok(())
    }

    async fn add_membership(
        &self,
        user_id: i64,
        group_id: Option<i64>,
        container_id: Option<i64>,
        permission: Option<String>,
        since: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let row = membership::ActiveModel {
            source_id: Set(self.source_id),
            user_id: Set(user_id),
            group_id: Set(group_id),
            container_id: Set(container_id),
            permission: Set(permission),
            since: Set(since.map(Timestamp::micros)),
            seen_at: Set(self.began.micros()),
            ..Default::default()
        };
        row.insert(self.resolver.transaction).await?;
        Ok(())
    }
}
