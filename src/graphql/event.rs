//! Events: one, and a page of them.

use super::action::Action;
use super::empty::{Emptiness, Empty};
use super::issue::EventIssue;
use super::page::{Connection, PageArgs};
use super::project::{self, Container, Project};
use super::search::Asked;
use super::user::User;
use super::written::{self, Listed};
use super::{backend, error, loader, loaders, node, viewer};
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::order::{EventOrder, EventOrderField, OrderDirection};
use crate::event::search::both;
use crate::event::{ActorKind, Product, Timestamp};
use crate::store::StoredObject;
use crate::store::beside::{Beside, Person};
use crate::store::entity::{self, event};
use crate::store::read::EventMark;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct EventQuery;

/// A page of events, which can be asked why nothing is on it.
pub(super) type EventConnection = Connection<Listed, Emptiness>;

/// The arguments of every list of events.
pub(super) struct EventListArgs {
    pub(super) filter: Option<EventFilter>,
    pub(super) search: Option<String>,
    pub(super) saved_filter_id: Option<ID>,
    pub(super) order_by: Option<EventOrder>,
    pub(super) page: PageArgs,
}

impl EventListArgs {
    /// The page; `within` narrows it to what a user did or what happened in a project.
    pub(super) async fn list(
        self,
        ctx: &Context<'_>,
        within: Option<EventFilter>,
    ) -> Result<EventConnection> {
        let field = self
            .order_by
            .map_or(EventOrderField::Time, |order| order.field);
        let direction = self
            .order_by
            .map_or(OrderDirection::Desc, |order| order.direction);
        let list = format!("events by {field:?} {direction:?}").to_lowercase();
        let range = self
            .page
            .range::<EventMark>(&list, direction == OrderDirection::Desc)?;
        let asked = Asked::read(
            ctx,
            self.filter,
            self.search.as_deref(),
            self.saved_filter_id.as_ref(),
        )
        .await?;
        let filter = both(within.unwrap_or_default(), asked.filter.clone());
        let (backend, viewer) = (backend(ctx)?, viewer(ctx)?);
        backend.note_viewed(viewer);
        let sight = viewer.sight();
        let wanted = written::of_page(&ctx.item.node.selection_set.node);
        let rows = backend
            .feed
            .store()
            .events(&filter, &sight, field, range, wanted, backend.clock.now())
            .await;
        let (rows, beside) = rows.map_err(|failure| asked.failed(ctx, failure))?;
        let beside = Arc::new(beside);
        let mark = |row: &event::Model| EventMark {
            seq: row.seq,
            time: row.time,
        };
        let events = Connection::new(rows, &range, &list, mark, |row| {
            let event = Event(Arc::new(row), Arc::clone(&beside));
            Listed { event, wanted }
        });
        let partial = range.limit == 0 || range.after.is_some() || range.before.is_some();
        let empty = events.is_empty().then_some(Empty { filter, partial });
        Ok(events.with(Emptiness(empty)))
    }
}

#[Object]
impl EventQuery {
    /// One event by its global id; null when there is none, or it may not be seen.
    async fn event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id.")] id: ID,
    ) -> Result<Option<Event>> {
        let id = node::read("id", &id)?;
        if id.kind != NodeKind::Event {
            return Err(error::bad_input("id", "is not the id of an event"));
        }
        let found = backend(ctx)?
            .feed
            .store()
            .events_at(&[id.number], &viewer(ctx)?.sight())
            .await;
        let found = found.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(found
            .into_iter()
            .next()
            .map(|row| Event::alone(Arc::new(row))))
    }

    /// Events, newest first unless ordered otherwise; without a filter the whole log.
    #[expect(
        clippy::too_many_arguments,
        reason = "these are the arguments of a connection"
    )]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Chooses events.")] filter: Option<EventFilter>,
        #[graphql(
            desc = "Chooses events, too, as text, e.g. `actor:lila -project:WEB created:>=2026-11-01`; see `parseSearch`. With `filter`, both must hold."
        )]
        search: Option<String>,
        #[graphql(
            desc = "The id of a saved filter, which chooses events, too. With `filter` and `search`, all must hold."
        )]
        saved_filter_id: Option<ID>,
        #[graphql(desc = "Their order; newest first when absent.")] order_by: Option<EventOrder>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        EventListArgs {
            filter,
            search,
            saved_filter_id,
            order_by,
            page,
        }
        .list(ctx, None)
        .await
    }
}

/// An event, and what was loaded with it; what was not is loaded when it is asked for.
#[derive(Clone)]
pub(super) struct Event(pub(super) Arc<event::Model>, pub(super) Arc<Beside>);

