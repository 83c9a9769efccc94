import { graphql, type ResultOf } from '$lib/api/graphql';

export const ApplicationSettings = graphql(`
  query ApplicationSettings($id: ID!) {
    application(id: $id) {
      id
      name
      image
      pullPolicy
      registry {
        username
      }
      command
      port
      replicas
      strategy
      healthCheck {
        kind
        path
        port
        statusFrom
        statusTo
        command
        interval
        timeout
        retries
        startPeriod
      }
      cpuLimit
      memoryLimit
      pidsLimit
      capabilities
      allowPrivilegeEscalation
      stopGracePeriod
      restartPolicy
      maintenance
      maintenanceMessage
      environment {
        id
      }
      volumes {
        id
        name
      }
    }
  }
`);

export const UpdateApplication = graphql(`
  mutation UpdateApplication($input: UpdateApplicationInput!) {
    updateApplication(input: $input) {
      application {
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

export const SetMaintenance = graphql(`
  mutation SetMaintenance($input: SetMaintenanceInput!) {
    setMaintenance(input: $input) {
      application {
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

export const RemoveApplication = graphql(`
  mutation RemoveApplication($input: RemoveApplicationInput!) {
    removeApplication(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);

export type Settings = NonNullable<ResultOf<typeof ApplicationSettings>['application']>;
