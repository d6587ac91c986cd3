// Every list of the schema as a Relay application pages through it. Only compiled, never run.
import { graphql } from 'react-relay';

graphql`
  query connectionsRootQuery($user: ID!, $group: ID!, $project: ID!, $issue: ID!, $endpoint: ID!, $saved: ID!) {
    ...connections_events
    ...connections_users
    ...connections_groups
    ...connections_organizations
    ...connections_filterSubscriptions
    ...connections_savedFilters
    ...connections_statuses
    ...connections_resolutions
    ...connections_fields
    ...connections_projects
    ...connections_issues
    ...connections_issueViews
    ...connections_activity
    ...connections_webhookEndpoints
    ...connections_exports
    user: node(id: $user) {
      ...connections_userEvents @alias
    }
    group: node(id: $group) {
      ...connections_groupMembers @alias
    }
    project: node(id: $project) {
      ...connections_projectEvents @alias
      ...connections_projectMembers @alias
      ...connections_projectRepositories @alias
    }
    issue: node(id: $issue) {
      ...connections_issueEvents @alias
      ...connections_issueViewers @alias
    }
    endpoint: node(id: $endpoint) {
      ...connections_webhookDeliveries @alias
    }
    saved: node(id: $saved) {
      ...connections_accessTokens @alias
    }
  }
`;

graphql`
  fragment connections_events on Query
  @refetchable(queryName: "connectionsEventsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    filter: { type: "EventFilter" }
    orderBy: { type: "EventOrder" }
  ) {
    events(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy)
      @connection(key: "connections__events", filters: ["filter", "orderBy"]) {
      edges {
        node {
          ...nodes_event
        }
      }
    }
  }
`;

graphql`
  fragment connections_activity on Query
  @refetchable(queryName: "connectionsActivityPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    filter: { type: "EventFilter" }
    breakdown: { type: "[ActivityBreakdown!]" }
    orderBy: { type: "ActivityOrder" }
  ) {
    activity(first: $first, after: $after, filter: $filter, breakdown: $breakdown, orderBy: $orderBy)
      @connection(key: "connections__activity", filters: ["filter", "breakdown", "orderBy"]) {
      total
      totals {
        count
      }
      edges {
        node {
          actor {
            name
          }
          counts {
            count
          }
          issues(first: 10) {
            edges {
              node {
                ...nodes_issue
              }
            }
          }
        }
      }
    }
  }
`;

graphql`
  fragment connections_users on Query
  @refetchable(queryName: "connectionsUsersPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
  ) {
    users(first: $first, after: $after, last: $last, before: $before, search: $search)
      @connection(key: "connections__users") {
      edges {
        node {
          ...nodes_user
        }
      }
    }
  }
`;

graphql`
  fragment connections_groups on Query
  @refetchable(queryName: "connectionsGroupsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
  ) {
    groups(first: $first, after: $after, last: $last, before: $before, search: $search)
      @connection(key: "connections__groups") {
      edges {
        node {
          ...nodes_group
        }
      }
    }
  }
`;

graphql`
  fragment connections_organizations on Query
  @refetchable(queryName: "connectionsOrganizationsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
  ) {
    organizations(first: $first, after: $after, last: $last, before: $before, search: $search)
      @connection(key: "connections__organizations") {
      edges {
        node {
          ...nodes_group
        }
      }
    }
  }
`;

graphql`
  fragment connections_savedFilters on Query
  @refetchable(queryName: "connectionsSavedFiltersPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
    favorite: { type: "Boolean" }
    own: { type: "Boolean" }
  ) {
    savedFilters(
      first: $first
      after: $after
      last: $last
      before: $before
      search: $search
      favorite: $favorite
      own: $own
    ) @connection(key: "connections__savedFilters") {
      edges {
        node {
          ...nodes_savedFilter
        }
      }
    }
  }
`;

graphql`
  fragment connections_statuses on Query
  @refetchable(queryName: "connectionsStatusesPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
  ) {
    statuses(first: $first, after: $after, last: $last, before: $before, search: $search)
      @connection(key: "connections__statuses") {
      edges {
        node {
          name
        }
      }
    }
  }
`;

graphql`
  fragment connections_resolutions on Query
  @refetchable(queryName: "connectionsResolutionsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
  ) {
    resolutions(first: $first, after: $after, last: $last, before: $before, search: $search)
      @connection(key: "connections__resolutions") {
      edges {
        node {
          name
        }
      }
    }
  }
`;

graphql`
  fragment connections_fields on Query
  @refetchable(queryName: "connectionsFieldsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
  ) {
    fields(first: $first, after: $after, last: $last, before: $before, search: $search)
      @connection(key: "connections__fields") {
      edges {
        node {
          name
          monitored
        }
      }
    }
  }
`;

graphql`
  fragment connections_projects on Query
  @refetchable(queryName: "connectionsProjectsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
  ) {
    projects(first: $first, after: $after, last: $last, before: $before, search: $search)
      @connection(key: "connections__projects") {
      edges {
        node {
          ...nodes_project
        }
      }
    }
  }
`;

