//! What all upstream clients share: credentials, budgets, back-off, limits and paging links.
