import { graphql } from '$lib/api/graphql';

export const DatabaseLogs = graphql(`
  subscription DatabaseLogs($id: ID!, $tail: Int!, $since: DateTime) {
    databaseLogs(databaseId: $id, tail: $tail, since: $since) {
      sequence
      at
      stream
      containerId
      text
    }
  }
`);
