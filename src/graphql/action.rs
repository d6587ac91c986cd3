//! Actions: what can happen.

use super::{backend, error, viewer};
use crate::event::action::Need;
use crate::event::{Product, System, action as catalogue};
use crate::source::Source;
use crate::store::entity::action;
use async_graphql::{ComplexObject, Context, Object, Result, SimpleObject};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct ActionQuery;

/// Something that can happen, under one code whatever system reports it.
#[derive(Clone, SimpleObject)]
#[graphql(complex)]
pub(super) struct Action {
    /// The code, e.g. `issue.deleted`; what `EventFilter.actions` takes. Upstream's own name for an action that the
    /// catalogue does not know.
    pub(super) code: String,
    /// What people read.
    label: String,
    /// The heading it belongs under, e.g. `ISSUES`; what `EventFilter.categories` takes.
    category: String,
    /// The product in which it happens.
    product: Product,
    #[graphql(skip)]
    need: Option<Need>,
}

#[ComplexObject]
impl Action {
    /// Whether it has a source; `false` for what Atlassian offers no way to read, unless the settings name another way.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn available(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.unmet(&backend(ctx)?.sources).is_none())
    }

    /// Why it has no source, and what would give it one; `null` for what is available.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn unavailable_because(&self, ctx: &Context<'_>) -> Result<Option<&'static str>> {
        let unmet = self.unmet(&backend(ctx)?.sources);
        Ok(unmet.map(Need::because))
    }
}

impl Action {
    /// The action of an event, as it is understood today.
    pub(super) fn of_event(stored: &action::Model, product: Product) -> Self {
        let known = catalogue::by_code(&stored.code);
        Self {
            code: stored.code.clone(),
            label: stored.label.clone(),
            category: stored.category.clone(),
            product: known.map_or(product, |known| known.product),
            need: known.and_then(|known| known.need),
        }
    }

    /// An action of the catalogue.
    pub(super) fn of_catalogue(known: &catalogue::Action) -> Self {
        Self {
            code: known.code.to_owned(),
            label: known.label.to_owned(),
            category: known.category.to_owned(),
            product: known.product,
            need: known.need,
        }
    }

    /// An action that upstream has named, as it is understood today.
    pub(super) fn of_stored(row: &action::Model) -> Self {
        Self::of_event(row, product_of(row))
    }

    /// What it needs and no source gives.
    fn unmet(&self, sources: &[Arc<dyn Source>]) -> Option<Need> {
        let met = |need| sources.iter().any(|source| source.meets(need));
        self.need.filter(|need| !met(*need))
    }
}

#[Object]
impl ActionQuery {
    /// Everything that can happen: the catalogue, then what upstream has named beyond it.
    async fn actions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these categories, in any case.")] categories: Option<Vec<String>>,
        #[graphql(desc = "Only these products.")] products: Option<Vec<Product>>,
        #[graphql(desc = "Only what has this text in its code or label.")] search: Option<String>,
    ) -> Result<Vec<Action>> {
        viewer(ctx)?;
        let seen = backend(ctx)?.feed.store().actions().await;
        let seen = seen.map_err(|failure| error::from_store(ctx, failure))?;
        let known = catalogue::all().map(Action::of_catalogue);
        let unknown: BTreeMap<&str, &action::Model> = seen
            .iter()
            .filter(|row| catalogue::by_code(&row.code).is_none())
            .map(|row| (row.code.as_str(), row))
            .collect();
        let unknown = unknown.values().map(|row| Action::of_stored(row));
        let search = search.map(|text| text.to_lowercase());
        Ok(known
            .chain(unknown)
            .filter(|action| {
                categories.as_ref().is_none_or(|some| {
                    some.iter()
                        .any(|one| one.eq_ignore_ascii_case(&action.category))
                }) && products
                    .as_ref()
                    .is_none_or(|some| some.contains(&action.product))
                    && search.as_ref().is_none_or(|text| {
                        action.code.to_lowercase().contains(text)
                            || action.label.to_lowercase().contains(text)
                    })
            })
            .collect())
    }
}

/// The product that an unknown action is listed under.
fn product_of(row: &action::Model) -> Product {
    match System::parse(&row.system) {
        Some(System::Organization | System::Directory) => Product::Organization,
        Some(System::JiraCloud | System::JiraDc) => Product::Jira,
        Some(System::ConfluenceCloud | System::ConfluenceDc) => Product::Confluence,
        Some(System::BitbucketCloud | System::BitbucketDc) => Product::Bitbucket,
        Some(System::Assets) => Product::Assets,
        Some(System::Auditgraph) => Product::Auditgraph,
        None => Product::Other,
    }
}
