import { graphql, type ResultOf } from '$lib/api/graphql';

const DumpParts = graphql(`
  fragment DumpParts on DatabaseDump {
    id
    name
    status
    kind
    version
    databaseName
    size
    file
    sha256
    failure
    requestedBy
    createdAt
    finishedAt
    database {
      id
    }
  }
`);

/** Those of the database, and those of others, of which some fit. */
export const Dumps = graphql(
  `
    query Dumps($databaseId: ID!) {
      mine: dumps(first: 100, databaseId: $databaseId) {
        nodes {
          ...DumpParts
        }
      }
      all: dumps(first: 100) {
        nodes {
          ...DumpParts
        }
      }
      viewer {
        remove: may(action: REMOVE, noun: DATABASE_DUMP, within: $databaseId)
      }
    }
  `,
  [DumpParts],
);

export type DumpRow = ResultOf<typeof Dumps>['all']['nodes'][number];

export const DumpDatabase = graphql(`
  mutation DumpDatabase($input: DumpDatabaseInput!) {
    dumpDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RestoreDatabase = graphql(`
  mutation RestoreDatabase($input: RestoreDatabaseInput!) {
    restoreDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RemoveDump = graphql(`
  mutation RemoveDump($input: RemoveDumpInput!) {
    removeDump(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);
