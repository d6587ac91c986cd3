//! Signs of activity that a source tells of: the newest of each evidence is kept, and a day of activity that was not
//! known before becomes an event, one a day for each account at most. What the first complete listing tells is where we
//! start from.

use super::entity::{activity_signal, source};
use super::listing::Comparison;
use super::observation::mark;
use super::people::actor_of;
use super::{StoreError, clean};
use crate::event::directory::{ActivitySignal, DirectoryUser, Listing};
use crate::event::signal::{LAST_ACTIVE_DATE, PRODUCT_ACCESS, Signal, WORKSPACE, Worth};
use crate::event::{Location, NewEvent, Object, Product, System, Timestamp};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde_json::json;

impl Comparison<'_, '_> {
    /// Keeps the signs of an account's activity that are newer than what is known from the same evidence.
    pub(super) async fn signs(
        &mut self,
        account: i64,
        seen: &DirectoryUser,
    ) -> Result<(), StoreError> {
        if seen.activity.is_empty() {
            return Ok(());
        }
        let transaction = self.resolver.transaction;
        let stored = activity_signal::Entity::find()
            .filter(activity_signal::COLUMN.user_id.eq(account))
            .all(transaction)
            .await?;
        let mut advance: Option<&ActivitySignal> = None;
        for signal in &seen.activity {
            let evidence = clean(signal.evidence.clone());
            let known = stored
                .iter()
                .find(|row| row.source_id == self.source_id && row.evidence == evidence);
            let time = signal.time.micros();
            match known {
                Some(old) if old.time >= time => continue,
                Some(old) => {
                    let mut old = old.clone().into_active_model();
                    old.time = Set(time);
                    old.update(transaction).await?;
                }
                None => {
                    let row = activity_signal::ActiveModel {
                        user_id: Set(account),
                        source_id: Set(self.source_id),
                        evidence: Set(evidence),
                        time: Set(time),
                    };
                    row.insert(transaction).await?;
                }
            }
            let counts = Signal::of(self.system, &signal.evidence).worth() == Worth::Activity;
            if counts && advance.is_none_or(|newest| newest.time < signal.time) {
                advance = Some(signal);
            }
        }
        let Some(newest) = advance else {
            return Ok(());
        };
        let day = day(newest.time);
        let known = self.last_day(&stored).await?;
        if known.is_none_or(|known| known < day) && self.has_baseline(Listing::Users).await? {
            let event = active(self.source, seen, newest, &day, self.now);
            self.observed.push(event);
        }
        Ok(())
    }

    /// The newest day of activity among these signs.
    async fn last_day(
        &self,
        signs: &[activity_signal::Model],
    ) -> Result<Option<String>, StoreError> {
        if signs.is_empty() {
            return Ok(None);
        }
        let sources = source::Entity::find()
            .all(self.resolver.transaction)
            .await?;
        let system = |id: i32| {
            let row = sources.iter().find(|row| row.id == id)?;
            System::parse(&row.system)
        };
        let counts = |sign: &&activity_signal::Model| {
            system(sign.source_id)
                .is_some_and(|system| Signal::of(system, &sign.evidence).worth() == Worth::Activity)
        };
        let newest = signs.iter().filter(counts).map(|sign| sign.time).max();
        Ok(newest.map(|time| day(Timestamp::from_micros(time))))
    }
}

/// The day of a moment in UTC, e.g. `2026-11-03`.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take("2026-11-03".len()).collect()
}

fn active(
    source: &str,
    seen: &DirectoryUser,
    sign: &ActivitySignal,
    day: &str,
    now: Timestamp,
) -> NewEvent {
    let person = actor_of(seen);
    let (namespace, name) = (&person.alias.namespace, mark(&person.alias));
    let raw = json!({
        "observed": "user.last_active",
        "source": source,
        "noticed": now,
        "user": &name,
        "evidence": &sign.evidence,
        "time": sign.time,
    });
    NewEvent {
        upstream_key: format!("last-active/{namespace}/{name}/{day}"),
        system: System::Directory,
        action: "user.last_active".to_owned(),
        product: product(&sign.evidence),
        time: Some(sign.time),
        target: Some(Object {
            kind: "user".to_owned(),
            id: Some(name),
            user: Some(person.clone()),
            ..Object::default()
        }),
        actor: Some(person),
        objects: Vec::new(),
        container: None,
        issue: None,
        changes: Vec::new(),
        location: Location::default(),
        method: Some("directory listing".to_owned()),
        message: Some(format!("{source}: {}", sign.evidence)),
        raw: raw.to_string(),
    }
}

/// The product in which somebody was active.
fn product(evidence: &str) -> Product {
    if evidence.starts_with(WORKSPACE) {
        return Product::Bitbucket;
    }
    let key = [PRODUCT_ACCESS, LAST_ACTIVE_DATE]
        .iter()
        .find_map(|kind| evidence.strip_prefix(kind));
    match key.unwrap_or_default() {
        "jira-servicedesk" | "jira-service-desk" | "jira-service-management" => {
            Product::ServiceManagement
        }
        key if key.starts_with("jira") => Product::Jira,
        "confluence" => Product::Confluence,
        "bitbucket" => Product::Bitbucket,
        _ => Product::Organization,
    }
}
