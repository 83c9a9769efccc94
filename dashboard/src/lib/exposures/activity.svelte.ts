/**
 * What a TCP proxy does at this moment. There is no subscription to it, and nobody asks by the clock: it is asked
 * again when its database sends or receives something, which every connection makes it do.
 */
import { ask } from '$lib/api/client';
import { databaseStats } from '$lib/databases/stats.svelte';
import { ProxyActivity, type Activity } from './queries';

const REST = 2_000; // ms between two questions, however much is sent

export interface Watched {
  id: string;
  state: string;
  databaseId: string;
}

export function proxyActivity(proxy: () => Watched | undefined) {
  let found = $state.raw<{ activity: Activity; at: number }>();
  let moved = -1;
  let asked = 0;
  let later: ReturnType<typeof setTimeout> | undefined;

  const id = $derived(proxy()?.state === 'LISTENING' ? proxy()?.id : undefined);
  const databaseId = $derived(id === undefined ? undefined : proxy()?.databaseId);

  async function read(): Promise<void> {
    const wanted = id;
    if (wanted === undefined) return;
    asked = Date.now();
    const answer = await ask(ProxyActivity, { id: wanted }).catch(() => undefined);
    if (answer?.tcpProxy && wanted === id) found = { activity: answer.tcpProxy.activity, at: Date.now() };
  }

  function soon(): void {
    clearTimeout(later);
    later = setTimeout(() => void read(), Math.max(0, asked + REST - Date.now()));
  }

  $effect(() => {
    moved = -1;
    if (id === undefined) found = undefined;
    else void read();
    return () => clearTimeout(later);
  });

  databaseStats(
    () => databaseId,
    (sample) => {
      const sum = Number(sample.networkReceivedBytes) + Number(sample.networkSentBytes);
      if (sum === moved) return;
      moved = sum;
      soon();
    },
  );

  return {
    get found() {
      return found;
    },
  };
}
