//! What there is to choose from in a filter about changes: statuses, resolutions and fields, by name.
//!
//! They are those that Jira lists and those that a change has told of: a filter takes either. Several projects may have
//! a status of the same name; it is listed once. There are thousands of names at most, so a page is cut in memory. Who
//! sees only some projects gets the names that recent events in them have told of, and learns of no others.

use super::directory::NameMark;
use super::entity::{change, event, thing};
use super::query::chosen::fold;
use super::query::{check_search, fits};
use super::read::{Range, Rows};
use super::{Store, StoreError, blind, words};
use crate::access::Viewer;
use crate::event::directory::ThingKind;
use sea_orm::{
    ConnectionTrait, EntityTrait, IdenStatic, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    QueryTrait, Statement,
};
use std::collections::{BTreeMap, BTreeSet};

/// How many names that only changes tell of are listed: more than any Jira has.
const TOLD: usize = 10_000;

/// How many of the newest events are looked at for who sees only some projects.
const RECENT: u64 = 5_000;

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceOf {
    /// The statuses of issues.
    Statuses,
    /// The resolutions of issues.
    Resolutions,
    /// Fields that change.
    Fields,
}

/// A name to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The name, as Jira lists it or else as a change gives it.
    pub name: String,
    /// Whether a source lists it now; otherwise a change has told of it.
    pub listed: bool,
}

impl Choice {
    /// Its place in the list: each name is there once, whatever the case of its plain Latin letters.
    #[must_use]
    pub fn mark(&self) -> NameMark {
        NameMark {
            name: fold(&self.name),
            id: 0,
        }
    }
}

impl ChoiceOf {
    const fn kind(self) -> ThingKind {
        match self {
            Self::Statuses => ThingKind::Status,
            Self::Resolutions => ThingKind::Resolution,
            Self::Fields => ThingKind::Field,
        }
    }

    /// The columns of changes that hold the names, and the field whose changes do; `None` for those of every field.
    const fn told_in(self) -> (&'static [change::Column], Option<&'static str>) {
        use change::Column::{Field, FromValue, ToValue};
        match self {
            Self::Statuses => (&[ToValue, FromValue], Some("status")),
            Self::Resolutions => (&[ToValue], Some("resolution")),
            Self::Fields => (&[Field], None),
        }
    }
}

impl Store {
    /// A page of the names to choose from, in alphabetical order; all of them, or those of which every word of `search`
    /// begins a word.
    pub async fn choices(
        &self,
        viewer: &Viewer,
        of: ChoiceOf,
        search: Option<&str>,
        range: &Range<NameMark>,
    ) -> Result<Rows<Choice>, StoreError> {
        check_search(search)?;
        let mut known = BTreeMap::new();
        if viewer.sees_directory() {
            for name in self.listed(of.kind()).await? {
                known.entry(fold(&name)).or_insert((name, true));
            }
        }
        for name in self.told(viewer, of).await? {
            known.entry(fold(&name)).or_insert((name, false));
        }
        let search = search.unwrap_or_default().to_lowercase();
        let terms: Vec<&str> = search.split_whitespace().collect();
        known.retain(|_, (name, _)| words::begin(name, &terms));
        let choice = |(name, listed)| Choice { name, listed };
        Ok(cut(known.into_values().map(choice).collect(), range))
    }

    async fn listed(&self, kind: ThingKind) -> Result<Vec<String>, StoreError> {
        let names: Vec<Option<String>> = thing::Entity::find()
            .select_only()
            .column(thing::Column::Name)
            .distinct()
            .filter(thing::COLUMN.kind.eq(kind.number()))
            .filter(thing::COLUMN.gone_at.is_null())
            .into_tuple()
            .all(&self.read)
            .await?;
        let mut names: Vec<String> = names.into_iter().flatten().collect();
        names.sort();
        Ok(names)
    }

