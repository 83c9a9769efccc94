import { graphql } from '$lib/api/graphql';

export const UpdateDatabase = graphql(`
  mutation UpdateDatabase($input: UpdateDatabaseInput!) {
    updateDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RemoveDatabase = graphql(`
  mutation RemoveDatabase($input: RemoveDatabaseInput!) {
    removeDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);
