//! One export from its row to its file: a page is read, written, and forgotten, until there is none.

use super::{Exports, LEASE, RENEW, blocking, lease};
use crate::access::Viewer;
use crate::event::Timestamp;
use crate::event::export::Format;
use crate::event::saved::View;
use crate::export::{Cell, ExportError, Output, Page, Reader, Sheet, sheet};
use crate::store::StoreError;
use crate::store::entity::export;
use crate::store::exports::{Progress, question};
use std::pin::pin;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// An export that is being written by somebody.
pub(super) struct Job<'a> {
    pub(super) exports: &'a Exports,
    pub(super) row: &'a export::Model,
    pub(super) holder: Uuid,
}

impl Job<'_> {
    /// Writes the file to its end, or until told to stop.
    pub(super) async fn write(&self, stop: &CancellationToken) -> Result<(), ExportError> {
        let (exports, row) = (self.exports, self.row);
        let question = question(row)?;
        let format = Format::from_number(row.format).ok_or_else(|| StoreError::NotFound {
            what: format!("form of files with the number {}", row.format),
        })?;
        let began = Timestamp::from_micros(row.created_at);
        let within = exports.within(self.viewer().await?, began, row.until);
        let mut progress = Progress::of(row);
        if !format.can_resume() || progress.mark.is_none() {
            progress = Progress::default();
        }
        let (folder, name, bytes) = (
            exports.folder.clone(),
            row.file_name.clone(),
            progress.bytes,
        );
        let (file, kept) = blocking(move || Ok(folder.open(&name, bytes)?)).await?;
        if kept == 0 {
            progress = Progress::default();
        }
        let reader = Reader::open(within, &question, progress.mark.as_deref());
        let mut reader = Box::pin(self.holding(reader)).await?;
        let expected = match row.expected {
            Some(expected) => u64::try_from(expected).ok(),
            None => Box::pin(self.expected(&reader)).await,
        };
        self.allow(expected.unwrap_or_default())?;
        let store = &exports.store;
        let now = exports.clock.now();
        if !store.start_export(row.id, &progress, expected, now).await? {
            return Err(ExportError::Lost);
        }
        exports.tell();
        let title = (title(question.view.kind), exports.folder.path());
        let output = Output::File(file);
        let mut sheet = sheet(format, output, reader.headings(), title, progress.bytes)?;
        let (mut noted, mut noted_at) = (progress.records, now);
        let mut room = self.room().await?;
        while let Some(page) = Box::pin(self.holding(reader.next())).await? {
            let rows = u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
            self.allow(progress.records.saturating_add(rows))?;
            room.check(sheet.bytes(), size(&page))?;
            sheet = written(sheet, page.rows).await?;
            progress.records += rows;
            progress.mark = page.mark;
            let now = exports.clock.now();
            let far = progress.records - noted >= exports.pace.note;
            if far || now.since(noted_at) >= RENEW || stop.is_cancelled() {
                sheet = self.note(sheet, &mut progress).await?;
                (noted, noted_at) = (progress.records, now);
                if stop.is_cancelled() {
                    return Ok(());
                }
                reader.look_as(self.viewer().await?).await?;
                room = self.room().await?;
            }
        }
        let finish = blocking(move || Ok(sheet.finish()?));
        let bytes = self.holding(finish).await?;
        self.end(progress.records, bytes).await
    }

    /// Notes that the file is complete.
    async fn end(&self, records: u64, bytes: u64) -> Result<(), ExportError> {
        let (exports, row) = (self.exports, self.row);
        let now = exports.clock.now();
        let end = Progress {
            records,
            bytes,
            mark: None,
        };
        let expires = now.plus(exports.settings.kept());
        if !exports
            .store
            .finish_export(row.id, &end, now, expires)
            .await?
        {
            return Err(ExportError::Lost);
        }
        tracing::info!(file = row.file_name, records, bytes, "exported");
        Ok(())
    }

    /// Brings to the disk what is written, and notes it.
    async fn note(
        &self,
        mut sheet: Box<dyn Sheet>,
        progress: &mut Progress,
    ) -> Result<Box<dyn Sheet>, ExportError> {
        let (sheet, bytes) = blocking(move || {
            let bytes = sheet.settle()?;
            Ok((sheet, bytes))
        })
        .await?;
        progress.bytes = bytes;
        self.renew().await?;
        let store = &self.exports.store;
        if !store.advance_export(self.row.id, progress).await? {
            return Err(ExportError::Lost);
        }
        self.exports.tell();
        Ok(sheet)
    }

    /// Who asked for it, as they are now.
    async fn viewer(&self) -> Result<Viewer, ExportError> {
        let now = self.exports.clock.now();
        let store = &self.exports.store;
        let viewer = store.viewer_by_token(self.row.token_id, now).await?;
        viewer.ok_or(ExportError::Revoked)
    }

    /// About how many records there will be; nobody waits for it in vain.
    async fn expected(&self, reader: &Reader) -> Option<u64> {
        match Box::pin(self.holding(reader.expected())).await {
            Ok(expected) => expected,
            Err(error) => {
                let file = self.row.file_name.as_str();
                tracing::debug!(file, %error, "the records of an export could not be counted before");
                None
            }
        }
    }

    fn allow(&self, records: u64) -> Result<(), ExportError> {
        let most = self.exports.settings.max_rows;
        if records <= most {
            return Ok(());
        }
        Err(ExportError::TooMuch(format!(
            "it would have {records} records or more; an export has at most {most} (exports.max_rows): ask for less, or \
             allow more"
        )))
    }

    async fn room(&self) -> Result<crate::export::folder::Room, ExportError> {
        let (folder, name) = (self.exports.folder.clone(), self.row.file_name.clone());
        blocking(move || Ok(folder.room(&name)?)).await
    }

    /// Keeps the job while something is done for it that takes long.
    async fn holding<T>(
        &self,
        work: impl Future<Output = Result<T, ExportError>>,
    ) -> Result<T, ExportError> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = self.exports.clock.alarm(RENEW) => self.renew().await?,
            }
        }
    }

    async fn renew(&self) -> Result<(), ExportError> {
        let now = self.exports.clock.now();
        let lease = lease(self.row.id);
        let store = &self.exports.store;
        if store.take_lease(&lease, self.holder, now, LEASE).await? {
            return Ok(());
        }
        Err(ExportError::Lost)
    }
}

/// Writes rows where nobody waits for it.
async fn written(
    mut sheet: Box<dyn Sheet>,
    rows: Vec<Vec<Cell>>,
) -> Result<Box<dyn Sheet>, ExportError> {
    blocking(move || {
        for row in &rows {
            sheet.write(row)?;
        }
        Ok(sheet)
    })
    .await
}

/// About how many bytes a page takes.
fn size(page: &Page) -> u64 {
    let cells = page.rows.iter().flatten();
    let size = |cell: &Cell| match cell {
        Cell::Empty => 1,
        Cell::Text(text) => text.len() + 3,
        Cell::Count(_) => 8,
    };
    u64::try_from(cells.map(size).sum::<usize>()).unwrap_or(u64::MAX)
}

/// What the sheets of a workbook are called.
const fn title(view: View) -> &'static str {
    match view {
        View::Detail => "Events",
        View::Aggregated => "Activity",
        View::IssueViews => "Issue Views",
        View::LastActive => "Last Active",
    }
}
