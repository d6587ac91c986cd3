//! An event with everything that stands beside it, as it leaves the server: who, where, what changed, upstream's record.
//!
//! The fields are those of `Event` in the schema. Somebody's address and upstream's record are there only for whom the
//! schema would show them to.

use crate::access::Viewer;
use crate::event::node::{NodeId, NodeKind};
use crate::event::{ActorKind, ContainerKind, Product, Timestamp, action};
use crate::store::entity::{action as stored, alias, change, container, event, issue, user};
use crate::store::issues::IssueName;
use crate::store::{Store, StoreError, StoredObject};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// Containers around a container, at most: a repository is in a project, in a workspace, in an organization.
const AROUND: usize = 5;

/// An event with everything that stands beside it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// Its position in the log.
    #[serde(skip)]
    pub seq: i64,
    /// The global id.
    pub id: String,
    /// Its position in the log, as the schema writes it.
    pub position: String,
    /// When it happened.
    pub time: Timestamp,
    /// When it was stored.
    pub recorded_at: Timestamp,
    /// The source it came from.
    pub source: Option<String>,
    /// Upstream's id of it.
    pub upstream_id: String,
    /// The product in which it happened.
    pub product: Product,
    /// The category of its action.
    pub category: String,
    /// What was done.
    pub action: ActionDetail,
    /// What upstream calls that.
    pub upstream_action: String,
    /// Who did it.
    pub actor: Option<ActorDetail>,
    /// What it was done to.
    pub target: Option<TargetDetail>,
    /// What else was involved.
    pub objects: Vec<TargetDetail>,
    /// Where it happened.
    pub container: Option<PlaceDetail>,
    /// The project or space in which it happened.
    pub project: Option<PlaceDetail>,
    /// The site or instance on which it happened.
    pub site: Option<PlaceDetail>,
    /// The issue it concerns.
    pub issue: Option<IssueDetail>,
    /// Field by field what changed.
    pub changes: Vec<ChangeDetail>,
    /// From where it was done.
    pub location: Option<LocationDetail>,
    /// By which means.
    pub method: Option<String>,
    /// Upstream's own sentence.
    pub message: Option<String>,
    /// Upstream's record, character for character.
    pub raw: Option<String>,
}

/// What was done.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionDetail {
    /// The code.
    pub code: String,
    /// What people read.
    pub label: String,
    /// The name of its counter.
    #[serde(skip)]
    pub counter: String,
}

/// Who did something.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorDetail {
    /// What kind of somebody.
    pub kind: ActorKind,
    /// Their name, or the name under which upstream knows them.
    pub name: String,
    /// The Atlassian account id; where they have none, the name under which upstream knows them.
    pub account_id: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
}

/// A thing or person that something was done to or with.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetDetail {
    /// What kind of thing.
    #[serde(rename = "type")]
    pub kind: String,
    /// Upstream's id of it.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// A link to it.
    pub url: Option<String>,
}

/// A place in which things happen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceDetail {
    /// What kind of place.
    pub kind: ContainerKind,
    /// Upstream's id.
    pub id: Option<String>,
    /// Short name.
    pub key: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// A link to it.
    pub url: Option<String>,
}

/// The issue that an event concerns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueDetail {
    /// Jira's id.
    pub id: Option<String>,
    /// The key that it had then.
    pub key: Option<String>,
    /// Its title.
    pub summary: Option<String>,
    /// The issue type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The request type.
    pub request_type: Option<String>,
}

/// A field that changed.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeDetail {
    /// The field.
    pub field: String,
    /// The value before.
    pub from: Option<String>,
    /// The value after.
    pub to: Option<String>,
}

/// From where something was done.
#[derive(Clone, Debug, Serialize)]
pub struct LocationDetail {
    /// IP address.
    pub ip: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Region or state.
    pub region: Option<String>,
    /// Country.
    pub country: Option<String>,
}

impl Detail {
    /// These events, which the viewer may see, with everything that stands beside them, in the same order.
    pub async fn of(
        store: &Store,
        viewer: &Viewer,
        rows: &[event::Model],
    ) -> Result<Vec<Self>, StoreError> {
        let beside = Beside::load(store, viewer, rows).await?;
        let mut details = Vec::new();
        for row in rows {
            let action = store.action(row.action_id).await?;
            let source = store.source_name(row.source_id).await?;
            details.push(beside.detail(row, action.as_deref(), source));
        }
        Ok(details)
    }
}

