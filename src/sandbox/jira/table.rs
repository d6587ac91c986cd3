//! THE TABLE of what can happen in the sandbox's Jira besides the life of issues that the organization log tells.
//!
//! One row for each action: its number and key in the catalogue (API.md 10.1), how Jira speaks of it (webhook event,
//! summary and category of the audit record) and how often it happens. Rows stand in an order in which they can happen.

use super::thing::Kind;

/// One thing that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deed {
    /// What is done.
    pub(super) op: Op,
    /// Its number in the catalogue; 0 when the catalogue does not have it.
    pub(super) number: u8,
    /// Its key in the catalogue.
    pub(super) code: &'static str,
    /// The webhook event; empty = none.
    pub(super) event: &'static str,
    /// The summary of the audit record; empty = none.
    pub(super) summary: &'static str,
    /// The category of the audit record.
    pub(super) category: &'static str,
    /// How often it happens of itself; 0 = only because the organization log says so.
    pub(super) weight: u32,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// An issue comes into being.
    IssueCreated,
    /// Fields of an issue change.
    IssueUpdated,
    /// An issue goes, and with it all that is in it.
    IssueDeleted,
    /// Something is put into an issue.
    Put(Part),
    /// Something in an issue changes.
    Edit(Part),
    /// Something is taken out of an issue.
    Take(Part),
    /// A thing comes into being.
    Make(Kind),
    /// It gets another name.
    Alter(Kind),
    /// It gets another state, in place of the first.
    Shift(Kind, u8, u8),
    /// It stays as it is, and yet something about it is reported.
    Touch(Kind),
    /// It goes.
    Drop(Kind),
    /// An account changes.
    User,
    /// A group gets or loses a member.
    Member,
    /// A group comes or goes.
    Group,
    /// A setting of the site is switched.
    Switch,
}

/// What issues contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A comment.
    Comment,
    /// A worklog.
    Worklog,
    /// An attachment.
    Attachment,
    /// A link to another issue.
    Link,
}

const PROJECTS: &str = "projects";
const USERS: &str = "user management";
const GROUPS: &str = "group management";
const PERMISSIONS: &str = "permissions";
const SYSTEM: &str = "system";

const fn row(
    op: Op,
    number: u8,
    code: &'static str,
    event: &'static str,
    (summary, category): (&'static str, &'static str),
    weight: u32,
) -> Deed {
    Deed {
        op,
        number,
        code,
        event,
        summary,
        category,
        weight,
    }
}

const NO: (&str, &str) = ("", "");

