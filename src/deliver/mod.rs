//! What leaves by itself: consumers of the log, each with a stored position of its own.
//!
//! A consumer reads on from its position, delivers, and moves the position once what it delivered has been taken. So a
//! target that is down, a restart and a replay are all the same thing. What leaves is what its owner may see at that
//! moment. Where several processes serve one database, each consumer holds a lease while it delivers.

pub mod archive;
mod detail;
pub mod mail;
pub mod webhook;

pub use detail::Detail;
