//! Everything that is tested from outside, over real HTTP and with a real database: one binary, one module a topic.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed, and the panic says where"
)]

mod sandbox;
