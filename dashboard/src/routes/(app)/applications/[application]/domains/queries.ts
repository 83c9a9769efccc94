import { graphql, type ResultOf } from '$lib/api/graphql';

export const Domains = graphql(`
  query Domains($id: ID!) {
    application(id: $id) {
      id
      port
      server {
        id
        defaultResolver {
          id
          name
        }
      }
      domains {
        id
        url
        host
        stripPrefix
        wwwMode
        httpsOnly
        basicAuth {
          name
        }
        allowedNetworks
        maxBodySize
        requestHeaders {
          name
          value
        }
        responseHeaders {
          name
          value
        }
        compress
        rateLimit {
          requests
          period
          burst
        }
        hsts {
          maxAge
          includeSubdomains
          preload
        }
        problem
        resolver {
          id
          name
        }
        certificates {
          id
          names
          source
          state
          stateSince
          reason
          problem
          nextAttemptAt
          notAfter
          issuer
        }
      }
    }
  }
`);

export const Resolvers = graphql(`
  query Resolvers {
    certificateResolvers {
      id
      name
    }
  }
`);

export const AddDomain = graphql(`
  mutation AddApplicationDomain($input: AddDomainInput!) {
    addDomain(input: $input) {
      domain {
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

export const UpdateDomain = graphql(`
  mutation UpdateDomain($input: UpdateDomainInput!) {
    updateDomain(input: $input) {
      domain {
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

export const RemoveDomain = graphql(`
  mutation RemoveDomain($input: RemoveDomainInput!) {
    removeDomain(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);

export const CheckDomain = graphql(`
  mutation CheckDomain($input: CheckDomainInput!) {
    checkDomain(input: $input) {
      check {
        names {
          host
          reason
          problem
          checks {
            subject
            outcome
            message
            address
          }
        }
      }
      errors {
        code
        message
        field
      }
    }
  }
`);

export const ExplainUrl = graphql(`
  query ExplainUrl($url: String!, $visitor: IPv4Address) {
    explainUrl(url: $url, visitor: $visitor) {
      outcome
      verdict
      status
      location
      served
      steps {
        kind
        outcome
        message
      }
      candidates {
        acts
        message
        domain {
          id
          url
        }
      }
      application {
        id
        name
      }
    }
  }
`);

export type Domain = NonNullable<ResultOf<typeof Domains>['application']>['domains'][number];
export type Certificate = Domain['certificates'][number];
export type Explanation = ResultOf<typeof ExplainUrl>['explainUrl'];
