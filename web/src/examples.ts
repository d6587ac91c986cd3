/**
 * The tabs that a first visit opens with: every example document is here. GraphiQL names a tab after its first
 * operation. Comment lines have at most 46 characters, so that they fit into half a laptop's screen.
 */
export interface Example {
  query: string;
  variables?: string;
}

export const EXAMPLES: Example[] = [
  {
    query: `# The 20 newest events: who did what, when,
# to what. Press play, or Ctrl-Enter. Without a
# mouse: Enter goes into an editor, Escape out.
#
# Ctrl-Space shows what else an event knows.
# For the next page, give pageInfo.endCursor
# as the argument \`after\`.
query NewestEvents {
  events(first: 20) {
    edges {
      node {
        time
        action { code label }
        actor { name }
        target { type name }
        project { key name }
        location { ip country }
        message
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    query: `# What one person did in the last seven days.
#
# 1. Press play and choose FindSomeone.
# 2. Copy the id of the person you mean
#    into the variables below.
# 3. Press play and choose OnePersonsWeek.
query OnePersonsWeek($user: ID!) {
  events(
    first: 50
    filter: {
      users: [$user]
      time: { last: { days: 7 } }
    }
  ) {
    edges {
      node {
        time
        action { label }
        target { type name }
        project { key }
        location { ip country }
        message
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}

query FindSomeone {
  users(search: "a", first: 5) {
    edges { node { id name email } }
  }
}`,
    variables: `{
  // The id that FindSomeone shows
  "user": ""
}`,
  },
  {
    query: `# Events as they happen: press play and wait
# for the next one. It shows the newest only.
# Press again to stop.
#
# To replay what you missed and then go on
# live, give the last cursor that you saw:
#   events(after: "...")
subscription LiveStream {
  events {
    cursor
    node {
      time
      action { label }
      actor { name }
      target { name }
      message
    }
  }
}`,
  },
  {
    query: `# Who deleted things in the last 30 days?
#
# { actions { code label } } lists every
# action there is. Codes name one action,
# whichever system reports it.
query WhoDeletedThingsLately {
  events(
    first: 50
    filter: {
      actions: [
        "account.deleted"
        "group.deleted"
        "policy.deleted"
        "bitbucket_project.deleted"
        "repository.deleted"
        "repository.webhook_deleted"
      ]
      time: { preset: LAST_30_DAYS }
    }
  ) {
    edges {
      node {
        time
        action { label }
        actor { name email }
        target { type name }
        project { key name }
        location { ip country }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    query: `# Where the events come from, and whether each
# source keeps up. lagSeconds grows when one
# falls behind; lastError says why.
query SourcesAndTheirHealth {
  sources {
    name
    system
    status
    lastSuccessAt
    lagSeconds
    nextRunAt
    lastError
  }
}`,
  },
  {
    query: `# Who did how much in the last 30 days, by
# project: a row a person, a column an action.
#
# columns: ["*"] shows all that was ever done.
# A count opens its issues:
#   issues(column: "issue.created") { ... }
query WhoDidHowMuch {
  activity(
    breakdown: [PROJECT]
    columns: [
      "issue.created"
      "issue.updated"
      "comment.added"
    ]
    first: 20
  ) {
    total
    nodes {
      actor { name }
      project { key name }
      total
      counts { action { label } count }
      jiraUrl
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    query: `# Let a program read a saved filter over REST.
#
# 1. Press play and choose SaveAFilter.
# 2. Copy its id into the variables below.
# 3. Press play and choose LetAProgramRead.
#
# The token is shown once. The program sends it
# as \`Authorization: Bearer ...\` with
#   GET /rest/v2/data
#   GET /rest/v2/data?dataType=detail&page=1
mutation LetAProgramRead($filter: ID!) {
  createAccessToken(
    input: {
      savedFilterId: $filter
      name: "Dashboard"
    }
  ) {
    token
    accessToken { id name }
  }
}

mutation SaveAFilter {
  createSavedFilter(
    input: {
      name: "The last 30 days"
      search: "created:last-30-days"
    }
  ) {
    savedFilter { id name }
  }
}

query TokensOfMyFilters {
  savedFilters(own: true, first: 20) {
    nodes {
      id
      name
      accessTokens {
        nodes { id name lastUsedAt }
      }
    }
  }
}`,
    variables: `{
  // The id that SaveAFilter shows
  "filter": ""
}`,
  },
  {
    query: `# Have a spreadsheet made of what you look for.
#
# 1. Press play and choose MakeASpreadsheet.
# 2. Press play and choose MyExports. Once the
#    status is DONE, url leads to the file; it
#    wants the same Authorization header.
mutation MakeASpreadsheet {
  createExport(
    input: {
      format: XLSX
      search: "created:last-30-days"
    }
  ) {
    export { id status }
  }
}

query MyExports {
  exports(own: true, first: 20) {
    nodes {
      fileName
      status
      records
      search
      url
      error
    }
  }
}`,
  },
  {
    query: `# Have a mail sent when something is deleted,
# or every Monday. The demo writes its mails
# into a folder, which its log names.
#
# 1. Press play and choose SaveDeletions.
# 2. Copy its id into the variables below.
# 3. Press play and choose MailMeDeletions.
mutation MailMeDeletions($filter: ID!) {
  createFilterSubscription(
    input: {
      savedFilterId: $filter
      name: "Deletions"
      recipients: ["ann@example.com"]
      schedule: {
        weekly: { days: [MONDAY], time: "09:00" }
      }
      timeZone: "Europe/Berlin"
      format: CSV
    }
  ) {
    filterSubscription { id nextRuns }
  }
}

mutation SaveDeletions {
  createSavedFilter(
    input: {
      name: "Deletions"
      search: "action:issue.deleted"
    }
  ) {
    savedFilter { id name }
  }
}

query WhenItWouldBeSent {
  previewSchedule(
    schedule: { cron: "0 9 * * MON-FRI" }
    timeZone: "Europe/Berlin"
  ) {
    nextRuns
  }
}`,
    variables: `{
  // The id that SaveDeletions shows
  "filter": ""
}`,
  },
  {
    query: `# Have every event of one kind sent to an
# address, signed, in order, at least once.
# Private addresses have to be allowed in the
# settings first (webhooks.allow).
mutation SendEventsElsewhere($url: String!) {
  createWebhookEndpoint(
    input: {
      name: "SIEM"
      url: $url
      search: "category:POLICIES"
    }
  ) {
    secret # shown here and never again
    webhookEndpoint { id state position }
  }
}

query HowSendingGoes {
  webhookEndpoints(first: 20) {
    nodes {
      name
      url
      state
      stateReason
      deliveries(first: 5) {
        nodes { messageId state }
      }
    }
  }
}`,
    variables: `{
  "url": "https://siem.example.com/audit"
}`,
  },
  {
    query: `# See what changing a profile would do, and
# what restoring an issue would bring back.
# Without dryRun they do it.
#
# FindSomeone and DeletedIssues show ids for
# the variables below.
mutation TryADepartment($user: ID!) {
  updateUserProfile(
    input: {
      user: $user
      department: "Research"
      dryRun: true
    }
  ) {
    fields { field from to lockedBecause }
  }
}

mutation TryToRestore($event: ID!) {
  restoreIssue(
    input: { event: $event, dryRun: true }
  ) {
    sets { field value }
    leaves { field value reason }
  }
}

query FindSomeone {
  users(search: "a", first: 20) {
    nodes {
      id
      name
      department
      aliases { namespace }
    }
  }
}

query DeletedIssues {
  events(
    search: "action:issue.deleted source:jira-cloud"
    first: 5
  ) {
    nodes { id time issue { key } target { name } }
  }
}`,
    variables: `{
  "user": "",
  "event": ""
}`,
  },
  {
    query: `# What Bitbucket Data Center's audit log tells,
# by category: as it is called there, or by its
# key, as here.
#
# A repository is chosen with
#   projects: ["WEB/lamp"]
# and createExport makes a file of the same.
query WhatDataCenterTells {
  events(
    first: 50
    filter: {
      sources: ["bitbucket-dc"]
      categories: [
        "bitbucket.service.audit.category.permissions"
        "bitbucket.service.audit.category.repositories"
      ]
    }
  ) {
    nodes {
      time
      upstreamAction
      actor { name }
      target { type name }
      changes { field from to }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
  {
    query: `# What was done on this server itself, and who
# read its log.
query WhatWasDoneHere {
  events(
    first: 50
    filter: { categories: ["AUDITGRAPH"] }
  ) {
    nodes {
      time
      action { label }
      actor { name }
      target { type name }
      message
      changes { field from to }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  },
];
