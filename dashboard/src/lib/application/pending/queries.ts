import { graphql } from '$lib/api/graphql';

/** What the viewer may do with an application. */
export const ApplicationRights = graphql(`
  query ApplicationRights($id: ID!) {
    viewer {
      name
      update: may(action: UPDATE, noun: APPLICATION, within: $id)
      deploy: may(action: DEPLOY, noun: APPLICATION, within: $id)
      remove: may(action: REMOVE, noun: APPLICATION, within: $id)
      addDomain: may(action: CREATE, noun: DOMAIN, within: $id)
      updateDomain: may(action: UPDATE, noun: DOMAIN, within: $id)
      removeDomain: may(action: REMOVE, noun: DOMAIN, within: $id)
    }
  }
`);

/** In what the next deployment would differ from what is live. */
export const PendingChanges = graphql(`
  query PendingChanges($input: PlanDeploymentInput!) {
    planDeployment(input: $input) {
      interrupts
      replacesRelease {
        id
      }
      changes {
        field
        before
        after
      }
    }
  }
`);
