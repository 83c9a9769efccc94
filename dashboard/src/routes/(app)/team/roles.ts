/** Roles, and who may give which. */
import type { ResultOf } from '$lib/api/graphql';
import type { Team } from './queries';

export type Member = NonNullable<ResultOf<typeof Team>['team']>['memberships'][number];
export type Invited = NonNullable<ResultOf<typeof Team>['team']>['invitations'][number];
export type Role = Member['role'];

export const ROLES: readonly Role[] = ['OWNER', 'ADMIN', 'DEVELOPER', 'VIEWER'];

/** Nobody gives more than they have; who looks after the installation gives any. */
export function givable(mine: Role | undefined, administrator: boolean): Role[] {
  return ROLES.filter((role) => administrator || (mine && ROLES.indexOf(role) >= ROLES.indexOf(mine)));
}
