import { graphql, type ResultOf } from '$lib/api/graphql';

export const Servers = graphql(`
  query Servers {
    servers {
      id
      name
      state
      stateReason
      engineVersion
      proxyState
      proxyReason
      createdAt
      defaultResolver {
        id
        name
      }
    }
    tcpProxies {
      id
      bindAddress
      port
      allowedNetworks
      tlsMode
      expiresAt
      closing
      state
      reason
      message
      database {
        id
        name
        status
        server {
          id
        }
        environment {
          id
          name
          project {
            id
            name
          }
        }
      }
      certificate {
        id
        names
      }
    }
  }
`);

export type ServerRow = ResultOf<typeof Servers>['servers'][number];
export type ProxyRow = ResultOf<typeof Servers>['tcpProxies'][number];

/** Every container, and on which server it is. */
export const Containers = graphql(`
  query Containers {
    projects {
      id
      environments {
        id
        applications {
          id
          server {
            id
          }
          containers {
            id
            state
          }
        }
        databases {
          id
          server {
            id
          }
          container {
            id
            state
          }
        }
      }
    }
  }
`);
