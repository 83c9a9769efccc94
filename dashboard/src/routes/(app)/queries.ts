import { graphql, type ResultOf } from '$lib/api/graphql';

/** All that runs, in one answer. */
export const Overview = graphql(`
  query Overview {
    projects {
      id
      name
      team {
        id
        name
      }
      environments {
        id
        name
        applications {
          id
          name
          status
          image
          latestDeployment {
            id
            number
            status
            createdAt
          }
          domains {
            id
            url
          }
        }
        databases {
          id
          name
          kind
          version
          status
        }
      }
    }
    servers {
      id
      name
      state
      stateReason
      proxyState
      proxyReason
    }
  }
`);

export const CreateProject = graphql(`
  mutation CreateProject($input: CreateProjectInput!) {
    createProject(input: $input) {
      project {
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

export type OverviewData = ResultOf<typeof Overview>;
