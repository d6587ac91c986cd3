//! Everything that is tested from outside, over real HTTP and with real databases: one binary, one module a topic.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and the panic says where"
)]

mod access;
mod client;
mod commands;
mod import;
mod normalise;
mod sandbox;
mod source_directory;
mod source_http;
mod source_log;
mod streams;
mod sync;
mod tidy;
mod upstream;
mod world;
