//! Webhook endpoints: where administrators have events sent. What becomes of the sending is in [`deliveries`].
//!
//! An endpoint is somebody's, and is sent what they may see at that moment. How far it has come is kept in its row, so
//! that whoever sends and whoever decides about it never take each other's changes back: each writes its own columns.
//!
//! [`deliveries`]: super::deliveries

mod deed;

pub(super) use deed::object;

use super::alphabet::{begins_word, by_name};
use super::append::Appended;
use super::deliveries;
use super::directory::NameMark;
use super::entity::webhook_delivery;
use super::entity::webhook_endpoint::{self as row, Secret};
use super::observation::Observation;
use super::query::check_search;
use super::read::{Range, Rows, cut};
use super::saved::{checked_name, read, written, wrong};
use super::{Store, StoreError, clean, sort_name};
use crate::access::Viewer;
use crate::event::Timestamp;
use crate::event::filter::EventFilter;
use crate::event::webhook::{WebhookEndpointState, WebhookFormat};
use deed::{changed, told};
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, Set,
};
use std::time::Duration;
use uuid::Uuid;

/// Endpoints that there may be.
const MOST: u64 = 200;

/// Characters of an address.
const URL: usize = 2_000;

/// Characters of an `Authorization` header.
const AUTHORIZATION: usize = 4_000;

/// An endpoint to be made.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// Name.
    pub name: String,
    /// Where events are sent; looked at already.
    pub url: String,
    /// In which form.
    pub format: WebhookFormat,
    /// What it is sent.
    pub filter: EventFilter,
    /// A saved filter that must hold, too.
    pub saved_filter: Option<i64>,
    /// The `Authorization` header to send.
    pub authorization: Option<Secret>,
    /// The position behind which it begins; the end of the log when absent.
    pub after: Option<i64>,
    /// What messages are signed with.
    pub secret: Secret,
    /// Made up at random.
    pub key: Uuid,
}

/// What to change of an endpoint; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    /// Name.
    pub name: Option<String>,
    /// Where events are sent; looked at already.
    pub url: Option<String>,
    /// In which form.
    pub format: Option<WebhookFormat>,
    /// What it is sent.
    pub filter: Option<EventFilter>,
    /// A saved filter that must hold, too; or none.
    pub saved_filter: Option<Option<i64>>,
    /// The `Authorization` header to send; or none.
    pub authorization: Option<Option<Secret>>,
    /// Active or muted.
    pub state: Option<WebhookEndpointState>,
    /// Whether it becomes the viewer's own.
    pub take_over: bool,
}

/// What an endpoint is sent, before anybody looks at a saved filter.
pub fn filter_of(endpoint: &row::Model) -> Result<EventFilter, StoreError> {
    read("filter", &endpoint.filter)
}

impl Store {
    /// A page of the endpoints by name; none for who is no administrator.
    pub async fn webhook_endpoints(
        &self,
        viewer: &Viewer,
        search: Option<&str>,
        range: Range<NameMark>,
    ) -> Result<Rows<row::Model>, StoreError> {
        check_search(search)?;
        if !viewer.administers() {
            return Ok(Rows {
                rows: Vec::new(),
                more: false,
            });
        }
        let mut endpoints = row::Entity::find();
        if let Some(search) = search {
            endpoints = endpoints.filter(begins_word(row::Column::SortName, search));
        }
        let columns = (row::Column::SortName, row::Column::Id);
        let page = by_name(endpoints, row::Entity, columns, &range);
        Ok(cut(page.all(&self.read).await?, &range))
    }

    /// The endpoint with that number; none for who is no administrator.
    pub async fn webhook_endpoint(
        &self,
        viewer: &Viewer,
        id: i64,
    ) -> Result<Option<row::Model>, StoreError> {
        if !viewer.administers() {
            return Ok(None);
        }
        Ok(row::Entity::find_by_id(id).one(&self.read).await?)
    }

