//! A page of the log with what stands beside its events: who did it, and where. One statement brings all of it.

use super::entity::{alias, container, event, user};
use super::{Store, StoreError, packed};
use sea_orm::{ConnectionTrait, QueryTrait, Select, Statement};
use std::collections::HashMap;
use std::sync::Arc;

/// A name, and whose it is.
pub type Person = Arc<(alias::Model, user::Model)>;

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
    /// The events that a query finds, in its order, and what stands beside them.
    pub(super) async fn with_beside(
        &self,
        page: Select<event::Entity>,
    ) -> Result<(Vec<event::Model>, Beside), StoreError> {
        let backend = self.read.get_database_backend();
        let page = page.build(backend);
        let statement = Statement {
            sql: packing(backend, &page.sql),
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

/// The statement that packs a page and what stands beside it. A page comes as its query sorts it: both databases pack
/// rows as they come.
fn packing(backend: sea_orm::DbBackend, page: &str) -> String {
    let (list, row) = packed::functions(backend);
    let events = packed::columns::<event::Entity>(backend, "p");
    let aliases = packed::columns::<alias::Entity>(backend, "a");
    let users = packed::columns::<user::Entity>(backend, "u");
    let containers = packed::columns::<container::Entity>(backend, "c");
    format!(
        "WITH page AS MATERIALIZED ({page}), \
         inside AS MATERIALIZED (SELECT DISTINCT container_id AS id FROM page WHERE container_id IS NOT NULL) \
         SELECT CAST({list}({row}({events})) AS text), \
         (SELECT CAST({list}({row}({row}({aliases}), {row}({users}))) AS text) FROM aliases a \
         JOIN users u ON u.id = a.user_id \
         WHERE a.id IN (SELECT actor_id FROM page UNION SELECT target_alias_id FROM page)), \
         (SELECT CAST({list}({row}({containers})) AS text) FROM containers c WHERE c.id IN (SELECT id FROM inside \
         UNION SELECT parent_id FROM containers WHERE id IN (SELECT id FROM inside))) \
         FROM page p"
    )
}
