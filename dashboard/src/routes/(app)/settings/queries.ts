import { graphql, type ResultOf } from '$lib/api/graphql';

export const Account = graphql(`
  query Account {
    viewer {
      user {
        id
        name
        email
        secondFactor
      }
      memberships {
        id
        role
        team {
          id
          name
        }
        projects {
          id
          name
        }
      }
      sessions {
        id
        address
        userAgent
        createdAt
        lastUsedAt
        current
      }
      identities {
        id
        issuer
        email
        createdAt
        lastUsedAt
      }
      passkeys {
        id
        name
        createdAt
        lastUsedAt
      }
      recoveryCodesLeft
    }
    signInOptions {
      singleSignOn
    }
  }
`);

export const Users = graphql(`
  query Users {
    users {
      id
      name
      email
      administrator
      createdAt
      lastSignedInAt
      disabledAt
      secondFactor
    }
  }
`);

export const Installation = graphql(`
  query Installation {
    version
    signInOptions {
      singleSignOn
      mail
    }
  }
`);

export type AccountData = ResultOf<typeof Account>;
export type UserData = ResultOf<typeof Users>['users'][number];

export const UpdateUser = graphql(`
  mutation UpdateUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
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

export const ChangePassword = graphql(`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const BeginSecondFactor = graphql(`
  mutation BeginSecondFactor($input: BeginSecondFactorInput!) {
    beginSecondFactor(input: $input) {
      secret
      uri
      errors {
        code
        message
        field
      }
    }
  }
`);

export const ConfirmSecondFactor = graphql(`
  mutation ConfirmSecondFactor($input: ConfirmSecondFactorInput!) {
    confirmSecondFactor(input: $input) {
      recoveryCodes
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RenewRecoveryCodes = graphql(`
  mutation RenewRecoveryCodes($input: RenewRecoveryCodesInput!) {
    renewRecoveryCodes(input: $input) {
      recoveryCodes
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RemoveSecondFactor = graphql(`
  mutation RemoveSecondFactor($input: RemoveSecondFactorInput!) {
    removeSecondFactor(input: $input) {
      errors {
        code
        message
        field
      }
    }
  }
`);

export const AddPasskey = graphql(`
  mutation AddPasskey($input: AddPasskeyInput!) {
    addPasskey(input: $input) {
      passkey {
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

export const RenamePasskey = graphql(`
  mutation RenamePasskey($input: RenamePasskeyInput!) {
    renamePasskey(input: $input) {
      passkey {
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

export const RemovePasskey = graphql(`
  mutation RemovePasskey($input: RemovePasskeyInput!) {
    removePasskey(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RevokeSession = graphql(`
  mutation RevokeSession($input: RevokeSessionInput!) {
    revokeSession(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);

export const LinkSingleSignOn = graphql(`
  mutation LinkSingleSignOn($input: BeginSingleSignOnInput!) {
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

export const RemoveIdentity = graphql(`
  mutation RemoveIdentity($input: RemoveIdentityInput!) {
    removeIdentity(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);

export const DisableUser = graphql(`
  mutation DisableUser($input: DisableUserInput!) {
    disableUser(input: $input) {
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

export const EnableUser = graphql(`
  mutation EnableUser($input: EnableUserInput!) {
    enableUser(input: $input) {
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

export const SetAdministrator = graphql(`
  mutation SetAdministrator($input: SetAdministratorInput!) {
    setAdministrator(input: $input) {
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

export const RemoveUser = graphql(`
  mutation RemoveUser($input: RemoveUserInput!) {
    removeUser(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);

export const RemoveSecondFactorOf = graphql(`
  mutation RemoveSecondFactorOf($input: RemoveSecondFactorOfInput!) {
    removeSecondFactorOf(input: $input) {
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

export const CreatePasswordReset = graphql(`
  mutation CreatePasswordReset($input: CreatePasswordResetInput!) {
    createPasswordReset(input: $input) {
      secret
      expiresAt
      errors {
        code
        message
        field
      }
    }
  }
`);
