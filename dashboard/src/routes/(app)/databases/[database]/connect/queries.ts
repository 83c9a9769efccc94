import { graphql, type ResultOf } from '$lib/api/graphql';

export const Credentials = graphql(`
  query Credentials($databaseId: ID!) {
    databaseCredentials(databaseId: $databaseId) {
      username
      password
      database
      internalUrl
      externalUrl
    }
  }
`);

export type CredentialsData = ResultOf<typeof Credentials>['databaseCredentials'];

export const RotateDatabasePassword = graphql(`
  mutation RotateDatabasePassword($input: RotateDatabasePasswordInput!) {
    rotateDatabasePassword(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

/** The applications that can be linked, and whether the viewer may change those of the environment. */
export const Linkable = graphql(`
  query Linkable($environmentId: ID!) {
    environment(id: $environmentId) {
      id
      applications {
        id
        name
      }
    }
    viewer {
      may(action: UPDATE, noun: APPLICATION, within: $environmentId)
    }
  }
`);

export const LinkDatabase = graphql(`
  mutation LinkDatabase($input: LinkDatabaseInput!) {
    linkDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const UnlinkDatabase = graphql(`
  mutation UnlinkDatabase($input: UnlinkDatabaseInput!) {
    unlinkDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);
