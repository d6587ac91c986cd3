//! THE TABLE of what can happen in the sandbox: one row for each action, in the words of the organization log.
//!
//! It says what an action is called, what it is done to and how often it happens of itself. The ids of the documented
//! actions are the documented ones; where only the display name is published, the id is made up in the same manner.

/// One thing that can happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed {
    /// The id that events carry.
    pub(super) action: &'static str,
    /// The display name; empty for actions that the list of actions does not know.
    pub(super) label: &'static str,
    /// The display name of the group it is listed under.
    pub(super) group: &'static str,
    /// What it is done to.
    pub(super) on: On,
    /// Who does such things.
    pub(super) by: By,
    /// How often it happens, compared with others by the same; 0 = only as part of a sequence, or never.
    pub(super) weight: u32,
    /// The sentence, with `{}` for what it was done to.
    pub(super) message: &'static str,
}

/// What something is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// The actor's own account.
    Account,
    /// Somebody else.
    User,
    /// A group.
    Group,
    /// A group and somebody in it.
    Membership,
    /// The organization.
    Organization,
    /// A policy.
    Policy,
    /// An API token.
    Token,
    /// An issue.
    Issue,
    /// A page.
    Page,
    /// A space.
    Space,
    /// A Bitbucket project.
    Project,
    /// A repository.
    Repository,
    /// The workspace.
    Workspace,
    /// An app.
    App,
    /// Something that no reader has ever heard of.
    Unheard,
}

/// Who does something of themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Everybody, as part of a day's work.
    Everybody,
    /// Administrators.
    Admin,
    /// People who work with code.
    Coder,
    /// Apps.
    App,
    /// Atlassian itself.
    System,
}

/// Logging in.
pub(super) const LOGIN: u16 = 0;
/// Failing to.
pub(super) const LOGIN_FAILED: u16 = 1;
/// Logging out.
pub(super) const LOGOUT: u16 = 2;
/// Looking at an issue.
pub(super) const ISSUE_VIEWED: u16 = 3;
/// Creating one.
pub(super) const ISSUE_CREATED: u16 = 4;
/// Changing one.
pub(super) const ISSUE_UPDATED: u16 = 5;
/// Looking at a page.
pub(super) const PAGE_VIEWED: u16 = 6;
/// Creating one.
pub(super) const PAGE_CREATED: u16 = 7;
/// Changing one.
pub(super) const PAGE_UPDATED: u16 = 8;
/// Adding somebody to a group.
pub(super) const GROUP_JOINED: u16 = 9;
/// Removing somebody from one.
pub(super) const GROUP_LEFT: u16 = 10;
/// Inviting somebody.
pub(super) const INVITED: u16 = 11;
/// Deactivating an account.
pub(super) const DEACTIVATED: u16 = 12;
/// Removing somebody from the organization.
pub(super) const REMOVED: u16 = 13;
/// Changing somebody's name.
pub(super) const RENAMED: u16 = 14;
/// Creating a repository.
pub(super) const REPOSITORY_CREATED: u16 = 15;
/// Reactivating an account.
pub(super) const REACTIVATED: u16 = 16;
/// Creating a group.
pub(super) const GROUP_CREATED: u16 = 17;

/// Deleting a group.
pub(super) const GROUP_DELETED: u16 = 18;
/// Deleting a repository.
pub(super) const REPOSITORY_DELETED: u16 = 19;

const ACCOUNTS: &str = "Atlassian accounts";
const USERS: &str = "Users";
const GROUPS: &str = "Groups";
const ORGANIZATION: &str = "Organization settings";
const POLICIES: &str = "Policies";
const JIRA: &str = "Jira actions";
const CONFLUENCE: &str = "Confluence actions";
const PROJECTS: &str = "Bitbucket Cloud project actions";
const REPOSITORIES: &str = "Bitbucket Cloud repository actions";
const WORKSPACE: &str = "Bitbucket workspace actions";
const APPS: &str = "App actions";
const AI: &str = "AI generated actions";

const fn row(
    action: &'static str,
    label: &'static str,
    group: &'static str,
    on: On,
    by: By,
    weight: u32,
    message: &'static str,
) -> Deed {
    Deed {
        action,
        label,
        group,
        on,
        by,
        weight,
        message,
    }
}

