//! Everything that is tested from outside, over real HTTP and with real databases: one binary, one module a topic.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and the panic says where"
)]

mod access;
mod actions;
mod activity;
mod archive;
mod client;
mod commands;
mod contract_data_center;
mod contract_detail;
mod contract_filter;
mod contract_pickers;
mod coverage;
mod crash;
mod data_center;
mod data_center_files;
mod database;
mod empty;
mod engine;
mod entities;
mod event_streams;
mod exports;
mod fields;
mod filters;
mod hook_bodies;
mod hooks;
mod import;
mod issue_views;
mod issues;
mod jira;
mod jira_cloud;
mod jira_sync;
mod last_active;
mod late;
mod leases;
mod log;
mod mails;
mod normalise;
mod oddities;
mod openapi;
mod order;
mod own_audit;
mod paging;
mod people;
mod plans;
mod process;
mod queries;
mod requests;
mod rest;
mod sandbox;
mod saved_filters;
mod schedule;
mod schema;
mod search;
mod seeds;
mod sites;
mod socket;
mod source_directory;
mod source_http;
mod source_log;
mod statement_limit;
mod streams;
mod sync;
mod things;
mod tidy;
mod upstream;
mod visibility;
mod visibility_same;
mod webhooks_out;
mod world;
mod write_backs;
mod writers;
mod written;