    /// Makes an endpoint, as the viewer's own.
    pub async fn create_webhook_endpoint(
        &self,
        viewer: &Viewer,
        new: NewEndpoint,
        now: Timestamp,
    ) -> Result<(i64, Appended), StoreError> {
        administers(viewer)?;
        let name = checked_name(&new.name)?;
        let url = checked_url(new.url)?;
        let authorization = new.authorization.as_ref();
        let authorization = authorization.map(checked_authorization).transpose()?;
        self.check_choice(viewer, Some(&new.filter), new.saved_filter, now)
            .await?;
        let transaction = self.begin_alone().await?;
        let there = row::Entity::find().count(&transaction).await?;
        if there >= MOST {
            let message = format!("there are {there} endpoints already; delete one first");
            return Err(wrong("input".to_owned(), message));
        }
        let newest = super::append::newest(&transaction).await?;
        let position = match new.after {
            Some(after) => checked_position(after, newest)?,
            None => newest,
        };
        let row = row::ActiveModel {
            key: Set(new.key),
            sort_name: Set(sort_name(Some(&name))),
            name: Set(name),
            url: Set(url),
            format: Set(new.format.number()),
            filter: Set(written(&new.filter)),
            saved_filter_id: Set(new.saved_filter),
            secret: Set(new.secret),
            old_secret: Set(None),
            old_secret_until: Set(None),
            authorization: Set(authorization),
            holder: Set(clean(viewer.holder())),
            holder_name: Set(clean(viewer.name.clone())),
            state: Set(WebhookEndpointState::Active.number()),
            reason: Set(None),
            state_since: Set(now.micros()),
            position: Set(position),
            failures: Set(0),
            failing_since: Set(None),
            next_attempt_at: Set(None),
            deliveries: Set(0),
            open_delivery: Set(None),
            created_at: Set(now.micros()),
            updated_at: Set(now.micros()),
            ..Default::default()
        };
        let row = row.insert(&transaction).await?;
        let mut deed = Observation::of_own("webhook_endpoint.created", object(&row));
        for (field, value) in told(&row) {
            if value.is_some() {
                deed = deed.change(field, None, value);
            }
        }
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok((row.id, appended))
    }

    /// Changes an endpoint.
    pub async fn change_webhook_endpoint(
        &self,
        viewer: &Viewer,
        id: i64,
        change: EndpointChange,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        administers(viewer)?;
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let url = change.url.map(checked_url).transpose()?;
        let authorization = match &change.authorization {
            Some(Some(header)) => Some(Some(checked_authorization(header)?)),
            Some(None) => Some(None),
            None => None,
        };
        let saved = change.saved_filter.flatten();
        self.check_choice(viewer, change.filter.as_ref(), saved, now)
            .await?;
        let transaction = self.begin_alone().await?;
        let old = find(&transaction, id).await?;
        let mut row = old.clone();
        if let Some(name) = name {
            row.sort_name = sort_name(Some(&name));
            row.name = name;
        }
        row.url = url.unwrap_or(row.url);
        row.format = change.format.map_or(row.format, WebhookFormat::number);
        row.filter = change.filter.as_ref().map_or(row.filter, written);
        row.saved_filter_id = change.saved_filter.unwrap_or(row.saved_filter_id);
        if let Some(header) = authorization {
            row.authorization = header;
        }
        if change.take_over {
            row.holder = clean(viewer.holder());
            row.holder_name = clean(viewer.name.clone());
        }
        if let Some(state) = change.state.filter(|state| state.number() != old.state) {
            row.state = state.number();
            row.reason = None;
            row.state_since = now.micros();
        }
        let deed = changed(&old, &row);
        if deed.is_some() {
            // Only these: how far it has come is written by whoever sends.
            let active = row::ActiveModel {
                name: Set(row.name),
                sort_name: Set(row.sort_name),
                url: Set(row.url),
                format: Set(row.format),
                filter: Set(row.filter),
                saved_filter_id: Set(row.saved_filter_id),
                authorization: Set(row.authorization),
                holder: Set(row.holder),
                holder_name: Set(row.holder_name),
                state: Set(row.state),
                reason: Set(row.reason),
                state_since: Set(row.state_since),
                updated_at: Set(now.micros()),
                ..tried_at_once()
            };
            update(&transaction, id, active).await?;
        }
        let appended = self.conclude(transaction, viewer, now, deed).await?;
        Ok(((), appended))
    }

    /// Deletes an endpoint with its deliveries.
    pub async fn delete_webhook_endpoint(
        &self,
        viewer: &Viewer,
        id: i64,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        administers(viewer)?;
        let transaction = self.begin_alone().await?;
        let old = find(&transaction, id).await?;
        webhook_delivery::Entity::delete_many()
            .filter(webhook_delivery::COLUMN.endpoint_id.eq(id))
            .exec(&transaction)
            .await?;
        row::Entity::delete_by_id(id).exec(&transaction).await?;
        let mut deed = Observation::of_own("webhook_endpoint.deleted", object(&old));
        for (field, value) in told(&old) {
            if value.is_some() {
                deed = deed.change(field, value, None);
            }
        }
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok(((), appended))
    }

