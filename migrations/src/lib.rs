//! The database's history: every change of its shape, in order.
