//! Events of the log as the archive writes them, with everything that an import needs to make the same of them.

use crate::access::Viewer;
use crate::deliver::detail::{containers, issue_name, objects};
use crate::event::archived::{
    Archived, ArchivedAction, ArchivedObject, FORM, KnownIssue, Origin, Record, Security,
};
use crate::event::directory::SecurityLevel;
use crate::event::{
    Actor, ActorKind, Alias, Change, Container, ContainerKind, IssueRef, Location, Product, System,
    Timestamp,
};
use crate::store::entity::{alias, change, container, event, issue, late_actor, source, user};
use crate::store::issues::IssueName;
use crate::store::{Store, StoreError, StoredObject};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An event and the text of its record.
pub(super) struct Whole {
    pub(super) archived: Archived,
    /// What the record's file holds.
    pub(super) content: String,
}

/// What stands beside some events.
pub(super) struct Beside {
    sources: HashMap<i32, source::Model>,
    raw: HashMap<i64, String>,
    late: HashMap<i64, late_actor::Model>,
    people: HashMap<i64, (alias::Model, user::Model)>,
    containers: HashMap<i64, container::Model>,
    issues: HashMap<IssueName, issue::Model>,
    keys: HashMap<i64, Vec<String>>,
    changes: HashMap<i64, Vec<change::Model>>,
}

impl Beside {
    /// What stands beside these events, whoever may see it.
    pub(super) async fn load(store: &Store, rows: &[event::Model]) -> Result<Self, StoreError> {
        let positions: Vec<i64> = rows.iter().map(|row| row.seq).collect();
        let sources = store.sources().await?;
        let late = store.late_actors(&positions).await?;
        let mut names: BTreeSet<i64> = late.iter().map(|row| row.alias_id).collect();
        for row in rows {
            names.extend(row.actor_id);
            names.extend(row.target_alias_id);
            names.extend(objects(row).into_iter().filter_map(|object| object.alias));
        }
        let names: Vec<i64> = names.into_iter().collect();
        let people = store.people(&names).await?;
        let issues: Vec<IssueName> = rows.iter().filter_map(issue_name).collect();
        let issues = store.issues_named(&Viewer::server(), &issues).await?;
        let numbers: BTreeSet<i64> = issues.values().map(|row| row.id).collect();
        let numbers: Vec<i64> = numbers.into_iter().collect();
        let mut keys: HashMap<i64, Vec<String>> = HashMap::new();
        for held in store.keys_of(&numbers).await? {
            keys.entry(held.issue_id).or_default().push(held.key);
        }
        let mut containers = containers(store, rows).await?;
        let projects = issues.values().filter_map(|row| row.container_id);
        let projects: BTreeSet<i64> = projects.filter(|id| !containers.contains_key(id)).collect();
        let projects: Vec<i64> = projects.into_iter().collect();
        let projects = store.containers_by_id(&projects).await?;
        containers.extend(projects.into_iter().map(|row| (row.id, row)));
        let mut changes: HashMap<i64, Vec<change::Model>> = HashMap::new();
        for change in store.changes(&positions).await? {
            changes.entry(change.seq).or_default().push(change);
        }
        let raw = store.payloads(&positions).await?;
        Ok(Self {
            sources: sources.into_iter().map(|row| (row.id, row)).collect(),
            raw: raw.into_iter().map(|row| (row.seq, row.raw)).collect(),
            late: late.into_iter().map(|row| (row.seq, row)).collect(),
            people: people
                .into_iter()
                .map(|person| (person.0.id, person))
                .collect(),
            containers,
            issues,
            keys,
            changes,
        })
    }

