//! What is done on this server: who may see what, what is set up, and what leaves; the upstream name is the code itself.

super::actions! {
    AUDITGRAPH in Auditgraph {
        "user.linked" "Accounts linked as one person" [];
        "user.separated" "Accounts separated into two people" [];
        "settings.monitored_fields_changed" "Monitored fields changed" [];
        "saved_filter.created" "Saved filter created" [];
        "saved_filter.changed" "Saved filter changed" [];
        "saved_filter.shared" "Saved filter shared" [];
        "saved_filter.deleted" "Saved filter deleted" [];
        "export.created" "Export created" [];
        "export.downloaded" "Export downloaded" [];
        "export.deleted" "Export deleted" [];
    }
}
