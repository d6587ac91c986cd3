//! What leaves by itself: consumers of the log, each with a position of its own.

pub mod mail;
