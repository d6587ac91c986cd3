//! Who did what, when, to what, across Atlassian: one log, served as GraphQL.
//!
//! This is the map. `README.md` says how to run it, `schema.graphql` what can be asked.
//!
//! # One event, from one end to the other
//!
//! ```text
//! upstream ── fetch ──► normalise ──► append ──► wake ──► follow ──► streams
//!             source    source        store      feed     feed       graphql, http
//!                                       └───────── read ──────────► pages
//! ```
//!
//! 1. [`schedule`] ticks and [`sync::run`] loads the source's cursor.
//! 2. [`Source::pages`](source::Source::pages) fetches what comes after it. Paging, limits and retries are in
//!    [`source::http`].
//! 3. [`Source::normalise`](source::Source::normalise) turns each record into [`NewEvent`](event::NewEvent)s. The action
//!    gets its code from the table in [`event::action`].
//! 4. [`Store::append`](store::Store::append) gives what is new its position and stores it with the cursor.
//! 5. [`Feed::append`](feed::Feed::append) wakes whoever follows, and [`Feed::follow`](feed::Feed::follow) reads on from
//!    each follower's position.
//! 6. [`graphql`] wraps the stored row, in a page and in a stream alike, and [`http`] carries it out.
//!
//! Upstream a source keeps a cursor, downstream a consumer keeps a position; nothing else moves events. So resume, retry,
//! replay, restart and crash are all the same thing: read on from where you were.
//!
//! # What always holds
//!
//! 1. **Events and cursor are stored together**, in one transaction: a crash loses nothing and repeats nothing.
//!    [`Store::append`](store::Store::append)
//! 2. **An event is stored once**, by its source and upstream key. Reading a page again is harmless, and
//!    [`Appended`](store::Appended) says how much of it was new.
//! 3. **Positions appear in order.** Who has seen one will never find an unseen event before it. SQLite has one writer;
//!    on PostgreSQL appends take turns. [`store`]
//! 4. **The wake-up carries no data.** It may be lost, doubled or late, because whoever is woken reads the log.
//!    [`feed`]
//! 5. **Time is not a cursor.** [`NewEvent::time`](event::NewEvent::time) is when it happened, which says nothing about
//!    when it came to us. What is new is told by position. [`Feed::follow`](feed::Feed::follow)
//! 6. **What upstream said is kept whole**, in [`NewEvent::raw`](event::NewEvent::raw). An action that the catalogue does
//!    not know keeps its own name, in the category [`OTHER`](event::action::OTHER).
//! 7. **Every read that reaches a person asks who they are.** What a [`Viewer`](access::Viewer) may not see is not there
//!    for them, in streams as in pages. [`Viewer::sight`](access::Viewer::sight)
//! 8. **There is one filter**, [`EventFilter`](event::filter::EventFilter), and one place that says what it means:
//!    [`Store::condition`](store::Store::condition)
//! 9. **Memory is bounded.** Sources yield pages, imports store batches, a follower holds one page however slowly it
//!    reads. [`Source::pages`](source::Source::pages), [`Feed::follow`](feed::Feed::follow)
//! 10. **Running anything twice is safe**, which follows from the first two and holds for migrations and imports, too.
//!     [`source::import`]
//!
//! # What each module is for
//!
//! Imports point downwards in this list only, and a test in `tests/it/tidy.rs` sees to it.
//!
//! | Module | What it is for |
//! | --- | --- |
//! | [`cli`] | What can be asked of the binary, and what it prints. |
//! | [`app`] | The only wiring place: builds the rest from the settings, starts it and stops it. |
//! | [`http`] | Routes, credentials, and how GraphQL travels: over HTTP, WebSocket and event streams; the page. |
//! | [`schedule`] | The table of jobs: what runs by itself, and when. |
//! | [`sandbox`] | Atlassian in a box: a made-up company behind real HTTP, for the demo and for tests. |
//! | [`deliver`] | What leaves by itself: mails of filter subscriptions, and webhooks. |
//! | [`graphql`] | The schema: one file a noun, merged into roots; and the engine, through which every request goes. |
//! | [`export`] | What leaves as rows: for REST, or as a file, with its forms and the jobs that write them. |
//! | [`activity`] | The aggregated view: counts in columns of the log, kept in memory. |
//! | [`write_back`] | What goes back upstream: changes of profiles, and deleted issues made again. |
//! | [`sync`] | Fetch, normalise, append, wake, on one screen. |
//! | [`source`] | Upstream systems, one folder each: how they are asked, and how records become events. |
//! | [`feed`] | The log as something to append to and to follow. |
//! | [`store`] | Everything that is remembered. All SQL lives in here. |
//! | [`access`] | Who asks, and what they may see. |
//! | [`config`] | The settings. `default.toml` beside it is their manual. |
//! | [`metrics`] | What the server counts about itself. |
//! | [`clock`] | Time as a value that is passed in. |
//! | [`event`] | The vocabulary: events, actions, filters, directory entries. No input, no output. |

pub mod access;
pub mod activity;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod deliver;
pub mod event;
pub mod export;
pub mod feed;
pub mod graphql;
pub mod http;
pub mod metrics;
pub mod sandbox;
pub mod schedule;
pub mod source;
pub mod store;
pub mod sync;
pub mod write_back;
