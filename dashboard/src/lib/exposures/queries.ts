import { graphql, type ResultOf } from '$lib/api/graphql';

export const ProxyActivity = graphql(`
  query ProxyActivity($id: ID!) {
    tcpProxy(id: $id) {
      id
      activity {
        state
        message
        openConnections
        receivedBytes
        sentBytes
        privateMemoryBytes
      }
    }
  }
`);

export type Activity = NonNullable<ResultOf<typeof ProxyActivity>['tcpProxy']>['activity'];
