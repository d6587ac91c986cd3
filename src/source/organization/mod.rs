//! The audit log and directory of an Atlassian organization.
