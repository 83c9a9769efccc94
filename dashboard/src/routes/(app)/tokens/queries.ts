import { graphql, type ResultOf } from '$lib/api/graphql';

const TokenParts = graphql(`
  fragment TokenParts on ApiToken {
    id
    name
    grant
    permissions {
      action
      noun
    }
    networks
    createdAt
    expiresAt
    lastUsedAt
    lastUsedFrom
    user {
      id
      name
    }
    team {
      id
      name
    }
    project {
      id
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
  }
`);

/** `all`: those of others in the teams whose tokens the viewer may see, too. */
export const Tokens = graphql(
  `
    query Tokens($all: Boolean!) {
      viewer {
        apiTokens {
          ...TokenParts
        }
      }
      apiTokens @include(if: $all) {
        ...TokenParts
      }
    }
  `,
  [TokenParts],
);

/** Where a token can be let in. */
export const TokenPlaces = graphql(`
  query TokenPlaces {
    teams {
      id
      name
    }
    projects {
      id
      name
      environments {
        id
        name
      }
    }
  }
`);

export type TokenData = ResultOf<typeof TokenParts>;

export const CreateApiToken = graphql(`
  mutation CreateApiToken($input: CreateApiTokenInput!) {
    createApiToken(input: $input) {
      secret
      apiToken {
        id
        name
      }
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RevokeApiToken = graphql(`
  mutation RevokeApiToken($input: RevokeApiTokenInput!) {
    revokeApiToken(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);
