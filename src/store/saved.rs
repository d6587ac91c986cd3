//! Saved filters: kept by somebody, shared with some, run by whoever may see them, each with their own eyes.
//!
//! A filter is kept as it was given. What it names may be gone one day: then it is broken, which [`Store::broken`] says,
//! and not something else.

mod broken;
mod share;

pub use share::{Audience, ShareKind};

use super::alphabet::{begins_word, by_name};
use super::append::Appended;
use super::directory::NameMark;
use super::entity::{saved_filter, saved_filter_favorite, saved_filter_share};
use super::observation::Observation;
use super::query::check_search;
use super::read::{Range, Rows, cut};
use super::{Store, StoreError, access_tokens, bulk, clean, sort_name, subscriptions};
use crate::access::Viewer;
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::saved::SavedView;
use crate::event::{Object, Timestamp, search};
use sea_orm::sea_query::{Condition, Query};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, Set};
use serde::Serialize;
use serde::de::DeserializeOwned;
use share::{Reach, Shares};
use std::collections::{HashMap, HashSet};

/// Characters of a name.
const NAME: usize = 255;

/// Characters of a description.
const DESCRIPTION: usize = 4_000;

/// Filters that one person may keep.
const MOST: u64 = 2_000;

/// A filter to be kept.
#[derive(Clone, Debug, Default)]
pub struct NewSavedFilter {
    /// Name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it chooses.
    pub filter: EventFilter,
    /// How its answer is shown.
    pub view: SavedView,
    /// Who may see and run it, besides whose it is.
    pub viewers: Audience,
    /// Who may change it, too.
    pub editors: Audience,
}

/// What to change of a saved filter; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct SavedFilterChange {
    /// Name.
    pub name: Option<String>,
    /// What it is for; empty for nothing.
    pub description: Option<String>,
    /// What it chooses.
    pub filter: Option<EventFilter>,
    /// How its answer is shown.
    pub view: Option<SavedView>,
    /// Who may see and run it.
    pub viewers: Option<Audience>,
    /// Who may change it, too.
    pub editors: Option<Audience>,
}

/// Which saved filters to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct SavedFilterChoice<'a> {
    /// What a word of the name must begin with.
    pub search: Option<&'a str>,
    /// Whether the viewer has marked it with a star; either when absent.
    pub favorite: Option<bool>,
    /// Whether it is the viewer's own; either when absent.
    pub own: Option<bool>,
}

/// A saved filter, as a viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFilter {
    /// Its row.
    pub row: saved_filter::Model,
    /// With whom it is shared.
    pub shares: Vec<saved_filter_share::Model>,
    /// Whether the viewer has marked it with a star.
    pub favorite: bool,
    /// Whether it is the viewer's own.
    pub own: bool,
    /// Whether the viewer may change it.
    pub editable: bool,
}

impl SavedFilter {
    /// What it chooses; an error where what is kept is no filter any more.
    pub fn filter(&self) -> Result<EventFilter, StoreError> {
        read("filter", &self.row.filter)
    }

    /// How its answer is shown.
    pub fn view(&self) -> Result<SavedView, StoreError> {
        read("view", &self.row.view)
    }
}

impl Store {
    /// A page of the saved filters that the viewer may see, by name.
    pub async fn saved_filters(
        &self,
        viewer: &Viewer,
        choice: &SavedFilterChoice<'_>,
        range: Range<NameMark>,
    ) -> Result<Rows<SavedFilter>, StoreError> {
        check_search(choice.search)?;
        let reach = self.reach(viewer).await?;
        let mut filters = saved_filter::Entity::find().filter(reach.may_see());
        if let Some(search) = choice.search {
            filters = filters.filter(begins_word(saved_filter::Column::SortName, search));
        }
        if let Some(favorite) = choice.favorite {
            let marked = Query::select()
                .column(saved_filter_favorite::Column::FilterId)
                .from(saved_filter_favorite::Entity)
                .and_where(saved_filter_favorite::COLUMN.holder.eq(viewer.holder()))
                .to_owned();
            let marked = Condition::all().add(saved_filter::COLUMN.id.in_subquery(marked));
            filters = filters.filter(if favorite { marked } else { marked.not() });
        }
        if let Some(own) = choice.own {
            let theirs = Condition::all().add(saved_filter::COLUMN.holder.eq(viewer.holder()));
            filters = filters.filter(if own { theirs } else { theirs.not() });
        }
        let columns = (saved_filter::Column::SortName, saved_filter::Column::Id);
        let page = by_name(filters, saved_filter::Entity, columns, &range);
        let Rows { rows, more } = cut(page.all(&self.read).await?, &range);
        let rows = self.seen_by(viewer, &reach, rows).await?;
        Ok(Rows { rows, more })
    }

    /// The saved filter with that number, if the viewer may see it.
    pub async fn saved_filter(
        &self,
        viewer: &Viewer,
        id: i64,
    ) -> Result<Option<SavedFilter>, StoreError> {
        let reach = self.reach(viewer).await?;
        let row = saved_filter::Entity::find_by_id(id)
            .filter(reach.may_see())
            .one(&self.read)
            .await?;
        let rows = row.into_iter().collect();
        Ok(self.seen_by(viewer, &reach, rows).await?.pop())
    }

