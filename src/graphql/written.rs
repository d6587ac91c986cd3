//! The hot path: events of a list, written as JSON in one pass.
//!
//! What an event itself has, and what was loaded with its page, is written here, as the resolvers in [`event`](super::event)
//! would give it, without a future, a list and a map for each value; a test holds one against the other. As soon as an
//! event is asked for something that has to be loaded, or that has arguments, it goes through the resolvers.
//!
//! The same module says which columns a page needs ([`of_page`]): for what is written here no others are read.

use super::error::{Code, error};
use super::event::{Event, called};
use super::project::loaded_around;
use super::{Backend, loader, loaders};
use crate::event::node::{NodeId, NodeKind};
use crate::event::{ActorKind, ContainerKind, Product, Timestamp, action as catalogue};
use crate::store::beside::{Person, Wanted};
use crate::store::entity::{action, container, event};
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::EnumType;
use async_graphql::{
    Context, ContextSelectionSet, OutputType, Positioned, Result, ServerResult, Value,
};
use std::borrow::Cow;

/// An event in a list, of which what is wanted was read.
#[derive(Clone)]
pub(super) struct Listed {
    pub(super) event: Event,
    pub(super) wanted: Wanted,
}

impl Listed {
    /// An event of which everything was read.
    pub(super) fn whole(event: Event) -> Self {
        let wanted = Wanted::ALL;
        Self { event, wanted }
    }

    /// The event for the resolvers, which may ask for everything.
    async fn read_whole(&self, ctx: &Context<'_>) -> Result<Event> {
        if self.wanted.is_all() {
            return Ok(self.event.clone());
        }
        let seq = self.event.0.seq;
        let found = loaders(ctx)?.load_one(loader::EventAt(seq)).await;
        let found = found.map_err(|failure| super::viewer::shared(ctx, &failure))?;
        let gone = || error(Code::Conflict, "what may be seen has changed; ask again");
        Ok(Event::alone(found.ok_or_else(gone)?))
    }
}

impl OutputType for Listed {
    fn type_name() -> Cow<'static, str> {
        Event::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Event::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let asked = &ctx.item.node;
        let backend = ctx.data_opt::<Backend>();
        if let Some(json) = backend.and_then(|backend| write(&self.event, asked, backend)) {
            return Ok(Value::Binary(json.into()));
        }
        let event = self.read_whole(&ctx.with_field(field)).await;
        let event =
            event.map_err(|error| ctx.set_error_path(error.into_server_error(field.pos)))?;
        Event::resolve(&event, ctx, field).await
    }
}

/// What is wanted of the events of a page, by what is asked of the page.
pub(super) fn of_page(asked: &SelectionSet) -> Wanted {
    let mut wanted = Wanted::only([]);
    for selection in &asked.items {
        let Selection::Field(field) = &selection.node else {
            return Wanted::ALL;
        };
        let asked = &field.node.selection_set.node;
        wanted = wanted.and(match field.node.name.node.as_str() {
            "nodes" => of_event(asked),
            "edges" => of_edge(asked),
            _ => continue,
        });
    }
    wanted
}

fn of_edge(asked: &SelectionSet) -> Wanted {
    let mut wanted = Wanted::only([]);
    for selection in &asked.items {
        let Selection::Field(field) = &selection.node else {
            return Wanted::ALL;
        };
        if field.node.name.node == "node" {
            wanted = wanted.and(of_event(&field.node.selection_set.node));
        }
    }
    wanted
}

/// Everything, unless [`Writing`] writes all that is asked of an event.
fn of_event(asked: &SelectionSet) -> Wanted {
    use event::Column as Of;
    let mut wanted = vec![Of::SourceId, Of::ActionId, Of::Product];
    for selection in &asked.items {
        let Selection::Field(field) = &selection.node else {
            return Wanted::ALL;
        };
        let (parts, columns): (&[&str], &[Of]) = match field.node.name.node.as_str() {
            "__typename" | "id" | "position" | "time" | "source" | "product" | "category"
            | "upstreamAction" => (&[], &[]),
            "recordedAt" => (&[], &[Of::RecordedAt]),
            "upstreamId" => (&[], &[Of::UpstreamKey]),
            "method" => (&[], &[Of::Method]),
            "message" => (&[], &[Of::Message]),
            "action" => (&["code", "label", "category", "product"], &[]),
            "actor" => (&["kind", "name"], &[Of::ActorId]),
            "target" => (
                &["type", "id", "name", "url"],
                &[
                    Of::TargetKind,
                    Of::TargetId,
                    Of::TargetName,
                    Of::TargetUrl,
                    Of::TargetAliasId,
                ],
            ),
            "project" => (&["id", "kind", "key", "name", "url"], &[Of::ContainerId]),
            "container" => (&["type", "id", "key", "name", "url"], &[Of::ContainerId]),
            "issue" => (&["id", "key"], &[Of::IssueId, Of::IssueKey]),
            "location" => (
                &["ip", "city", "region", "country"],
                &[Of::Ip, Of::City, Of::Region, Of::Country],
            ),
            _ => return Wanted::ALL,
        };
        if !has_only(&field.node, parts) {
            return Wanted::ALL;
        }
        wanted.extend_from_slice(columns);
    }
    Wanted::only(wanted)
}

