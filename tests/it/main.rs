//! Everything that is tested from outside, over real HTTP and with real databases: one binary, one module a topic.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and the panic says where"
)]

mod crash;
mod import;
mod log;
mod normalise;
mod process;
mod sandbox;
mod schema;
mod source_directory;
mod source_http;
mod source_log;
mod sync;
mod tidy;
mod upstream;
mod world;
mod writers;
