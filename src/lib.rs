//! Who did what, when, to what, across Atlassian: one log, served as GraphQL.

pub mod clock;
pub mod config;
pub mod event;
pub mod sandbox;
pub mod source;
