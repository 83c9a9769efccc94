import { graphql } from '$lib/api/graphql';

export const ApplicationLogs = graphql(`
  subscription ApplicationLogs($id: ID!, $tail: Int!, $since: DateTime) {
    applicationLogs(applicationId: $id, tail: $tail, since: $since) {
      sequence
      at
      stream
      replica
      releaseId
      containerId
      text
    }
  }
`);
