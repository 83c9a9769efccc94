import { graphql } from '$lib/api/graphql';

export const NewDatabaseChoices = graphql(`
  query NewDatabaseChoices($id: ID!) {
    environment(id: $id) {
      id
      name
      project {
        id
        name
      }
      databases {
        id
        name
      }
    }
    databaseKinds {
      kind
      title
      versions
      defaultVersion
    }
  }
`);

export const CreateDatabase = graphql(`
  mutation CreateDatabase($input: CreateDatabaseInput!) {
    createDatabase(input: $input) {
      database {
        id
      }
      errors {
        code
        message
        field
      }
    }
  }
`);