    async fn told(&self, viewer: &Viewer, of: ChoiceOf) -> Result<Vec<String>, StoreError> {
        let sight = viewer.sight();
        if blind(&sight) {
            return Ok(Vec::new());
        }
        let (columns, field) = of.told_in();
        let mut told = Vec::new();
        for column in columns {
            if viewer.sees_directory() {
                let backend = self.read.get_database_backend();
                let sql = every_name(*column, field, self.is_postgres());
                let rows = self
                    .read
                    .query_all_raw(Statement::from_string(backend, sql));
                let name = |row: &QueryResult| row.try_get::<Option<String>>("", "name");
                let names: Result<Vec<_>, _> = rows.await?.iter().map(name).collect();
                told.extend(names?);
                continue;
            }
            let recent = event::Entity::find()
                .select_only()
                .column(event::Column::Seq)
                .filter(self.visible(&sight).await?)
                .order_by_desc(event::Column::Time)
                .order_by_desc(event::Column::Seq)
                .limit(RECENT);
            let mut names = change::Entity::find()
                .select_only()
                .column(*column)
                .distinct()
                .filter(change::COLUMN.seq.in_subquery(recent.into_query()));
            if let Some(field) = field {
                let field = BTreeSet::from([field.to_owned()]);
                names = names.filter(fits(self, change::Column::Field, &field));
            }
            let names: Vec<Option<String>> = names.into_tuple().all(&self.read).await?;
            told.extend(names);
        }
        let mut told: Vec<String> = told.into_iter().flatten().collect();
        told.retain(|name| !name.is_empty());
        told.sort();
        Ok(told)
    }

    /// How the database goes about finding the names that changes tell of, in its own words, a step a line.
    pub async fn explain_choices(&self, of: ChoiceOf) -> Result<Vec<String>, StoreError> {
        let (columns, field) = of.told_in();
        let mut steps = Vec::new();
        for column in columns {
            let sql = every_name(*column, field, self.is_postgres());
            let statement = Statement::from_string(self.read.get_database_backend(), sql);
            steps.extend(self.explain(statement).await?);
        }
        Ok(steps)
    }
}

/// The statement that finds every name in a column of changes: it steps from each name to the next one in the index,
/// however many changes there are of each. Longer names are told apart by their beginnings, as the index has them.
fn every_name(column: change::Column, field: Option<&str>, postgres: bool) -> String {
    let collate = if postgres { " COLLATE \"C\"" } else { "" };
    let short =
        |column: change::Column| format!("lower(substr(\"{}\"{collate}, 1, 100))", column.as_str());
    let (key, name) = (short(column), column.as_str());
    let of = field.map_or_else(String::new, |field| match column {
        // Said in another way than the large index has it, so that the small one is taken, which is of nothing else.
        change::Column::FromValue => format!("lower(\"field\"{collate}) = '{field}' AND "),
        _ => format!("{} = '{field}' AND ", short(change::Column::Field)),
    });
    let first = format!(
        "SELECT {key} AS value FROM \"changes\" WHERE {of}{key} IS NOT NULL ORDER BY {key} LIMIT 1"
    );
    let next = format!(
        "SELECT {key} FROM \"changes\" WHERE {of}{key} > told.value ORDER BY {key} LIMIT 1"
    );
    // Asked for as the first from there on, so that no planner hopes to come across it soon in the whole table.
    let whole = format!(
        "SELECT \"{name}\" FROM \"changes\" WHERE {of}{key} >= told.value ORDER BY {key} LIMIT 1"
    );
    format!(
        "WITH RECURSIVE told(value, place) AS (SELECT value, 1 FROM ({first}) AS first \
         UNION ALL SELECT ({next}), place + 1 FROM told WHERE value IS NOT NULL AND place < {TOLD}) \
         SELECT ({whole}) AS name FROM told WHERE value IS NOT NULL"
    )
}

/// A page of a list that is known as a whole.
fn cut(mut all: Vec<Choice>, range: &Range<NameMark>) -> Rows<Choice> {
    if let Some(after) = &range.after {
        all.retain(|choice| choice.mark().name > after.name);
    }
    if let Some(before) = &range.before {
        all.retain(|choice| choice.mark().name < before.name);
    }
    let limit = usize::try_from(range.limit).unwrap_or(usize::MAX);
    let more = all.len() > limit;
    if range.from_end {
        all.drain(..all.len().saturating_sub(limit));
    } else {
        all.truncate(limit);
    }
    Rows { rows: all, more }
}