/// Something that somebody did.
#[Object]
impl Event {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        NodeId::new(NodeKind::Event, self.0.seq).encode().into()
    }

    /// Its position in the log: what `Subscription.events(after:)` takes.
    async fn position(&self) -> String {
        self.0.seq.to_string()
    }

    /// When it happened, as upstream says.
    async fn time(&self) -> Timestamp {
        Timestamp::from_micros(self.0.time)
    }

    /// When it was stored here. What is new is what was stored later, not what happened later.
    async fn recorded_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.recorded_at)
    }

    /// The name of the source it came from.
    async fn source(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let name = backend(ctx)?
            .feed
            .store()
            .source_name(self.0.source_id)
            .await;
        name.map_err(|failure| error::from_store(ctx, failure))
    }

    /// Upstream's id of it, or a hash of its content where upstream has no ids.
    async fn upstream_id(&self) -> &str {
        &self.0.upstream_key
    }

    /// The product in which it happened.
    async fn product(&self) -> Product {
        Product::from_number(self.0.product)
    }

    /// The category of its action, e.g. `ISSUES`; `OTHER` when the catalogue does not know the action.
    async fn category(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.stored_action(ctx).await?.category.clone())
    }

    /// What was done.
    async fn action(&self, ctx: &Context<'_>) -> Result<Action> {
        Ok(Action::of_event(
            &*self.stored_action(ctx).await?,
            Product::from_number(self.0.product),
        ))
    }

    /// What upstream calls the action.
    async fn upstream_action(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.stored_action(ctx).await?.name.clone())
    }

    /// Who did it; null when upstream does not say, and nothing else in the log has said so without a doubt.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        self.who(ctx).await
    }

    /// The event from which the actor was learned, where upstream's own report named nobody: it tells of the same act
    /// on the same thing within two minutes, and nothing speaks of anybody else. The event itself, when its record came
    /// again with a name. Null when upstream named the actor at once, when nobody is known, or when that event may not
    /// be seen.
    async fn actor_resolved_from(&self, ctx: &Context<'_>) -> Result<Option<Event>> {
        let Some(late) = self.late(ctx).await? else {
            return Ok(None);
        };
        if late.from_seq == self.0.seq {
            return Ok(Some(self.clone()));
        }
        let found = loaders(ctx)?.load_one(loader::EventAt(late.from_seq)).await;
        Ok(found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .map(Event::alone))
    }

    /// What it was done to.
    async fn target(&self) -> Option<Target> {
        let kind = self.0.target_kind.clone()?;
        let target = StoredObject {
            kind,
            id: self.0.target_id.clone(),
            name: self.0.target_name.clone(),
            url: self.0.target_url.clone(),
            alias: self.0.target_alias_id,
        };
        Some(Target(target, Arc::clone(&self.1)))
    }

    /// What else was involved, e.g. the group that a user was added to.
    async fn objects(&self) -> Vec<Target> {
        let stored = self.0.objects.as_deref().unwrap_or("[]");
        serde_json::from_str::<Vec<StoredObject>>(stored)
            .unwrap_or_default()
            .into_iter()
            .map(|object| Target(object, Arc::clone(&self.1)))
            .collect()
    }

    /// Where it happened, as exactly as upstream says.
    async fn container(&self, ctx: &Context<'_>) -> Result<Option<Container>> {
        let row = project::load(ctx, &self.1, self.0.container_id).await?;
        Ok(row.map(Container))
    }

    /// The project or space in which it happened.
    async fn project(&self, ctx: &Context<'_>) -> Result<Option<Project>> {
        project::around(ctx, &self.1, self.0.container_id).await
    }

    /// The issue it concerns.
    async fn issue(&self) -> Option<EventIssue> {
        EventIssue::of(&self.0)
    }

    /// Field by field what changed.
    async fn changes(&self, ctx: &Context<'_>) -> Result<Vec<Change>> {
        let found = loaders(ctx)?.load_one(loader::ChangesOf(self.0.seq)).await;
        let changes = found
            .map_err(|failure| super::viewer::shared(ctx, &failure))?
            .unwrap_or_default();
        let change = |row: entity::change::Model| Change {
            field: row.field,
            from: row.from_value,
            to: row.to_value,
        };
        Ok(changes.into_iter().map(change).collect())
    }

    /// From where it was done; null when upstream does not say.
    async fn location(&self) -> Option<Location> {
        let row = &self.0;
        let known = [&row.ip, &row.city, &row.region, &row.country]
            .into_iter()
            .any(Option::is_some);
        known.then(|| Location {
            ip: row.ip.clone(),
            city: row.city.clone(),
            region: row.region.clone(),
            country: row.country.clone(),
        })
    }

    /// By which means, e.g. `api-token` or `session`.
    async fn method(&self) -> Option<&str> {
        self.0.method.as_deref()
    }

    /// Upstream's own sentence about it.
    async fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Upstream's record, character for character. Null for a token that sees only some projects: the record names
    /// people with their addresses.
    async fn raw(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if !viewer(ctx)?.sees_directory() {
            return Ok(None);
        }
        let found = loaders(ctx)?.load_one(loader::RawOf(self.0.seq)).await;
        found.map_err(|failure| super::viewer::shared(ctx, &failure))
    }
}