    /// An event as the archive writes it.
    pub(super) async fn whole(
        &self,
        store: &Store,
        row: &event::Model,
    ) -> Result<Whole, StoreError> {
        let (Some(source), Some(raw), Some(action)) = (
            self.sources.get(&row.source_id),
            self.raw.get(&row.seq),
            store.action(row.action_id).await?,
        ) else {
            return Err(missing(row));
        };
        let (Some(system), Some(origin)) =
            (System::parse(&action.system), System::parse(&source.system))
        else {
            return Err(missing(row));
        };
        let (content, record) = Record::of(raw);
        let late = self
            .late
            .get(&row.seq)
            .filter(|late| late.from_seq == row.seq);
        let changes = self.changes.get(&row.seq).into_iter().flatten();
        let archived = Archived {
            form: FORM,
            position: row.seq,
            recorded_at: Timestamp::from_micros(row.recorded_at),
            source: Origin {
                name: source.name.clone(),
                system: origin,
            },
            upstream_id: row.upstream_key.clone(),
            record,
            time: Timestamp::from_micros(row.time),
            product: Product::from_number(row.product),
            action: ArchivedAction {
                system,
                name: action.name.clone(),
                label: action.upstream_label.clone(),
                group: action.upstream_group.clone(),
                group_key: action.upstream_group_key.clone(),
            },
            actor: row.actor_id.and_then(|alias| self.person(alias)),
            actor_named_later: late.and_then(|late| self.person(late.alias_id)),
            target: row.target_kind.clone().map(|kind| {
                self.object(StoredObject {
                    kind,
                    id: row.target_id.clone(),
                    name: row.target_name.clone(),
                    url: row.target_url.clone(),
                    alias: row.target_alias_id,
                })
            }),
            objects: objects(row)
                .into_iter()
                .map(|one| self.object(one))
                .collect(),
            container: row.container_id.and_then(|id| self.container(id)),
            issue: issue_name(row).map(|name| IssueRef {
                id: name.id,
                key: name.key,
            }),
            known_issue: issue_name(row).and_then(|name| self.issue(&name)),
            changes: changes
                .map(|change| Change {
                    field: change.field.clone(),
                    from: change.from_value.clone(),
                    to: change.to_value.clone(),
                })
                .collect(),
            location: location(row),
            method: row.method.clone(),
            message: row.message.clone(),
        };
        Ok(Whole {
            archived,
            content: content.into_owned(),
        })
    }

    /// Somebody by one of their names, called as everybody sees them called.
    fn person(&self, alias: i64) -> Option<Actor> {
        let (alias, user) = self.people.get(&alias)?;
        Some(Actor {
            alias: Alias {
                namespace: alias.namespace.clone(),
                value: alias.value.clone(),
            },
            kind: ActorKind::from_number(user.kind),
            name: user.name.clone().or_else(|| user.nickname.clone()),
            email: user.email.clone(),
        })
    }

    fn object(&self, object: StoredObject) -> ArchivedObject {
        ArchivedObject {
            kind: object.kind,
            id: object.id,
            name: object.name,
            url: object.url,
            person: object.alias.and_then(|alias| self.person(alias)),
        }
    }

    fn container(&self, id: i64) -> Option<Container> {
        let row = self.containers.get(&id)?;
        let parent = row.parent_id.filter(|parent| *parent != id);
        Some(Container {
            kind: ContainerKind::from_number(row.kind),
            scope: row.scope.clone(),
            id: row.upstream_id.clone(),
            key: row.key.clone(),
            name: row.name.clone(),
            url: row.url.clone(),
            private: row.private,
            parent: parent.and_then(|id| self.container(id)).map(Box::new),
        })
    }

    fn issue(&self, name: &IssueName) -> Option<KnownIssue> {
        let row = self.issues.get(name)?;
        let said: BTreeMap<String, i64> = serde_json::from_str(&row.said).unwrap_or_default();
        let keys = self.keys.get(&row.id).into_iter().flatten();
        let others = keys.filter(|key| row.key.as_ref() != Some(key));
        let level = row.security_id.clone().map(|id| SecurityLevel {
            id,
            name: row.security_name.clone(),
        });
        Some(KnownIssue {
            scope: row.scope.clone(),
            id: row.upstream_id.clone(),
            key: row.key.clone(),
            other_keys: others.cloned().collect(),
            kind: row.kind.clone(),
            summary: row.summary.clone(),
            request_type: row.request_type.clone(),
            security: said.contains_key("security").then_some(Security { level }),
            project: row.container_id.and_then(|id| self.container(id)),
            deleted_at: row.deleted_at.map(Timestamp::from_micros),
            at: Timestamp::from_micros(row.at),
        })
    }
}

fn location(row: &event::Model) -> Option<Location> {
    let location = Location {
        ip: row.ip.clone(),
        city: row.city.clone(),
        region: row.region.clone(),
        country: row.country.clone(),
    };
    (location != Location::default()).then_some(location)
}

/// What the log promises is not there: its database is damaged, or is of a later version.
fn missing(row: &event::Model) -> StoreError {
    StoreError::NotFound {
        what: format!(
            "source, action or record of the event at position {}",
            row.seq
        ),
    }
}
