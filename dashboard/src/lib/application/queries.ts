import { graphql, type ResultOf } from '$lib/api/graphql';

export const DeploymentParts = graphql(`
  fragment DeploymentParts on Deployment {
    id
    number
    kind
    status
    requestedBy
    cancelRequested
    createdAt
    startedAt
    finishedAt
    release {
      id
      number
      image
    }
    failure {
      reason
      message
      exitCode
      logLines
    }
  }
`);

export const DeployApplication = graphql(`
  mutation DeployApplication($input: DeployApplicationInput!) {
    deployApplication(input: $input) {
      deployment {
        id
        number
      }
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RestartApplication = graphql(`
  mutation RestartApplication($input: RestartApplicationInput!) {
    restartApplication(input: $input) {
      deployment {
        id
        number
      }
      errors {
        code
        message
        field
      }
    }
  }
`);

export const StartApplication = graphql(`
  mutation StartApplication($input: StartApplicationInput!) {
    startApplication(input: $input) {
      deployment {
        id
        number
      }
      errors {
        code
        message
        field
      }
    }
  }
`);

export const StopApplication = graphql(`
  mutation StopApplication($input: StopApplicationInput!) {
    stopApplication(input: $input) {
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

export const CancelDeployment = graphql(`
  mutation CancelDeployment($input: CancelDeploymentInput!) {
    cancelDeployment(input: $input) {
      deployment {
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

export const RollBackApplication = graphql(`
  mutation RollBackApplication($input: RollBackApplicationInput!) {
    rollBackApplication(input: $input) {
      deployment {
        id
        number
      }
      errors {
        code
        message
        field
      }
    }
  }
`);

export type DeploymentRow = ResultOf<typeof DeploymentParts>;

/** When a deployment reached which status, from its beginning; ends with it. */
export const DeploymentProgress = graphql(`
  subscription DeploymentProgress($id: ID!, $after: Cursor) {
    deploymentEvents(deploymentId: $id, after: $after) {
      __typename
      cursor
      at
      ... on DeploymentStatusChanged {
        status
      }
    }
  }
`);

export const DeploymentLog = graphql(`
  subscription DeploymentLog($id: ID!, $after: Int!) {
    deploymentLogs(deploymentId: $id, after: $after) {
      number
      at
      source
      text
    }
  }
`);