    /// Keeps a filter as the viewer's own.
    pub async fn create_saved_filter(
        &self,
        viewer: &Viewer,
        new: NewSavedFilter,
        now: Timestamp,
    ) -> Result<(i64, Appended), StoreError> {
        let name = checked_name(&new.name)?;
        let description = checked_description(new.description)?;
        self.check_filter(viewer, &new.filter, now).await?;
        let shares = self.shares(viewer, (&new.viewers, &new.editors)).await?;
        let transaction = self.begin_alone().await?;
        let theirs = saved_filter::Entity::find()
            .filter(saved_filter::COLUMN.holder.eq(viewer.holder()))
            .count(&transaction)
            .await?;
        if theirs >= MOST {
            let message = format!("you keep {theirs} filters already; delete one first");
            return Err(wrong("input".to_owned(), message));
        }
        let row = saved_filter::ActiveModel {
            sort_name: Set(sort_name(Some(&name))),
            name: Set(name),
            description: Set(description),
            filter: Set(written(&new.filter)),
            view: Set(written(&new.view)),
            holder: Set(clean(viewer.holder())),
            holder_name: Set(clean(viewer.name.clone())),
            created_at: Set(now.micros()),
            updated_at: Set(now.micros()),
            ..Default::default()
        };
        let row = row.insert(&transaction).await?;
        shares.keep(&transaction, row.id).await?;
        let told = share::told(&transaction, &shares.rows).await?;
        let mut deed = Observation::of_own("saved_filter.created", object(&row)).change(
            "filter",
            None,
            Some(search::print(&new.filter)),
        );
        if told.is_some() {
            deed = deed.change("shared with", None, told);
        }
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok((row.id, appended))
    }

    /// Changes a saved filter, if the viewer may.
    pub async fn change_saved_filter(
        &self,
        viewer: &Viewer,
        id: i64,
        change: SavedFilterChange,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let old = self.editable(viewer, id).await?;
        let mut row = old.row.clone();
        if let Some(name) = &change.name {
            row.name = checked_name(name)?;
            row.sort_name = sort_name(Some(&row.name));
        }
        if let Some(description) = change.description {
            row.description = checked_description(Some(description))?;
        }
        if let Some(filter) = &change.filter {
            self.check_filter(viewer, filter, now).await?;
            row.filter = written(filter);
        }
        if let Some(view) = &change.view {
            row.view = written(view);
        }
        let shares = match (&change.viewers, &change.editors) {
            (None, None) => None,
            (viewers, editors) => {
                let given = (viewers.as_ref(), editors.as_ref());
                Some(self.changed_shares(viewer, &old.shares, given).await?)
            }
        };
        row.updated_at = now.micros();
        let transaction = self.begin_alone().await?;
        let mut deeds = vec![changed(&old.row, &row)];
        if let Some(shares) = &shares {
            shares.keep(&transaction, id).await?;
            let before = share::told(&transaction, &old.shares).await?;
            let after = share::told(&transaction, &shares.rows).await?;
            if before != after {
                let deed = Observation::of_own("saved_filter.shared", object(&row));
                deeds.push(Some(deed.change("shared with", before, after)));
            }
        }
        let kept = saved_filter::Entity::update(row.into_active_model().reset_all());
        kept.exec(&transaction).await?;
        let deeds = deeds.into_iter().flatten();
        let appended = self.conclude(transaction, viewer, now, deeds).await?;
        Ok(((), appended))
    }

    /// Deletes a saved filter, if the viewer may change it.
    pub async fn delete_saved_filter(
        &self,
        viewer: &Viewer,
        id: i64,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let old = self.editable(viewer, id).await?;
        let transaction = self.begin_alone().await?;
        Shares::default().keep(&transaction, id).await?;
        saved_filter_favorite::Entity::delete_many()
            .filter(saved_filter_favorite::COLUMN.filter_id.eq(id))
            .exec(&transaction)
            .await?;
        saved_filter::Entity::delete_by_id(id)
            .exec(&transaction)
            .await?;
        let filter = old
            .filter()
            .map_or(old.row.filter.clone(), |filter| search::print(&filter));
        let deed = Observation::of_own("saved_filter.deleted", object(&old.row));
        let deed = deed.change("filter", Some(filter), None);
        let mut deeds = subscriptions::delete_with_filter(&transaction, &old.row).await?;
        deeds.extend(access_tokens::delete_with_filter(&transaction, &old.row).await?);
        deeds.push(deed);
        let appended = self.conclude(transaction, viewer, now, deeds).await?;
        Ok(((), appended))
    }

