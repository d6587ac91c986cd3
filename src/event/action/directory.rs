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
}
