//! Actions: what can happen.

use super::{backend, error, viewer};
use crate::event::{Product, System, action as catalogue};
use crate::store::entity::action;
use async_graphql::{Context, Object, Result, SimpleObject};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct ActionQuery;

/// Something that can happen, under one code whatever system reports it.
#[derive(Clone, SimpleObject)]
pub(super) struct Action {
    /// The code, e.g. `issue.deleted`; what `EventFilter.actions` takes. Upstream's own name for an action that the
    /// catalogue does not know.
    code: String,
    /// What people read.
    label: String,
    /// The heading it belongs under, e.g. `ISSUES`; what `EventFilter.categories` takes.
    category: String,
    /// The product in which it happens.
    product: Product,
}

impl Action {
    /// The action of an event, as it is understood today.
    pub(super) fn of_event(stored: &action::Model, product: Product) -> Self {
        Self {
            code: stored.code.clone(),
            label: stored.label.clone(),
            category: stored.category.clone(),
            product: catalogue::by_code(&stored.code).map_or(product, |known| known.product),
        }
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
        let known = catalogue::all().map(|action| Action {
            code: action.code.to_owned(),
            label: action.label.to_owned(),
            category: action.category.to_owned(),
            product: action.product,
        });
        let unknown: BTreeMap<&str, &action::Model> = seen
            .iter()
            .filter(|row| catalogue::by_code(&row.code).is_none())
            .map(|row| (row.code.as_str(), row))
            .collect();
        let unknown = unknown
            .values()
            .map(|row| Action::of_event(row, product_of(row)));
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
        None => Product::Other,
    }
}
