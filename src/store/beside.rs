//! A page of the log with what stands beside its events: who did it, and where. One statement brings all of it.

use super::entity::{alias, container, event, user};
use super::{Store, StoreError, packed};
use sea_orm::{
    ConnectionTrait, DbBackend, IdenStatic, Iterable, QuerySelect, QueryTrait, Select, Statement,
    Value,
};
use std::collections::HashMap;
use std::sync::Arc;

/// A name, and whose it is.
pub type Person = Arc<(alias::Model, user::Model)>;

/// What a reader wants of a page. Whoever wants less has it sooner: to pack and to read values is most of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Columns of events, a bit each.
    columns: u32,
    /// Whether people and containers have everything that is known of them, or only what they are called.
    whole: bool,
}

impl Wanted {
    /// Everything.
    pub const ALL: Self = Self {
        columns: u32::MAX,
        whole: true,
    };

    /// These columns of events, those by which pages are put in order, and what people and containers are called. In
    /// rows that were read so, all other columns are empty.
    #[must_use]
    pub fn only(columns: impl IntoIterator<Item = event::Column>) -> Self {
        let order = [event::Column::Seq, event::Column::Time];
        let columns = columns.into_iter().chain(order).map(bit);
        Self {
            columns: columns.fold(0, |all, one| all | one),
            whole: false,
        }
    }

    /// What either of the two wants.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            columns: self.columns | other.columns,
            whole: self.whole || other.whole,
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

/// What a person is called.
fn names(column: user::Column) -> bool {
    use user::Column::{Id, Kind, Name, Nickname};
    matches!(column, Id | Kind | Name | Nickname)
}

/// What a container is called, and where it is.
fn titles(column: container::Column) -> bool {
    use container::Column::{Id, Key, Kind, Name, ParentId, UpstreamId, Url};
    matches!(column, Id | Key | Kind | Name | ParentId | UpstreamId | Url)
}

/// What the events of a page refer to.
#[derive(Debug, Default)]
pub struct Beside {
    people: HashMap<i64, Person>,
    containers: HashMap<i64, Arc<container::Model>>,
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
        let Some(row) = self.read.query_one_raw(statement).await? else {
            return Ok((Vec::new(), Beside::default()));
        };
        let people: Vec<(alias::Model, user::Model)> = packed::unpack(&row, 1)?;
        let containers: Vec<container::Model> = packed::unpack(&row, 2)?;
        let beside = Beside {
            people: people
                .into_iter()
                .map(|person| (person.0.id, Arc::new(person)))
                .collect(),
            containers: containers
                .into_iter()
                .map(|row| (row.id, Arc::new(row)))
                .collect(),
        };
        Ok((packed::unpack(&row, 0)?, beside))
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

/// The statement that packs a page and what stands beside it. A page comes as its query sorts it: both databases pack
/// rows as they come.
fn packing(backend: DbBackend, page: &str, wanted: Wanted) -> String {
    let (list, row) = packed::functions(backend);
    let events = packed::columns::<event::Entity>(backend, "p", |column| wanted.has(column));
    let people = if wanted.has(event::Column::ActorId) || wanted.has(event::Column::TargetAliasId) {
        people(backend, wanted)
    } else {
        "NULL".to_owned()
    };
    let containers = if wanted.has(event::Column::ContainerId) {
        containers(backend, wanted)
    } else {
        "NULL".to_owned()
    };
    format!(
        "WITH page AS MATERIALIZED ({page}) \
         SELECT CAST({list}({row}({events})) AS text), {people}, {containers} FROM page p"
    )
}

/// Who did something on the page, and to whom it was done.
fn people(backend: DbBackend, wanted: Wanted) -> String {
    let (list, row) = packed::functions(backend);
    let aliases = packed::columns::<alias::Entity>(backend, "a", |_| true);
    let users =
        packed::columns::<user::Entity>(backend, "u", |column| wanted.whole || names(column));
    let referred: Vec<String> = [event::Column::ActorId, event::Column::TargetAliasId]
        .into_iter()
        .filter(|column| wanted.has(*column))
        .map(|column| format!("SELECT {} FROM page", column.as_str()))
        .collect();
    format!(
        "(SELECT CAST({list}({row}({row}({aliases}), {row}({users}))) AS text) FROM aliases a \
         JOIN users u ON u.id = a.user_id WHERE a.id {})",
        among(backend, &referred.join(" UNION "))
    )
}

/// Where something happened, and in what that lies.
fn containers(backend: DbBackend, wanted: Wanted) -> String {
    let (list, row) = packed::functions(backend);
    let containers =
        packed::columns::<container::Entity>(backend, "c", |column| wanted.whole || titles(column));
    let inside = "SELECT container_id FROM page";
    let around = format!(
        "SELECT parent_id FROM containers WHERE id {}",
        among(backend, inside)
    );
    let both = among(backend, &format!("{inside} UNION {around}"));
    format!(
        "(SELECT CAST({list}({row}({containers})) AS text) FROM containers c WHERE c.id {both})"
    )
}

/// That something is among the few that a query finds. For PostgreSQL as an array: it would read whole tables otherwise.
fn among(backend: DbBackend, query: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("= ANY(ARRAY({query}))"),
        _ => format!("IN ({query})"),
    }
}
