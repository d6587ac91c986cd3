//! Exports in the background: who writes which file, and what becomes of it.
//!
//! A job is a row of the store and belongs to whoever holds its lease. Every so often it notes where it would have to go
//! on, so that whoever takes it up after a crash loses little; a form of which half a file is of no use begins anew.

mod job;

use super::reader::PAGE;
use super::{ExportError, Folder, Within, check};
use crate::access::Viewer;
use crate::activity::{Activity, Limits};
use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::event::export::Status;
use crate::store::entity::export;
use crate::store::exports::NewExport;
use crate::store::{Appended, Store, StoreError};
use job::Job;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a job is somebody's who does not ask for it again, and how often they ask.
const LEASE: Duration = Duration::from_mins(1);
const RENEW: Duration = Duration::from_secs(20);

/// How often it is looked for what another process asks for, or has left.
const POLL: Duration = Duration::from_secs(5);

/// How many exports one process writes at once.
const AT_ONCE: u128 = 2;

/// How often files are deleted whose time is over.
const TIDY: Duration = Duration::from_mins(10);

/// In which steps an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Rows that are read, and held, at once.
    pub page: u64,
    /// Rows after which it is noted how far it has come.
    pub note: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            page: PAGE,
            note: 10_000,
        }
    }
}

/// The exports of a store, and those who write them. Cheap to clone; clones hear of one another.
#[derive(Clone, Debug)]
pub struct Exports {
    store: Store,
    activity: Activity,
    limits: Limits,
    clock: Clock,
    settings: Arc<config::Exports>,
    folder: Folder,
    pace: Pace,
    /// Moves when there is something to do.
    asked: Arc<watch::Sender<u64>>,
    /// Moves when an export has come further.
    moved: Arc<watch::Sender<u64>>,
}

impl Exports {
    /// The exports of a store; nothing runs yet.
    #[must_use]
    pub fn new(
        store: Store,
        activity: Activity,
        limits: Limits,
        clock: Clock,
        settings: config::Exports,
    ) -> Self {
        Self {
            store,
            activity,
            limits,
            clock,
            folder: Folder::new(&settings),
            settings: Arc::new(settings),
            pace: Pace::default(),
            asked: Arc::default(),
            moved: Arc::default(),
        }
    }

    /// The same in other steps.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Where the files lie.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Asks for an export, unless it shows already that there could be none.
    pub async fn create(
        &self,
        viewer: &Viewer,
        new: NewExport,
    ) -> Result<(i64, Appended), ExportError> {
        let now = self.clock.now();
        let within = self.within(viewer.clone(), now, i64::MAX);
        match check(&within, &new.question).await {
            // Jira may answer by the time the export is written.
            Ok(()) | Err(ExportError::Store(StoreError::Upstream(_))) => {}
            Err(failure) => return Err(failure),
        }
        let folder = self.folder.clone();
        let room = blocking(move || Ok(folder.room("").ok())).await?;
        if let Some(room) = room {
            room.check(0, 1)?;
        }
        let created = self.store.create_export(viewer, new, now).await?;
        self.asked.send_modify(|asked| *asked += 1);
        Ok(created)
    }

    /// Deletes an export that the viewer may see, with its file; one that is being written ends.
    pub async fn delete(&self, viewer: &Viewer, id: i64) -> Result<((), Appended), ExportError> {
        let row = self.store.export(viewer, id).await?;
        let row = row.ok_or_else(|| StoreError::NotFound {
            what: "export with this id".to_owned(),
        })?;
        // The file first: of a file without a row nobody would know.
        self.remove(&row).await?;
        let deleted = self.store.delete_export(viewer, id, self.clock.now());
        let deleted = deleted.await?;
        self.tell();
        Ok(deleted)
    }

    /// Whether there is a file to be taken away.
    #[must_use]
    pub fn has_file(&self, row: &export::Model) -> bool {
        let now = self.clock.now().micros();
        Status::from_number(row.status) == Status::Done
            && row.removed_at.is_none()
            && row.expires_at.is_none_or(|expires| now < expires)
    }

    /// Waits until an export of this process has come further, but no longer than it takes to look what others did.
    pub async fn moved(&self, since: &mut watch::Receiver<u64>) {
        tokio::select! {
            // The sender lives as long as this does.
            _ = since.changed() => {}
            () = self.clock.sleep(POLL) => {}
        }
    }

    /// What moves when an export has come further.
    #[must_use]
    pub fn movements(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    /// Writes what is asked for and deletes what nobody may have any more, until told to stop. `holder` is nobody else's
    /// name.
    pub async fn run(&self, holder: Uuid, stop: &CancellationToken) {
        let workers = (0..AT_ONCE).map(|number| {
            let holder = Uuid::from_u128(holder.as_u128() ^ number);
            self.work(holder, stop)
        });
        let tidy = async {
            loop {
                if let Err(error) = self.tidy().await {
                    tracing::warn!(%error, "expired exports could not be deleted");
                }
                self.clock.sleep(TIDY).await;
            }
        };
        tokio::select! {
            _ = futures::future::join_all(workers) => {}
            () = tidy => {}
        }
    }

    async fn work(&self, holder: Uuid, stop: &CancellationToken) {
        let mut asked = self.asked.subscribe();
        while !stop.is_cancelled() {
            asked.borrow_and_update();
            match self.work_once(holder, stop).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "cannot look which exports are to be written"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                _ = asked.changed() => {}
                () = self.clock.sleep(POLL) => {}
            }
        }
    }