graphql`
  fragment connections_issues on Query
  @refetchable(queryName: "connectionsIssuesPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
    project: { type: "String" }
    deleted: { type: "Boolean" }
  ) {
    issues(
      first: $first
      after: $after
      last: $last
      before: $before
      search: $search
      project: $project
      deleted: $deleted
    ) @connection(key: "connections__issues") {
      edges {
        node {
          ...nodes_issue
        }
      }
    }
  }
`;

graphql`
  fragment connections_issueViews on Query
  @refetchable(queryName: "connectionsIssueViewsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    filter: { type: "EventFilter" }
  ) {
    issueViews(first: $first, after: $after, last: $last, before: $before, filter: $filter)
      @connection(key: "connections__issueViews", filters: ["filter"]) {
      edges {
        node {
          time
          place
          event {
            ...nodes_event
          }
        }
      }
    }
  }
`;

graphql`
  fragment connections_userEvents on User
  @refetchable(queryName: "connectionsUserEventsPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    events(first: $first, after: $after) @connection(key: "connections_user__events") {
      edges {
        node {
          ...nodes_event
        }
      }
    }
  }
`;

graphql`
  fragment connections_groupMembers on Group
  @refetchable(queryName: "connectionsGroupMembersPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    at: { type: "DateTime" }
  ) {
    members(first: $first, after: $after, last: $last, before: $before, at: $at)
      @connection(key: "connections_group__members") {
      edges {
        node {
          permission
          user {
            ...nodes_user
          }
        }
      }
    }
  }
`;

graphql`
  fragment connections_projectEvents on Project
  @refetchable(queryName: "connectionsProjectEventsPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    events(first: $first, after: $after) @connection(key: "connections_project__events") {
      edges {
        node {
          ...nodes_event
        }
      }
    }
  }
`;

graphql`
  fragment connections_projectMembers on Project
  @refetchable(queryName: "connectionsProjectMembersPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    members(first: $first, after: $after) @connection(key: "connections_project__members") {
      edges {
        node {
          permission
          user {
            ...nodes_user
          }
        }
      }
    }
  }
`;

graphql`
  fragment connections_projectRepositories on Project
  @refetchable(queryName: "connectionsProjectRepositoriesPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    repositories(first: $first, after: $after) @connection(key: "connections_project__repositories") {
      edges {
        node {
          ...nodes_project
        }
      }
    }
  }
`;

graphql`
  fragment connections_issueEvents on Issue
  @refetchable(queryName: "connectionsIssueEventsPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    events(first: $first, after: $after) @connection(key: "connections_issue__events") {
      edges {
        node {
          ...nodes_event
        }
      }
    }
  }
`;

graphql`
  fragment connections_issueViewers on Issue
  @refetchable(queryName: "connectionsIssueViewersPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    viewers(first: $first, after: $after) @connection(key: "connections_issue__viewers") {
      edges {
        node {
          time
          place
        }
      }
    }
  }
`;

graphql`
  fragment connections_exports on Query
  @refetchable(queryName: "connectionsExportsPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    exports(first: $first, after: $after) @connection(key: "connections__exports") {
      edges {
        node {
          ...nodes_export
        }
      }
    }
  }
`;

graphql`
  fragment connections_filterSubscriptions on Query
  @refetchable(queryName: "connectionsFilterSubscriptionsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    savedFilterId: { type: "ID" }
  ) {
    filterSubscriptions(
      first: $first
      after: $after
      last: $last
      before: $before
      savedFilterId: $savedFilterId
    ) @connection(key: "connections__filterSubscriptions") {
      edges {
        node {
          ...nodes_filterSubscription
        }
      }
    }
  }
`;

graphql`
  fragment connections_webhookEndpoints on Query
  @refetchable(queryName: "connectionsWebhookEndpointsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    search: { type: "String" }
  ) {
    webhookEndpoints(first: $first, after: $after, last: $last, before: $before, search: $search)
      @connection(key: "connections__webhookEndpoints") {
      edges {
        node {
          ...nodes_webhookEndpoint
        }
      }
    }
  }
`;

graphql`
  fragment connections_webhookDeliveries on WebhookEndpoint
  @refetchable(queryName: "connectionsWebhookDeliveriesPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    deliveries(first: $first, after: $after) @connection(key: "connections_webhookEndpoint__deliveries") {
      edges {
        node {
          messageId
          state
          attempts {
            time
            status
            error
          }
        }
      }
    }
  }
`;

graphql`
  fragment connections_accessTokens on SavedFilter
  @refetchable(queryName: "connectionsAccessTokensPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" }) {
    accessTokens(first: $first, after: $after) @connection(key: "connections_savedFilter__accessTokens") {
      edges {
        node {
          ...nodes_accessToken
        }
      }
    }
  }
`;