/// Whether a field is asked for nothing but these.
fn has_only(field: &Field, parts: &[&str]) -> bool {
    let mut selections = field.selection_set.node.items.iter();
    field.arguments.is_empty()
        && selections.all(|selection| match &selection.node {
            Selection::Field(part) => {
                let name = part.node.name.node.as_str();
                part.node.arguments.is_empty() && (name == "__typename" || parts.contains(&name))
            }
            _ => false,
        })
}

/// What is asked of an event, as JSON; nothing when it takes more than is at hand.
fn write(event: &Event, asked: &SelectionSet, backend: &Backend) -> Option<Vec<u8>> {
    let store = backend.feed.store();
    let action = store.known_action(event.0.action_id)?;
    let writing = Writing {
        event,
        action: &action,
        source: store.known_source(event.0.source_id)?,
    };
    let mut json = Json(Vec::with_capacity(512));
    writing.event(&mut json, asked)?;
    Some(json.0)
}

/// JSON as it grows.
struct Json(Vec<u8>);

impl Json {
    fn text(&mut self, text: &str) -> Option<()> {
        serde_json::to_writer(&mut self.0, text).ok()
    }

    fn maybe(&mut self, text: Option<&str>) -> Option<()> {
        let Some(text) = text else {
            self.0.extend_from_slice(b"null");
            return Some(());
        };
        self.text(text)
    }

    fn time(&mut self, micros: i64) -> Option<()> {
        self.text(&Timestamp::from_micros(micros).to_string())
    }

    fn one_of<T: EnumType>(&mut self, value: T) -> Option<()> {
        let item = T::items().iter().find(|item| item.value == value)?;
        self.text(item.name)
    }

    /// An object of the fields that are asked for; `field` writes the value of one.
    fn object(
        &mut self,
        name: &str,
        asked: &SelectionSet,
        mut field: impl FnMut(&mut Self, &Field) -> Option<()>,
    ) -> Option<()> {
        self.0.push(b'{');
        for (place, selection) in asked.items.iter().enumerate() {
            let Selection::Field(wanted) = &selection.node else {
                return None;
            };
            if place > 0 {
                self.0.push(b',');
            }
            let wanted = &wanted.node;
            self.text(&wanted.response_key().node)?;
            self.0.push(b':');
            if wanted.name.node == "__typename" {
                self.text(name)?;
            } else if wanted.arguments.is_empty() {
                field(self, wanted)?;
            } else {
                return None;
            }
        }
        self.0.push(b'}');
        Some(())
    }
}

/// An event on its way out, and the names that it refers to.
struct Writing<'a> {
    event: &'a Event,
    action: &'a action::Model,
    source: String,
}

