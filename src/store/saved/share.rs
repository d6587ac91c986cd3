//! With whom a saved filter is shared: users, groups, and the people in projects and customer organizations; with nobody
//! it is private.

use super::{missing, wrong};
use crate::access::Viewer;
use crate::event::Alias;
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::store::entity::{container, group, saved_filter, saved_filter_share, user};
use crate::store::query::chosen::People;
use crate::store::{Store, StoreError, bulk};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use std::collections::BTreeMap;

/// With how many a filter may be shared.
const MOST: usize = 500;

/// The kinds of those with whom something is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShareKind {
    /// A user.
    User,
    /// The members of a group; a customer organization is the group of its people.
    Group,
    /// The people in a project, and tokens to which it is granted.
    Project,
}

impl ShareKind {
    /// All kinds; a kind's place in this list is its number in the database, so only ever append.
    const ALL: [Self; 3] = [Self::User, Self::Group, Self::Project];

    /// The kind with that number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        let place = usize::try_from(number).ok()?;
        Self::ALL.get(place).copied()
    }

    fn number(self) -> i16 {
        match self {
            Self::User => 0,
            Self::Group => 1,
            Self::Project => 2,
        }
    }
}

/// People, as somebody names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Users, by global id, account id, any other alias, or e-mail address.
    pub users: Vec<String>,
    /// Groups, by global id, upstream's id or name.
    pub groups: Vec<String>,
    /// Projects, by global id or key.
    pub projects: Vec<String>,
    /// Customer organizations, by global id, upstream's id or name.
    pub organizations: Vec<String>,
}

/// Whom a viewer counts as when something is shared.
#[derive(Debug)]
pub(super) struct Reach {
    holder: String,
    /// Administrators see everything, so that nothing is lost with somebody who leaves.
    all: bool,
    users: Vec<i64>,
    groups: Vec<i64>,
    containers: Vec<i64>,
}

impl Reach {
    fn kinds(&self) -> [(ShareKind, &[i64]); 3] {
        [
            (ShareKind::User, &self.users),
            (ShareKind::Group, &self.groups),
            (ShareKind::Project, &self.containers),
        ]
    }

    /// That a filter is theirs, or shared with them.
    pub(super) fn may_see(&self) -> Condition {
        if self.all {
            return Condition::all();
        }
        let mut shared = Condition::any();
        for (kind, ids) in self.kinds() {
            let of_kind = Condition::all()
                .add(saved_filter_share::COLUMN.kind.eq(kind.number()))
                .add(
                    saved_filter_share::COLUMN
                        .target_id
                        .is_in(ids.iter().copied()),
                );
            if !ids.is_empty() {
                shared = shared.add(of_kind);
            }
        }
        let own = saved_filter::COLUMN.holder.eq(self.holder.clone());
        if shared.is_empty() {
            return Condition::all().add(own);
        }
        let shared = Query::select()
            .column(saved_filter_share::Column::FilterId)
            .from(saved_filter_share::Entity)
            .cond_where(shared)
            .to_owned();
        let shared =
            Expr::col((saved_filter::Entity, saved_filter::Column::Id)).in_subquery(shared);
        Condition::any().add(own).add(shared)
    }

    /// Whether they are among those with whom this shares.
    pub(super) fn is_in(&self, share: &saved_filter_share::Model) -> bool {
        self.kinds()
            .iter()
            .any(|(kind, ids)| kind.number() == share.kind && ids.contains(&share.target_id))
    }
}

/// With whom a filter is to be shared.
#[derive(Debug, Default)]
pub(super) struct Shares {
    pub(super) rows: Vec<saved_filter_share::Model>,
}

impl Shares {
    fn of(viewers: &People, editors: &People) -> Result<Self, StoreError> {
        let mut chosen = BTreeMap::new();
        for (people, may_edit) in [(viewers, false), (editors, true)] {
            for (kind, ids) in [
                (ShareKind::User, &people.users),
                (ShareKind::Group, &people.groups),
                (ShareKind::Project, &people.containers),
            ] {
                for id in ids {
                    *chosen.entry((kind, *id)).or_insert(false) |= may_edit;
                }
            }
        }
        if chosen.len() > MOST {
            let message = format!(
                "shared with {} are too many; give at most {MOST}",
                chosen.len()
            );
            return Err(wrong("input.viewers".to_owned(), message));
        }
        let row =
            |((kind, target_id), may_edit): ((ShareKind, i64), bool)| saved_filter_share::Model {
                filter_id: 0,
                kind: kind.number(),
                target_id,
                may_edit,
            };
        Ok(Self {
            rows: chosen.into_iter().map(row).collect(),
        })
    }

    /// Shares a filter with these and nobody else.
    pub(super) async fn keep(
        &self,
        transaction: &DatabaseTransaction,
        filter_id: i64,
    ) -> Result<(), StoreError> {
        saved_filter_share::Entity::delete_many()
            .filter(saved_filter_share::COLUMN.filter_id.eq(filter_id))
            .exec(transaction)
            .await?;
        let rows = self.rows.iter().cloned();
        let rows: Vec<_> = rows
            .map(|row| saved_filter_share::Model { filter_id, ..row })
            .collect();
        bulk::insert(transaction, &rows).await
    }
}

