//! What an Atlassian organization reports about itself: accounts, access, groups, domains, policies, provisioning, apps.

super::actions! {
    ACCOUNTS in Organization {
        "account.deleted" "Account deleted permanently" [Org "managed_account_deleted", OrgLabel "Deleted account permanently"];
        "user.logged_in" "User logged in"
            [Org "user_login", OrgLabel "Logged in to account", BitbucketAudit "User logged in",
             DcKey "bitbucket.service.user.audit.action.authenticationsuccess"];
        "user.login_failed" "User login failed"
            [Org "user_login_failed", JiraAudit "User login failed", BitbucketAudit "User login failed", BitbucketAudit "User login failed(SSH)",
             DcKey "jira.auditing.user.login.failed", DcKey "bitbucket.service.user.audit.action.authenticationfailure"];
        "user.logged_out" "User logged out"
            [Org "user_logout", OrgLabel "Logged out of account", BitbucketAudit "User logged out", DcKey "bitbucket.web.audit.action.logoutsuccess"];
        "user.impersonated" "Administrator logged in as user" [Org "user_logged_in_as_user"];
        "user.password_changed" "Password changed"
            [Org "password_change", JiraAudit "User's password changed", BitbucketAudit "User password changed",
             DcKey "bitbucket.service.user.audit.action.usercredentialupdated"];
        "user.password_recovery_requested" "Password recovery requested"
            [Org "password_reset_request", OrgLabel "Requested password recovery link"];
        "user.password_reset" "Password reset by recovery link" [Org "password_reset_complete", OrgLabel "Reset password with recovery link"];
        "user.password_reset_demanded" "Password reset demanded of user" [Org "user_password_reset_requested"];
        "user.two_step_enabled" "Two-step verification enabled for user" [Org "twosv_enabled_for_user"];
        "user.two_step_disabled" "Two-step verification disabled for user" [Org "twosv_disabled_for_user"];
        "user.profile_viewed" "User profile viewed" [Org "user_profile_viewed"];
        "user.detail_change_requested" "Change of user details requested"
            [Org "user_detail_change_requested", Org "user_details_change_requested"];
    }
    ACCESS in Organization {
        "user.reinvited_to_site" "User invited to site again" [Org "user_re_invited"];
        "user.invited_to_organization" "User invited to organization" [Org "user_invite_to_org"];
        "user.reinvited_to_organization" "User invited to organization again" [Org "user_re_invited_to_org"];
        "user.added_to_site" "User added to site" [Org "user_added_to_site"];
        "user.removed_from_organization" "User removed from organization" [Org "user_removed_from_org"];
        "user.organization_access_enabled" "Access to organization enabled for user" [Org "user_enabled_org_access"];
        "user.organization_access_disabled" "Access to organization disabled for user" [Org "user_disabled_org_access"];
        "user.site_access_enabled" "Access to site enabled for user" [Org "user_enabled_site_access"];
        "user.site_access_disabled" "Access to site disabled for user" [Org "user_disabled_site_access"];
        "user.product_access_granted" "Product access granted to user" [Org "user_granted_product_access"];
        "user.product_access_revoked" "Product access revoked from user" [Org "user_revoked_product_access"];
        "user.role_granted" "Role granted to user" [Org "user_granted_role"];
        "user.role_revoked" "Role revoked from user" [Org "user_revoked_role"];
    }
    GROUPS in Organization {
        "group.created" "Group created"
            [Org "group_created", JiraAudit "Group created", ConfluenceAudit "Group created", BitbucketAudit "User group created",
             DcKey "jira.auditing.group.created", DcKey "audit.logging.summary.group.created",
             DcKey "bitbucket.service.user.audit.action.groupcreated"];
        "group.updated" "Group updated" [Org "group_updated"];
        "group.deleted" "Group deleted"
            [Org "group_deleted", JiraAudit "Group deleted", ConfluenceAudit "Group deleted", BitbucketAudit "User group deleted",
             DcKey "bitbucket.service.user.audit.action.groupdeleted"];
        "group.added_to_site" "Group added to site" [Org "group_added_to_site"];
        "group.product_access_granted" "Product access granted to group" [Org "group_granted_product_access"];
        "group.product_access_revoked" "Product access revoked from group" [Org "group_revoked_product_access"];
        "group.admin_access_granted" "Administrator access granted to group" [Org "group_granted_admin_access"];
        "group.admin_access_revoked" "Administrator access revoked from group" [Org "group_revoked_admin_access"];
        "group.role_granted" "Role granted to group" [Org "group_granted_role"];
        "group.role_revoked" "Role revoked from group" [Org "group_revoked_role"];
        "group.made_product_default" "Group made default of a product" [Org "group_added_as_product_default"];
        "group.unmade_product_default" "Group no longer default of a product" [Org "group_removed_as_product_default"];
        "group.made_role_default" "Group made default of a role" [Org "group_added_as_role_default"];
        "group.unmade_role_default" "Group no longer default of a role" [Org "group_removed_as_role_default"];
        "group.conflict_synced" "Conflicting group synchronised" [Org "site_sync_conflicting_group"];
        "group.conflicts_synced" "All conflicting groups synchronised" [Org "site_sync_all_conflicting_groups"];
    }
    ORGANIZATION in Organization {
        "organization.admin_added" "Organization administrator added" [Org "added_org_admin"];
        "organization.admin_removed" "Organization administrator removed" [Org "removed_org_admin"];
        "organization.settings_updated" "Organization settings updated" [Org "org_settings_update"];
        "organization.users_viewed" "Users of the organization viewed" [Org "organization_users_viewed"];
        "organization.passwords_reset" "Passwords of all managed accounts reset" [Org "reset_all_managed_account_passwords"];
        "site.initiated" "Creation of site begun" [Org "site_initiated"];
        "site.created" "Site created" [Org "site_created"];
        "site.renamed" "Site renamed" [Org "site_rename_event"];
        "site.transferred" "Site transferred" [Org "site_transferred"];
        "site.migration_scheduled" "Migration of site scheduled" [Org "migration_scheduled"];
        "release_track.bundle_released" "Bundle of changes released to a release track" [Org "release_track_bundle_released"];
        "release_track.subscription_updated" "Release track chosen" [Org "release_track_subscription_updated"];
    }
    EXPORTS in Organization {
        "export.audit_log" "Audit log exported" [Org "export_audit_log"];
        "export.domain_accounts" "Accounts of a domain exported" [Org "export_domain_account"];
        "export.managed_accounts" "Managed accounts exported" [Org "export_managed_account"];
        "export.unmanaged_products" "Unmanaged product instances exported" [Org "export_unmanaged_product_instances"];
    }
    DOMAINS in Organization {
        "domain.added" "Domain added" [Org "domain_added"];
        "domain.claimed" "Domain claimed" [Org "domain_claimed"];
        "domain.removed" "Domain removed" [Org "domain_removed"];
        "domain.deleted" "Domain deleted" [Org "domain_deleted"];
        "domain.verification_started" "Verification of domain started" [Org "domain_verification_started"];
        "domain.verification_completed" "Domain verified" [Org "domain_verification_completed"];
        "domain.verification_removed" "Verification of domain removed" [Org "domain_verification_removed"];
        "domain.approved_for_access" "Domain approved for user access" [Org "user_access_settings_domain_added"];
        "domain.unapproved_for_access" "Domain no longer approved for user access" [Org "user_access_settings_domain_removed"];
    }
    POLICIES in Guard {
        "policy.created" "Policy created" [Org "policy_created"];
        "policy.updated" "Policy updated" [Org "policy_updated", OrgEnding "_policy_update"];
        "policy.deleted" "Policy deleted" [Org "policy_deleted"];
        "policy.enforced" "Policy enforced" [Org "policy_enforced"];
        "policy.disabled" "Policy disabled" [Org "policy_disabled"];
        "auth_policy.created" "Authentication policy created" [Org "auth_policy_created"];
        "auth_policy.updated" "Authentication policy updated" [Org "auth_policy_updated"];
        "auth_policy.deleted" "Authentication policy deleted" [Org "auth_policy_deleted"];
        "auth_policy.type_updated" "Type of authentication policy updated" [Org "auth_policy_type_updated"];
        "auth_policy.default_updated" "Default authentication policy updated" [Org "default_auth_policy_updated"];
        "auth_policy.domain_changed" "Authentication policy of a domain changed" [Org "domain_auth_policy_changed"];
        "auth_policy.domain_deleted" "Authentication policy of a domain deleted" [Org "domain_auth_policy_deleted"];
        "auth_policy.domain_failed" "Authentication policy of a domain failed" [Org "domain_auth_policy_failed"];
        "auth_policy.user_changed" "Authentication policy of a user changed" [Org "user_auth_policy_changed"];
        "auth_policy.user_deleted" "Authentication policy of a user deleted" [Org "user_auth_policy_deleted"];
        "auth_policy.user_failed" "Authentication policy of a user failed" [Org "user_auth_policy_failed"];
        "password_policy.changed" "Password policy changed" [Org "password_policy_changed"];
        "session_policy.set" "Session policy set" [Org "set_session_policy"];
        "two_step.enforced" "Two-step verification enforced" [Org "twosv_enforced"];
        "two_step.unenforced" "Two-step verification no longer enforced" [Org "twosv_unenforced"];
        "saml.created" "SAML configuration created" [Org "saml_config_created"];
        "saml.updated" "SAML configuration updated" [Org "saml_config_updated"];
        "saml.deleted" "SAML configuration deleted" [Org "saml_config_deleted"];
        "saml.policy_changed" "SAML policy changed" [Org "saml_policy_changed"];
        "saml.policy_deleted" "SAML policy deleted" [Org "saml_policy_deleted"];
    }
    PROVISIONING in Guard {
        "scim.directory_created" "SCIM directory created" [Org "scim_directory_created"];
        "scim.directory_deleted" "SCIM directory deleted" [Org "scim_directory_deleted"];
        "scim.token_rotated" "SCIM directory token rotated" [Org "scim_directory_token_rotated"];
        "scim.log_cleared" "SCIM troubleshooting log cleared" [Org "scim_troubleshooting_log_cleared"];
        "scim.sync_enabled" "SCIM synchronisation enabled" [Org "scim_sync_enabled"];
        "scim.sync_disabled" "SCIM synchronisation disabled" [Org "scim_sync_disabled"];
        "scim.auto_sync_started" "Automatic SCIM synchronisation started" [Org "scim_auto_sync_initiated"];
        "scim.auto_sync_completed" "Automatic SCIM synchronisation completed" [Org "scim_auto_sync_complete"];
        "scim.manual_sync_started" "Manual SCIM synchronisation started" [Org "scim_manual_sync_initiated"];
        "scim.manual_sync_completed" "Manual SCIM synchronisation completed" [Org "scim_manual_sync_complete"];
        "scim.user_created" "User created by SCIM" [Org "scim_user_create"];
        "scim.user_updated" "User updated by SCIM" [Org "scim_user_update"];
        "scim.user_deleted" "User deleted by SCIM" [Org "scim_user_delete"];
        "scim.user_linked" "SCIM user linked to Atlassian account" [Org "scim_user_linked_to_aa"];
        "scim.user_unlinked" "SCIM user unlinked from Atlassian account" [Org "scim_user_unlinked_from_aa"];
        "scim.user_became_managed" "SCIM user became managed" [Org "become_managed_scim_user"];
        "scim.user_became_unmanaged" "SCIM user became unmanaged" [Org "become_unmanaged_scim_user"];
        "scim.unmanaged_user_created" "Unmanaged user created by SCIM" [Org "scim_unmanaged_user_created"];
        "scim.unmanaged_user_updated" "Unmanaged user updated by SCIM" [Org "scim_unmanaged_user_updated"];
        "scim.unmanaged_user_deleted" "Unmanaged user deleted by SCIM" [Org "scim_unmanaged_user_deleted"];
        "scim.group_created" "Group created by SCIM" [Org "scim_group_create"];
        "scim.group_updated" "Group updated by SCIM" [Org "scim_group_update"];
        "scim.group_deleted" "Group deleted by SCIM" [Org "scim_group_delete"];
        "scim.group_member_added" "Group member added by SCIM" [Org "scim_group_add_member"];
        "scim.group_member_removed" "Group member removed by SCIM" [Org "scim_group_remove_member"];
        "scim.unmanaged_member_added" "Unmanaged group member added by SCIM" [Org "scim_group_unmanaged_member_added"];
        "scim.unmanaged_member_removed" "Unmanaged group member removed by SCIM" [Org "scim_group_unmanaged_member_removed"];
        "google_sync.connected" "Google Workspace connected" [Org "gsync_connection"];
        "google_sync.disconnected" "Google Workspace disconnected" [Org "gsync_disconnection"];
        "google_sync.sso_enabled" "Google single sign-on enabled" [Org "gsync_sso_enabled"];
        "google_sync.sso_disabled" "Google single sign-on disabled" [Org "gsync_sso_disabled"];
        "google_sync.user_invited" "User invited by Google Workspace" [Org "gsync_user_invite"];
        "google_sync.invitation_updated" "Google Workspace invitation message updated" [Org "gsync_user_invitation_message_updated"];
    }
    APPS in Organization {
        "app.installed" "App installed" [OrgLabel "App installed", ConfluenceAudit "App installed"];
        "app.install_failed" "Installing an app failed" [OrgLabel "App installation failed", OrgLabel "App install failed"];
        "app.updated" "App updated" [OrgLabel "App updated", ConfluenceAudit "App updated", ConfluenceAudit "App upgraded", BitbucketAudit "Plugin upgraded"];
        "app.update_failed" "Updating an app failed" [OrgLabel "App update failed"];
        "app.enabled" "App enabled"
            [OrgLabel "App enabled", ConfluenceAudit "App enabled", BitbucketAudit "Plugin enabled", DcKey "audit.logging.summary.plugin.enabled",
             DcKey "bitbucket.service.plugin.audit.action.pluginenabled"];
        "app.enable_failed" "Enabling an app failed" [OrgLabel "App enable failed"];
        "app.disabled" "App disabled" [OrgLabel "App disabled", ConfluenceAudit "App disabled", BitbucketAudit "Plugin disabled"];
        "app.disable_failed" "Disabling an app failed" [OrgLabel "App disable failed"];
        "app.uninstalled" "App uninstalled" [OrgLabel "App uninstalled", ConfluenceAudit "App uninstalled", BitbucketAudit "Plugin uninstalled"];
        "app.uninstall_failed" "Uninstalling an app failed" [OrgLabel "App uninstall failed", OrgLabel "App uninstallation failed"];
        "app.jira_requested" "Jira asked by a third-party app" [OrgLabel "Third-party app Jira API request"];
        "app.confluence_requested" "Confluence asked by a third-party app" [OrgLabel "Third-party app Confluence API request"];
    }
    AI in Jira {
        "issue.ai_content_generated" "Issue content generated by AI" [OrgLabel "Jira Work Item Generated AI Content"];
        "issue.ai_policy_violated" "AI policy violated on an issue" [OrgLabel "Jira Work Item Triggered Policy Violation"];
    }
}
