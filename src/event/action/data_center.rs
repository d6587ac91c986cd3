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
        "secret_scanning.project_allowlist_rule_added" "Project secret scanning allowlist rule added"
            [BitbucketAudit "Project secret scanning allowlist rule added"];
    }
    SOTERI_SECURITY in Bitbucket {
        "security_hook.skipped" "Security hook skipped" [BitbucketAudit "Security hook skipped"];
        "security_hook.warned" "Security hook warned" [BitbucketAudit "Security hook warned"];
        "security_hook.blocked" "Security hook blocked" [BitbucketAudit "Security hook blocked"];
        "soteri.hook_status_changed" "Global security hook status changed" [BitbucketAudit "Global hook status changed"];
        "soteri.hook_mode_changed" "Global security hook mode changed" [BitbucketAudit "Global hook mode changed"];
        "soteri.builtin_rule_toggled" "Built-in security rule toggled" [BitbucketAudit "Built-in rule toggled"];
        "soteri.custom_rule_created" "Custom security rule created" [BitbucketAudit "Custom rule created"];
        "soteri.custom_rule_deleted" "Custom security rule deleted" [BitbucketAudit "Custom rule deleted"];
        "soteri.custom_rule_toggled" "Custom security rule toggled" [BitbucketAudit "Custom rule toggled"];
        "soteri.custom_rule_changed" "Custom security rule changed" [BitbucketAudit "Custom rule changed"];
        "soteri.access_changed" "Access to security settings changed" [BitbucketAudit "Global settings access changed"];
        "soteri.repository_toggled" "Security scanning of repository toggled" [BitbucketAudit "Repository scanning toggled"];
        "soteri.branch_scanned" "Security scan of branch started" [BitbucketAudit "Branch scan started"];
        "soteri.repository_scanned" "Security scan of repository started" [BitbucketAudit "Repository scan started"];
        "soteri.project_scanned" "Security scan of project started" [BitbucketAudit "Project scan started"];
        "soteri.instance_scanned" "Security scan of instance started" [BitbucketAudit "Instance scan started"];
        "soteri.finding_unreviewed" "Security finding no longer marked as reviewed" [BitbucketAudit "Finding unmarked as reviewed"];
        "soteri.finding_reviewed" "Security finding marked as reviewed" [BitbucketAudit "Finding marked as reviewed"];
        "soteri.false_positive_added" "Global false positive added" [BitbucketAudit "Global false positive added"];
        "soteri.false_positive_deleted" "Global false positive deleted" [BitbucketAudit "Global false positive deleted"];
        "soteri.configuration_changed" "Security configuration file changed" [BitbucketAudit "soteri-security.yml changed"];
    }
}

/// The action of the Soteri app that a display name most likely means.
///
/// Of all its names only `Security hook skipped` has been verified; what the others tell of is known, how they are worded is
/// not. So they are found by their words, the most telling first. Bitbucket's own secret scanning is another matter.
pub(super) fn soteri(name: &str) -> Option<&'static str> {
    const WORDS: &[(&[&str], &str)] = &[
        (&["soteri-security.yml"], "soteri.configuration_changed"),
        (&["hook", "skip"], "security_hook.skipped"),
        (&["hook", "warn"], "security_hook.warned"),
        (&["hook", "block"], "security_hook.blocked"),
        (&["security", "hook", "mode"], "soteri.hook_mode_changed"),
        (&["global", "hook", "mode"], "soteri.hook_mode_changed"),
        (&["security", "hook"], "soteri.hook_status_changed"),
        (&["global", "hook"], "soteri.hook_status_changed"),
        (
            &["false positive", "delete"],
            "soteri.false_positive_deleted",
        ),
        (
            &["false positive", "remove"],
            "soteri.false_positive_deleted",
        ),
        (&["false positive"], "soteri.false_positive_added"),
        (&["finding", "unmark"], "soteri.finding_unreviewed"),
        (&["finding", "unreview"], "soteri.finding_unreviewed"),
        (&["finding", "review"], "soteri.finding_reviewed"),
        (&["custom", "rule", "create"], "soteri.custom_rule_created"),
        (&["custom", "rule", "add"], "soteri.custom_rule_created"),
        (&["custom", "rule", "delete"], "soteri.custom_rule_deleted"),
        (&["custom", "rule", "able"], "soteri.custom_rule_toggled"),
        (&["custom", "rule", "toggle"], "soteri.custom_rule_toggled"),
        (&["custom", "rule"], "soteri.custom_rule_changed"),
        (&["built", "rule"], "soteri.builtin_rule_toggled"),
        (&["scan", "branch"], "soteri.branch_scanned"),
        (&["scan", "repositor", "able"], "soteri.repository_toggled"),
        (&["scan", "repositor"], "soteri.repository_scanned"),
        (&["scan", "project"], "soteri.project_scanned"),
        (&["scan", "instance"], "soteri.instance_scanned"),
        (&["scan", "global"], "soteri.instance_scanned"),
        (&["soteri", "access"], "soteri.access_changed"),
        (&["security", "settings", "access"], "soteri.access_changed"),
    ];
    let name = name.to_lowercase();
    if name.contains("secret scanning") || name.contains("plugin") {
        return None;
    }
    let fits = |words: &[&str]| words.iter().all(|word| name.contains(word));
    let (_, code) = WORDS.iter().find(|(words, _)| fits(words))?;
    Some(code)
}
