//! What Auditgraph itself notices when it compares two listings of a directory; the upstream name is the code itself.

super::actions! {
    DIRECTORY in Organization {
        "directory.user_added" "User appeared in the directory" [];
        "directory.user_removed" "User disappeared from the directory" [];
        "directory.user_renamed" "User renamed in the directory" [];
        "directory.user_changed" "User details changed in the directory" [];
        "directory.user_deactivated" "User deactivated in the directory" [];
        "directory.user_reactivated" "User reactivated in the directory" [];
        "directory.group_added" "Group appeared in the directory" [];
        "directory.group_removed" "Group disappeared from the directory" [];
        "directory.group_renamed" "Group renamed in the directory" [];
        "directory.group_joined" "User joined a group in the directory" [];
        "directory.group_left" "User left a group in the directory" [];
        "directory.container_added" "Container appeared in the directory" [];
        "directory.container_removed" "Container disappeared from the directory" [];
        "directory.container_renamed" "Container renamed in the directory" [];
        "directory.member_joined" "Member joined a container in the directory" [];
        "directory.member_left" "Member left a container in the directory" [];
        "directory.permission_changed" "Member's permission changed in the directory" [];
    }
    DIRECTORY in Jira {
        "directory.status_added" "Status appeared in the directory" [];
        "directory.status_changed" "Status changed in the directory" [];
        "directory.status_removed" "Status disappeared from the directory" [];
        "directory.resolution_added" "Resolution appeared in the directory" [];
        "directory.resolution_changed" "Resolution changed in the directory" [];
        "directory.resolution_removed" "Resolution disappeared from the directory" [];
        "directory.field_added" "Field appeared in the directory" [];
        "directory.field_changed" "Field changed in the directory" [];
        "directory.field_removed" "Field disappeared from the directory" [];
        "directory.security_level_added" "Security level appeared in the directory" [];
        "directory.security_level_changed" "Security level changed in the directory" [];
        "directory.security_level_removed" "Security level disappeared from the directory" [];
        "directory.customer_organization_added" "Customer organization appeared in the directory" [];
        "directory.customer_organization_changed" "Customer organization changed in the directory" [];
        "directory.customer_organization_removed" "Customer organization disappeared from the directory" [];
    }
}