impl Writing<'_> {
    fn event(&self, json: &mut Json, asked: &SelectionSet) -> Option<()> {
        let row = &self.event.0;
        json.object("Event", asked, |json, field| {
            let asked = &field.selection_set.node;
            match field.name.node.as_str() {
                "id" => json.text(&NodeId::new(NodeKind::Event, row.seq).encode()),
                "position" => json.text(&row.seq.to_string()),
                "time" => json.time(row.time),
                "recordedAt" => json.time(row.recorded_at),
                "source" => json.text(&self.source),
                "upstreamId" => json.text(&row.upstream_key),
                "product" => json.one_of(Product::from_number(row.product)),
                "category" => json.text(&self.action.category),
                "upstreamAction" => json.text(&self.action.name),
                "action" => self.action(json, asked),
                "actor" => self.actor(json, asked),
                "target" => self.target(json, asked),
                "project" => match loaded_around(&self.event.1, row.container_id).ok()? {
                    Some(row) => project(json, row, asked),
                    None => json.maybe(None),
                },
                "container" => match row.container_id {
                    Some(id) => place(json, self.event.1.container(id)?, asked),
                    None => json.maybe(None),
                },
                "issue" => self.issue(json, asked),
                "location" => self.location(json, asked),
                "method" => json.maybe(row.method.as_deref()),
                "message" => json.maybe(row.message.as_deref()),
                _ => None,
            }
        })
    }

    fn action(&self, json: &mut Json, asked: &SelectionSet) -> Option<()> {
        json.object("Action", asked, |json, field| {
            match field.name.node.as_str() {
                "code" => json.text(&self.action.code),
                "label" => json.text(&self.action.label),
                "category" => json.text(&self.action.category),
                "product" => {
                    let known = catalogue::by_code(&self.action.code);
                    let here = Product::from_number(self.event.0.product);
                    json.one_of(known.map_or(here, |known| known.product))
                }
                _ => None,
            }
        })
    }

    /// Who did it; what was learned later has to be loaded.
    fn actor(&self, json: &mut Json, asked: &SelectionSet) -> Option<()> {
        let actor = self.person(self.event.0.actor_id?)?;
        json.object("Actor", asked, |json, field| {
            match field.name.node.as_str() {
                "kind" => json.one_of(ActorKind::from_number(actor.1.kind)),
                "name" => json.text(called(actor)),
                _ => None,
            }
        })
    }

    fn target(&self, json: &mut Json, asked: &SelectionSet) -> Option<()> {
        let row = &self.event.0;
        let Some(kind) = &row.target_kind else {
            return json.maybe(None);
        };
        json.object("Target", asked, |json, field| {
            match field.name.node.as_str() {
                "type" => json.text(kind),
                "id" => json.maybe(row.target_id.as_deref()),
                "name" => match row.target_alias_id {
                    Some(alias) => json.text(called(self.person(alias)?)),
                    None => json.maybe(row.target_name.as_deref()),
                },
                "url" => json.maybe(row.target_url.as_deref()),
                _ => None,
            }
        })
    }

    fn issue(&self, json: &mut Json, asked: &SelectionSet) -> Option<()> {
        let row = &self.event.0;
        if row.issue_id.is_none() && row.issue_key.is_none() {
            return json.maybe(None);
        }
        json.object("EventIssue", asked, |json, field| {
            match field.name.node.as_str() {
                "id" => json.maybe(row.issue_id.as_deref()),
                "key" => json.maybe(row.issue_key.as_deref()),
                _ => None,
            }
        })
    }

    fn location(&self, json: &mut Json, asked: &SelectionSet) -> Option<()> {
        let row = &self.event.0;
        let known = [&row.ip, &row.city, &row.region, &row.country];
        if known.into_iter().all(Option::is_none) {
            return json.maybe(None);
        }
        json.object("Location", asked, |json, field| {
            match field.name.node.as_str() {
                "ip" => json.maybe(row.ip.as_deref()),
                "city" => json.maybe(row.city.as_deref()),
                "region" => json.maybe(row.region.as_deref()),
                "country" => json.maybe(row.country.as_deref()),
                _ => None,
            }
        })
    }

    fn person(&self, alias: i64) -> Option<&Person> {
        self.event.1.person(alias)
    }
}

/// A project.
fn project(json: &mut Json, row: &container::Model, asked: &SelectionSet) -> Option<()> {
    json.object("Project", asked, |json, field| {
        match field.name.node.as_str() {
            "id" => json.text(&NodeId::new(NodeKind::Project, row.id).encode()),
            "kind" => json.one_of(ContainerKind::from_number(row.kind)),
            "key" => json.maybe(row.key.as_deref()),
            "name" => json.maybe(row.name.as_deref()),
            "url" => json.maybe(row.url.as_deref()),
            _ => None,
        }
    })
}

/// A place of any kind.
fn place(json: &mut Json, row: &container::Model, asked: &SelectionSet) -> Option<()> {
    json.object("Container", asked, |json, field| {
        match field.name.node.as_str() {
            "type" => json.one_of(ContainerKind::from_number(row.kind)),
            "id" => json.maybe(row.upstream_id.as_deref()),
            "key" => json.maybe(row.key.as_deref()),
            "name" => json.maybe(row.name.as_deref()),
            "url" => json.maybe(row.url.as_deref()),
            _ => None,
        }
    })
}
