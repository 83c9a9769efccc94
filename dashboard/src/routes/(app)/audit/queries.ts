import { graphql, type ResultOf } from '$lib/api/graphql';

export const AuditParts = graphql(`
  fragment AuditParts on AuditEntry {
    cursor
    at
    actor
    userId
    tokenId
    address
    action
    noun
    nounId
    name
    teamId
    projectId
    environmentId
    changes {
      field
      old
      new
      secret
    }
    token {
      id
      name
    }
  }
`);

export const AuditBefore = graphql(
  `
    query AuditBefore(
      $first: Int!
      $after: Cursor
      $nounId: ID
      $userId: ID
      $tokenId: ID
      $teamId: ID
      $action: String
    ) {
      auditLog(
        first: $first
        after: $after
        nounId: $nounId
        userId: $userId
        tokenId: $tokenId
        teamId: $teamId
        action: $action
      ) {
        nodes {
          ...AuditParts
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [AuditParts],
);

export const AuditEvents = graphql(
  `
    subscription AuditEvents($after: Cursor) {
      auditEvents(after: $after) {
        ...AuditParts
      }
    }
  `,
  [AuditParts],
);

/** What can be filtered by: `tokens` for those who may see other people's. */
export const AuditChoices = graphql(`
  query AuditChoices($tokens: Boolean!) {
    teams {
      id
      name
      memberships {
        id
        user {
          id
          name
        }
      }
    }
    viewer {
      user {
        id
        name
      }
      apiTokens {
        id
        name
      }
    }
    apiTokens @include(if: $tokens) {
      id
      name
    }
  }
`);

export type AuditData = ResultOf<typeof AuditParts>;
