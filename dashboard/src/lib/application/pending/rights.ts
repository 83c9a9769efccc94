/** What the viewer may do with an application; nothing, until it is known. */
import { liveQuery } from '$lib/live';
import { ApplicationRights } from './queries';

export type Right = 'update' | 'deploy' | 'remove' | 'addDomain' | 'updateDomain' | 'removeDomain';

/** `id` is a function, as the variables of a live query are. */
export function rightsTo(id: () => string): { may: (right: Right) => boolean; known: () => boolean } {
  const query = liveQuery(
    ApplicationRights,
    () => ({ id: id() }),
    (event) => event.__typename === 'ResourceUpdated' && event.noun === 'MEMBERSHIP',
  );
  return { may: (right) => query.data?.viewer[right] ?? false, known: () => query.data !== undefined };
}
