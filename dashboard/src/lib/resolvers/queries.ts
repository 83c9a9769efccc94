import { graphql, type ResultOf } from '$lib/api/graphql';

const ResolverParts = graphql(`
  fragment ResolverParts on CertificateResolver {
    id
    name
    isBuiltIn
    directoryUrl
    caCertificates
    email
    keyType
    challenge
    eabKeyId
    dnsProvider
    hasDnsCredentials
    dnsDelay
    profile
    certificateDuration
    createdAt
  }
`);

/** All resolvers, which of them is the default, and what the viewer may do with them. */
export const Resolvers = graphql(
  `
    query Resolvers {
      certificateResolvers {
        ...ResolverParts
      }
      servers {
        id
        name
        defaultResolver {
          id
        }
      }
      viewer {
        create: may(action: CREATE, noun: CERTIFICATE_RESOLVER)
        update: may(action: UPDATE, noun: SERVER)
      }
    }
  `,
  [ResolverParts],
);

export const Resolver = graphql(
  `
    query Resolver($id: ID!) {
      certificateResolver(id: $id) {
        ...ResolverParts
      }
      viewer {
        update: may(action: UPDATE, noun: CERTIFICATE_RESOLVER, within: $id)
        remove: may(action: REMOVE, noun: CERTIFICATE_RESOLVER, within: $id)
      }
    }
  `,
  [ResolverParts],
);

export type ResolverData = ResultOf<typeof Resolvers>['certificateResolvers'][number];

export const CreateResolver = graphql(`
  mutation CreateResolver($input: CreateCertificateResolverInput!) {
    createCertificateResolver(input: $input) {
      resolver {
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

export const UpdateResolver = graphql(`
  mutation UpdateResolver($input: UpdateCertificateResolverInput!) {
    updateCertificateResolver(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RemoveResolver = graphql(`
  mutation RemoveResolver($input: RemoveCertificateResolverInput!) {
    removeCertificateResolver(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const SetDefaultResolver = graphql(`
  mutation SetDefaultResolver($input: SetDefaultResolverInput!) {
    setDefaultResolver(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);
