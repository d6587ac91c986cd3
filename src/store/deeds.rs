//! What is done on this server, as events of the log that it keeps: written in the transaction that does it.

use super::append::{self, Appended};
use super::names::{Learned, Resolver};
use super::observation::Observation;
use super::{Store, StoreError};
use crate::access::Viewer;
use crate::event::{Actor, ActorKind, Alias, NewEvent, Object, System, Timestamp};
use sea_orm::DatabaseTransaction;

impl Store {
    /// Puts what somebody did with their token into the log, and commits it together with what was done.
    pub(super) async fn conclude(
        &self,
        transaction: DatabaseTransaction,
        viewer: &Viewer,
        now: Timestamp,
        deeds: impl IntoIterator<Item = Observation<'_>>,
    ) -> Result<Appended, StoreError> {
        let mut resolver = Resolver::new(&transaction, &self.names);
        let recorded = record(&mut resolver, viewer, now, ("token", deeds));
        let appended = Box::pin(recorded).await?;
        let learned = resolver.learned();
        self.commit(transaction, learned, appended).await?;
        Ok(appended)
    }

    /// Puts what happened on this server, without anybody doing it, into the log, and commits it together with what changed.
    pub(super) async fn conclude_alone(
        &self,
        transaction: DatabaseTransaction,
        now: Timestamp,
        told: (&str, impl IntoIterator<Item = Observation<'_>>),
    ) -> Result<Appended, StoreError> {
        let mut resolver = Resolver::new(&transaction, &self.names);
        let appended = Box::pin(happened(&mut resolver, now, told)).await?;
        let learned = resolver.learned();
        self.commit(transaction, learned, appended).await?;
        Ok(appended)
    }

    /// Notes that somebody reads the log: once an hour, whichever process they ask.
    pub async fn note_log_viewed(
        &self,
        viewer: &Viewer,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let mut resolver = Resolver::new(&transaction, &self.names);
        let log = Object {
            kind: "log".to_owned(),
            name: Some("The log".to_owned()),
            ..Object::default()
        };
        let deed = Observation::of_own("log.viewed", log);
        let key = format!("log.viewed/{}/{}", viewer.token_id, now.hour());
        let sign = signed(viewer, "token");
        let written = write(&mut resolver, now, [deed], |event| {
            sign(event);
            event.upstream_key.clone_from(&key);
        });
        let appended = Box::pin(written).await?;
        let learned = resolver.learned();
        self.commit(transaction, learned, appended).await?;
        Ok(((), appended))
    }

    /// Commits, lets other processes look at what was appended, and keeps in memory what the transaction learned.
    pub(super) async fn commit(
        &self,
        transaction: DatabaseTransaction,
        learned: Learned,
        appended: Appended,
    ) -> Result<(), StoreError> {
        self.tell_others(&transaction, appended).await?;
        transaction.commit().await?;
        self.names.keep(learned);
        Ok(())
    }
}

/// Puts an administrator's decision into the log.
pub(super) async fn decided(
    resolver: &mut Resolver<'_>,
    viewer: &Viewer,
    now: Timestamp,
    decision: Option<Observation<'_>>,
) -> Result<Appended, StoreError> {
    let how = "administrator's decision";
    record(resolver, viewer, now, (how, decision)).await
}

/// Puts what happened on this server, without anybody doing it, into the log.
pub(super) async fn happened(
    resolver: &mut Resolver<'_>,
    now: Timestamp,
    (how, deeds): (&str, impl IntoIterator<Item = Observation<'_>>),
) -> Result<Appended, StoreError> {
    write(resolver, now, deeds, |event| {
        event.method = Some(how.to_owned());
    })
    .await
}

async fn record<'d>(
    resolver: &mut Resolver<'_>,
    viewer: &Viewer,
    now: Timestamp,
    (how, deeds): (&str, impl IntoIterator<Item = Observation<'d>>),
) -> Result<Appended, StoreError> {
    let sign = signed(viewer, how);
    write(resolver, now, deeds, sign).await
}

/// Says who did it: with their token, and as the account that it acts for.
fn signed<'v>(viewer: &'v Viewer, how: &'v str) -> impl Fn(&mut NewEvent) + use<'v> {
    let actor = match &viewer.account_id {
        Some(account) => Actor {
            alias: Alias::account(account),
            kind: ActorKind::Person,
            name: None,
            email: None,
        },
        None => Actor {
            alias: Alias::token(viewer.token_id),
            kind: ActorKind::App,
            name: Some(viewer.name.clone()),
            email: None,
        },
    };
    let why = format!("done with the token {}", viewer.name);
    move |event| {
        event.actor = Some(actor.clone());
        event.method = Some(how.to_owned());
        event.message.get_or_insert_with(|| why.clone());
    }
}

async fn write<'d>(
    resolver: &mut Resolver<'_>,
    now: Timestamp,
    deeds: impl IntoIterator<Item = Observation<'d>>,
    complete: impl Fn(&mut NewEvent),
) -> Result<Appended, StoreError> {
    let source = System::Auditgraph.as_str();
    let source_id = resolver.source(source, System::Auditgraph).await?;
    let newest = append::newest(resolver.transaction).await?;
    let event = |deed: Observation<'_>| {
        let mut event = deed.into_event(source, now);
        // The same may be done again at the same moment.
        event.upstream_key = format!("{}/{newest}", event.upstream_key);
        event.system = System::Auditgraph;
        complete(&mut event);
        event
    };
    let events = deeds.into_iter().map(event).collect();
    append::write(resolver, source, source_id, events, now).await
}
