import { graphql, type ResultOf } from '$lib/api/graphql';

/** What every tab of a database's page knows of it, and what the viewer may do there. */
export const Database = graphql(`
  query Database($id: ID!) {
    database(id: $id) {
      id
      name
      kind
      version
      username
      databaseName
      configuration
      cpuLimit
      memoryLimit
      desiredState
      status
      problem {
        reason
        message
        exitCode
        log
      }
      rotating
      rotationFailure
      createdAt
      updatedAt
      internalHost
      internalPort
      variables {
        name
      }
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
        state
        stateReason
      }
      container {
        id
        name
        state
        health
        ready
        exitCode
        outOfMemory
        restartCount
        startedAt
      }
      tcpProxy {
        id
        bindAddress
        port
        allowedNetworks
        tlsMode
        expiresAt
        closing
        state
        reason
        message
        createdAt
        certificate {
          id
          names
          state
          notAfter
        }
      }
      links {
        id
        variable
        createdAt
        application {
          id
          name
          status
        }
      }
      dumps {
        id
        status
        size
        createdAt
        finishedAt
      }
      restores {
        id
        status
        size
        failure
        requestedBy
        createdAt
        finishedAt
        dump {
          id
          createdAt
        }
      }
    }
    databaseKinds {
      kind
      title
      versions
    }
    viewer {
      update: may(action: UPDATE, noun: DATABASE, within: $id)
      deploy: may(action: DEPLOY, noun: DATABASE, within: $id)
      remove: may(action: REMOVE, noun: DATABASE, within: $id)
      reveal: may(action: REVEAL, noun: DATABASE, within: $id)
      expose: may(action: CREATE, noun: TCP_PROXY, within: $id)
      dump: may(action: CREATE, noun: DATABASE_DUMP, within: $id)
      restore: may(action: CREATE, noun: DATABASE_RESTORE, within: $id)
    }
  }
`);

export type DatabaseAnswer = ResultOf<typeof Database>;
export type DatabaseData = NonNullable<DatabaseAnswer['database']>;

export const DatabaseStats = graphql(`
  subscription DatabaseStats($databaseId: ID!) {
    databaseStats(databaseId: $databaseId) {
      at
      cpuCores
      memoryBytes
      memoryLimitBytes
      networkReceivedBytes
      networkSentBytes
    }
  }
`);

export type DatabaseSample = ResultOf<typeof DatabaseStats>['databaseStats'];

export const StartDatabase = graphql(`
  mutation StartDatabase($input: StartDatabaseInput!) {
    startDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const StopDatabase = graphql(`
  mutation StopDatabase($input: StopDatabaseInput!) {
    stopDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RestartDatabase = graphql(`
  mutation RestartDatabase($input: RestartDatabaseInput!) {
    restartDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);
