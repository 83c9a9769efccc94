import { graphql, type ResultOf } from '$lib/api/graphql';

export const Variables = graphql(`
  query Variables($id: ID!) {
    application(id: $id) {
      id
      variables {
        id
        name
        secret
        createdAt
        value
      }
    }
  }
`);

export const SetVariables = graphql(`
  mutation SetVariables($input: SetEnvironmentVariablesInput!) {
    setEnvironmentVariables(input: $input) {
      application {
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

export const RemoveVariables = graphql(`
  mutation RemoveVariables($input: RemoveEnvironmentVariablesInput!) {
    removeEnvironmentVariables(input: $input) {
      application {
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

export type Variable = NonNullable<ResultOf<typeof Variables>['application']>['variables'][number];
