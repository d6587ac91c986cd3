//! The members, projects and repositories of Bitbucket Cloud workspaces.
