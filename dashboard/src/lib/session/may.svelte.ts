/** What the viewer may make in one of their teams. */
import { ask } from '$lib/api/client';
import { Problem } from '$lib/api/problems';
import { MayMake } from './queries';
import { session } from './session.svelte';

/** Whether such a thing may be made in any of the teams; not, until it is known. */
export function mayMake(noun: 'CERTIFICATE' | 'PROJECT'): () => boolean {
  let may = $state(false);

  $effect(() => {
    let over = false;
    const places = [null, ...(session.viewer?.memberships.map(({ team }) => team.id) ?? [])];
    void Promise.all(places.map((within) => mayWithin(noun, within))).then((all) => {
      if (!over) may = all.includes(true);
    });
    return () => (over = true);
  });

  return () => may;
}

async function mayWithin(noun: 'CERTIFICATE' | 'PROJECT', within: string | null): Promise<boolean> {
  try {
    return (await ask(MayMake, { noun, within })).viewer.may;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return false;
  }
}
