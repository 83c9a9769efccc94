import { graphql } from '$lib/api/graphql';

export const CreateApplication = graphql(`
  mutation CreateApplication($input: CreateApplicationInput!) {
    createApplication(input: $input) {
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

export const AddDomain = graphql(`
  mutation AddDomain($input: AddDomainInput!) {
    addDomain(input: $input) {
      domain {
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

export const EnvironmentName = graphql(`
  query EnvironmentName($id: ID!) {
    environment(id: $id) {
      id
      name
      project {
        id
        name
      }
    }
  }
`);
