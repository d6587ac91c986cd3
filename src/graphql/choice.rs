//! What filters about changes choose from: statuses, resolutions and fields, by name.
//!
//! They have no ids: filters take their names, and the same name in several projects is one choice.

use super::page::{Connection, PageArgs};
use super::{backend, error, viewer};
use crate::store::choices::{Choice, ChoiceOf};
use crate::store::directory::NameMark;
use async_graphql::{Context, Object, OutputType, Result, SimpleObject};

#[derive(Default)]
pub(super) struct ChoiceQuery;

#[Object]
impl ChoiceQuery {
    /// Statuses of issues by name, each name once: what `EventFilter.statusFrom` and `statusTo` take. A token that sees
    /// only some projects gets those of which recent events in them tell.
    async fn statuses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which must begin a word of the name.")] search: Option<
            String,
        >,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Status>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let of = ChoiceOf::Statuses;
        list(ctx, "statuses", of, search.as_deref(), &page, Status::from).await
    }

    /// Resolutions of issues by name, each name once: what `EventFilter.resolutions` takes. A token that sees only some
    /// projects gets those of which recent events in them tell.
    async fn resolutions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which must begin a word of the name.")] search: Option<
            String,
        >,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Resolution>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let of = ChoiceOf::Resolutions;
        list(
            ctx,
            "resolutions",
            of,
            search.as_deref(),
            &page,
            Resolution::from,
        )
        .await
    }

    /// Fields that change, by name, each name once: what `EventFilter.fields` takes. A token that sees only some projects
    /// gets those of which recent events in them tell.
    async fn fields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, each of which must begin a word of the name.")] search: Option<
            String,
        >,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Field>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let monitored = backend(ctx)?.feed.store().monitored_fields().await;
        let monitored = monitored.map_err(|failure| error::from_store(ctx, failure))?;
        let is_monitored = |name: &str| {
            monitored
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
        };
        let field = |choice: Choice| Field {
            monitored: is_monitored(&choice.name),
            name: choice.name,
            listed: choice.listed,
        };
        let of = ChoiceOf::Fields;
        list(ctx, "fields", of, search.as_deref(), &page, field).await
    }
}

async fn list<T: OutputType + Clone>(
    ctx: &Context<'_>,
    name: &str,
    of: ChoiceOf,
    search: Option<&str>,
    page: &PageArgs,
    node: impl Fn(Choice) -> T,
) -> Result<Connection<T>> {
    let range = page.range::<NameMark>(name, false)?;
    let store = backend(ctx)?.feed.store();
    let rows = store.choices(viewer(ctx)?, of, search, &range).await;
    let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
    Ok(Connection::new(rows, &range, name, Choice::mark, node))
}

/// A status that issues can have.
#[derive(Clone, SimpleObject)]
pub(super) struct Status {
    /// Name.
    name: String,
    /// Whether Jira lists it now; false for what only changes tell of.
    listed: bool,
}

impl From<Choice> for Status {
    fn from(Choice { name, listed }: Choice) -> Self {
        Self { name, listed }
    }
}

/// A resolution that issues can be given.
#[derive(Clone, SimpleObject)]
pub(super) struct Resolution {
    /// Name.
    name: String,
    /// Whether Jira lists it now; false for what only changes tell of.
    listed: bool,
}

impl From<Choice> for Resolution {
    fn from(Choice { name, listed }: Choice) -> Self {
        Self { name, listed }
    }
}

/// A field that can change.
#[derive(Clone, SimpleObject)]
pub(super) struct Field {
    /// Name.
    name: String,
    /// Whether Jira lists it now; false for what only changes tell of.
    listed: bool,
    /// Whether it is monitored: `EventFilter.fields` means those that are when it is an empty list. Changes of other
    /// fields are recorded, too.
    monitored: bool,
}
