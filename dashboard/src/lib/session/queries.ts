import { graphql, type ResultOf } from '$lib/api/graphql';

export const Session = graphql(`
  query Session {
    viewer {
      name
      user {
        id
        name
        email
        administrator
      }
      memberships {
        id
        role
        team {
          id
          name
        }
      }
    }
    eventCursor
    version
  }
`);

export const SignInOptions = graphql(`
  query SignInOptions {
    signInOptions {
      ownerNeeded
      singleSignOn
      mail
    }
  }
`);

export const SignOut = graphql(`
  mutation SignOut($input: SignOutInput!) {
    signOut(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export type Viewer = ResultOf<typeof Session>['viewer'];
