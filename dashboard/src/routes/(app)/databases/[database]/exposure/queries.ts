import { graphql } from '$lib/api/graphql';

export const ExposeDatabase = graphql(`
  mutation ExposeDatabase($input: ExposeDatabaseInput!) {
    exposeDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const UpdateExposure = graphql(`
  mutation UpdateExposure($input: UpdateExposureInput!) {
    updateExposure(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const UnexposeDatabase = graphql(`
  mutation UnexposeDatabase($input: UnexposeDatabaseInput!) {
    unexposeDatabase(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

/** What a TCP proxy can show. */
export const CertificateChoices = graphql(`
  query CertificateChoices {
    certificates {
      id
      names
      state
      notAfter
    }
  }
`);
