//! What only the audit logs of the Data Center products report: keys and tokens, server settings, the log itself.

super::actions! {
    AUDITING in Other {
        "audit_log.searched" "Audit log searched"
            [JiraAudit "Audit Log search performed", ConfluenceAudit "Audit Log search performed", BitbucketAudit "Audit Log search performed",
             DcKey "atlassian.audit.event.action.audit.search"];
        "audit_log.configuration_updated" "Audit log configuration updated"
            [JiraAudit "Audit Log configuration updated", ConfluenceAudit "Audit Log configuration updated",
             BitbucketAudit "Audit Log configuration updated", DcKey "atlassian.audit.event.action.audit.config.updated"];
    }
    CREDENTIALS in Bitbucket {
        "user.renamed" "User name changed" [BitbucketAudit "Username changed", DcKey "bitbucket.service.user.audit.action.userrenamed"];
        "ssh_key.added" "SSH key added"
            [BitbucketAudit "User added SSH access key to profile", DcKey "bitbucket.ssh.audit.action.sshkeycreated"];
        "ssh_key.deleted" "SSH key deleted"
            [BitbucketAudit "User deleted SSH access key from profile", DcKey "bitbucket.ssh.audit.action.sshkeydeleted"];
        "gpg_key.added" "GPG key added" [BitbucketAudit "GPG key added", DcKey "bitbucket.plugins.gpg.audit.action.gpgevent.created"];
        "gpg_key.deleted" "GPG key deleted" [BitbucketAudit "GPG key deleted", DcKey "bitbucket.plugins.gpg.audit.action.gpgevent.deleted"];
        "personal_token.created" "Personal access token created"
            [JiraAudit "Personal access token created", ConfluenceAudit "Personal access token created",
             BitbucketAudit "Personal access token created", DcKey "personal.access.tokens.audit.log.summary.token.created",
             DcKey "bitbucket.access.tokens.audit.action.accesstokencreated.personal"];
        "personal_token.changed" "Personal access token changed"
            [BitbucketAudit "Personal access token changed", DcKey "bitbucket.access.tokens.audit.action.accesstokenmodified.personal"];
        "personal_token.deleted" "Personal access token deleted"
            [BitbucketAudit "Personal access token deleted", DcKey "bitbucket.access.tokens.audit.action.accesstokendeleted.personal"];
    }
    BITBUCKET_PERMISSIONS in Bitbucket {
        "bitbucket_permission.requested" "Global Bitbucket permission requested"
            [BitbucketAudit "Global permission requested", DcKey "bitbucket.service.user.audit.action.globalpermissiongrantrequested"];
        "bitbucket_permission.granted" "Global Bitbucket permission granted"
            [BitbucketAudit "Global permission granted", DcKey "bitbucket.service.user.audit.action.globalpermissiongranted"];
        "bitbucket_permission.removal_requested" "Removal of global Bitbucket permission requested"
            [BitbucketAudit "Global permission remove request"];
        "bitbucket_permission.removed" "Global Bitbucket permission removed" [BitbucketAudit "Global permission removed"];
        "access.refused" "Unauthorized access to a resource" [BitbucketAudit "Unauthorized access to a resource"];
    }
    BITBUCKET_ADMINISTRATION in Bitbucket {
        "bitbucket.setup_completed" "Instance setup completed" [BitbucketAudit "Instance setup completed"];
        "bitbucket.base_url_changed" "Base URL changed" [BitbucketAudit "Base URL changed"];
        "bitbucket.renamed" "Server name changed"
            [BitbucketAudit "Server name changed", DcKey "bitbucket.service.applicationconfiguration.audit.action.displaynamechanged"];
        "bitbucket.license_changed" "Product license changed"
            [BitbucketAudit "Product license changed", DcKey "bitbucket.service.license.audit.action.licensechanged"];
        "bitbucket.mail_server_changed" "Mail server changed" [BitbucketAudit "Mail server changed"];
        "bitbucket.ssh_settings_changed" "SSH settings changed" [BitbucketAudit "SSH settings changed"];
        "bitbucket.search_settings_changed" "Elasticsearch settings changed"
            [BitbucketAudit "Elasticsearch settings changed", DcKey "bitbucket.search.audit.action.elasticsearchconfigurationchange"];
        "bitbucket.banner_created" "Announcement banner created" [BitbucketAudit "Announcement banner created"];
        "bitbucket.backup_started" "System backup started" [BitbucketAudit "System backup started"];
        "bitbucket.backup_succeeded" "System backup succeeded" [BitbucketAudit "System backup succeeded"];
        "bitbucket.backup_failed" "System backup failed" [BitbucketAudit "System backup failed"];
        "bitbucket.backup_cancelled" "System backup cancelled" [BitbucketAudit "System backup cancelled"];
        "bitbucket.export_triggered" "Full data export triggered" [BitbucketAudit "Full data export triggered"];
        "bitbucket.export_cancelled" "Full data export cancelled" [BitbucketAudit "Full data export cancelled"];
        "bitbucket.export_refused" "Unauthorized full data export triggered" [BitbucketAudit "Unauthorized full data export triggered"];
    }
    SECRET_SCANNING in Bitbucket {
        "secret_scanning.rule_deleted" "Global secret scanning rule deleted" [BitbucketAudit "Global secret scanning rule deleted"];
        "secret_scanning.project_rule_deleted" "Project secret scanning rule deleted" [BitbucketAudit "Project secret scanning rule deleted"];
        "security_hook.skipped" "Security hook skipped" [BitbucketAudit "Security hook skipped"];
    }
}
