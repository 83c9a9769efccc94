/** The application, for all tabs of its page. */
import { createContext } from 'svelte';
import type { ApplicationData } from './queries';

export const [getApplication, setApplication] = createContext<() => ApplicationData>();