    /// Marks a saved filter that the viewer may see with a star of theirs, or takes it away.
    pub async fn mark_saved_filter(
        &self,
        viewer: &Viewer,
        id: i64,
        favorite: bool,
    ) -> Result<(), StoreError> {
        self.saved_filter(viewer, id).await?.ok_or_else(missing)?;
        let row = saved_filter_favorite::Model {
            holder: clean(viewer.holder()),
            filter_id: id,
        };
        let transaction = self.begin().await?;
        saved_filter_favorite::Entity::delete_by_id((row.holder.clone(), id))
            .exec(&transaction)
            .await?;
        if favorite {
            bulk::insert(&transaction, &[row]).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn editable(&self, viewer: &Viewer, id: i64) -> Result<SavedFilter, StoreError> {
        let found = self.saved_filter(viewer, id).await?.ok_or_else(missing)?;
        if found.editable {
            return Ok(found);
        }
        Err(StoreError::Forbidden(
            "only its owner, its editors and administrators may change a saved filter".to_owned(),
        ))
    }

    /// Refuses a filter that could not be run; whether Jira understands its query is not known while Jira does not answer.
    pub(super) async fn check_filter(
        &self,
        viewer: &Viewer,
        filter: &EventFilter,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.chosen(filter, &viewer.sight(), now).await {
            Err(StoreError::Filter { path, message }) => {
                Err(wrong(format!("input.{path}"), message))
            }
            Ok(_) | Err(StoreError::Upstream(_)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// These filters with what there is about them for the viewer.
    async fn seen_by(
        &self,
        viewer: &Viewer,
        reach: &Reach,
        rows: Vec<saved_filter::Model>,
    ) -> Result<Vec<SavedFilter>, StoreError> {
        let ids = || rows.iter().map(|row| row.id);
        let mut shares: HashMap<i64, Vec<saved_filter_share::Model>> = HashMap::new();
        let found = saved_filter_share::Entity::find()
            .filter(saved_filter_share::COLUMN.filter_id.is_in(ids()))
            .all(&self.read)
            .await?;
        for share in found {
            shares.entry(share.filter_id).or_default().push(share);
        }
        let favorites: HashSet<i64> = saved_filter_favorite::Entity::find()
            .filter(saved_filter_favorite::COLUMN.holder.eq(viewer.holder()))
            .filter(saved_filter_favorite::COLUMN.filter_id.is_in(ids()))
            .all(&self.read)
            .await?
            .into_iter()
            .map(|favorite| favorite.filter_id)
            .collect();
        let filter = |row: saved_filter::Model| {
            let shares = shares.remove(&row.id).unwrap_or_default();
            let own = row.holder == viewer.holder();
            let invited = shares
                .iter()
                .any(|share| share.may_edit && reach.is_in(share));
            SavedFilter {
                favorite: favorites.contains(&row.id),
                own,
                editable: own || viewer.administers() || invited,
                shares,
                row,
            }
        };
        Ok(rows.into_iter().map(filter).collect())
    }
}

/// What was changed of the filter itself, if anything was.
fn changed<'a>(
    before: &saved_filter::Model,
    after: &saved_filter::Model,
) -> Option<Observation<'a>> {
    let text = |row: &saved_filter::Model| {
        let filter = read("filter", &row.filter);
        Some(filter.map_or(row.filter.clone(), |filter| search::print(&filter)))
    };
    let mut deed = Observation::of_own("saved_filter.changed", object(after));
    for (field, from, to) in [
        ("name", Some(before.name.clone()), Some(after.name.clone())),
        (
            "description",
            before.description.clone(),
            after.description.clone(),
        ),
        ("filter", text(before), text(after)),
        ("view", Some(before.view.clone()), Some(after.view.clone())),
    ] {
        if from != to {
            deed = deed.change(field, from, to);
        }
    }
    deed.has_changes().then_some(deed)
}

/// A saved filter as the target of an event.
fn object(row: &saved_filter::Model) -> Object {
    Object {
        kind: "saved_filter".to_owned(),
        id: Some(NodeId::new(NodeKind::SavedFilter, row.id).encode()),
        name: Some(row.name.clone()),
        ..Object::default()
    }
}

pub(super) fn checked_name(name: &str) -> Result<String, StoreError> {
    let name = clean(name.trim().to_owned());
    let length = name.chars().count();
    if (1..=NAME).contains(&length) {
        return Ok(name);
    }
    let message = format!("a name of {length} characters; give one of 1 to {NAME}");
    Err(wrong("input.name".to_owned(), message))
}

fn checked_description(text: Option<String>) -> Result<Option<String>, StoreError> {
    let text = text.map(|text| clean(text.trim().to_owned()));
    let length = text.as_ref().map_or(0, |text| text.chars().count());
    if length > DESCRIPTION {
        let message = format!("{length} characters are too many; give at most {DESCRIPTION}");
        return Err(wrong("input.description".to_owned(), message));
    }
    Ok(text.filter(|text| !text.is_empty()))
}

pub(super) fn written(value: &impl Serialize) -> String {
    clean(serde_json::to_string(value).unwrap_or_default())
}

pub(super) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| {
        let message = format!("what is kept cannot be read any more ({error}); save it anew");
        wrong(what.to_owned(), message)
    })
}

pub(super) fn wrong(path: String, message: String) -> StoreError {
    StoreError::Filter { path, message }
}

fn missing() -> StoreError {
    StoreError::NotFound {
        what: "saved filter with this id".to_owned(),
    }
}
