import { graphql } from '$lib/api/graphql';
import { DeploymentParts } from '$lib/application/queries';

export const Deployment = graphql(
  `
    query Deployment($id: ID!) {
      deployment(id: $id) {
        ...DeploymentParts
      }
    }
  `,
  [DeploymentParts],
);
