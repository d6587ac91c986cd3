//! All integration tests, in one binary so that they link once.

mod import;
mod normalise;
mod source_http;
mod upstream;
