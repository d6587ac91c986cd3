//! One file a table, each the plain shape of its rows; the tables themselves are made by `migrations`.

pub mod action;
pub mod activity_signal;
pub mod alias;
pub mod change;
pub mod container;
pub mod cursor;
pub mod event;
pub mod group;
pub mod listed_user;
pub mod membership;
pub mod payload;
pub mod source;
pub mod sync_run;
pub mod token;
pub mod token_grant;
pub mod user;
pub mod user_word;