impl Event {
    /// An event with which nothing was loaded.
    pub(super) fn alone(row: Arc<event::Model>) -> Self {
        Self(row, Arc::default())
    }

    /// Who did it, as upstream said at once or as was learned later.
    pub(super) async fn who(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        let alias = match self.0.actor_id {
            Some(alias) => Some(alias),
            None => self.late(ctx).await?.map(|late| late.alias_id),
        };
        let Some(alias) = alias else { return Ok(None) };
        Ok(person(ctx, &self.1, alias).await?.map(Actor))
    }

    async fn late(&self, ctx: &Context<'_>) -> Result<Option<entity::late_actor::Model>> {
        if self.0.actor_id.is_some() {
            return Ok(None);
        }
        let found = loaders(ctx)?
            .load_one(loader::LateActorOf(self.0.seq))
            .await;
        found.map_err(|failure| super::viewer::shared(ctx, &failure))
    }

    pub(super) async fn stored_action(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Arc<entity::action::Model>> {
        let found = backend(ctx)?.feed.store().action(self.0.action_id).await;
        let found = found.map_err(|failure| error::from_store(ctx, failure))?;
        found.ok_or_else(|| {
            error::error(
                error::Code::InternalServerError,
                "the action of this event is missing",
            )
        })
    }
}

/// Whose a name is: as was loaded before, or now.
pub(super) async fn person(
    ctx: &Context<'_>,
    beside: &Beside,
    alias: i64,
) -> Result<Option<Person>> {
    if let Some(person) = beside.person(alias) {
        return Ok(Some(Arc::clone(person)));
    }
    let found = loaders(ctx)?.load_one(loader::AliasId(alias)).await;
    found.map_err(|failure| super::viewer::shared(ctx, &failure))
}

/// Whom to show in full: only who may look somebody up gets to their row and their address.
async fn visible_user(ctx: &Context<'_>, id: i64) -> Result<Option<User>> {
    let found = loaders(ctx)?.load_one(loader::UserId(id)).await;
    Ok(found
        .map_err(|failure| super::viewer::shared(ctx, &failure))?
        .map(User))
}

pub(super) struct Actor(pub(super) Person);

/// Who did something.
#[Object]
impl Actor {
    /// What kind of somebody.
    async fn kind(&self) -> ActorKind {
        ActorKind::from_number(self.0.1.kind)
    }

    /// Their name; where that is unknown, the name under which upstream knows them.
    async fn name(&self) -> &str {
        called(&self.0)
    }

    /// E-mail address; null when unknown, or when the viewer may not look them up.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let user = visible_user(ctx, self.0.1.id).await?;
        Ok(user.and_then(|user| user.0.email.clone()))
    }

    /// The user; null when the viewer may not look them up.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        visible_user(ctx, self.0.1.id).await
    }
}

/// The name of somebody; where that is unknown, the name under which upstream knows them.
pub(super) fn called(person: &Person) -> &str {
    let (alias, user) = &**person;
    user.name
        .as_deref()
        .or(user.nickname.as_deref())
        .unwrap_or(&alias.value)
}

pub(super) struct Target(StoredObject, Arc<Beside>);

/// A thing or person that something was done to or with.
#[Object]
impl Target {
    /// What kind of thing, in the singular, e.g. `user`, `group`, `issue`; upstream's own word for kinds that are rarer.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Upstream's id of it.
    async fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// Its name.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        match self.0.alias {
            None => Ok(self.0.name.clone()),
            Some(alias) => {
                let person = person(ctx, &self.1, alias).await?;
                Ok(person.map(|person| called(&person).to_owned()))
            }
        }
    }

    /// A link to open it.
    async fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }

    /// The user, when it is a person whom the viewer may look up.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let Some(alias) = self.0.alias else {
            return Ok(None);
        };
        let Some(person) = person(ctx, &self.1, alias).await? else {
            return Ok(None);
        };
        visible_user(ctx, person.1.id).await
    }
}

/// A field that changed.
#[derive(SimpleObject)]
pub(super) struct Change {
    /// The field.
    field: String,
    /// The value before; null when there was none or upstream does not say.
    from: Option<String>,
    /// The value after; null when there is none or upstream does not say.
    to: Option<String>,
}

/// From where something was done.
#[derive(SimpleObject)]
pub(super) struct Location {
    /// IP address.
    ip: Option<String>,
    /// City.
    city: Option<String>,
    /// Region or state.
    region: Option<String>,
    /// Country, in English.
    country: Option<String>,
}
