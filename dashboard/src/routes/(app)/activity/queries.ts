import { graphql } from '$lib/api/graphql';
import { EventParts } from '$lib/live/queries';

/** What can be filtered by, and what the things are called that events are about. */
export const Named = graphql(`
  query Named {
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

export const EventsBefore = graphql(
  `
    query EventsBefore($first: Int!, $after: Cursor, $applicationId: ID) {
      events(first: $first, after: $after, applicationId: $applicationId) {
        nodes {
          ...EventParts
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [EventParts],
);
