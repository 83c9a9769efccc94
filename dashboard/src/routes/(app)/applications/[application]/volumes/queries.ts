import { graphql, type ResultOf } from '$lib/api/graphql';

export const Volumes = graphql(`
  query Volumes($id: ID!) {
    application(id: $id) {
      id
      volumes {
        id
        name
        mountPath
        readOnly
        createdAt
      }
    }
  }
`);

export const AddVolume = graphql(`
  mutation AddVolume($input: AddVolumeInput!) {
    addVolume(input: $input) {
      volume {
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

export const RemoveVolume = graphql(`
  mutation RemoveVolume($input: RemoveVolumeInput!) {
    removeVolume(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);

export type Volume = NonNullable<ResultOf<typeof Volumes>['application']>['volumes'][number];
