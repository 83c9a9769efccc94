import { graphql, type ResultOf } from '$lib/api/graphql';
import { DeploymentParts } from '$lib/application/queries';

/** What the head of the page and its first tab show. */
export const Application = graphql(
  `
    query Application($id: ID!) {
      application(id: $id) {
        id
        name
        image
        port
        replicas
        status
        desiredState
        environment {
          id
          name
          project {
            id
            name
          }
        }
        server {
          id
          name
        }
        liveRelease {
          id
          number
          image
          imageDigest
          liveAt
        }
        latestDeployment {
          ...DeploymentParts
        }
        domains {
          id
          url
          problem
        }
        containers {
          id
          name
          replica
          state
          health
          ready
          exitCode
          outOfMemory
          error
          restartCount
          startedAt
          release {
            id
            number
          }
        }
      }
    }
  `,
  [DeploymentParts],
);

export type ApplicationData = NonNullable<ResultOf<typeof Application>['application']>;
