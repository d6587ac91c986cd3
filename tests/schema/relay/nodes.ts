// Every type with a global id as a Relay application reads it again, and the stream. Only compiled, never run.
import { graphql } from 'react-relay';

graphql`
  query nodesRootQuery($id: ID!, $ids: [ID!]!) {
    node(id: $id) {
      __typename
      ...nodes_accessToken @alias
      ...nodes_event @alias
      ...nodes_group @alias
      ...nodes_issue @alias
      ...nodes_export @alias
      ...nodes_project @alias
      ...nodes_savedFilter @alias
      ...nodes_source @alias
      ...nodes_user @alias
      ...nodes_webhookEndpoint @alias
    }
    nodes(ids: $ids) {
      id
    }
  }
`;

graphql`
  subscription nodesStreamSubscription($after: String, $filter: EventFilter, $connections: [ID!]!) {
    events(after: $after, filter: $filter) @prependEdge(connections: $connections) {
      cursor
      node {
        ...nodes_event
      }
    }
  }
`;

graphql`
  mutation nodesLinkMutation($input: LinkUsersInput!) {
    linkUsers(input: $input) {
      user {
        id
        ...nodes_user
      }
    }
  }
`;

graphql`
  mutation nodesSeparateMutation($input: SeparateUserInput!) {
    separateUser(input: $input) {
      user {
        id
        ...nodes_user
      }
      separated {
        id
        ...nodes_user
      }
    }
  }
`;

graphql`
  fragment nodes_accessToken on AccessToken @refetchable(queryName: "nodesAccessTokenQuery") {
    accessTokenName: name
    isOwn
    lastUsedAt
  }
`;

graphql`
  fragment nodes_event on Event @refetchable(queryName: "nodesEventQuery") {
    time
    message
    action {
      label
    }
    actor {
      name
      user {
        id
      }
    }
    target {
      name
    }
  }
`;

graphql`
  fragment nodes_filterSubscription on FilterSubscription
  @refetchable(queryName: "nodesFilterSubscriptionQuery") {
    name
    nextRuns
    lastError
  }
`;

graphql`
  fragment nodes_group on Group @refetchable(queryName: "nodesGroupQuery") {
    name
  }
`;

graphql`
  fragment nodes_issue on Issue @refetchable(queryName: "nodesIssueQuery") {
    key
    summary
    url
  }
`;

graphql`
  fragment nodes_project on Project @refetchable(queryName: "nodesProjectQuery") {
    key
    name
  }
`;

graphql`
  fragment nodes_export on Export @refetchable(queryName: "nodesExportQuery") {
    fileName
    exportStatus: status
    records
    url
  }
`;

graphql`
  fragment nodes_source on Source @refetchable(queryName: "nodesSourceQuery") {
    sourceName: name
    status
  }
`;

graphql`
  fragment nodes_user on User @refetchable(queryName: "nodesUserQuery") {
    name
    email
  }
`;

graphql`
  fragment nodes_savedFilter on SavedFilter @refetchable(queryName: "nodesSavedFilterQuery") {
    savedFilterName: name
    search
    isFavorite
    mayEdit
  }
`;

graphql`
  subscription nodesExportSubscription($id: ID!) {
    exportProgress(id: $id) {
      id
      ...nodes_export
    }
  }
`;

graphql`
  fragment nodes_webhookEndpoint on WebhookEndpoint @refetchable(queryName: "nodesWebhookEndpointQuery") {
    endpointName: name
    endpointUrl: url
    format
    state
    stateReason
    position
  }
`;
