import { graphql } from '$lib/api/graphql';

/** All that the palette can go to. */
export const Places = graphql(`
  query Places {
    projects {
      id
      name
      environments {
        id
        name
        applications {
          id
          name
        }
        databases {
          id
          name
        }
      }
    }
  }
`);
