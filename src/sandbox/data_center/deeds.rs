//! What happens in Data Center instances: the actions that their audit logs tell of, and what of a company each concerns.

/// What an action concerns, which decides the objects and attributes of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Nothing but the one who did it.
    Nothing,
    /// Somebody.
    User,
    /// Somebody whose account is gone, so that only the name is left.
    FormerUser,
    /// A group.
    Group,
    /// Somebody and a group.
    Membership,
    /// A project or space.
    Project,
    /// Somebody and a project or space.
    Grant,
    /// A repository in a project.
    Repository,
    /// A repository that is only asked for; its creation follows.
    RepositoryRequest,
    /// A setting with its old and new value.
    Setting,
    /// A token or key, with attributes of which some are secret.
    Token,
    /// A scheme, field or anything else with a number.
    Thing(&'static str),
}

/// An action of an audit log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed {
    pub(super) area: &'static str,
    pub(super) level: &'static str,
    pub(super) category: (&'static str, &'static str),
    pub(super) action: (&'static str, &'static str),
    pub(super) about: About,
    pub(super) weight: u32,
    /// Who does it, when it is not a person.
    pub(super) by: By,
}

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A person.
    Person,
    /// The instance itself.
    System,
    /// Somebody who is not logged in.
    Anonymous,
    /// The access token of a repository.
    Token,
}

macro_rules! deeds {
    ($($area:literal $level:literal $category:literal $category_key:literal {
        $($action:literal $key:literal $about:expr, $weight:literal $(by $by:ident)?;)*
    })*) => {
        &[$($(Deed {
            area: $area,
            level: $level,
            category: ($category, $category_key),
            action: ($action, $key),
            about: $about,
            weight: $weight,
            by: deeds!(@by $($by)?),
        },)*)*]
    };
    (@by) => { By::Person };
    (@by $by:ident) => { By::$by };
}

/// The search that each reading of an audit log is.
pub(super) const SEARCH: Deed = Deed {
    area: "AUDIT_LOG",
    level: "BASE",
    category: ("Auditing", "atlassian.audit.event.category.audit"),
    action: (
        "Audit Log search performed",
        "atlassian.audit.event.action.audit.search",
    ),
    about: About::Nothing,
    weight: 2,
    by: By::Person,
};

/// A login with a password, which each request with one is.
pub(super) const LOGIN: Deed = BITBUCKET[0];

pub(super) const BITBUCKET: &[Deed] = deeds! {
    "SECURITY" "FULL" "Authentication" "bitbucket.service.audit.category.authentication" {
        "User logged in" "bitbucket.service.user.audit.action.authenticationsuccess" About::Nothing, 14;
        "User login failed" "bitbucket.service.user.audit.action.authenticationfailure" About::Nothing, 4 by Anonymous;
    }
    "USER_MANAGEMENT" "BASE" "Users and groups" "bitbucket.service.audit.category.usersandgroups" {
        "User created" "bitbucket.service.user.audit.action.usercreated" About::User, 3;
        "User deleted" "bitbucket.service.user.audit.action.userdeleted" About::FormerUser, 2;
        "User group created" "bitbucket.service.user.audit.action.groupcreated" About::Group, 2;
        "User added to user group" "bitbucket.service.user.audit.action.groupmembershipscreated.user" About::Membership, 8;
        "User deleted from user group" "bitbucket.service.user.audit.action.groupmembershipdeleted" About::Membership, 5;
        "User added SSH access key to profile" "bitbucket.ssh.audit.action.sshkeycreated" About::Token, 4;
        "Personal access token created" "bitbucket.access.tokens.audit.action.accesstokencreated.personal" About::Token, 4;
    }
    "PERMISSIONS" "BASE" "Permissions" "bitbucket.service.audit.category.permissions" {
        "Project permission granted" "bitbucket.service.user.audit.action.projectpermissiongranted" About::Grant, 6;
    }
    "LOCAL_CONFIG_AND_ADMINISTRATION" "BASE" "Projects" "bitbucket.service.audit.category.projects" {
        "Project created" "bitbucket.service.project.audit.action.projectcreated" About::Project, 2;
        "Project settings changed" "bitbucket.service.project.audit.action.projectmodified" About::Project, 4;
    }
    "LOCAL_CONFIG_AND_ADMINISTRATION" "BASE" "Repositories" "bitbucket.service.audit.category.repositories" {
        "Repository creation requested" "bitbucket.service.repository.audit.action.repositorycreationrequested" About::RepositoryRequest, 4;
        "Repository settings changed" "bitbucket.service.repository.audit.action.repositorymodified" About::Repository, 5;
        "Repository deleted" "bitbucket.service.repository.audit.action.repositorydeleted" About::Repository, 2;
        "Repository accessed by user" "bitbucket.service.repository.audit.action.repositoryaccessed" About::Repository, 14;
        "Repository accessed by user" "bitbucket.service.repository.audit.action.repositoryaccessed" About::Repository, 4 by Token;
    }
    "ECOSYSTEM" "BASE" "Apps" "bitbucket.service.audit.category.apps" {
        "Plugin enabled" "bitbucket.service.plugin.audit.action.pluginenabled" About::Thing("MISC"), 4 by System;
    }
    "GLOBAL_CONFIG_AND_ADMINISTRATION" "BASE" "Global administration" "bitbucket.service.audit.category.globaladministration" {
        "Server name changed" "bitbucket.service.applicationconfiguration.audit.action.displaynamechanged" About::Setting, 2;
    }
    "SECURITY" "BASE" "Soteri Security for Bitbucket" "" {
        "Security hook skipped" "" About::Repository, 3;
        "Finding marked as reviewed" "" About::Repository, 2;
        "Global hook status changed" "" About::Setting, 1;
    }
};

