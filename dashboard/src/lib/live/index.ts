export { live } from './live.svelte';
export { liveQuery, LiveQuery } from './query.svelte';
export { ofNoun, ofType, touches } from './concerns';
export type { LiveEvent } from './queries';
