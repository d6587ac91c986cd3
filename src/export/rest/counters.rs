//! A row of counts as programs read it (C32): who, counters under the names of the contract, and their sum.

use crate::activity::asked::{Column, ColumnAction, read_columns, read_order};
use crate::activity::{Order, OrderBy, Row};
use crate::event::action::{COUNTERS, by_counter};
use crate::event::saved::SavedView;
use crate::export::cell::Object;
use crate::export::reader::Within;
use crate::store::StoreError;
use crate::store::entity::{action, alias, user};
use serde::{Serialize, Serializer};
use std::collections::{BTreeSet, HashMap};

/// The columns and the order of rows: every counter of the contract, then what else the view asks for.
pub(super) fn columns(
    view: &SavedView,
    stored: &[action::Model],
) -> Result<(Vec<Column>, Order), StoreError> {
    let asked = read_columns(view.columns.clone(), stored)?;
    let mut order = read_order(view.activity_order.clone(), &asked)?;
    let codes = COUNTERS.into_iter().filter_map(by_counter);
    let codes = codes.map(|action| action.code.to_owned()).collect();
    let mut columns = read_columns(Some(codes), stored)?;
    let mut places = Vec::with_capacity(asked.len());
    for column in asked {
        let code = column.action.code();
        let known = columns.iter().position(|known| known.action.code() == code);
        places.push(known.unwrap_or(columns.len()));
        if known.is_none() {
            columns.push(column);
        }
    }
    if let OrderBy::Column(place) = order.by {
        order.by = places
            .get(place)
            .map_or(OrderBy::Total, |place| OrderBy::Column(*place));
    }
    Ok((columns, order))
}

/// What the counters are called: upstream's own name, where the catalogue does not know an action.
pub(super) fn names(columns: &[Column]) -> Vec<String> {
    let name = |column: &Column| match &column.action {
        ColumnAction::Known(known) => known.counter.to_owned(),
        ColumnAction::Seen(row) => row.code.clone(),
    };
    columns.iter().map(name).collect()
}

/// How many people are looked up at once.
const AT_ONCE: usize = 1_000;

/// Who did what is counted.
pub(super) struct People {
    /// By their name's number.
    people: HashMap<i64, (alias::Model, user::Model)>,
    /// Their ids, as far as the viewer may look them up.
    ids: HashMap<i64, String>,
}

impl People {
    pub(super) async fn load(within: &Within, rows: &[Row]) -> Result<Self, StoreError> {
        let (store, viewer) = (&within.store, &within.viewer);
        let names: BTreeSet<i64> = rows.iter().map(|row| row.alias_id).collect();
        let names: Vec<i64> = names.into_iter().collect();
        let mut people = Vec::with_capacity(names.len());
        for names in names.chunks(AT_ONCE) {
            people.extend(store.people(names).await?);
        }
        let users: BTreeSet<i64> = people.iter().map(|(_, user)| user.id).collect();
        let users: Vec<i64> = users.into_iter().collect();
        let visible = store.users_by_id(viewer, &users).await?;
        let visible: Vec<i64> = visible.into_iter().map(|(id, _)| id).collect();
        let mut ids: HashMap<i64, (bool, String)> = HashMap::new();
        for alias in store.aliases_of(&visible).await? {
            // Atlassian's account id before all others, and of others the first.
            let account = alias.namespace == "account";
            let known = ids.get(&alias.user_id);
            if known.is_none_or(|(better, _)| account && !better) {
                ids.insert(alias.user_id, (account, alias.value));
            }
        }
        Ok(Self {
            people: people
                .into_iter()
                .map(|person| (person.0.id, person))
                .collect(),
            ids: ids.into_iter().map(|(user, (_, id))| (user, id)).collect(),
        })
    }

    /// A row with its names; `apart` is what sets it apart from others of the same person.
    pub(super) fn row<'a>(
        &'a self,
        row: &'a Row,
        apart: Object<'a>,
        counters: &'a [String],
    ) -> CountedRow<'a> {
        let person = self.people.get(&row.alias_id);
        let id = person.and_then(|(_, user)| self.ids.get(&user.id));
        CountedRow {
            user_id: id.map(String::as_str),
            username: person.map(|(alias, user)| {
                let name = user.name.as_deref().or(user.nickname.as_deref());
                name.unwrap_or(&alias.value)
            }),
            avatar: person
                .filter(|_| id.is_some())
                .and_then(|(_, user)| user.avatar_url.as_deref()),
            apart,
            counters: Counters(counters, &row.counts),
            total: row.total(),
        }
    }
}

/// A row.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountedRow<'a> {
    /// The Atlassian account id, or the id by which another system knows them.
    user_id: Option<&'a str>,
    username: Option<&'a str>,
    avatar: Option<&'a str>,
    #[serde(flatten)]
    apart: Object<'a>,
    counters: Counters<'a>,
    /// All counters together.
    total: u64,
}

/// Counters by name.
struct Counters<'a>(&'a [String], &'a [u64]);

impl Serialize for Counters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().zip(self.1))
    }
}