/// The table.
#[rustfmt::skip]
pub(super) const DEEDS: &[Deed] = &[
    row(Op::IssueCreated, 1, "ISSUE_CREATED", "jira:issue_created", NO, 0),
    row(Op::IssueUpdated, 2, "ISSUE_UPDATED", "jira:issue_updated", NO, 0),
    row(Op::User, 21, "USER_CREATED", "user_created", ("User created", USERS), 0),
    row(Op::User, 22, "USER_UPDATED", "user_updated", ("User updated", USERS), 0),
    row(Op::User, 23, "USER_DELETED", "user_deleted", ("User deleted", USERS), 0),
    row(Op::Member, 27, "USER_ADDED_TO_GROUP", "", ("User added to group", GROUPS), 0),
    row(Op::Member, 28, "USER_REMOVED_FROM_GROUP", "", ("User removed from group", GROUPS), 0),
    row(Op::Group, 0, "OTHER_JIRA_AUDIT", "", ("Group created", GROUPS), 0),
    row(Op::Group, 0, "OTHER_JIRA_AUDIT", "", ("Group deleted", GROUPS), 0),

    row(Op::Put(Part::Comment), 6, "ISSUE_COMMENTED", "comment_created", NO, 60),
    row(Op::Edit(Part::Comment), 7, "COMMENT_UPDATED", "comment_updated", NO, 14),
    row(Op::Take(Part::Comment), 8, "COMMENT_DELETED", "comment_deleted", NO, 5),
    row(Op::Put(Part::Link), 9, "ISSUELINK_CREATED", "issuelink_created", NO, 8),
    row(Op::Take(Part::Link), 10, "ISSUELINK_DELETED", "issuelink_deleted", NO, 3),
    row(Op::Put(Part::Worklog), 11, "WORKLOG_CREATED", "worklog_created", NO, 24),
    row(Op::Edit(Part::Worklog), 12, "WORKLOG_UPDATED", "worklog_updated", NO, 6),
    row(Op::Take(Part::Worklog), 13, "WORKLOG_DELETED", "worklog_deleted", NO, 3),
    row(Op::Put(Part::Attachment), 57, "ATTACHMENT_CREATED", "attachment_created", NO, 12),
    row(Op::Take(Part::Attachment), 58, "ATTACHMENT_DELETED", "attachment_deleted", NO, 4),
    row(Op::IssueDeleted, 3, "ISSUE_DELETED", "jira:issue_deleted", NO, 4),

    row(Op::Make(Kind::Project), 14, "PROJECT_CREATED", "project_created", ("Project created", PROJECTS), 1),
    row(Op::Alter(Kind::Project), 15, "PROJECT_UPDATED", "project_updated", ("Project updated", PROJECTS), 2),
    row(Op::Touch(Kind::Project), 20, "PROJECT_CATEGORY_CHANGED", "", ("Project category changed", PROJECTS), 1),
    row(Op::Touch(Kind::Project), 75, "PERMISSION_SCHEME_ADDED_TO_PROJECT", "", ("Permission scheme added to project", PERMISSIONS), 1),
    row(Op::Touch(Kind::Project), 76, "PROJECT_ROLES_CHANGED", "", ("Project roles changed", PROJECTS), 2),
    row(Op::Shift(Kind::Project, 0, 1), 0, "PROJECT_ARCHIVED", "project_archived", ("Project archived", PROJECTS), 1),
    row(Op::Shift(Kind::Project, 1, 0), 0, "PROJECT_UNARCHIVED", "project_restored_archived", ("Project restored", PROJECTS), 1),
    row(Op::Shift(Kind::Project, 0, 2), 0, "PROJECT_TRASHED", "project_soft_deleted", ("Project moved to trash", PROJECTS), 2),
    row(Op::Shift(Kind::Project, 2, 0), 0, "PROJECT_RESTORED", "project_restored_deleted", ("Project restored from trash", PROJECTS), 1),
    row(Op::Drop(Kind::Project), 16, "PROJECT_DELETED", "project_deleted", ("Project deleted", PROJECTS), 1),
    row(Op::Make(Kind::Role), 17, "PROJECT_ROLE_CREATED", "", ("Project role created", PROJECTS), 1),
    row(Op::Alter(Kind::Role), 18, "PROJECT_ROLE_UPDATED", "", ("Project role updated", PROJECTS), 1),
    row(Op::Drop(Kind::Role), 19, "PROJECT_ROLE_DELETED", "", ("Project role deleted", PROJECTS), 1),

    row(Op::Make(Kind::Version), 36, "VERSION_CREATED", "jira:version_created", ("Project version created", PROJECTS), 3),
    row(Op::Alter(Kind::Version), 38, "VERSION_UPDATED", "jira:version_updated", ("Project version updated", PROJECTS), 3),
    row(Op::Touch(Kind::Version), 37, "VERSION_MOVED", "jira:version_moved", NO, 2),
    row(Op::Shift(Kind::Version, 0, 1), 34, "VERSION_RELEASED", "jira:version_released", NO, 3),
    row(Op::Shift(Kind::Version, 1, 0), 35, "VERSION_UNRELEASED", "jira:version_unreleased", NO, 1),
    row(Op::Drop(Kind::Version), 39, "VERSION_DELETED", "jira:version_deleted", ("Project version deleted", PROJECTS), 1),
    row(Op::Drop(Kind::Version), 39, "VERSION_DELETED", "jira:version_merged", NO, 1),

    row(Op::Switch, 40, "OPTION_VOTING_CHANGED", "option_voting_changed", NO, 1),
    row(Op::Switch, 41, "OPTION_WATCHING_CHANGED", "option_watching_changed", NO, 1),
    row(Op::Switch, 42, "OPTION_UNASSIGNED_ISSUES_CHANGED", "option_unassigned_issues_changed", NO, 1),
    row(Op::Switch, 43, "OPTION_SUBTASKS_CHANGED", "option_subtasks_changed", NO, 1),
    row(Op::Switch, 44, "OPTION_ISSUELINKS_CHANGED", "option_issuelinks_changed", NO, 1),
    row(Op::Switch, 45, "OPTION_TIMETRACKING_CHANGED", "option_timetracking_changed", NO, 1),
    row(Op::Switch, 0, "OPTION_TIMETRACKING_PROVIDER_CHANGED", "option_timetracking_provider_changed", NO, 1),

    row(Op::Make(Kind::Board), 51, "BOARD_CREATED", "board_created", NO, 1),
    row(Op::Alter(Kind::Board), 52, "BOARD_UPDATED", "board_updated", NO, 1),
    row(Op::Touch(Kind::Board), 54, "BOARD_CONFIGURATION_CHANGED", "board_configuration_changed", NO, 1),
    row(Op::Make(Kind::Sprint), 46, "SPRINT_CREATED", "sprint_created", ("Sprint created", "sprint changes"), 3),
    row(Op::Alter(Kind::Sprint), 48, "SPRINT_UPDATED", "sprint_updated", ("Sprint updated", "sprint changes"), 2),
    row(Op::Shift(Kind::Sprint, 0, 1), 49, "SPRINT_STARTED", "sprint_started", ("Sprint started", "sprint changes"), 2),
    row(Op::Shift(Kind::Sprint, 1, 2), 50, "SPRINT_CLOSED", "sprint_closed", ("Sprint completed", "sprint changes"), 2),
    row(Op::Drop(Kind::Sprint), 47, "SPRINT_DELETED", "sprint_deleted", ("Sprint deleted", "sprint changes"), 1),
    row(Op::Drop(Kind::Board), 53, "BOARD_DELETED", "board_deleted", NO, 1),

    row(Op::Make(Kind::IssueType), 59, "ISSUE_TYPE_CREATED", "issuetype_created", NO, 1),
    row(Op::Alter(Kind::IssueType), 60, "ISSUE_TYPE_UPDATED", "issuetype_updated", NO, 1),
    row(Op::Drop(Kind::IssueType), 61, "ISSUE_TYPE_DELETED", "issuetype_deleted", NO, 1),
    row(Op::Make(Kind::Filter), 62, "FILTER_CREATED", "filter_created", NO, 3),
    row(Op::Alter(Kind::Filter), 63, "FILTER_UPDATED", "filter_updated", NO, 3),
    row(Op::Drop(Kind::Filter), 64, "FILTER_DELETED", "filter_deleted", NO, 1),

    row(Op::Make(Kind::PermissionScheme), 65, "PERMISSION_SCHEME_CREATED", "", ("Permission scheme created", PERMISSIONS), 1),
    row(Op::Make(Kind::PermissionScheme), 66, "PERMISSION_SCHEME_COPIED", "", ("Permission scheme copied", PERMISSIONS), 1),
    row(Op::Alter(Kind::PermissionScheme), 68, "PERMISSION_SCHEME_UPDATED", "", ("Permission scheme updated", PERMISSIONS), 1),
    row(Op::Touch(Kind::PermissionScheme), 69, "PERMISSION_ADDED", "", ("Permission added", PERMISSIONS), 1),
    row(Op::Touch(Kind::PermissionScheme), 70, "PERMISSION_DELETED", "", ("Permission deleted", PERMISSIONS), 1),
    row(Op::Drop(Kind::PermissionScheme), 67, "PERMISSION_SCHEME_DELETED", "", ("Permission scheme deleted", PERMISSIONS), 1),
    row(Op::Switch, 71, "GLOBAL_PERMISSION_ADDED", "", ("Global permission added", PERMISSIONS), 1),
    row(Op::Switch, 72, "GLOBAL_PERMISSION_DELETED", "", ("Global permission deleted", PERMISSIONS), 1),
    row(Op::Switch, 73, "CUSTOMER_PERMISSIONS_CHANGED", "", ("Customer permissions changed", SYSTEM), 1),
    row(Op::Switch, 74, "AGENT_PORTAL_ANNOUNCEMENT_UPDATE_PERMISSION", "", ("Agent Portal Announcement Update Permission", SYSTEM), 1),
    row(Op::Switch, 77, "JIRA_SERVICE_DESK_CONFIGURATION", "", ("JIRA Service Desk configuration", SYSTEM), 1),
    row(Op::Switch, 78, "LOGIN_FREE_PORTAL_SETTINGS_CHANGED", "", ("Login-free portal settings changed", SYSTEM), 1),
    row(Op::Switch, 79, "PUBLIC_SIGNUP_ENABLED", "", ("Public signup enabled", SYSTEM), 1),
    row(Op::Switch, 80, "PUBLIC_SIGNUP_DISABLED", "", ("Public signup disabled", SYSTEM), 1),
    row(Op::Switch, 81, "SIGNUP_EMAIL_VERIFICATION_CHANGED", "", ("Requirement for email verification for signup changed", SYSTEM), 1),
    row(Op::Switch, 82, "HELP_CENTER_PERMISSIONS_CHANGED", "", ("Help center permissions changed", SYSTEM), 1),
    row(Op::Switch, 83, "HELP_CENTER_UPDATED", "", ("Help center updated", SYSTEM), 1),

    row(Op::Switch, 0, "OTHER_JIRA_AUDIT", "", ("Workflow updated", "workflows"), 2),
    row(Op::Switch, 0, "OTHER_JIRA_AUDIT", "", ("Quantum board entangled", "astrology"), 1),
    row(Op::Switch, 0, "ISSUE_PROPERTY_SET", "issue_property_set", NO, 1),
    row(Op::Switch, 0, "ISSUE_PROPERTY_DELETED", "issue_property_deleted", NO, 1),
    row(Op::Switch, 0, "OTHER_JIRA_HOOK", "lamp_dimmed", NO, 1),
];

/// The row of an act that the organization log tells of, or that a route asks for.
pub(super) fn row_of(code: &str, summary: &str) -> u16 {
    DEEDS
        .iter()
        .position(|deed| deed.code == code && (summary.is_empty() || deed.summary == summary))
        .and_then(|place| u16::try_from(place).ok())
        .unwrap_or(0)
}

/// The deed of a row.
pub(super) fn deed(row: u16) -> &'static Deed {
    &DEEDS[usize::from(row) % DEEDS.len()]
}
