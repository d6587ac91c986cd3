//! Which audit log files are in a folder, and what makes each of them that file.

use crate::event::Timestamp;
use crate::source::SourceError;
use crate::source::look::Look;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::{self, File};
use tokio::io::AsyncReadExt;

/// What the names of audit log files have in them; behind it may only be what rotation appends.
const ENDING: &str = "audit.log";

/// How much of the first line makes a file that file.
const BEGINNING: u64 = 64 * 1024;

/// An audit log file.
pub(super) struct Found {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its name.
    pub(super) name: String,
    /// How many bytes it has.
    pub(super) size: u64,
    /// A hash over its first line.
    pub(super) first: String,
    began: Option<Timestamp>,
}

/// The audit log files in `folder` that have a first line, in the order in which they were begun.
pub(super) async fn files(folder: &Path) -> io::Result<Vec<Found>> {
    let mut files = Vec::new();
    for name in names(folder).await? {
        match look(folder.join(&name), name).await {
            Ok(found) => files.extend(found),
            // Rotated away between the two looks.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    files.sort_by(|one, other| (one.began, &one.name).cmp(&(other.began, &other.name)));
    Ok(files)
}

/// The names of the audit log files in `folder`.
pub(super) async fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut entries = fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_log(&name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn is_log(name: &str) -> bool {
    name.rsplit_once(ENDING).is_some_and(|(start, end)| {
        let number = end.strip_prefix(['.', '-']);
        let rotated = number.is_some_and(|number| {
            !number.is_empty()
                && number
                    .bytes()
                    .all(|c| c.is_ascii_digit() || b"-._".contains(&c))
        });
        (start.is_empty() || start.ends_with('.')) && (end.is_empty() || rotated)
    })
}

async fn look(path: PathBuf, name: String) -> io::Result<Option<Found>> {
    let file = File::open(&path).await?;
    let metadata = file.metadata().await?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut start = Vec::new();
    file.take(BEGINNING).read_to_end(&mut start).await?;
    let line = match start.iter().position(|byte| *byte == b'\n') {
        Some(end) => &start[..end],
        None if start.len() as u64 == BEGINNING => &start[..],
        // It has only just been begun.
        None => return Ok(None),
    };
    let record = serde_json::from_slice(line).unwrap_or_default();
    Ok(Some(Found {
        path,
        name,
        size: metadata.len(),
        first: format!("{:x}", Sha256::digest(line))[..32].to_owned(),
        began: Look::new(&record).at("timestamp").time(),
    }))
}

/// Why a folder could not be read.
pub(super) fn unreadable(folder: &Path, error: &io::Error) -> SourceError {
    SourceError::Unusable {
        what: format!("the folder of audit log files {}", folder.display()),
        message: format!("{error}; audit_log_folder has to name a folder that may be read"),
    }
}
