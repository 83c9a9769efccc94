import { graphql } from '$lib/api/graphql';

export const Teams = graphql(`
  query Teams {
    teams {
      id
      name
    }
    viewer {
      make: may(action: CREATE, noun: TEAM)
    }
  }
`);

export const Team = graphql(`
  query Team($id: ID!) {
    team(id: $id) {
      id
      name
      createdAt
      projects {
        id
        name
      }
      memberships {
        id
        role
        createdAt
        user {
          id
          name
          email
        }
        projects {
          id
          name
        }
      }
      invitations {
        id
        email
        role
        createdAt
        expiresAt
        projects {
          id
          name
        }
        inviter {
          id
          name
        }
      }
    }
    viewer {
      invite: may(action: CREATE, noun: INVITATION, within: $id)
      withdraw: may(action: REMOVE, noun: INVITATION, within: $id)
      change: may(action: UPDATE, noun: MEMBERSHIP, within: $id)
      takeOut: may(action: REMOVE, noun: MEMBERSHIP, within: $id)
      rename: may(action: UPDATE, noun: TEAM, within: $id)
      remove: may(action: REMOVE, noun: TEAM, within: $id)
    }
    signInOptions {
      mail
    }
  }
`);

export const CreateTeam = graphql(`
  mutation CreateTeam($input: CreateTeamInput!) {
    createTeam(input: $input) {
      team {
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

export const UpdateTeam = graphql(`
  mutation UpdateTeam($input: UpdateTeamInput!) {
    updateTeam(input: $input) {
      team {
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

export const RemoveTeam = graphql(`
  mutation RemoveTeam($input: RemoveTeamInput!) {
    removeTeam(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);

export const InviteMember = graphql(`
  mutation InviteMember($input: InviteMemberInput!) {
    inviteMember(input: $input) {
      secret
      invitation {
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

export const RevokeInvitation = graphql(`
  mutation RevokeInvitation($input: RevokeInvitationInput!) {
    revokeInvitation(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);

export const UpdateMembership = graphql(`
  mutation UpdateMembership($input: UpdateMembershipInput!) {
    updateMembership(input: $input) {
      membership {
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

export const RemoveMembership = graphql(`
  mutation RemoveMembership($input: RemoveMembershipInput!) {
    removeMembership(input: $input) {
      removedId
      errors {
        code
        message
        field
      }
    }
  }
`);
