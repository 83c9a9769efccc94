/** A query whose answer stays true: it is asked again when an event concerns it. */
import { untrack } from 'svelte';
import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { ask } from '$lib/api/client';
import { Problem } from '$lib/api/problems';
import { live } from './live.svelte';
import type { LiveEvent } from './queries';

const LOST = 1_000; // ms until a request that did not get through is sent again
const REST = 120; // ms between two times that the same is asked, however much happens

export class LiveQuery<Data, Variables extends AnyVariables> {
  data = $state.raw<Data>();
  problem = $state.raw<Problem>();
  /** Whether there is nothing to show yet. */
  get loading(): boolean {
    return this.data === undefined && this.problem === undefined;
  }

  #document: TypedDocumentNode<Data, Variables>;
  #variables: Variables | undefined;
  #generation = 0;
  #asking = false;
  #again = false;
  #over = false;
  #failed = false;

  constructor(document: TypedDocumentNode<Data, Variables>) {
    this.#document = document;
  }

  /** Ask, now or as soon as what is asked now is answered. */
  async read(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    do {
      this.#again = false;
      await this.#once();
      await new Promise((resolve) => setTimeout(resolve, this.#again ? REST : 0));
    } while (this.#again && !this.#over);
    this.#asking = false;
  }

  about(variables: Variables): void {
    this.#over = false;
    if (this.#variables && JSON.stringify(variables) !== JSON.stringify(this.#variables)) {
      this.data = this.problem = undefined;
    }
    this.#variables = variables;
    this.#generation += 1;
    void this.read();
  }

  /** Ask again, if what is shown may lack something. */
  async readAfterCut(all: boolean): Promise<void> {
    if (all || this.#failed) await this.read();
  }

  #retry(): void {
    setTimeout(() => {
      if (!this.#over) void this.readAfterCut(false);
    }, LOST);
  }

  end(): void {
    this.#over = true;
    this.#generation += 1;
  }

  async #once(): Promise<void> {
    const generation = this.#generation;
    try {
      const data = await ask(this.#document, this.#variables as Variables);
      if (generation !== this.#generation) return;
      this.data = data;
      this.problem = undefined;
      this.#failed = false;
    } catch (error) {
      if (generation !== this.#generation) return;
      // What was read before is still the best that is known while the server cannot be reached.
      if (!(error instanceof Problem)) throw error;
      this.#failed = true;
      if (error.code !== 'UNREACHABLE' || this.data === undefined) this.problem = error;
      // A request can be lost while the socket is not; when both are, the socket says when it is time.
      if (error.code === 'UNREACHABLE' && live.state === 'live') this.#retry();
    }
  }
}

/**
 * The live answer to a query, for as long as the component is there.
 *
 * `variables` is a function, so that the query is asked again when what it reads changes. `concerns` says of an event
 * whether the answer may be another after it; say it narrowly, because each time costs a request.
 */
export function liveQuery<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: () => Variables,
  concerns: (event: LiveEvent) => boolean,
): LiveQuery<Data, Variables> {
  const query = new LiveQuery(document);
  $effect(() => {
    const wanted = variables();
    untrack(() => query.about(wanted));
    const heard = live.onEvent((event) => concerns(event) && void query.read());
    const anew = live.onAnew((all) => void query.readAfterCut(all));
    return () => {
      heard();
      anew();
      query.end();
    };
  });
  return query;
}
