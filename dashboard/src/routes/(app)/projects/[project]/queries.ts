import { graphql } from '$lib/api/graphql';

export const Project = graphql(`
  query Project($id: ID!) {
    viewer {
      createEnvironment: may(action: CREATE, noun: ENVIRONMENT, within: $id)
      remove: may(action: REMOVE, noun: PROJECT, within: $id)
    }
    project(id: $id) {
      id
      name
      createdAt
      environments {
        id
        name
        createdAt
        applications {
          id
          name
          status
        }
        databases {
          id
          name
          status
        }
      }
    }
  }
`);

export const CreateEnvironment = graphql(`
  mutation CreateEnvironment($input: CreateEnvironmentInput!) {
    createEnvironment(input: $input) {
      environment {
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

export const RemoveProject = graphql(`
  mutation RemoveProject($input: RemoveProjectInput!) {
    removeProject(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);