/// What stands beside some events.
struct Beside {
    objects: HashMap<i64, Vec<StoredObject>>,
    late: HashMap<i64, i64>,
    people: HashMap<i64, (alias::Model, user::Model)>,
    accounts: HashMap<i64, String>,
    /// The addresses that the viewer may see, by user.
    emails: HashMap<i64, String>,
    containers: HashMap<i64, container::Model>,
    issues: HashMap<IssueName, issue::Model>,
    changes: HashMap<i64, Vec<change::Model>>,
    raw: HashMap<i64, String>,
}

impl Beside {
    async fn load(
        store: &Store,
        viewer: &Viewer,
        rows: &[event::Model],
    ) -> Result<Self, StoreError> {
        let positions: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let objects: HashMap<i64, Vec<StoredObject>> =
            rows.iter().map(|row| (row.seq, objects(row))).collect();
        let nameless = rows.iter().filter(|row| row.actor_id.is_none());
        let nameless: Vec<i64> = nameless.map(|row| row.seq).collect();
        let late = store.late_actors(&nameless).await?;
        let late: HashMap<i64, i64> = late.iter().map(|row| (row.seq, row.alias_id)).collect();
        let in_rows = rows
            .iter()
            .flat_map(|row| [row.actor_id, row.target_alias_id])
            .flatten();
        let involved = objects.values().flatten().filter_map(|object| object.alias);
        let names: BTreeSet<i64> = in_rows
            .chain(involved)
            .chain(late.values().copied())
            .collect();
        let names: Vec<i64> = names.into_iter().collect();
        let people = store.people(&names).await?;
        let users: BTreeSet<i64> = people.iter().map(|(_, user)| user.id).collect();
        let users: Vec<i64> = users.into_iter().collect();
        let mut accounts = HashMap::new();
        for alias in store.aliases_of(&users).await? {
            if alias.namespace == "account" {
                accounts.entry(alias.user_id).or_insert(alias.value);
            }
        }
        let visible = store.users_by_id(viewer, &users).await?;
        let emails = visible
            .into_iter()
            .filter_map(|(id, user)| Some((id, user.email?)));
        let issues: Vec<IssueName> = rows.iter().filter_map(issue_name).collect();
        let mut changes: HashMap<i64, Vec<change::Model>> = HashMap::new();
        for change in store.changes(&positions).await? {
            changes.entry(change.seq).or_default().push(change);
        }
        let raw = if viewer.sees_directory() {
            store.payloads(&positions).await?
        } else {
            Vec::new()
        };
        Ok(Self {
            objects,
            late,
            people: people
                .into_iter()
                .map(|person| (person.0.id, person))
                .collect(),
            accounts,
            emails: emails.collect(),
            containers: containers(store, rows).await?,
            issues: store.issues_named(viewer, &issues).await?,
            changes,
            raw: raw.into_iter().map(|row| (row.seq, row.raw)).collect(),
        })
    }

    fn detail(
        &self,
        row: &event::Model,
        action: Option<&stored::Model>,
        source: Option<String>,
    ) -> Detail {
        let actor = row.actor_id.or_else(|| self.late.get(&row.seq).copied());
        let target = row.target_kind.clone().map(|kind| StoredObject {
            kind,
            id: row.target_id.clone(),
            name: row.target_name.clone(),
            url: row.target_url.clone(),
            alias: row.target_alias_id,
        });
        let changes = self.changes.get(&row.seq).into_iter().flatten();
        let text = |pick: fn(&stored::Model) -> &String| action.map(pick).cloned();
        let code = text(|action| &action.code).unwrap_or_default();
        let known = action::by_code(&code).map(|known| known.counter.to_owned());
        Detail {
            seq: row.seq,
            id: NodeId::new(NodeKind::Event, row.seq).encode(),
            position: row.seq.to_string(),
            time: Timestamp::from_micros(row.time),
            recorded_at: Timestamp::from_micros(row.recorded_at),
            source,
            upstream_id: row.upstream_key.clone(),
            product: Product::from_number(row.product),
            category: text(|action| &action.category).unwrap_or_default(),
            action: ActionDetail {
                counter: known.unwrap_or_else(|| code.clone()),
                code,
                label: text(|action| &action.label).unwrap_or_default(),
            },
            upstream_action: text(|action| &action.name).unwrap_or_default(),
            actor: actor.and_then(|alias| self.actor(alias)),
            target: target.map(|target| self.target(&target)),
            objects: self
                .objects
                .get(&row.seq)
                .into_iter()
                .flatten()
                .map(|object| self.target(object))
                .collect(),
            container: self.around(row, |_| true),
            project: self.around(row, |kind| {
                matches!(kind, ContainerKind::Project | ContainerKind::Space)
            }),
            site: self.around(row, |kind| {
                matches!(kind, ContainerKind::Site | ContainerKind::Workspace)
            }),
            issue: issue_name(row).map(|name| self.issue(name)),
            changes: changes
                .map(|change| ChangeDetail {
                    field: change.field.clone(),
                    from: change.from_value.clone(),
                    to: change.to_value.clone(),
                })
                .collect(),
            location: location(row),
            method: row.method.clone(),
            message: row.message.clone(),
            raw: self.raw.get(&row.seq).cloned(),
        }
    }

