//! What leaves as a file: rows made from the store, the forms they are written in, and the jobs that write them.
//!
//! A [`Reader`] yields the rows of a [`Question`](crate::event::export::Question), page by page; a [`Sheet`] writes them,
//! one file a form; [`Exports`] brings both together in the background. Which columns there are says [`columns`].

mod aggregated;
mod asked;
mod cell;
pub mod columns;
mod csv;
mod detail;
mod folder;
mod jobs;
mod json;
pub mod last_active;
mod ndjson;
mod people;
mod reader;
pub mod rest;
mod sheet;
mod xlsx;

pub use cell::{Cell, Heading, LONGEST, fitting, harmless};
pub use folder::Folder;
pub use jobs::{Exports, Pace};
pub use reader::{Page, Reader, Within, check};
pub use sheet::{Output, Sheet, sheet};

use crate::activity::ActivityError;
use crate::store::StoreError;

/// Why there are no rows, or no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store could not be asked, or what is asked for makes no sense.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The counts could not be made.
    #[error(transparent)]
    Activity(ActivityError),
    /// The file could not be written.
    #[error("the file cannot be written: {0}")]
    File(#[from] std::io::Error),
    /// It would be more than there is room for, or more than is allowed.
    #[error("{0}")]
    TooMuch(String),
    /// Who asked for it may not have it any more.
    #[error("the token with which it was asked for does not work any more; ask for it anew")]
    Revoked,
    /// Somebody else is writing it, or nobody wants it any more.
    #[error("the export is somebody else's to write, or was deleted")]
    Lost,
}

impl From<ActivityError> for ExportError {
    fn from(failure: ActivityError) -> Self {
        match failure {
            ActivityError::Store(failure) => Self::Store(failure),
            failure => Self::Activity(failure),
        }
    }
}

impl ExportError {
    /// Whether the same may work a little later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Store(failure) => !matches!(
                failure,
                StoreError::Filter { .. } | StoreError::Forbidden(_) | StoreError::NotFound { .. }
            ),
            Self::Activity(ActivityError::Starting { .. } | ActivityError::Stopped) => true,
            Self::File(failure) => failure.kind() != std::io::ErrorKind::StorageFull,
            Self::Activity(_) | Self::TooMuch(_) | Self::Revoked | Self::Lost => false,
        }
    }
}
