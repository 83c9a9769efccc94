/** What an event is about: to be said of each live query. */
import type { LiveEvent } from './queries';

type Type = LiveEvent['__typename'];
type Owners = Partial<
  Record<
    'serverId' | 'teamId' | 'projectId' | 'environmentId' | 'applicationId' | 'deploymentId' | 'databaseId',
    string
  >
>;

/** Whether the event is of one of these types. */
export function ofType(event: LiveEvent, ...types: readonly Type[]): boolean {
  return types.includes(event.__typename);
}

/** Whether the event belongs to all of these, or is about one of them itself. */
export function touches(event: LiveEvent, owners: Owners): boolean {
  return Object.entries(owners).every(
    ([name, id]) => event[name as keyof Owners] === id || ('id' in event && event.id === id),
  );
}

/** Whether something of one of these kinds was made, changed or removed. */
export function ofNoun(event: LiveEvent, ...nouns: readonly string[]): boolean {
  return 'noun' in event && nouns.includes(event.noun);
}
