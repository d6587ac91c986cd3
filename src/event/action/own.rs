//! What is done on this server: who may see what, what is set up, and what leaves; the upstream name is the code itself.

super::actions! {
    AUDITGRAPH in Auditgraph {
        "user.linked" "Accounts linked as one person" [];
        "user.separated" "Accounts separated into two people" [];
        "settings.monitored_fields_changed" "Monitored fields changed" [];
        "token.created" "Token created" [];
        "token.revoked" "Token revoked" [];
        "log.viewed" "Log viewed" [];
        "saved_filter.created" "Saved filter created" [];
        "saved_filter.changed" "Saved filter changed" [];
        "saved_filter.shared" "Saved filter shared" [];
        "saved_filter.deleted" "Saved filter deleted" [];
        "access_token.created" "Access token created" [];
        "access_token.renamed" "Access token renamed" [];
        "access_token.deleted" "Access token deleted" [];
        "export.created" "Export created" [];
        "export.downloaded" "Export downloaded" [];
        "export.deleted" "Export deleted" [];
        "filter_subscription.created" "Filter subscription created" [];
        "filter_subscription.changed" "Filter subscription changed" [];
        "filter_subscription.deleted" "Filter subscription deleted" [];
        "filter_subscription.paused" "Filter subscription paused" [];
        "filter_subscription.resumed" "Filter subscription resumed" [];
        "filter_subscription.run" "Filter subscription run" [];
        "filter_subscription.failed" "Filter subscription failed" [];
        "webhook_endpoint.created" "Webhook endpoint created" [];
        "webhook_endpoint.changed" "Webhook endpoint changed" [];
        "webhook_endpoint.deleted" "Webhook endpoint deleted" [];
        "webhook_endpoint.secret_rotated" "Webhook endpoint's secret rotated" [];
        "webhook_endpoint.tested" "Webhook endpoint tested" [];
        "webhook_endpoint.replayed" "Webhook endpoint's position moved" [];
        "webhook_endpoint.paused" "Webhook endpoint paused" [];
        "webhook_endpoint.disabled" "Webhook endpoint disabled" [];
        "profile_change.begun" "Change of a profile sent upstream" [];
        "profile_change.done" "Profile changed upstream" [];
        "profile_change.failed" "Change of a profile failed upstream" [];
        "profile_change.unclear" "Change of a profile without an answer" [];
        "issue_restore.begun" "Restoring of an issue begun" [];
        "issue_restore.done" "Issue restored" [];
        "issue_restore.failed" "Restoring of an issue failed" [];
        "issue_restore.unclear" "Restoring of an issue without an answer" [];
    }
}