    /// Gives an endpoint another secret; messages are signed with the old one, too, for that long.
    pub async fn rotate_webhook_secret(
        &self,
        viewer: &Viewer,
        id: i64,
        (secret, overlap): (Secret, Duration),
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        administers(viewer)?;
        let transaction = self.begin_alone().await?;
        let old = find(&transaction, id).await?;
        let until = now.plus(overlap);
        let kept = !overlap.is_zero();
        let active = row::ActiveModel {
            secret: Set(secret),
            old_secret: Set(kept.then(|| old.secret.clone())),
            old_secret_until: Set(kept.then_some(until.micros())),
            updated_at: Set(now.micros()),
            ..tried_at_once()
        };
        update(&transaction, id, active).await?;
        let deed = Observation::of_own("webhook_endpoint.secret_rotated", object(&old));
        let deed = deed.change("old secret valid until", None, Some(until.to_string()));
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok(((), appended))
    }

    /// Lets an endpoint go on behind another position: earlier, to send again, or later, to pass over.
    pub async fn replay_webhook_endpoint(
        &self,
        viewer: &Viewer,
        id: i64,
        after: i64,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        administers(viewer)?;
        let transaction = self.begin_alone().await?;
        let old = find(&transaction, id).await?;
        let newest = super::append::newest(&transaction).await?;
        let position = checked_position(after, newest)?;
        deliveries::give_up(&transaction, &old, now).await?;
        let active = row::ActiveModel {
            position: Set(position),
            open_delivery: Set(None),
            updated_at: Set(now.micros()),
            ..tried_at_once()
        };
        update(&transaction, id, active).await?;
        let (from, to) = (old.position.to_string(), position.to_string());
        let deed = Observation::of_own("webhook_endpoint.replayed", object(&old));
        let deed = deed.change("position", Some(from), Some(to));
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok(((), appended))
    }

    /// Notes that somebody tests an endpoint; the endpoint, and the position of that note, which is what to send.
    pub async fn test_webhook_endpoint(
        &self,
        viewer: &Viewer,
        id: i64,
        now: Timestamp,
    ) -> Result<((row::Model, i64), Appended), StoreError> {
        administers(viewer)?;
        let transaction = self.begin_alone().await?;
        let endpoint = find(&transaction, id).await?;
        let deed = Observation::of_own("webhook_endpoint.tested", object(&endpoint));
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok(((endpoint, appended.newest), appended))
    }

    /// Refuses what could not be sent: a filter that makes no sense, a saved filter that the viewer may not see.
    async fn check_choice(
        &self,
        viewer: &Viewer,
        filter: Option<&EventFilter>,
        saved: Option<i64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(filter) = filter {
            self.check_filter(viewer, filter, now).await?;
        }
        if let Some(id) = saved
            && self.saved_filter(viewer, id).await?.is_none()
        {
            let message = "there is no saved filter with this id";
            return Err(wrong("input.savedFilterId".to_owned(), message.to_owned()));
        }
        Ok(())
    }
}

/// What counts failures and puts attempts off, set back.
fn tried_at_once() -> row::ActiveModel {
    row::ActiveModel {
        failures: Set(0),
        failing_since: Set(None),
        next_attempt_at: Set(None),
        ..Default::default()
    }
}

async fn find(transaction: &DatabaseTransaction, id: i64) -> Result<row::Model, StoreError> {
    let found = row::Entity::find_by_id(id).one(transaction).await?;
    found.ok_or_else(|| StoreError::NotFound {
        what: "webhook endpoint with this id".to_owned(),
    })
}

async fn update(
    transaction: &DatabaseTransaction,
    id: i64,
    active: row::ActiveModel,
) -> Result<(), StoreError> {
    row::Entity::update_many()
        .set(active)
        .filter(row::COLUMN.id.eq(id))
        .exec(transaction)
        .await?;
    Ok(())
}

fn administers(viewer: &Viewer) -> Result<(), StoreError> {
    if viewer.administers() {
        return Ok(());
    }
    Err(StoreError::Forbidden(
        "only an administrator has events sent elsewhere; this needs a token with the role ADMINISTRATOR"
            .to_owned(),
    ))
}

fn checked_url(url: String) -> Result<String, StoreError> {
    let length = url.chars().count();
    if length > URL {
        let message = format!("{length} characters are too many; give at most {URL}");
        return Err(wrong("input.url".to_owned(), message));
    }
    Ok(clean(url))
}

fn checked_authorization(header: &Secret) -> Result<Secret, StoreError> {
    let text = header.0.trim();
    let fits = (1..=AUTHORIZATION).contains(&text.len());
    if fits && text.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return Ok(Secret(text.to_owned()));
    }
    let message = format!(
        "is not a header's value; give 1 to {AUTHORIZATION} printable ASCII characters, e.g. `Splunk 0e7a…`"
    );
    Err(wrong("input.authorization".to_owned(), message))
}

fn checked_position(after: i64, newest: i64) -> Result<i64, StoreError> {
    if (0..=newest).contains(&after) {
        return Ok(after);
    }
    let message =
        format!("{after} is not in the log; give 0 (its beginning) to {newest} (its end)");
    Err(wrong("input.after".to_owned(), message))
}
