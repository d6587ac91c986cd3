//! Who did what, when, to what, across Atlassian: one log, served as GraphQL.

pub mod access;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod event;
pub mod feed;
pub mod graphql;
pub mod http;
pub mod sandbox;
pub mod schedule;
pub mod source;
pub mod store;
pub mod sync;
