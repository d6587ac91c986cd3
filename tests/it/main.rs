//! Everything that is tested from outside, over real HTTP and with real databases: one binary, one module a topic.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and the panic says where"
)]

mod access;
mod client;
mod commands;
mod crash;
mod entities;
mod filters;
mod import;
mod log;
mod normalise;
mod oddities;
mod paging;
mod plans;
mod process;
mod queries;
mod sandbox;
mod schedule;
mod schema;
mod source_directory;
mod source_http;
mod source_log;
mod streams;
mod sync;
mod tidy;
mod upstream;
mod world;
mod writers;
