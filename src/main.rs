//! The `auditgraph` command.

fn main() {}
