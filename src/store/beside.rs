//! A page of the log with what stands beside its events: who did it, and where. One statement brings the events; the rest
//! is mostly at hand, and otherwise takes one more.

use super::entity::{alias, container, event, revision, user};
use super::referred::References;
use super::{Store, StoreError, packed};
use sea_orm::{
    ConnectionTrait, DbBackend, Iterable, QuerySelect, QueryTrait, Select, Statement, Value,
};
use std::collections::HashMap;
use std::sync::Arc;

/// A name, and whose it is.
pub type Person = Arc<(alias::Model, user::Model)>;

/// What a reader wants of the events of a page. Whoever wants less has it sooner: to pack and to read values is most of
/// the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Columns of events, a bit each.
    columns: u32,
}

impl Wanted {
    /// Everything.
    pub const ALL: Self = Self { columns: u32::MAX };

    /// These columns of events, and those by which pages are put in order. In rows that were read so, all other columns
    /// are empty.
    #[must_use]
    pub fn only(columns: impl IntoIterator<Item = event::Column>) -> Self {
        let order = [event::Column::Seq, event::Column::Time];
        let columns = columns.into_iter().chain(order).map(bit);
        Self {
            columns: columns.fold(0, |all, one| all | one),
        }
    }

    /// What either of the two wants.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            columns: self.columns | other.columns,
        }
    }

    /// Whether it is everything.
    #[must_use]
    pub fn is_all(self) -> bool {
        self == Self::ALL
    }

    fn has(self, column: event::Column) -> bool {
        self.columns & bit(column) != 0
    }
}

fn bit(column: event::Column) -> u32 {
    1 << column as u32
}

/// What the events of a page refer to.
#[derive(Debug, Default)]
pub struct Beside {
    pub(super) people: HashMap<i64, Person>,
    pub(super) containers: HashMap<i64, Arc<container::Model>>,
}

impl Beside {
    /// Whose a name is, if an event of the page refers to it.
    #[must_use]
    pub fn person(&self, alias: i64) -> Option<&Person> {
        self.people.get(&alias)
    }

    /// A container, if an event of the page, or another such container, lies in it.
    #[must_use]
    pub fn container(&self, id: i64) -> Option<&Arc<container::Model>> {
        self.containers.get(&id)
    }

    /// What stands beside two pages.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.people.extend(other.people);
        self.containers.extend(other.containers);
        self
    }
}

impl Store {
    /// The events that a query finds, in its order, and what stands beside them; as much of it as is wanted.
    pub(super) async fn with_beside(
        &self,
        page: Select<event::Entity>,
        wanted: Wanted,
    ) -> Result<(Vec<event::Model>, Beside), StoreError> {
        let backend = self.read.get_database_backend();
        let columns = event::Column::iter().filter(|column| wanted.has(*column));
        let page = planned_once(page.select_only().columns(columns).build(backend));
        let statement = Statement {
            sql: packing(backend, &page.sql, wanted),
            ..page
        };
        let row = match &self.readers {
            Some(readers) => readers.query_one(statement).await?,
            None => self.read.query_one_raw(statement).await?,
        };
        let Some(row) = row else {
            return Ok((Vec::new(), Beside::default()));
        };
        let events: Vec<event::Model> = packed::unpack(&row, 0)?;
        let revision = row.try_get_by_index(1)?;
        let beside = self.beside(&References::of(&events), revision).await?;
        Ok((events, beside))
    }
}

/// The same page with its limit in the text. Both databases plan a statement anew whenever a limit is bound to it, which
/// takes about as long as a page does.
fn planned_once(mut page: Statement) -> Statement {
    let values = page.values.as_mut().map(|values| &mut values.0);
    if let Some(values) = values
        && let Some(Value::BigUnsigned(Some(limit))) = values.last()
        && let bound = [" LIMIT ?".to_owned(), format!(" LIMIT ${}", values.len())]
        && let Some(rest) = bound.iter().find_map(|end| page.sql.strip_suffix(end))
    {
        page.sql = format!("{rest} LIMIT {limit}");
        values.pop();
    }
    page
}

/// The statement that packs a page, and says which revision of names holds for it. A page comes as its query sorts it:
/// both databases pack rows as they come.
fn packing(backend: DbBackend, page: &str, wanted: Wanted) -> String {
    let (list, row) = packed::functions(backend);
    let events = packed::columns::<event::Entity>(backend, "p", |column| wanted.has(column));
    let revision = revision_of_names();
    format!("SELECT CAST({list}({row}({events})) AS text), {revision} FROM ({page}) AS p")
}

/// The expression for the revision that names have.
pub(super) fn revision_of_names() -> String {
    let name = revision::NAMES;
    format!("(SELECT number FROM revisions WHERE name = '{name}')")
}
