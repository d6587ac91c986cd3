//! The 88 actions of the requirements, in their order, then what else Jira reports.

super::actions! {
    ISSUES in Jira {
        #1 "issue.created" "Issue created" [JiraHook "jira:issue_created", Org "jira_issue_created", Polled "issue/created"];
        #2 "issue.updated" "Issue updated" [JiraHook "jira:issue_updated", Org "jira_issue_updated", Polled "issue/updated"];
        #3 "issue.deleted" "Issue deleted" [JiraHook "jira:issue_deleted", Org "jira_issue_deleted"];
        #4 "issue.resolved" "Issue resolved" [JiraField "resolution"];
        #5 "issue.status_changed" "Status changed" = "STATUS_CHANGED" [JiraField "status"];
        #6 "comment.added" "Comment added" = "ISSUE_COMMENTED" [JiraHook "comment_created", Polled "comment/created"];
        #7 "comment.updated" "Comment updated" [JiraHook "comment_updated", Polled "comment/updated"];
        #8 "comment.deleted" "Comment deleted" [JiraHook "comment_deleted"];
        #9 "issue_link.created" "Issue link created" = "ISSUELINK_CREATED" [JiraHook "issuelink_created"];
        #10 "issue_link.deleted" "Issue link deleted" = "ISSUELINK_DELETED" [JiraHook "issuelink_deleted"];
        #11 "worklog.created" "Worklog created" [JiraHook "worklog_created", Polled "worklog/created"];
        #12 "worklog.updated" "Worklog updated" [JiraHook "worklog_updated", Polled "worklog/updated"];
        #13 "worklog.deleted" "Worklog deleted" [JiraHook "worklog_deleted", Polled "worklog/deleted"];
        #57 "attachment.created" "Attachment created" [JiraHook "attachment_created"];
        #58 "attachment.deleted" "Attachment deleted" [JiraHook "attachment_deleted"];
        #88 "issue.viewed" "Issue viewed" [Org "jira_issue_viewed", View "view/issue_view", View "view/customer_portal"];
    }
    PROJECTS in Jira {
        #14 "project.created" "Project created" [JiraHook "project_created", JiraAudit "Project created", DcKey "jira.auditing.project.created"];
        #15 "project.updated" "Project updated" [JiraHook "project_updated", JiraAudit "Project updated", DcKey "jira.auditing.project.updated"];
        #16 "project.deleted" "Project deleted" [JiraHook "project_deleted", JiraAudit "Project deleted", DcKey "jira.auditing.project.deleted"];
        #17 "project_role.created" "Project role created" [JiraAudit "Project role created"];
        #18 "project_role.updated" "Project role updated" [JiraAudit "Project role updated"];
        #19 "project_role.deleted" "Project role deleted" [JiraAudit "Project role deleted"];
        #20 "project.category_changed" "Project category changed" [JiraAudit "Project category changed"];
        #75 "project.permission_scheme_added" "Permission scheme added to project"
            [JiraAudit "Permission scheme added to project", DcKey "jira.auditing.permission.scheme.added.to.project"];
        #76 "project.roles_changed" "Project roles changed" [JiraAudit "Project roles changed", DcKey "jira.auditing.project.roles.changed"];
    }
    USERS in Organization {
        #21 "user.created" "User created"
            [JiraHook "user_created", JiraAudit "User created", ConfluenceAudit "User created", BitbucketAudit "User created",
             Org "user_created", OrgLabel "Invite user", OrgLabel "Grant access", DcKey "jira.auditing.user.created",
             DcKey "audit.logging.summary.user.created", DcKey "bitbucket.service.user.audit.action.usercreated"];
        #22 "user.updated" "User updated"
            [JiraHook "user_updated", JiraAudit "User updated", ConfluenceAudit "User details updated",
             DcKey "jira.auditing.user.updated", DcKey "audit.logging.summary.user.updated"];
        #23 "user.deleted" "User deleted"
            [JiraHook "user_deleted", JiraAudit "User deleted", ConfluenceAudit "User deleted", BitbucketAudit "User deleted",
             OrgLabel "Remove user", OrgLabel "Revoke access", DcKey "bitbucket.service.user.audit.action.userdeleted"];
        #24 "user.deactivated" "User deactivated"
            [Org "managed_account_deactivated", OrgLabel "Deactivated account", JiraAudit "User deactivated", ConfluenceAudit "User deactivated"];
        #25 "user.reactivated" "User reactivated"
            [Org "managed_account_reactivated", OrgLabel "Reactivated account", JiraAudit "User reactivated", ConfluenceAudit "User reactivated"];
        #26 "user.last_active" "User last active" [Polled "user/last_active"];
        #27 "user.added_to_group" "User added to group"
            [Org "user_added_to_group", OrgLabel "User added to group", JiraAudit "User added to group", ConfluenceAudit "User added to group",
             BitbucketAudit "User added to user group", DcKey "jira.auditing.user.added.to.group",
             DcKey "audit.logging.summary.group.membership.added", DcKey "bitbucket.service.user.audit.action.groupmembershipscreated.user"];
        #28 "user.removed_from_group" "User removed from group"
            [Org "user_removed_from_group", OrgLabel "User removed from group", JiraAudit "User removed from group",
             ConfluenceAudit "User removed from group", BitbucketAudit "User deleted from user group",
             DcKey "jira.auditing.user.removed.from.group", DcKey "bitbucket.service.user.audit.action.groupmembershipdeleted"];
        #29 "user.removed_from_site" "User removed from site" [Org "user_removed_from_site"];
        #30 "user.invited_to_site" "User invited to site" [Org "user_invited", Org "user_invitation_sent"];
        #31 "user.detail_changed" "User detail changed" [Org "user_detail_change", Org "email_change", OrgLabel "Changed email address"];
        #32 "api_token.created" "API token created" [Org "api_token_created"];
        #33 "api_token.revoked" "API token revoked" [Org "api_token_revoked"];
        #84 "user.deletion_scheduled" "Deletion of account scheduled"
            [Org "managed_account_deletion_scheduled", OrgLabel "Scheduled deletion of account"];
        #85 "user.deletion_cancelled" "Deletion of account cancelled"
            [Org "managed_account_deletion_cancelled", OrgLabel "Canceled deletion of account", OrgLabel "Cancelled deletion of account"];
    }
    VERSIONS in Jira {
        #34 "version.released" "Version released" [JiraHook "jira:version_released", JiraAudit "Project version released"];
        #35 "version.unreleased" "Version unreleased" [JiraHook "jira:version_unreleased", JiraAudit "Project version unreleased"];
        #36 "version.created" "Version created"
            [JiraHook "jira:version_created", JiraAudit "Project version created", DcKey "jira.auditing.version.created"];
        #37 "version.moved" "Version moved" [JiraHook "jira:version_moved"];
        #38 "version.updated" "Version updated" [JiraHook "jira:version_updated", JiraAudit "Project version updated"];
        #39 "version.deleted" "Version deleted" [JiraHook "jira:version_deleted", JiraAudit "Project version deleted"];
    }
    OPTIONS in Jira {
        #40 "option.voting_changed" "Voting option changed" [JiraHook "option_voting_changed"];
        #41 "option.watching_changed" "Watching option changed" [JiraHook "option_watching_changed"];
        #42 "option.unassigned_issues_changed" "Unassigned issues option changed" [JiraHook "option_unassigned_issues_changed"];
        #43 "option.subtasks_changed" "Subtasks option changed" [JiraHook "option_subtasks_changed"];
        #44 "option.issue_links_changed" "Issue links option changed" [JiraHook "option_issuelinks_changed"];
        #45 "option.time_tracking_changed" "Time tracking option changed" [JiraHook "option_timetracking_changed"];
    }
    SPRINTS in Jira {
        #46 "sprint.created" "Sprint created" [JiraHook "sprint_created", JiraAudit "Sprint created"];
        #47 "sprint.deleted" "Sprint deleted" [JiraHook "sprint_deleted", JiraAudit "Sprint deleted"];
        #48 "sprint.updated" "Sprint updated" [JiraHook "sprint_updated", JiraAudit "Sprint updated"];
        #49 "sprint.started" "Sprint started" [JiraHook "sprint_started", JiraAudit "Sprint started"];
        #50 "sprint.completed" "Sprint completed" = "SPRINT_CLOSED" [JiraHook "sprint_closed", JiraAudit "Sprint completed"];
    }
    BOARDS in Jira {
        #51 "board.created" "Board created" [JiraHook "board_created"];
        #52 "board.updated" "Board updated" [JiraHook "board_updated"];
        #53 "board.deleted" "Board deleted" [JiraHook "board_deleted"];
        #54 "board.configuration_changed" "Board configuration changed" [JiraHook "board_configuration_changed"];
    }
    ISSUE_TYPES in Jira {
        #59 "issue_type.created" "Issue type created"
            [JiraHook "issuetype_created", JiraAudit "Issue type created", DcKey "jira.auditing.issue.type.created"];
        #60 "issue_type.updated" "Issue type updated" [JiraHook "issuetype_updated", JiraAudit "Issue type updated"];
        #61 "issue_type.deleted" "Issue type deleted" [JiraHook "issuetype_deleted", JiraAudit "Issue type deleted"];
    }
    FILTERS in Jira {
        #62 "filter.created" "Filter created" [JiraHook "filter_created", JiraAudit "Filter created", DcKey "jira.auditing.filter.created"];
        #63 "filter.updated" "Filter updated" [JiraHook "filter_updated", JiraAudit "Filter updated"];
        #64 "filter.deleted" "Filter deleted" [JiraHook "filter_deleted", JiraAudit "Filter deleted"];
    }
    ASSETS in Assets {
        #55 "asset_object.created" "Assets object created" [Polled "object/created"];
        #56 "asset_object.updated" "Assets object updated" [Polled "object/updated"];
        #86 "asset_roles.updated" "Assets roles updated" needs RolesSnapshot [Polled "roles/updated"];
        #87 "asset_object_type_roles.updated" "Assets object type roles updated" needs RolesSnapshot [Polled "object_type_roles/updated"];
    }
    PERMISSIONS in Jira {
        #65 "permission_scheme.created" "Permission scheme created"
            [JiraAudit "Permission scheme created", DcKey "jira.auditing.permission.scheme.created"];
        #66 "permission_scheme.copied" "Permission scheme copied" [JiraAudit "Permission scheme copied"];
        #67 "permission_scheme.deleted" "Permission scheme deleted" [JiraAudit "Permission scheme deleted"];
        #68 "permission_scheme.updated" "Permission scheme updated"
            [JiraAudit "Permission scheme updated", DcKey "jira.auditing.permission.scheme.updated"];
        #69 "permission.added" "Permission added" [JiraAudit "Permission added", JiraAudit "Permission added to scheme"];
        #70 "permission.deleted" "Permission deleted"
            [JiraAudit "Permission deleted", JiraAudit "Permission removed", JiraAudit "Permission removed from scheme"];
        #71 "global_permission.added" "Global permission added"
            [JiraAudit "Global permission added", ConfluenceAudit "Global permission added", DcKey "jira.auditing.global.permission.added",
             DcKey "audit.logging.summary.global.permission.added"];
        #72 "global_permission.deleted" "Global permission deleted"
            [JiraAudit "Global permission deleted", JiraAudit "Global permission removed", ConfluenceAudit "Global permission removed",
             DcKey "jira.auditing.global.permission.deleted"];
    }
    PORTAL in ServiceManagement {
        #73 "portal.customer_permissions_changed" "Customer permissions changed" [JiraAudit "Customer permissions changed"];
        #74 "portal.announcement_permission_updated" "Agent portal announcement permission updated"
            [JiraAudit "Agent Portal Announcement Update Permission"];
        #77 "portal.configuration_changed" "Service desk configuration changed" [JiraAudit "JIRA Service Desk configuration"];
        #78 "portal.login_free_settings_changed" "Login-free portal settings changed" [JiraAudit "Login-free portal settings changed"];
        #79 "portal.public_signup_enabled" "Public signup enabled" [JiraAudit "Public signup enabled"];
        #80 "portal.public_signup_disabled" "Public signup disabled" [JiraAudit "Public signup disabled"];
        #81 "portal.signup_verification_changed" "Signup e-mail verification requirement changed"
            [JiraAudit "Requirement for email verification for signup changed"];
        #82 "help_center.permissions_changed" "Help center permissions changed" [JiraAudit "Help center permissions changed"];
        #83 "help_center.updated" "Help center updated" [JiraAudit "Help center updated"];
    }

    ISSUES in Jira {
        "issue_property.set" "Issue property set" [JiraHook "issue_property_set"];
        "issue_property.deleted" "Issue property deleted" [JiraHook "issue_property_deleted"];
    }
    PROJECTS in Jira {
        "project.moved_to_trash" "Project moved to trash" [JiraHook "project_soft_deleted"];
        "project.restored" "Project restored from trash" [JiraHook "project_restored_deleted"];
        "project.archived" "Project archived" [JiraHook "project_archived", JiraAudit "Project archived"];
        "project.unarchived" "Project restored from archive" [JiraHook "project_restored_archived"];
        "project.avatar_changed" "Project avatar changed" [JiraAudit "Project avatar changed"];
        "project.mail_settings_created" "Project mail settings created" [JiraAudit "Cloud Email settings created"];
        "project.workflow_scheme_added" "Workflow scheme added to project" [JiraAudit "Workflow scheme added to project"];
        "project.notification_scheme_added" "Notification scheme added to project" [JiraAudit "Notification scheme added to project"];
        "project.field_scheme_added" "Field configuration scheme added to project"
            [JiraAudit "Field Configuration scheme added to project"];
        "component.created" "Component created" [JiraAudit "Project component created"];
        "component.updated" "Component updated" [JiraAudit "Project component updated"];
        "component.deleted" "Component deleted" [JiraAudit "Project component deleted"];
        "request_type.deleted" "Request type deleted" [JiraAudit "Request type deleted"];
    }
    VERSIONS in Jira {
        "version.merged" "Version merged" [JiraHook "jira:version_merged"];
    }
    OPTIONS in Jira {
        "option.time_tracking_provider_changed" "Time tracking provider changed" [JiraHook "option_timetracking_provider_changed"];
    }
    FIELDS in Jira {
        "custom_field.created" "Custom field created" [JiraAudit "Custom field created", DcKey "jira.auditing.customfield.created"];
        "custom_field.updated" "Custom field updated" [JiraAudit "Custom field updated", DcKey "jira.auditing.customfield.updated"];
        "custom_field.deleted" "Custom field deleted" [JiraAudit "Custom field deleted"];
        "field_scheme.created" "Field configuration scheme created" [JiraAudit "Field Configuration scheme created"];
        "field_scheme.updated" "Field configuration scheme updated" [JiraAudit "Field Configuration scheme updated"];
        "field_scheme.deleted" "Field configuration scheme deleted" [JiraAudit "Field Configuration scheme deleted"];
    }
    WORKFLOWS in Jira {
        "workflow.created" "Workflow created" [JiraAudit "Workflow created"];
        "workflow.updated" "Workflow updated" [JiraAudit "Workflow updated"];
        "workflow.deleted" "Workflow deleted" [JiraAudit "Workflow deleted"];
        "workflow_scheme.created" "Workflow scheme created"
            [JiraAudit "Workflow scheme created", DcKey "jira.auditing.workflow.scheme.created"];
        "workflow_scheme.updated" "Workflow scheme updated" [JiraAudit "Workflow scheme updated"];
        "workflow_scheme.deleted" "Workflow scheme deleted" [JiraAudit "Workflow scheme deleted"];
        "status.created" "Status created" [JiraAudit "Status created"];
        "status.updated" "Status updated" [JiraAudit "Status updated"];
        "status.deleted" "Status deleted" [JiraAudit "Status deleted"];
        "resolution.created" "Resolution created" [JiraAudit "New resolution created", DcKey "jira.auditing.resolutions.created"];
        "notification_scheme.deleted" "Notification scheme deleted" [JiraAudit "Notification scheme deleted"];
    }
}
