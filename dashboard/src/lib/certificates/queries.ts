import { graphql, type ResultOf } from '$lib/api/graphql';

const CertificateParts = graphql(`
  fragment CertificateParts on Certificate {
    id
    names
    source
    state
    stateSince
    reason
    problem
    nextAttemptAt
    notAfter
    resolver {
      id
      name
    }
  }
`);

/** All certificates, and what uses them. */
export const Certificates = graphql(
  `
    query Certificates {
      certificates {
        ...CertificateParts
      }
      domains {
        id
        url
        certificates {
          id
        }
        application {
          id
          name
        }
      }
      tcpProxies {
        id
        bindAddress
        port
        certificate {
          id
        }
        database {
          id
          name
        }
      }
      certificateResolvers {
        id
        name
        challenge
      }
      teams {
        id
        name
      }
    }
  `,
  [CertificateParts],
);

export type CertificatesAnswer = ResultOf<typeof Certificates>;
export type CertificateRow = CertificatesAnswer['certificates'][number];

export const Certificate = graphql(
  `
    query Certificate($id: ID!) {
      certificate(id: $id) {
        ...CertificateParts
        issuer
        chain
        notBefore
        confirmedAt
        createdAt
      }
      domains {
        id
        url
        certificates {
          id
        }
        application {
          id
          name
        }
      }
      tcpProxies {
        id
        bindAddress
        port
        certificate {
          id
        }
        database {
          id
          name
        }
      }
      viewer {
        update: may(action: UPDATE, noun: CERTIFICATE, within: $id)
        remove: may(action: REMOVE, noun: CERTIFICATE, within: $id)
      }
    }
  `,
  [CertificateParts],
);

export type CertificateData = NonNullable<ResultOf<typeof Certificate>['certificate']>;

export const OrderCertificate = graphql(`
  mutation OrderCertificate($input: OrderCertificateInput!) {
    orderCertificate(input: $input) {
      certificate {
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

export const UploadCertificate = graphql(`
  mutation UploadCertificate($input: UploadCertificateInput!) {
    uploadCertificate(input: $input) {
      certificate {
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

export const UpdateCertificate = graphql(`
  mutation UpdateCertificate($input: UpdateCertificateInput!) {
    updateCertificate(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RetryCertificate = graphql(`
  mutation RetryCertificate($input: RetryCertificateInput!) {
    retryCertificate(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RemoveCertificate = graphql(`
  mutation RemoveCertificate($input: RemoveCertificateInput!) {
    removeCertificate(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const UploadChoices = graphql(`
  query UploadChoices {
    teams {
      id
      name
    }
  }
`);
