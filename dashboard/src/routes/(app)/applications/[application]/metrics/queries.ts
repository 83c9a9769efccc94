import { graphql, type ResultOf } from '$lib/api/graphql';

export const ApplicationStats = graphql(`
  subscription ApplicationStats($id: ID!) {
    applicationStats(applicationId: $id) {
      at
      containerId
      replica
      releaseId
      cpuCores
      memoryBytes
      memoryLimitBytes
      networkReceivedBytes
      networkSentBytes
    }
  }
`);

export type Sample = ResultOf<typeof ApplicationStats>['applicationStats'];
