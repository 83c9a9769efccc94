import { graphql } from '$lib/api/graphql';

export const Environment = graphql(`
  query Environment($id: ID!) {
    environment(id: $id) {
      id
      name
      project {
        id
        name
      }
      applications {
        id
        name
        image
        status
        replicas
        latestDeployment {
          id
          number
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
    viewer {
      createApplication: may(action: CREATE, noun: APPLICATION, within: $id)
      createDatabase: may(action: CREATE, noun: DATABASE, within: $id)
    }
  }
`);
