//! Monitored fields: the setting of this server that says which fields a filter means that asks for the changes of no
//! field in particular, and which ones are offered to break counts down by.
//!
//! Every change is recorded, whatever the field. Whether somebody may decide is not asked here.

use super::append::Appended;
use super::entity::monitored_field;
use super::names::Resolver;
use super::observation::Observation;
use super::query::chosen::fold;
use super::{Store, StoreError, bulk, clean, deeds};
use crate::access::Viewer;
use crate::event::{Object, Timestamp};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use std::collections::BTreeMap;

/// How many fields may be monitored.
const MOST: usize = 500;

/// Characters of a field's name.
const LONGEST: usize = 255;

impl Store {
    /// The names of the monitored fields, in alphabetical order.
    pub async fn monitored_fields(&self) -> Result<Vec<String>, StoreError> {
        names(&self.read).await
    }

    /// Monitors these fields and no others, by an administrator's decision, which becomes an event if it changes anything.
    pub async fn set_monitored_fields(
        &self,
        viewer: &Viewer,
        fields: &[String],
        now: Timestamp,
    ) -> Result<Option<Appended>, StoreError> {
        let wanted = checked(fields)?;
        let transaction = self.begin_alone().await?;
        let before = names(&transaction).await?;
        monitored_field::Entity::delete_many()
            .exec(&transaction)
            .await?;
        bulk::insert(&transaction, &wanted).await?;
        let after = names(&transaction).await?;
        if before == after {
            transaction.commit().await?;
            return Ok(None);
        }
        let mut resolver = Resolver::new(&transaction, &self.names);
        let setting = Object {
            kind: "setting".to_owned(),
            id: Some("monitored_fields".to_owned()),
            name: Some("Monitored fields".to_owned()),
            ..Object::default()
        };
        let told = Observation::of_own("settings.monitored_fields_changed", setting).change(
            "monitored fields",
            Some(before.join(", ")),
            Some(after.join(", ")),
        );
        let appended = deeds::decided(&mut resolver, viewer, now, Some(told)).await?;
        let learned = resolver.learned();
        self.commit(transaction, learned, appended).await?;
        Ok(Some(appended))
    }
}

async fn names(db: &impl ConnectionTrait) -> Result<Vec<String>, StoreError> {
    let rows = monitored_field::Entity::find()
        .order_by_asc(monitored_field::Column::Folded)
        .all(db)
        .await?;
    let mut names: Vec<_> = rows.into_iter().map(|row| (row.folded, row.name)).collect();
    // Databases may sort by language.
    names.sort();
    Ok(names.into_iter().map(|(_, name)| name).collect())
}

/// The rows of these names, each once.
fn checked(fields: &[String]) -> Result<Vec<monitored_field::Model>, StoreError> {
    let wrong = |path: String, message: String| StoreError::Filter { path, message };
    if fields.len() > MOST {
        return Err(wrong(
            "input.fields".to_owned(),
            format!("{} fields are too many; give at most {MOST}", fields.len()),
        ));
    }
    let mut rows = BTreeMap::new();
    for (place, field) in fields.iter().enumerate() {
        let name = clean(field.trim().to_owned());
        let length = name.chars().count();
        if length == 0 || length > LONGEST {
            return Err(wrong(
                format!("input.fields[{place}]"),
                format!("a name of {length} characters; give one of 1 to {LONGEST}"),
            ));
        }
        rows.entry(fold(&name)).or_insert(name);
    }
    let row = |(folded, name)| monitored_field::Model { folded, name };
    Ok(rows.into_iter().map(row).collect())
}
