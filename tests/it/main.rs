//! All integration tests, in one binary so that they link once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod import;
mod normalise;
mod source_directory;
mod source_http;
mod source_log;
mod upstream;
