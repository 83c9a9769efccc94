import { graphql, type ResultOf } from '$lib/api/graphql';

const ViewerParts = graphql(`
  fragment ViewerParts on Viewer {
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
`);

export const Session = graphql(
  `
    query Session {
      viewer {
        ...ViewerParts
      }
      eventCursor
      version
    }
  `,
  [ViewerParts],
);

/** The same for who is in no team, and so may follow nothing. */
export const SessionWithoutTeam = graphql(
  `
    query SessionWithoutTeam {
      viewer {
        ...ViewerParts
      }
    }
  `,
  [ViewerParts],
);

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

export const ConfirmPassword = graphql(`
  mutation ConfirmPassword($input: ConfirmPasswordInput!) {
    confirmPassword(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

/** Whether the viewer may make such a thing there. */
export const MayMake = graphql(`
  query MayMake($noun: Noun!, $within: ID) {
    viewer {
      may(action: CREATE, noun: $noun, within: $within)
    }
  }
`);

export type Viewer = ResultOf<typeof Session>['viewer'];
