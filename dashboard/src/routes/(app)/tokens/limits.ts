/** What a token may do, and where, in words. */
import { t } from '$lib/texts';
import type { TokenData } from './queries';

type Permission = TokenData['permissions'][number];

export type Action = Permission['action'];
export type Noun = NonNullable<Permission['noun']>;

export const ACTIONS = Object.keys(t.tokens.actions) as Action[];
export const NOUNS = Object.keys(t.tokens.nouns) as Noun[];

const SHOWN = 3;

/** "see everything, deploy applications" */
export function permissionsOf({ grant, permissions }: TokenData): string {
  if (grant !== 'LIMITED') return t.tokens.grants[grant];
  if (!permissions.length) return t.tokens.may.all;
  const words = permissions.map(inWords);
  const rest = words.length - SHOWN;
  return rest > 1 ? `${words.slice(0, SHOWN).join(', ')} ${t.tokens.may.more(rest)}` : words.join(', ');
}

/** All of them, however many. */
export function allPermissionsOf({ permissions }: TokenData): string {
  return permissions.map(inWords).join(', ');
}

function inWords({ action, noun }: Permission): string {
  const verb = t.tokens.actions[action];
  return noun ? t.tokens.may.of(verb, t.tokens.nouns[noun]) : t.tokens.may.any(verb);
}

export function placeOf({ environment, project, team }: TokenData): string {
  if (environment) return `${environment.project.name} / ${environment.name}`;
  return project?.name ?? team?.name ?? t.tokens.everywhere;
}