/// The table; the first rows are those that have a name above.
#[rustfmt::skip]
pub(super) const DEEDS: &[Deed] = &[
    row("user_login", "Logged in to account", ACCOUNTS, On::Account, By::Everybody, 0, "Logged in"),
    row("user_login_failed", "Failed to log in to account", ACCOUNTS, On::Account, By::Everybody, 0, "Failed to log in"),
    row("user_logout", "Logged out of account", ACCOUNTS, On::Account, By::Everybody, 0, "Logged out"),
    row("jira_issue_viewed", "Viewed issue", JIRA, On::Issue, By::Everybody, 0, "Viewed Jira issue {}"),
    row("jira_issue_created", "Created issue", JIRA, On::Issue, By::App, 30, "Created Jira issue {}"),
    row("jira_issue_updated", "Updated issue", JIRA, On::Issue, By::App, 60, "Updated Jira issue {}"),
    row("confluence_page_viewed", "Viewed page", CONFLUENCE, On::Page, By::Everybody, 0, "Viewed page {}"),
    row("confluence_page_created", "Created page", CONFLUENCE, On::Page, By::App, 4, "Created page {}"),
    row("confluence_page_updated", "Updated page", CONFLUENCE, On::Page, By::App, 8, "Updated page {}"),
    row("user_added_to_group", "Added user to group", GROUPS, On::Membership, By::Admin, 30, "Added {} group"),
    row("user_removed_from_group", "Removed user from group", GROUPS, On::Membership, By::Admin, 14, "Removed {} group"),
    row("user_invitation_sent", "Sent invitation to user", USERS, On::User, By::Admin, 10, "Invited {}"),
    row("managed_account_deactivated", "Deactivated account", ACCOUNTS, On::User, By::Admin, 0, "Deactivated account of {}"),
    row("user_removed_from_org", "Removed user from organization", USERS, On::User, By::Admin, 0, "Removed {} from the organization"),
    row("user_detail_change", "Changed account details", ACCOUNTS, On::User, By::Admin, 2, "Changed details of {}"),
    row("bitbucket_repository_created", "Created repository", REPOSITORIES, On::Repository, By::Coder, 2, "Created repository {}"),
    row("managed_account_reactivated", "Reactivated account", ACCOUNTS, On::User, By::Admin, 0, "Reactivated account of {}"),
    row("group_created", "Created group", GROUPS, On::Group, By::Admin, 2, "Created {} group"),
    row("group_deleted", "Deleted group", GROUPS, On::Group, By::Admin, 0, "Deleted {} group"),
    row("bitbucket_repository_deleted", "Deleted repository", REPOSITORIES, On::Repository, By::Coder, 0, "Deleted repository {}"),

    row("managed_account_deletion_cancelled", "Canceled deletion of account", ACCOUNTS, On::User, By::Admin, 1, "Canceled deletion of the account of {}"),
    row("managed_account_deletion_scheduled", "Scheduled deletion of account", ACCOUNTS, On::User, By::Admin, 1, "Scheduled deletion of the account of {}"),
    row("managed_account_deleted", "Deleted account permanently", ACCOUNTS, On::User, By::System, 1, "Deleted an account for good"),
    row("email_change", "Changed email address", ACCOUNTS, On::Account, By::Everybody, 1, "Changed email address"),
    row("password_reset_request", "Requested password recovery link", ACCOUNTS, On::Account, By::Everybody, 3, "Requested a password recovery link"),
    row("password_reset_complete", "Reset password with recovery link", ACCOUNTS, On::Account, By::Everybody, 2, "Reset password"),
    row("api_token_created", "Created API token", ACCOUNTS, On::Token, By::Everybody, 4, "Created API token {}"),
    row("api_token_revoked", "Revoked API token", ACCOUNTS, On::Token, By::Everybody, 2, "Revoked API token {}"),
    row("user_logged_in_as_user", "Logged in as user", USERS, On::User, By::Admin, 4, "Logged in as {}"),
    row("user_profile_viewed", "Viewed user profile", USERS, On::User, By::Admin, 16, "Viewed profile of {}"),
    row("organization_users_viewed", "Viewed users of organization", USERS, On::Organization, By::Admin, 10, "Viewed users"),
    row("user_granted_product_access", "Granted product access", USERS, On::User, By::Admin, 8, "Granted product access to {}"),
    row("user_revoked_product_access", "Revoked product access", USERS, On::User, By::Admin, 4, "Revoked product access of {}"),
    row("user_granted_role", "Granted role", USERS, On::User, By::Admin, 3, "Granted a role to {}"),
    row("user_revoked_role", "Revoked role", USERS, On::User, By::Admin, 2, "Revoked a role of {}"),
    row("added_org_admin", "Added organization admin", USERS, On::User, By::Admin, 1, "Added {} as organization admin"),
    row("group_granted_product_access", "Granted product access to group", GROUPS, On::Group, By::Admin, 3, "Granted product access to {}"),
    // As upstream does, one action stands in the list twice, under two headings.
    row("group_created", "Created group", "Directory sync", On::Group, By::System, 1, "Created {} group"),
    row("org_settings_update", "Updated organization settings", ORGANIZATION, On::Organization, By::Admin, 3, "Updated organization settings"),
    row("domain_added", "Added domain", ORGANIZATION, On::Organization, By::Admin, 1, "Added a domain to verify"),
    row("domain_verification_completed", "Verified domain", ORGANIZATION, On::Organization, By::System, 1, "Verified a domain"),
    row("export_audit_log", "Exported audit log", ORGANIZATION, On::Organization, By::Admin, 2, ""),
    row("auth_policy_created", "Created authentication policy", POLICIES, On::Policy, By::System, 2, "Added settings for authentication policy {}"),
    row("auth_policy_update", "Updated authentication policy", POLICIES, On::Policy, By::Admin, 3, "Updated authentication policy {}"),
    row("ip_allowlist_policy_update", "Updated IP allowlist", POLICIES, On::Policy, By::Admin, 2, "Updated IP allowlist {}"),
    row("data_security_policy_update", "Updated data security policy", POLICIES, On::Policy, By::Admin, 2, "Updated data security policy {}"),
    row("policy_deleted", "Deleted policy", POLICIES, On::Policy, By::Admin, 1, ""),
    row("scim_auto_sync_complete", "Completed directory sync", "Directory sync", On::Organization, By::System, 12, "Completed directory sync"),

    row("jira_project_created", "Created project", JIRA, On::Space, By::Admin, 0, "Created Jira project {}"),
    row("confluence_added_space_permission", "Added space permission", CONFLUENCE, On::Space, By::Admin, 6, "Added permission to space {}"),
    row("confluence_removed_space_permission", "Removed space permission", CONFLUENCE, On::Space, By::Admin, 3, "Removed permission from space {}"),

    row("bitbucket_project_created", "Created project", PROJECTS, On::Project, By::Coder, 0, "Created project {}"),
    row("bitbucket_project_deleted", "Deleted project", PROJECTS, On::Project, By::Coder, 0, "Deleted project {}"),
    row("bitbucket_project_updated", "Updated project", PROJECTS, On::Project, By::Coder, 3, "Updated project {}"),
    row("bitbucket_project_member_updated", "Updated project member", PROJECTS, On::Project, By::Coder, 3, "Updated a member of project {}"),
    row("bitbucket_project_member_removed", "Removed project member", PROJECTS, On::Project, By::Coder, 1, "Removed a member of project {}"),
    row("bitbucket_project_group_permission_updated", "Updated project group permission", PROJECTS, On::Project, By::Coder, 2, "Updated group permission of project {}"),
    row("bitbucket_project_group_permission_removed", "Removed project group permission", PROJECTS, On::Project, By::Coder, 1, "Removed group permission of project {}"),
    row("bitbucket_project_branching_model_updated", "Updated project branching model", PROJECTS, On::Project, By::Coder, 1, "Updated branching model of project {}"),
    row("bitbucket_project_merge_strategy_updated", "Updated project merge strategy", PROJECTS, On::Project, By::Coder, 1, "Updated merge strategy of project {}"),
    row("bitbucket_project_pull_request_setting_updated", "Updated project pull request setting", REPOSITORIES, On::Project, By::Coder, 1, "Updated pull request settings of project {}"),
    row("bitbucket_repository_updated", "Updated repository", REPOSITORIES, On::Repository, By::Coder, 14, "Updated repository {}"),
    row("bitbucket_repository_webhook_created", "Created repository webhook", REPOSITORIES, On::Repository, By::Coder, 3, "Created webhook on {}"),
    row("bitbucket_repository_webhook_deleted", "Deleted repository webhook", REPOSITORIES, On::Repository, By::Coder, 2, "Deleted webhook on {}"),
    row("bitbucket_repository_member_added", "Added repository member", REPOSITORIES, On::Repository, By::Coder, 6, "Added a member to {}"),
    row("bitbucket_repository_member_updated", "Updated repository member", REPOSITORIES, On::Repository, By::Coder, 3, "Updated a member of {}"),
    row("bitbucket_repository_member_removed", "Removed repository member", REPOSITORIES, On::Repository, By::Coder, 3, "Removed a member of {}"),
    row("bitbucket_repository_group_permission_added", "Added repository group permission", REPOSITORIES, On::Repository, By::Coder, 3, "Added group permission to {}"),
    row("bitbucket_repository_group_permission_removed", "Removed repository group permission", REPOSITORIES, On::Repository, By::Coder, 1, "Removed group permission from {}"),
    row("bitbucket_repository_deploy_key_added", "Added repository deploy key", REPOSITORIES, On::Repository, By::Coder, 3, "Added deploy key to {}"),
    row("bitbucket_repository_deploy_key_removed", "Removed repository deploy key", REPOSITORIES, On::Repository, By::Coder, 1, "Removed deploy key from {}"),
    row("bitbucket_branch_restriction_updated", "Updated repository branch restriction", REPOSITORIES, On::Repository, By::Coder, 6, "Updated branch restriction of {}"),
    row("bitbucket_repository_transfer_created", "Created request to transfer repository to workspace", REPOSITORIES, On::Repository, By::Coder, 1, "Asked to transfer {}"),
    row("bitbucket_repository_transfer_accepted", "Accepted request to transfer repository from workspace", REPOSITORIES, On::Repository, By::Coder, 0, "Accepted transfer of {}"),
    row("bitbucket_repository_transfer_rejected", "Rejected request to transfer repository from workspace", REPOSITORIES, On::Repository, By::Coder, 0, "Rejected transfer of {}"),
    row("bitbucket_repository_transfer_revoked", "Revoked request to transfer repository to workspace", REPOSITORIES, On::Repository, By::Coder, 1, "Revoked transfer of {}"),
    row("bitbucket_workspace_created", "Workspace created", WORKSPACE, On::Workspace, By::Admin, 0, "Created workspace {}"),
    row("bitbucket_workspace_deleted", "Workspace deleted", WORKSPACE, On::Workspace, By::Admin, 0, "Deleted workspace {}"),
    row("bitbucket_workspace_id_changed", "Workspace ID changed", WORKSPACE, On::Workspace, By::Admin, 0, "Changed the ID of workspace {}"),
    row("bitbucket_workspace_name_changed", "Workspace name changed", WORKSPACE, On::Workspace, By::Admin, 0, "Changed the name of workspace {}"),
    row("bitbucket_workspace_privacy_changed", "Workspace privacy changed", WORKSPACE, On::Workspace, By::Admin, 1, "Changed the privacy of workspace {}"),
    row("bitbucket_workspace_user_invited", "User invited to workspace", WORKSPACE, On::User, By::Coder, 2, "Invited {} to the workspace"),
    row("bitbucket_workspace_invite_accepted", "User accepted invite to workspace", WORKSPACE, On::Workspace, By::Coder, 1, "Accepted invite to workspace {}"),
    row("bitbucket_workspace_user_added", "User added to workspace", WORKSPACE, On::User, By::Coder, 2, "Added {} to the workspace"),
    row("bitbucket_workspace_user_removed", "User removed from workspace", WORKSPACE, On::User, By::Coder, 1, "Removed {} from the workspace"),
    row("bitbucket_group_user_added", "User added to group", WORKSPACE, On::Membership, By::Coder, 2, "Added {} group"),
    row("bitbucket_group_user_removed", "User removed from group", WORKSPACE, On::Membership, By::Coder, 1, "Removed {} group"),
    row("bitbucket_group_created", "Group created in workspace", WORKSPACE, On::Group, By::Coder, 1, "Created {} group"),
    row("bitbucket_group_deleted", "Group deleted in workspace", WORKSPACE, On::Group, By::Coder, 0, "Deleted {} group"),
    row("bitbucket_group_permissions_changed", "Group permissions and repository access changed", WORKSPACE, On::Group, By::Coder, 1, "Changed permissions of {} group"),
    row("bitbucket_two_step_verification_enabled", "2SV requirement enabled", WORKSPACE, On::Workspace, By::Admin, 1, "Required two-step verification in {}"),
    row("bitbucket_two_step_verification_disabled", "2SV requirement disabled", WORKSPACE, On::Workspace, By::Admin, 0, "No longer required two-step verification in {}"),
    row("bitbucket_ip_allowlisting_enabled", "IP allowlisting enabled", WORKSPACE, On::Workspace, By::Admin, 1, "Enabled IP allowlisting in {}"),
    row("bitbucket_ip_allowlisting_disabled", "IP allowlisting disabled", WORKSPACE, On::Workspace, By::Admin, 0, "Disabled IP allowlisting in {}"),
    row("bitbucket_ip_allowlisting_changed", "IP allowlisting changed", WORKSPACE, On::Workspace, By::Admin, 1, "Changed IP allowlisting in {}"),
    row("bitbucket_repository_transferred", "Repository transferred", WORKSPACE, On::Repository, By::Coder, 0, "Transferred {}"),

    row("app_installed", "App installed", APPS, On::App, By::Admin, 4, "Installed app {}"),
    row("app_install_failed", "App installation failed", APPS, On::App, By::Admin, 1, "Could not install app {}"),
    row("app_updated", "App updated", APPS, On::App, By::System, 8, "Updated app {}"),
    row("app_update_failed", "App update failed", APPS, On::App, By::System, 1, "Could not update app {}"),
    row("app_enabled", "App enabled", APPS, On::App, By::Admin, 1, "Enabled app {}"),
    row("app_disabled", "App disabled", APPS, On::App, By::Admin, 1, "Disabled app {}"),
    row("app_uninstalled", "App uninstalled", APPS, On::App, By::Admin, 1, "Uninstalled app {}"),
    row("third_party_app_jira_api_request", "Third-party app Jira API request", APPS, On::App, By::App, 12, "Requested Jira data through {}"),
    row("third_party_app_confluence_api_request", "Third-party app Confluence API request", APPS, On::App, By::App, 6, "Requested Confluence data through {}"),
    row("confluence_page_ai_content_generated", "Confluence Page Generated AI Content", AI, On::Page, By::Everybody, 2, "Generated content on page {}"),
    row("jira_work_item_ai_content_generated", "Jira Work Item Generated AI Content", AI, On::Issue, By::Everybody, 2, "Generated content in {}"),
    row("jira_work_item_ai_policy_violation", "Jira Work Item Triggered Policy Violation", AI, On::Issue, By::Everybody, 1, "Broke a policy in {}"),

    row("loom_video_recorded", "", "", On::Unheard, By::Everybody, 3, "Recorded a video"),
    row("aurora_lamp_dimmed", "", "", On::Unheard, By::App, 2, "Dimmed {}"),
    row("QUOTA_RECALCULATED", "", "", On::Unheard, By::System, 2, ""),

    row("user_removed_from_site", "Removed user from site", USERS, On::User, By::Admin, 0, "Removed {} from the site"),
];

