//! The folder in which exports lie: nobody else on the machine may read it, and it never takes more room than it is given.

use super::ExportError;
use crate::config;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes of the disk that exports leave to others.
const SPARED: u64 = 64 * 1024 * 1024;

/// The folder in which exports lie.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    quota: u64,
}

/// How much room there is for one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// What other exports take.
    others: u64,
    /// What all exports may take.
    quota: u64,
    /// What the disk still has, without what the file takes already.
    free: u64,
}

impl Folder {
    /// The folder that the settings name; it is made when it is needed.
    #[must_use]
    pub fn new(settings: &config::Exports) -> Self {
        Self {
            path: settings.folder.clone(),
            quota: settings.quota_bytes,
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file of that name lies.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        // Names are made here and hold no other parts, but nothing may ever lead out of the folder.
        let name = Path::new(name).file_name().unwrap_or_default();
        self.path.join(name)
    }

    /// Opens a file to go on behind so many bytes, or to begin it: how many of them are there, all or none.
    pub(super) fn open(&self, name: &str, bytes: u64) -> io::Result<(File, u64)> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .read(true)
            .mode(0o600)
            .open(self.file(name))?;
        let there = file.metadata()?.len();
        let kept = if there < bytes { 0 } else { bytes };
        file.set_len(kept)?;
        file.seek(SeekFrom::Start(kept))?;
        Ok((file, kept))
    }

    /// How much room there is for a file of that name.
    pub(super) fn room(&self, name: &str) -> io::Result<Room> {
        let own = self.file(name);
        let mut others = 0_u64;
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            // Files come and go meanwhile.
            if let Ok(about) = entry.metadata()
                && about.is_file()
                && entry.path() != own
            {
                others = others.saturating_add(about.len());
            }
        }
        let disk = rustix::fs::statvfs(&self.path)?;
        Ok(Room {
            others,
            quota: self.quota,
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
        })
    }

    /// Deletes a file, which may be gone already.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.file(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Room {
    /// Fails before a file that has so many bytes takes what is not its own; `more` is what comes next.
    pub(super) fn check(&self, bytes: u64, more: u64) -> Result<(), ExportError> {
        let left = self.quota.saturating_sub(self.others);
        if bytes.saturating_add(more) > left {
            return Err(ExportError::TooMuch(format!(
                "it needs more than the {left} bytes that are left of the {} for all exports (exports.quota_bytes); ask for \
                 less, delete other exports, or allow more",
                self.quota
            )));
        }
        if self.free < SPARED.saturating_add(more) {
            return Err(ExportError::TooMuch(format!(
                "the disk that exports are written to has only {} bytes left; make room on it, or ask for less",
                self.free
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Folder, Room, SPARED};
    use std::io::Write;

    #[test]
    fn what_is_left_is_told_before_it_is_taken() {
        let room = Room {
            others: 60,
            quota: 100,
            free: SPARED + 1_000,
        };
        assert!(room.check(20, 20).is_ok());
        let over = room.check(21, 20).unwrap_err().to_string();
        assert!(
            over.contains("the 40 bytes that are left of the 100"),
            "{over}"
        );
        let full = Room {
            free: SPARED + 5,
            ..room
        };
        let full = full.check(0, 6).unwrap_err().to_string();
        assert!(full.contains("the disk"), "{full}");
    }

    #[test]
    fn a_file_is_gone_on_with_or_begun_anew() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder {
            path: place.path().join("exports"),
            quota: 1_000,
        };
        let (mut file, kept) = folder.open("a", 5).unwrap();
        assert_eq!(kept, 0);
        file.write_all(b"0123456789").unwrap();
        let (mut file, kept) = folder.open("a", 4).unwrap();
        assert_eq!(kept, 4);
        file.write_all(b"x").unwrap();
        assert_eq!(std::fs::read(folder.file("a")).unwrap(), b"0123x");
        let (_, kept) = folder.open("a", 6).unwrap();
        assert_eq!(kept, 0);
        assert_eq!(std::fs::read(folder.file("a")).unwrap(), b"");
        assert_eq!(folder.file("../../a"), folder.file("a"));
        folder.remove("a").unwrap();
        folder.remove("a").unwrap();
        let mode = std::fs::metadata(folder.path()).unwrap().permissions();
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777,
            0o700
        );
    }
}
