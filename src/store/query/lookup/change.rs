//! What a filter says of changed fields: statuses, resolutions and fields, by name.

use super::{Lookup, folded, given, wrong};
use crate::event::directory::ThingKind;
use crate::event::filter::EventFilter;
use crate::store::StoreError;
use crate::store::entity::{change, thing};
use crate::store::query::chosen::{ChangeOf, Test};
use crate::store::query::text::{fits, lower};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use std::collections::BTreeSet;

/// The field that holds an issue's status, as all sources call it but for the case.
const STATUS: &str = "status";

/// The field that holds an issue's resolution.
const RESOLUTION: &str = "resolution";

impl Lookup<'_> {
    /// The criteria about changes. A status or resolution is an issue's; other things have fields of that name, too.
    pub(super) async fn changes(
        &self,
        filter: &EventFilter,
        path: &str,
    ) -> Result<Vec<Test>, StoreError> {
        let mut tests = Vec::new();
        let from = given(filter.status_from.as_ref(), path, "statusFrom")?;
        let to = given(filter.status_to.as_ref(), path, "statusTo")?;
        let resolutions = given(filter.resolutions.as_ref(), path, "resolutions")?;
        for (values, field, kind) in [
            (from, "statusFrom", ThingKind::Status),
            (to, "statusTo", ThingKind::Status),
            (resolutions, "resolutions", ThingKind::Resolution),
        ] {
            let path = format!("{path}.{field}");
            self.must_exist(values.unwrap_or_default(), kind, &path)
                .await?;
        }
        if from.is_some() || to.is_some() || resolutions.is_some() {
            tests.push(Test::OfIssue);
        }
        if from.is_some() || to.is_some() {
            tests.push(Test::Changed(ChangeOf {
                fields: BTreeSet::from([STATUS.to_owned()]),
                from: from.map(folded),
                to: to.map(folded),
            }));
        }
        if let Some(names) = resolutions {
            tests.push(Test::Changed(ChangeOf {
                fields: BTreeSet::from([RESOLUTION.to_owned()]),
                from: None,
                to: Some(folded(names)),
            }));
        }
        if let Some(fields) = self.fields(filter, path).await? {
            tests.push(Test::Changed(ChangeOf {
                fields,
                ..ChangeOf::default()
            }));
        }
        Ok(tests)
    }

    /// The fields one of which has to have changed; an empty list stands for those that are monitored.
    async fn fields(
        &self,
        filter: &EventFilter,
        path: &str,
    ) -> Result<Option<BTreeSet<String>>, StoreError> {
        if filter.fields.as_ref().is_some_and(Vec::is_empty) {
            let monitored = self.store.monitored_fields().await?;
            return Ok(Some(folded(&monitored)));
        }
        let Some(names) = given(filter.fields.as_ref(), path, "fields")? else {
            return Ok(None);
        };
        self.must_exist(names, ThingKind::Field, &format!("{path}.fields"))
            .await?;
        Ok(Some(folded(names)))
    }

    /// Refuses the name of something that no list of Jira's has, and of which no change has told.
    async fn must_exist(
        &self,
        names: &[String],
        kind: ThingKind,
        path: &str,
    ) -> Result<(), StoreError> {
        if names.is_empty() || !self.sees_all {
            return Ok(());
        }
        let folded = folded(names);
        let db = &self.store.read;
        let name = lower(self.store, Expr::col(thing::Column::Name));
        let listed: Vec<String> = thing::Entity::find()
            .select_only()
            .expr(name.clone())
            .filter(thing::COLUMN.kind.eq(kind.number()))
            .filter(name.is_in(folded.iter().cloned()))
            .into_tuple()
            .all(db)
            .await?;
        for (place, name) in names.iter().enumerate() {
            let one = super::folded(std::slice::from_ref(name));
            if one.iter().any(|name| listed.contains(name)) || self.is_told(&one, kind).await? {
                continue;
            }
            let what = match kind {
                ThingKind::Status => "status",
                ThingKind::Resolution => "resolution",
                _ => "field",
            };
            return Err(wrong(
                format!("{path}[{place}]"),
                format!("there is no {what} `{name}`; give the name of one as Jira shows it"),
            ));
        }
        Ok(())
    }

    /// Whether a change has told of such a thing; first asked where an index knows.
    async fn is_told(&self, name: &BTreeSet<String>, kind: ThingKind) -> Result<bool, StoreError> {
        let of = |field: &str| {
            let field = BTreeSet::from([field.to_owned()]);
            fits(self.store, change::Column::Field, &field)
        };
        let value = |column| fits(self.store, column, name);
        let ways = match kind {
            ThingKind::Status => vec![
                of(STATUS).add(value(change::Column::ToValue)),
                of(STATUS).add(value(change::Column::FromValue)),
            ],
            ThingKind::Resolution => vec![of(RESOLUTION).add(value(change::Column::ToValue))],
            _ => vec![value(change::Column::Field)],
        };
        for way in ways {
            let told: Option<i64> = change::Entity::find()
                .select_only()
                .column(change::Column::Seq)
                .filter(way)
                .limit(1)
                .into_tuple()
                .one(&self.store.read)
                .await?;
            if told.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
