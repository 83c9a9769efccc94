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

export const BeginPasskey = graphql(`
  mutation BeginPasskey($input: BeginPasskeyInput!) {
    beginPasskey(input: $input) {
      options
      errors {
        code
        message
        field
      }
    }
  }
`);

export const SignInWithPasskey = graphql(`
  mutation SignInWithPasskey($input: SignInWithPasskeyInput!) {
    signInWithPasskey(input: $input) {
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