impl Store {
    /// Whom a viewer counts as when something is shared.
    pub(super) async fn reach(&self, viewer: &Viewer) -> Result<Reach, StoreError> {
        let mut reach = Reach {
            holder: viewer.holder(),
            all: viewer.administers(),
            users: Vec::new(),
            groups: Vec::new(),
            containers: viewer.projects.clone(),
        };
        let Some(account) = &viewer.account_id else {
            return Ok(reach);
        };
        let person = self
            .user_by_alias(&Viewer::server(), &Alias::account(account))
            .await?;
        let Some(person) = person else {
            return Ok(reach);
        };
        let accounts = self.accounts_of(&[person.id]).await?;
        reach.users = accounts.into_iter().map(|account| account.id).collect();
        for (_, membership) in self.memberships(&[person.id], None).await? {
            reach.groups.extend(membership.group_id);
            reach.containers.extend(membership.container_id);
        }
        Ok(reach)
    }

    pub(super) async fn shares(
        &self,
        viewer: &Viewer,
        (viewers, editors): (&Audience, &Audience),
    ) -> Result<Shares, StoreError> {
        let viewers = self.audience(viewer, viewers, "input.viewers").await?;
        let editors = self.audience(viewer, editors, "input.editors").await?;
        Shares::of(&viewers, &editors)
    }

    /// The same where one of the two may stay as it is.
    pub(super) async fn changed_shares(
        &self,
        viewer: &Viewer,
        old: &[saved_filter_share::Model],
        (viewers, editors): (Option<&Audience>, Option<&Audience>),
    ) -> Result<Shares, StoreError> {
        let viewers = match viewers {
            Some(given) => self.audience(viewer, given, "input.viewers").await?,
            None => people(old, false),
        };
        let editors = match editors {
            Some(given) => self.audience(viewer, given, "input.editors").await?,
            None => people(old, true),
        };
        Shares::of(&viewers, &editors)
    }

    /// Whom somebody means; an error for a name that means nothing to them.
    async fn audience(
        &self,
        viewer: &Viewer,
        given: &Audience,
        path: &str,
    ) -> Result<People, StoreError> {
        if viewer.sight().spans_projects() {
            let filter = EventFilter {
                users: Some(given.users.clone()),
                groups: Some(given.groups.clone()),
                people_in_projects: Some(given.projects.clone()),
                people_in_organizations: Some(given.organizations.clone()),
                ..EventFilter::default()
            };
            let people = self.people_meant(&filter, path, &viewer.sight()).await;
            return people.map_err(|failure| match failure {
                StoreError::Filter { path, message } => {
                    let path = path.replace("peopleInProjects", "projects");
                    wrong(
                        path.replace("peopleInOrganizations", "organizations"),
                        message,
                    )
                }
                failure => failure,
            });
        }
        for (list, names) in [
            ("users", &given.users),
            ("groups", &given.groups),
            ("organizations", &given.organizations),
        ] {
            if !names.is_empty() {
                let message = "this token sees only the projects granted to it, and can share with those only";
                return Err(wrong(format!("{path}.{list}"), message.to_owned()));
            }
        }
        let mut containers = Vec::new();
        for (place, name) in given.projects.iter().enumerate() {
            let named = match NodeId::number_of(name, NodeKind::Project) {
                Some(number) => container::COLUMN.id.eq(number),
                None => container::COLUMN.key.eq(name.clone()),
            };
            let found = container::Entity::find()
                .filter(named)
                .filter(container::COLUMN.id.is_in(viewer.projects.iter().copied()))
                .all(&self.read)
                .await?;
            if found.is_empty() {
                let message = format!("there is no project `{name}`; give a project's id or key");
                return Err(wrong(format!("{path}.projects[{place}]"), message));
            }
            containers.extend(found.into_iter().map(|row| row.id));
        }
        Ok(People {
            containers,
            ..People::default()
        })
    }
}

/// Those with whom a filter is shared already.
fn people(shares: &[saved_filter_share::Model], may_edit: bool) -> People {
    let of = |kind: ShareKind| {
        let shares = shares
            .iter()
            .filter(|share| share.may_edit == may_edit && share.kind == kind.number());
        shares.map(|share| share.target_id).collect()
    };
    People {
        users: of(ShareKind::User),
        groups: of(ShareKind::Group),
        containers: of(ShareKind::Project),
        ..People::default()
    }
}

/// With whom something is shared, in words; nothing when it is private.
pub(super) async fn told(
    db: &impl ConnectionTrait,
    shares: &[saved_filter_share::Model],
) -> Result<Option<String>, StoreError> {
    let mut words = Vec::new();
    for share in shares {
        let kind = ShareKind::from_number(share.kind).ok_or_else(missing)?;
        let (kind, name) = match kind {
            ShareKind::User => {
                let row = user::Entity::find_by_id(share.target_id).one(db).await?;
                ("user", row.and_then(|row| row.name.or(row.nickname)))
            }
            ShareKind::Group => {
                let row = group::Entity::find_by_id(share.target_id).one(db).await?;
                ("group", row.and_then(|row| row.name))
            }
            ShareKind::Project => {
                let row = container::Entity::find_by_id(share.target_id)
                    .one(db)
                    .await?;
                ("project", row.and_then(|row| row.key.or(row.name)))
            }
        };
        let name = name.unwrap_or_else(|| share.target_id.to_string());
        let edits = if share.may_edit { " (may edit)" } else { "" };
        words.push(format!("{kind} {name}{edits}"));
    }
    words.sort();
    Ok((!words.is_empty()).then(|| words.join(", ")))
}
