import { graphql, type ResultOf } from '$lib/api/graphql';
import { DeploymentParts } from '$lib/application/queries';

export const Deployments = graphql(
  `
    query Deployments($id: ID!, $first: Int!) {
      application(id: $id) {
        id
        deployments(first: $first) {
          nodes {
            ...DeploymentParts
          }
          pageInfo {
            hasNextPage
          }
        }
        releases(first: 20) {
          nodes {
            id
            number
            status
            createdAt
            liveAt
            image
            imageDigest
          }
        }
      }
    }
  `,
  [DeploymentParts],
);

export const RollBackPlan = graphql(`
  query RollBackPlan($input: PlanDeploymentInput!) {
    planDeployment(input: $input) {
      interrupts
      pulls
      changes {
        field
        before
        after
      }
    }
  }
`);

export type ReleaseRow = NonNullable<ResultOf<typeof Deployments>['application']>['releases']['nodes'][number];
