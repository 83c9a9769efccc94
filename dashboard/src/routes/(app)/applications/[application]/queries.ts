import { graphql, type ResultOf } from '$lib/api/graphql';
import { DeploymentParts } from '$lib/application/queries';

/** What the head of the page and its first tab show. */
export const Application = graphql(
  `
    query Application($id: ID!) {
      viewer {
        mayDeploy: may(action: DEPLOY, noun: APPLICATION, within: $id)
      }
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

type Answer = ResultOf<typeof Application>;

/** The application, and whether the viewer may deploy, restart and stop it. */
export type ApplicationData = NonNullable<Answer['application']> & Answer['viewer'];
