/** The event log, newest first: what is live comes in at the top, what is older is read page by page. */
import { untrack } from 'svelte';
import { ask } from '$lib/api/client';
import { Problem } from '$lib/api/problems';
import { live, type LiveEvent } from '$lib/live';
import { withOlder } from '$lib/live/merge';
import { EventsBefore } from './queries';

const PAGE = 100;
const ENOUGH = 40; // that fit the filter, for one look further back
const PAGES = 5; // that are read at most for it

export class Feed {
  events = $state.raw<LiveEvent[]>([]);
  /** Whether nothing was read yet. */
  fresh = $state(true);
  reading = $state(false);
  /** Whether all that the log has was read. */
  complete = $state(false);
  problem = $state.raw<Problem>();

  #cursor: string | null = null;
  #generation = 0;

  constructor(
    readonly applicationId: () => string | null,
    readonly fits: (event: LiveEvent) => boolean,
  ) {
    $effect(() => {
      const id = applicationId();
      untrack(() => this.#begin());
      const heard = live.onEvent((event) => {
        if (id === null || event.applicationId === id) this.events = [event, ...this.events];
      });
      const anew = live.onAnew((all) => (all || this.problem) && this.#begin());
      return () => {
        heard();
        anew();
        this.#generation += 1;
      };
    });
  }

  /** Go back until enough is found that fits, or for so long that one would wonder. */
  async further(): Promise<void> {
    if (this.reading || this.complete) return;
    const generation = this.#generation;
    this.reading = true;
    try {
      let found = 0;
      for (let page = 0; page < PAGES && found < ENOUGH && !this.complete; page++) {
        const { events } = await ask(EventsBefore, {
          first: PAGE,
          after: this.#cursor,
          applicationId: this.applicationId(),
        });
        if (generation !== this.#generation) return;
        found += events.nodes.filter(this.fits).length;
        // What came live while it was asked may be in the answer too.
        this.events = withOlder(this.events, events.nodes);
        this.#cursor = events.pageInfo.endCursor ?? this.#cursor;
        this.complete = !events.pageInfo.hasNextPage;
        this.problem = undefined;
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (generation === this.#generation) this.problem = error;
    } finally {
      if (generation === this.#generation) this.reading = this.fresh = false;
    }
  }

  #begin(): void {
    this.#generation += 1;
    this.#cursor = null;
    this.events = [];
    this.complete = this.reading = false;
    this.fresh = true;
    void this.further();
  }
}
