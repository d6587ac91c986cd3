//! What Bitbucket reports: in the organization's audit log, by webhook, and in the audit log of Bitbucket Data Center.

super::actions! {
    BITBUCKET_PROJECTS in Bitbucket {
        "bitbucket_project.created" "Bitbucket project created"
            [OrgLabel "Created project", BitbucketAudit "Project created", DcKey "bitbucket.service.project.audit.action.projectcreated"];
        "bitbucket_project.creation_requested" "Creation of Bitbucket project requested"
            [BitbucketAudit "Project creation requested", DcKey "bitbucket.service.project.audit.action.projectcreationrequested"];
        "bitbucket_project.updated" "Bitbucket project updated"
            [OrgLabel "Updated project", BitbucketHook "project:updated", BitbucketHook "project:modified", BitbucketAudit "Project settings changed",
             DcKey "bitbucket.service.project.audit.action.projectmodified"];
        "bitbucket_project.update_requested" "Change of Bitbucket project requested" [BitbucketAudit "Project settings change requested"];
        "bitbucket_project.deleted" "Bitbucket project deleted"
            [OrgLabel "Deleted project", BitbucketAudit "Project deleted", DcKey "bitbucket.service.project.audit.action.projectdeleted"];
        "bitbucket_project.deletion_requested" "Deletion of Bitbucket project requested" [BitbucketAudit "Project deletion requested"];
        "bitbucket_project.member_updated" "Project member updated" [OrgLabel "Updated project member"];
        "bitbucket_project.member_removed" "Project member removed" [OrgLabel "Removed project member"];
        "bitbucket_project.group_permission_updated" "Project group permission updated" [OrgLabel "Updated project group permission"];
        "bitbucket_project.group_permission_removed" "Project group permission removed" [OrgLabel "Removed project group permission"];
        "bitbucket_project.permission_granted" "Project permission granted"
            [BitbucketAudit "Project permission granted", DcKey "bitbucket.service.user.audit.action.projectpermissiongranted"];
        "bitbucket_project.branching_model_updated" "Project branching model updated"
            [OrgLabel "Updated project branching model"];
        "bitbucket_project.branching_model_created" "Project branching model created"
            [BitbucketAudit "Project branch model created", DcKey "bitbucket.branch.audit.action.projectbranchmodelconfigurationcreated"];
        "bitbucket_project.merge_strategy_updated" "Project merge strategy updated" [OrgLabel "Updated project merge strategy"];
    }
    REPOSITORIES in Bitbucket {
        "repository.created" "Repository created"
            [OrgLabel "Created repository", BitbucketHook "repo:created", BitbucketAudit "Repository created",
             DcKey "bitbucket.service.repository.audit.action.repositorycreated"];
        "repository.creation_requested" "Creation of repository requested"
            [BitbucketAudit "Repository creation requested", DcKey "bitbucket.service.repository.audit.action.repositorycreationrequested"];
        "repository.updated" "Repository updated"
            [OrgLabel "Updated repository", BitbucketHook "repo:updated", BitbucketHook "repo:modified",
             BitbucketAudit "Repository settings changed", DcKey "bitbucket.service.repository.audit.action.repositorymodified"];
        "repository.update_requested" "Change of repository requested"
            [BitbucketAudit "Repository change requested", DcKey "bitbucket.service.repository.audit.action.repositorymodificationrequested"];
        "repository.deleted" "Repository deleted"
            [OrgLabel "Deleted repository", BitbucketHook "repo:deleted", BitbucketAudit "Repository deleted",
             DcKey "bitbucket.service.repository.audit.action.repositorydeleted"];
        "repository.deletion_requested" "Deletion of repository requested" [BitbucketAudit "Repository deletion requested"];
        "repository.accessed" "Repository accessed"
            [BitbucketAudit "Repository accessed by user", DcKey "bitbucket.service.repository.audit.action.repositoryaccessed"];
        "repository.pushed" "Commits pushed" [BitbucketHook "repo:push", BitbucketHook "repo:refs_changed"];
        "repository.forked" "Repository forked" [BitbucketHook "repo:fork", BitbucketHook "repo:forked"];
        "repository.imported" "Repository imported" [BitbucketHook "repo:imported"];
        "repository.transferred" "Repository transferred" [OrgLabel "Repository transferred", BitbucketHook "repo:transfer"];
        "repository.transfer_requested" "Transfer of repository requested"
            [OrgLabel "Created request to transfer repository from workspace", OrgLabel "Created request to transfer repository to workspace"];
        "repository.transfer_accepted" "Transfer of repository accepted"
            [OrgLabel "Accepted request to transfer repository from workspace", OrgLabel "Accepted request to transfer repository to workspace"];
        "repository.transfer_rejected" "Transfer of repository rejected"
            [OrgLabel "Rejected request to transfer repository from workspace", OrgLabel "Rejected request to transfer repository to workspace"];
        "repository.transfer_revoked" "Request to transfer repository revoked"
            [OrgLabel "Revoked request to transfer repository from workspace", OrgLabel "Revoked request to transfer repository to workspace"];
        "repository.webhook_created" "Repository webhook created" [OrgLabel "Created repository webhook"];
        "repository.webhook_deleted" "Repository webhook deleted" [OrgLabel "Deleted repository webhook"];
        "repository.member_added" "Repository member added" [OrgLabel "Added repository member"];
        "repository.member_updated" "Repository member updated" [OrgLabel "Updated repository member"];
        "repository.member_removed" "Repository member removed" [OrgLabel "Removed repository member"];
        "repository.group_permission_added" "Repository group permission added" [OrgLabel "Added repository group permission"];
        "repository.group_permission_removed" "Repository group permission removed" [OrgLabel "Removed repository group permission"];
        "repository.permission_requested" "Repository permission requested"
            [BitbucketAudit "Repository permission requested", DcKey "bitbucket.service.user.audit.action.repositorypermissiongrantrequested"];
        "repository.permission_granted" "Repository permission granted"
            [BitbucketAudit "Repository permission granted", DcKey "bitbucket.service.user.audit.action.repositorypermissiongranted"];
        "repository.permission_removal_requested" "Removal of repository permission requested"
            [BitbucketAudit "Repository permission remove request",
             DcKey "bitbucket.service.user.audit.action.repositorypermissionrevocationrequested"];
        "repository.permission_revoked" "Repository permission revoked"
            [BitbucketAudit "Repository permission revoked", DcKey "bitbucket.service.user.audit.action.repositorypermissionrevoked"];
        "repository.key_added" "Repository access key added"
            [OrgLabel "Added repository deploy key", BitbucketAudit "SSH access key added to repository",
             DcKey "bitbucket.ssh.audit.action.sshaccesskeygranted.repository"];
        "repository.key_removed" "Repository access key removed"
            [OrgLabel "Removed repository deploy key", BitbucketAudit "SSH access key deleted from repository",
             DcKey "bitbucket.ssh.audit.action.sshaccesskeyrevoked.repository"];
        "repository.token_changed" "Repository access token changed"
            [BitbucketAudit "Repository access token changed", DcKey "bitbucket.access.tokens.audit.action.accesstokenmodified.repository"];
        "repository.branch_restriction_updated" "Branch restriction updated" [OrgLabel "Updated repository branch restriction"];
        "repository.pull_request_setting_updated" "Pull request setting updated" [OrgLabel "Updated project pull request setting"];
        "repository.scanning_exempted" "Repository exempted from secret scanning" [BitbucketAudit "Secret scanning exempt repository added"];
        "commit.commented" "Commit commented" [BitbucketHook "repo:commit_comment_created", BitbucketHook "repo:comment:added"];
        "commit.comment_updated" "Commit comment updated" [BitbucketHook "repo:comment:edited"];
        "commit.comment_deleted" "Commit comment deleted" [BitbucketHook "repo:comment:deleted"];
        "commit.status_created" "Commit status created" [BitbucketHook "repo:commit_status_created"];
        "commit.status_updated" "Commit status updated" [BitbucketHook "repo:commit_status_updated"];
        "pipeline.span_created" "Pipeline step traced" [BitbucketHook "pipeline:span_created"];
        "bitbucket_issue.created" "Bitbucket issue created" [BitbucketHook "issue:created"];
        "bitbucket_issue.updated" "Bitbucket issue updated" [BitbucketHook "issue:updated"];
        "bitbucket_issue.commented" "Bitbucket issue commented" [BitbucketHook "issue:comment_created"];
    }
    PULL_REQUESTS in Bitbucket {
        "pull_request.created" "Pull request created" [BitbucketHook "pullrequest:created", BitbucketHook "pr:opened"];
        "pull_request.updated" "Pull request updated"
            [BitbucketHook "pullrequest:updated", BitbucketHook "pr:modified", BitbucketHook "pr:reviewer:updated"];
        "pull_request.pushed" "Commits pushed to pull request" [BitbucketHook "pullrequest:push", BitbucketHook "pr:from_ref_updated"];
        "pull_request.approved" "Pull request approved" [BitbucketHook "pullrequest:approved", BitbucketHook "pr:reviewer:approved"];
        "pull_request.unapproved" "Approval of pull request withdrawn"
            [BitbucketHook "pullrequest:unapproved", BitbucketHook "pr:reviewer:unapproved"];
        "pull_request.changes_requested" "Changes to pull request requested"
            [BitbucketHook "pullrequest:changes_request_created", BitbucketHook "pr:reviewer:needs_work"];
        "pull_request.changes_request_removed" "Request for changes to pull request removed"
            [BitbucketHook "pullrequest:changes_request_removed"];
        "pull_request.merged" "Pull request merged" [BitbucketHook "pullrequest:fulfilled", BitbucketHook "pr:merged"];
        "pull_request.declined" "Pull request declined" [BitbucketHook "pullrequest:rejected", BitbucketHook "pr:declined"];
        "pull_request.deleted" "Pull request deleted" [BitbucketHook "pr:deleted"];
        "pull_request.commented" "Pull request commented" [BitbucketHook "pullrequest:comment_created", BitbucketHook "pr:comment:added"];
        "pull_request.comment_updated" "Pull request comment updated"
            [BitbucketHook "pullrequest:comment_updated", BitbucketHook "pr:comment:edited"];
        "pull_request.comment_deleted" "Pull request comment deleted"
            [BitbucketHook "pullrequest:comment_deleted", BitbucketHook "pr:comment:deleted"];
        "pull_request.comment_resolved" "Pull request comment resolved" [BitbucketHook "pullrequest:comment_resolved"];
        "pull_request.comment_reopened" "Pull request comment reopened" [BitbucketHook "pullrequest:comment_reopened"];
    }
    WORKSPACES in Bitbucket {
        "workspace.created" "Workspace created" [OrgLabel "Workspace created"];
        "workspace.deleted" "Workspace deleted" [OrgLabel "Workspace deleted"];
        "workspace.id_changed" "Workspace id changed" [OrgLabel "Workspace id changed"];
        "workspace.renamed" "Workspace renamed" [OrgLabel "Workspace name changed"];
        "workspace.privacy_changed" "Workspace privacy changed" [OrgLabel "Workspace privacy changed"];
        "workspace.user_invited" "User invited to workspace" [OrgLabel "User invited to workspace"];
        "workspace.invitation_accepted" "Invitation to workspace accepted" [OrgLabel "User accepted invite to workspace"];
        "workspace.user_added" "User added to workspace" [OrgLabel "User added to workspace"];
        "workspace.user_removed" "User removed from workspace" [OrgLabel "User removed from workspace"];
        "workspace.group_created" "Group created in workspace" [OrgLabel "Group created in workspace"];
        "workspace.group_deleted" "Group deleted in workspace" [OrgLabel "Group deleted in workspace"];
        "workspace.group_permissions_changed" "Group permissions in workspace changed"
            [OrgLabel "Group permissions changed", OrgLabel "Group permissions and repository access changed"];
        "workspace.repository_access_changed" "Group's access to repositories changed"
            [OrgLabel "Repository access changed", OrgLabel "Group repository access changed"];
        "workspace.two_step_required" "Two-step verification required in workspace" [OrgLabel "2SV requirement enabled"];
        "workspace.two_step_optional" "Two-step verification no longer required in workspace" [OrgLabel "2SV requirement disabled"];
        "workspace.ip_allowlist_enabled" "IP allowlist enabled" [OrgLabel "IP allowlisting enabled"];
        "workspace.ip_allowlist_disabled" "IP allowlist disabled" [OrgLabel "IP allowlisting disabled"];
        "workspace.ip_allowlist_changed" "IP allowlist changed" [OrgLabel "IP allowlisting changed"];
    }
}