    fn actor(&self, alias: i64) -> Option<ActorDetail> {
        let (alias, user) = self.people.get(&alias)?;
        let account = self.accounts.get(&user.id).unwrap_or(&alias.value);
        Some(ActorDetail {
            kind: ActorKind::from_number(user.kind),
            name: name(alias, user),
            account_id: account.clone(),
            email: self.emails.get(&user.id).cloned(),
            avatar_url: user.avatar_url.clone(),
        })
    }

    fn target(&self, object: &StoredObject) -> TargetDetail {
        let person = object.alias.and_then(|alias| self.people.get(&alias));
        TargetDetail {
            kind: object.kind.clone(),
            id: object.id.clone(),
            name: match person {
                Some((alias, user)) => Some(name(alias, user)),
                None => object.name.clone(),
            },
            url: object.url.clone(),
        }
    }

    /// The innermost container of such a kind that an event happened in.
    fn around(
        &self,
        row: &event::Model,
        wanted: impl Fn(ContainerKind) -> bool,
    ) -> Option<PlaceDetail> {
        let mut next = row.container_id;
        for _ in 0..AROUND {
            let place = self.containers.get(&next?)?;
            let kind = ContainerKind::from_number(place.kind);
            if wanted(kind) {
                return Some(PlaceDetail {
                    kind,
                    id: place.upstream_id.clone(),
                    key: place.key.clone(),
                    name: place.name.clone(),
                    url: place.url.clone(),
                });
            }
            next = place.parent_id;
        }
        None
    }

    fn issue(&self, name: IssueName) -> IssueDetail {
        let known = self.issues.get(&name);
        IssueDetail {
            id: name.id,
            key: name.key,
            summary: known.and_then(|issue| issue.summary.clone()),
            kind: known.and_then(|issue| issue.kind.clone()),
            request_type: known.and_then(|issue| issue.request_type.clone()),
        }
    }
}

/// The containers of these events, with those around them.
pub(super) async fn containers(
    store: &Store,
    rows: &[event::Model],
) -> Result<HashMap<i64, container::Model>, StoreError> {
    let mut found = HashMap::new();
    let mut wanted: BTreeSet<i64> = rows.iter().filter_map(|row| row.container_id).collect();
    for _ in 0..AROUND {
        if wanted.is_empty() {
            break;
        }
        let ids: Vec<i64> = wanted.into_iter().collect();
        let rows = store.containers_by_id(&ids).await?;
        wanted = rows.iter().filter_map(|row| row.parent_id).collect();
        found.extend(rows.into_iter().map(|row| (row.id, row)));
        wanted.retain(|id| !found.contains_key(id));
    }
    Ok(found)
}

pub(super) fn objects(row: &event::Model) -> Vec<StoredObject> {
    serde_json::from_str(row.objects.as_deref().unwrap_or("[]")).unwrap_or_default()
}

pub(super) fn issue_name(row: &event::Model) -> Option<IssueName> {
    let name = IssueName {
        id: row.issue_id.clone(),
        key: row.issue_key.clone(),
        container_id: row.container_id,
    };
    (name.id.is_some() || name.key.is_some()).then_some(name)
}

fn location(row: &event::Model) -> Option<LocationDetail> {
    let known = [&row.ip, &row.city, &row.region, &row.country]
        .into_iter()
        .any(Option::is_some);
    known.then(|| LocationDetail {
        ip: row.ip.clone(),
        city: row.city.clone(),
        region: row.region.clone(),
        country: row.country.clone(),
    })
}

fn name(alias: &alias::Model, user: &user::Model) -> String {
    let name = user.name.as_ref().or(user.nickname.as_ref());
    name.unwrap_or(&alias.value).clone()
}
