/** The database, and what the viewer may do with it, for all tabs of its page. */
import { createContext } from 'svelte';
import type { DatabaseAnswer, DatabaseData } from '$lib/databases/queries';

export interface Shown {
  database: DatabaseData;
  kinds: DatabaseAnswer['databaseKinds'];
  may: DatabaseAnswer['viewer'];
}

export const [getShown, setShown] = createContext<() => Shown>();
