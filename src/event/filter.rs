//! How events are chosen: the one filter of queries, streams, saved filters and deliveries.
