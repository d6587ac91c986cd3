//! `[exports]`: where exports lie, for how long, and how large they may become.

use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// `[exports]`: where exports lie, for how long, and how large they may become.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exports {
    /// The folder.
    pub folder: PathBuf,
    /// Days after which a file is deleted.
    pub keep_days: u32,
    /// Bytes that all files together may take.
    pub quota_bytes: u64,
    /// Records of one export, at most.
    pub max_rows: u64,
}

impl Exports {
    /// For how long a file is kept.
    #[must_use]
    pub fn kept(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.keep_days))
    }

    pub(super) fn validate(&self, wrong: &mut Vec<String>) {
        if self.folder.as_os_str().is_empty() {
            wrong.push("exports.folder: missing; give a folder".to_owned());
        }
        super::within("exports.keep_days", self.keep_days, &(1..=3650), wrong);
        if self.max_rows == 0 {
            wrong.push("exports.max_rows: give 1 or more".to_owned());
        }
    }
}