/// The creation that follows when a repository has been asked for.
pub(super) const REPOSITORY_CREATED: Deed = Deed {
    action: (
        "Repository created",
        "bitbucket.service.repository.audit.action.repositorycreated",
    ),
    about: About::Repository,
    ..BITBUCKET[12]
};

pub(super) const JIRA: &[Deed] = deeds! {
    "SECURITY" "BASE" "login" "jira.auditing.category.login" {
        "User login failed" "jira.auditing.user.login.failed" About::Nothing, 4 by Anonymous;
    }
    "USER_MANAGEMENT" "BASE" "user management" "jira.auditing.category.usermanagement" {
        "User created" "jira.auditing.user.created" About::User, 3;
        "User updated" "jira.auditing.user.updated" About::User, 4;
    }
    "USER_MANAGEMENT" "BASE" "group management" "jira.auditing.category.groupmanagement" {
        "Group created" "jira.auditing.group.created" About::Group, 2;
        "User added to group" "jira.auditing.user.added.to.group" About::Membership, 8;
    }
    "PERMISSIONS" "BASE" "permissions" "jira.auditing.category.permissions" {
        "Permission scheme updated" "jira.auditing.permission.scheme.updated" About::Thing("SCHEME"), 6;
        "Global permission added" "jira.auditing.global.permission.added" About::Setting, 3;
    }
    "LOCAL_CONFIG_AND_ADMINISTRATION" "BASE" "projects" "jira.auditing.category.projects" {
        "Project roles changed" "jira.auditing.project.roles.changed" About::Project, 4;
        "Project version created" "jira.auditing.version.created" About::Project, 4;
    }
    "GLOBAL_CONFIG_AND_ADMINISTRATION" "BASE" "fields" "jira.auditing.category.fields" {
        "Custom field created" "jira.auditing.customfield.created" About::Thing("CUSTOM_FIELD"), 3;
    }
    "SECURITY" "BASE" "Security" "personal.access.tokens.audit.log.category" {
        "Personal access token created" "personal.access.tokens.audit.log.summary.token.created" About::User, 3;
    }
};

pub(super) const CONFLUENCE: &[Deed] = deeds! {
    "USER_MANAGEMENT" "BASE" "Users and groups" "audit.logging.category.user.management" {
        "User created" "audit.logging.summary.user.created" About::User, 3;
        "User details updated" "audit.logging.summary.user.updated" About::User, 4;
        "Group created" "audit.logging.summary.group.created" About::Group, 2;
        "User added to group" "audit.logging.summary.group.membership.added" About::Membership, 6;
    }
    "PERMISSIONS" "BASE" "Permissions" "audit.logging.category.permissions" {
        "Space permission added" "audit.logging.summary.space.permission.added" About::Grant, 8;
        "Space permission removed" "audit.logging.summary.space.permission.removed" About::Grant, 4;
    }
    "LOCAL_CONFIG_AND_ADMINISTRATION" "BASE" "Spaces" "audit.logging.category.spaces" {
        "Space configuration updated" "audit.logging.summary.space.config.updated" About::Project, 4;
    }
    "LOCAL_CONFIG_AND_ADMINISTRATION" "BASE" "Import/Export" "audit.logging.category.import.export" {
        "Space import" "audit.logging.summary.space.import" About::Project, 1 by Anonymous;
    }
    "GLOBAL_CONFIG_AND_ADMINISTRATION" "BASE" "Global Administration" "audit.logging.category.admin" {
        "Global settings changed" "audit.logging.summary.global.settings.edited" About::Setting, 3;
    }
    "ECOSYSTEM" "BASE" "Apps" "audit.logging.category.plugins" {
        "App enabled" "audit.logging.summary.plugin.enabled" About::Thing("App"), 3 by System;
    }
};