/// The row of a deed.
pub(super) fn deed(number: u16) -> &'static Deed {
    &DEEDS[usize::from(number) % DEEDS.len()]
}

#[cfg(test)]
mod tests {
    use super::{
        DEACTIVATED, DEEDS, GROUP_CREATED, GROUP_DELETED, GROUP_JOINED, GROUP_LEFT, INVITED,
        ISSUE_CREATED, ISSUE_UPDATED, ISSUE_VIEWED, LOGIN, LOGIN_FAILED, LOGOUT, PAGE_CREATED,
        PAGE_UPDATED, PAGE_VIEWED, REACTIVATED, REMOVED, RENAMED, REPOSITORY_CREATED,
        REPOSITORY_DELETED, deed,
    };

    #[test]
    fn the_named_rows_are_where_their_names_point() {
        let named = [
            (LOGIN, "user_login"),
            (LOGIN_FAILED, "user_login_failed"),
            (LOGOUT, "user_logout"),
            (ISSUE_VIEWED, "jira_issue_viewed"),
            (ISSUE_CREATED, "jira_issue_created"),
            (ISSUE_UPDATED, "jira_issue_updated"),
            (PAGE_VIEWED, "confluence_page_viewed"),
            (PAGE_CREATED, "confluence_page_created"),
            (PAGE_UPDATED, "confluence_page_updated"),
            (GROUP_JOINED, "user_added_to_group"),
            (GROUP_LEFT, "user_removed_from_group"),
            (INVITED, "user_invitation_sent"),
            (DEACTIVATED, "managed_account_deactivated"),
            (REMOVED, "user_removed_from_org"),
            (RENAMED, "user_detail_change"),
            (REPOSITORY_CREATED, "bitbucket_repository_created"),
            (REACTIVATED, "managed_account_reactivated"),
            (GROUP_CREATED, "group_created"),
            (GROUP_DELETED, "group_deleted"),
            (REPOSITORY_DELETED, "bitbucket_repository_deleted"),
        ];
        for (number, action) in named {
            assert_eq!(deed(number).action, action);
        }
    }

    #[test]
    fn listed_deeds_have_a_heading() {
        for deed in DEEDS {
            assert_eq!(
                deed.label.is_empty(),
                deed.group.is_empty(),
                "{}",
                deed.action
            );
        }
    }
}
