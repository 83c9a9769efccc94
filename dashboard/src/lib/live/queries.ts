import { graphql, type ResultOf } from '$lib/api/graphql';

/** What an event says, small: what is shown of its nouns is asked for by whoever shows it. */
export const EventParts = graphql(`
  fragment EventParts on Event {
    __typename
    cursor
    at
    serverId
    teamId
    projectId
    environmentId
    applicationId
    deploymentId
    databaseId
    ... on ResourceCreated {
      noun
      id
      name
    }
    ... on ResourceUpdated {
      noun
      id
      name
      changed
    }
    ... on ResourceRemoved {
      noun
      id
      name
    }
    ... on ApplicationStatusChanged {
      applicationStatus: status
    }
    ... on DatabaseStatusChanged {
      databaseStatus: status
    }
    ... on DeploymentStatusChanged {
      deploymentStatus: status
      number
      failureReason
      message
    }
    ... on ReleaseStatusChanged {
      releaseId
      releaseStatus: status
    }
    ... on ContainerStateChanged {
      containerId
      containerName: name
      containerState: state
      ready
    }
    ... on DomainStateChanged {
      domainId
      domainProblem: problem
    }
    ... on ServerStateChanged {
      serverState: state
    }
    ... on ProxyStateChanged {
      proxyState: state
    }
    ... on TcpProxyStateChanged {
      tcpProxyId
      tcpProxyState: state
      port
    }
    ... on CertificateStateChanged {
      certificateId
      host
      certificateState: state
      certificateProblem: problem
    }
    ... on CertificateExpires {
      certificateId
      daysLeft
    }
    ... on DumpStatusChanged {
      dumpStatus: status
      dumpFailure: failure
    }
    ... on RestoreStatusChanged {
      restoreStatus: status
      restoreFailure: failure
    }
    ... on CredentialsRead {
      by
    }
  }
`);

/** All that happens. */
export const Events = graphql(
  `
    subscription Events($after: Cursor) {
      events(after: $after) {
        ...EventParts
      }
    }
  `,
  [EventParts],
);

export const LatestEvents = graphql(
  `
    query LatestEvents($first: Int!, $after: Cursor) {
      events(first: $first, after: $after) {
        nodes {
          ...EventParts
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [EventParts],
);

export const EventCursor = graphql(`
  query EventCursor {
    eventCursor
  }
`);

export type LiveEvent = ResultOf<typeof Events>['events'];
