/** What tokens are most often made for. */
import type { Action, Noun } from '../limits';

export type Wanted = { action: Action; noun: Noun | null }[];

export const PRESETS: Record<'all' | 'read' | 'deploy', Wanted | null> = {
  all: null,
  read: [{ action: 'READ', noun: null }],
  deploy: [
    { action: 'READ', noun: null },
    { action: 'DEPLOY', noun: null },
  ],
};