    /// Writes the oldest export that is nobody's, to its end or until told to stop; false when there is none.
    pub async fn work_once(
        &self,
        holder: Uuid,
        stop: &CancellationToken,
    ) -> Result<bool, StoreError> {
        for row in self.store.unfinished_exports(self.clock.now()).await? {
            let lease = lease(row.id);
            let now = self.clock.now();
            if !self.store.take_lease(&lease, holder, now, LEASE).await? {
                continue;
            }
            // Whoever had it may have ended it since the list was read.
            let found = self.store.unfinished_export(row.id).await?;
            if let Some(row) = &found {
                self.carry_out(row, holder, stop).await?;
            }
            self.store.return_lease(&lease, holder).await?;
            if found.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn carry_out(
        &self,
        row: &export::Model,
        holder: Uuid,
        stop: &CancellationToken,
    ) -> Result<(), StoreError> {
        let job = Job {
            exports: self,
            row,
            holder,
        };
        let outcome = Box::pin(job.write(stop)).await;
        if let Err(failure) = outcome {
            self.failed(row, &failure).await?;
        }
        self.tell();
        Ok(())
    }

    async fn failed(&self, row: &export::Model, failure: &ExportError) -> Result<(), StoreError> {
        let (file, now) = (row.file_name.as_str(), self.clock.now());
        if matches!(failure, ExportError::Lost) {
            // One that was deleted may have left a file that was opened just then.
            let known = self.store.export(&Viewer::server(), row.id).await?;
            if known.is_none() {
                self.remove_or_warn(row).await;
            }
            return Ok(());
        }
        if failure.may_pass() {
            // What has come further since it was claimed begins to count anew.
            let row = self.store.unfinished_export(row.id).await?;
            if let Some(row) = &row
                && self.store.postpone_export(row, now).await?
            {
                tracing::warn!(file, %failure, "an export failed and is tried again");
                return Ok(());
            }
        }
        tracing::warn!(file, %failure, "an export failed");
        self.remove_or_warn(row).await;
        let why = told(failure);
        self.store.fail_export(row.id, &why, now).await
    }

    /// Deletes the files whose time is over.
    pub async fn tidy(&self) -> Result<(), ExportError> {
        for row in self.store.expired_exports(self.clock.now()).await? {
            self.remove(&row).await?;
            let now = self.clock.now();
            self.store.note_export_removed(row.id, now).await?;
        }
        Ok(())
    }

    async fn remove(&self, row: &export::Model) -> Result<(), ExportError> {
        let (folder, name) = (self.folder.clone(), row.file_name.clone());
        blocking(move || Ok(folder.remove(&name)?)).await
    }

    async fn remove_or_warn(&self, row: &export::Model) {
        if let Err(error) = self.remove(row).await {
            let file = row.file_name.as_str();
            tracing::warn!(file, %error, "the file of an export could not be deleted");
        }
    }

    /// Where rows come from, for somebody, as of a moment and a position.
    #[must_use]
    pub fn within(&self, viewer: Viewer, now: Timestamp, until: i64) -> Within {
        Within {
            store: self.store.clone(),
            activity: self.activity.clone(),
            limits: self.limits,
            viewer,
            now,
            until,
            page: self.pace.page,
        }
    }

    fn tell(&self) {
        self.moved.send_modify(|moved| *moved += 1);
    }
}

fn lease(id: i64) -> String {
    format!("export/{id}")
}

/// Does what waits for the disk where nobody waits for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ExportError> + Send + 'static,
) -> Result<T, ExportError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(std::io::Error::other)?
}

/// What people hear of a failure; what went wrong inside is in the log.
fn told(failure: &ExportError) -> String {
    let inside = || "something went wrong inside; the server's log has the cause".to_owned();
    match failure {
        ExportError::Store(
            StoreError::Filter { .. }
            | StoreError::Forbidden(_)
            | StoreError::NotFound { .. }
            | StoreError::Upstream(_),
        )
        | ExportError::Activity(_)
        | ExportError::TooMuch(_)
        | ExportError::Revoked
        | ExportError::Lost => failure.to_string(),
        ExportError::Store(StoreError::TimedOut) => {
            "the database gave up (database.statement_seconds); ask for less".to_owned()
        }
        ExportError::File(failure) if failure.kind() == std::io::ErrorKind::StorageFull => {
            "the disk is full; make room on it, or ask for less".to_owned()
        }
        ExportError::Store(_) | ExportError::File(_) => inside(),
    }
}
