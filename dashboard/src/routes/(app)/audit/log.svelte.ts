/** The audit log, newest first: what is done now comes in at the top, what is older is read page by page. */
import { untrack } from 'svelte';
import type { TypedDocumentNode } from '@urql/core';
import { ask } from '$lib/api/client';
import { Problem } from '$lib/api/problems';
import { live } from '$lib/live';
import { withOlder } from '$lib/live/merge';
import { AuditBefore, AuditEvents, type AuditData } from './queries';

const PAGE = 50;

export interface Filter {
  nounId: string | null;
  userId: string | null;
  tokenId: string | null;
  teamId: string | null;
  action: string | null;
}

export class Log {
  entries = $state.raw<AuditData[]>([]);
  /** Whether nothing was read yet. */
  fresh = $state(true);
  reading = $state(false);
  complete = $state(false);
  problem = $state.raw<Problem>();

  #older: string | null = null;
  #newest: string | null = null;
  #generation = 0;

  constructor(readonly filter: () => Filter) {
    $effect(() => {
      filter();
      untrack(() => this.#begin());
      const anew = live.onAnew((all) => (all || this.problem) && this.#begin());
      return () => {
        anew();
        this.#generation += 1;
      };
    });
    $effect(() => this.#follow());
  }

  async further(): Promise<void> {
    if (this.reading || this.complete) return;
    const generation = this.#generation;
    this.reading = true;
    try {
      const { auditLog } = await ask(AuditBefore, { first: PAGE, after: this.#older, ...this.filter() });
      if (generation !== this.#generation) return;
      this.entries = withOlder(this.entries, auditLog.nodes);
      this.#older = auditLog.pageInfo.endCursor ?? this.#older;
      this.complete = !auditLog.pageInfo.hasNextPage;
      this.problem = undefined;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (generation === this.#generation) this.problem = error;
    } finally {
      if (generation === this.#generation) this.reading = this.fresh = false;
    }
  }

  #begin(): void {
    this.#generation += 1;
    this.#older = null;
    this.entries = [];
    this.complete = this.reading = false;
    this.fresh = true;
    void this.further();
  }

  /** After a cut, it goes on after the last entry that came. */
  #follow(): () => void {
    const after = () => ({ after: this.#newest });
    const events: TypedDocumentNode<{ auditEvents: AuditData }, { after: string | null }> = AuditEvents;
    return live.follow(events, after, ({ auditEvents: entry }) => {
      this.#newest = entry.cursor;
      if (this.#fits(entry) && !this.entries.some(({ cursor }) => cursor === entry.cursor))
        this.entries = [entry, ...this.entries];
    });
  }

  #fits(entry: AuditData): boolean {
    return Object.entries(this.filter()).every(
      ([name, wanted]) => wanted === null || entry[name as keyof Filter] === wanted,
    );
  }
}
