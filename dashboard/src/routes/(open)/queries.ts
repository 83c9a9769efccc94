import { graphql } from '$lib/api/graphql';

export const CreateOwner = graphql(`
  mutation CreateOwner($input: CreateOwnerInput!) {
    createOwner(input: $input) {
      user {
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

export const SignIn = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      user {
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

export const AcceptInvitation = graphql(`
  mutation AcceptInvitation($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) {
      user {
        id
        email
      }
      errors {
        code
        message
        field
      }
    }
  }
`);

export const ResetPassword = graphql(`
  mutation ResetPassword($input: ResetPasswordInput!) {
    resetPassword(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RequestPasswordReset = graphql(`
  mutation RequestPasswordReset($input: RequestPasswordResetInput!) {
    requestPasswordReset(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const BeginSingleSignOn = graphql(`
  mutation BeginSingleSignOn($input: BeginSingleSignOnInput!) {
    beginSingleSignOn(input: $input) {
      url
      errors {
        code
        message
        field
      }
    }
  }
`);
