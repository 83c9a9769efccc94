/** Whether what is shown is what is: the state of the connection, and the events that come by it. */
import type { TypedDocumentNode } from '@urql/core';
import { ask } from '$lib/api/client';
import { EventCursor, Events, type LiveEvent } from './queries';
import { Socket } from './socket';

export type LiveState = 'connecting' | 'live' | 'catching-up' | 'lost';

// What a cursor is answered that is too old, or that is of a log which was replaced by an older one since.
const NO_WAY_BACK = ['CURSOR_EXPIRED', 'INVALID_INPUT'];
const QUIET = 300; // ms without an event, after which what was missed counts as told
const REVOKED = 4403; // how the server closes the socket of a session whose rights have ended or changed

class Live {
  state = $state<LiveState>('connecting');
  /** Since when there is no connection. */
  lostSince = $state<Date>();
  /** What came of the last cut: so many events were caught up, or all was read anew. */
  recovered = $state<{ events: number; anew: boolean; at: Date }>();

  #socket: Socket | undefined;
  #cursor: string | null = null;
  #missed = 0;
  #otherRights = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #stop: () => void = () => undefined;
  #listeners = new Set<(event: LiveEvent) => void>();
  #readers = new Set<(all: boolean) => void>();
  #revoked: () => void = () => undefined;

  /** Whether what is shown may be old. */
  get stale(): boolean {
    return this.state === 'lost' || this.state === 'catching-up';
  }

  /**
   * Follow everything after this cursor, unless everything is followed already. `revoked` is called when what the
   * session may do has ended or changed: the connection comes back if it may, and everything is read anew.
   */
  start(cursor: string, revoked: () => void): void {
    if (this.#socket) return;
    this.#cursor = cursor;
    this.#revoked = revoked;
    this.#socket = new Socket({ open: () => this.#open(), closed: (code) => this.#closed(code) });
    this.#follow();
  }

  stop(): void {
    clearTimeout(this.#quiet);
    this.#stop();
    this.#socket?.close();
    this.#socket = undefined;
    this.state = 'connecting';
    this.lostSince = this.recovered = undefined;
    this.#otherRights = false;
  }

  /** Have each event handed on, until the returned function is called. */
  onEvent(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Have this called after a cut: `all` when no event will tell what was missed, else for what could not be read. */
  onAnew(read: (all: boolean) => void): () => void {
    this.#readers.add(read);
    return () => this.#readers.delete(read);
  }

  /** Have what is shown read again: all of it, or what could not be read before. */
  readAnew(all: boolean): void {
    for (const read of this.#readers) read(all);
  }

  /** Another subscription on the same connection. `Socket.follow` says how. */
  follow<Data, Variables>(...how: Parameters<typeof Socket.prototype.follow<Data, Variables>>): () => void {
    return this.#socket?.follow<Data, Variables>(...how) ?? (() => undefined);
  }

  #follow(): void {
    const after = () => ({ after: this.#cursor });
    const events: TypedDocumentNode<{ events: LiveEvent }, { after: string | null }> = Events;
    this.#stop = this.#socket!.follow(
      events,
      after,
      ({ events: event }) => this.#told(event),
      (errors) => void this.#ended(NO_WAY_BACK.includes(String(errors?.[0]?.extensions?.code))),
    );
  }

  #told(event: LiveEvent): void {
    this.#cursor = event.cursor;
    if (this.state === 'catching-up') {
      this.#missed += 1;
      this.#untilQuiet();
    }
    for (const listener of this.#listeners) listener(event);
  }

  #open(): void {
    if (this.state === 'connecting') {
      this.state = 'live';
      return;
    }
    this.state = 'catching-up';
    this.#missed = 0;
    this.readAnew(this.#otherRights);
    this.#otherRights = false;
    this.#untilQuiet();
  }

  #untilQuiet(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#recovered({ events: this.#missed, anew: false }), QUIET);
  }

  #recovered(what: { events: number; anew: boolean }): void {
    this.state = 'live';
    this.lostSince = undefined;
    this.recovered = { ...what, at: new Date() };
  }

  #closed(code: number): void {
    clearTimeout(this.#quiet);
    if (this.state !== 'lost') this.lostSince = new Date();
    this.state = 'lost';
    if (code !== REVOKED) return;
    this.#otherRights = true;
    this.#revoked();
  }

  /** A subscription that ends is begun again; where the log no longer reaches back far enough, with what is now. */
  async #ended(expired: boolean): Promise<void> {
    const socket = this.#socket;
    if (!expired) await new Promise((resolve) => setTimeout(resolve, 1_000));
    while (expired && this.#socket === socket) {
      try {
        this.#cursor = (await ask(EventCursor, {})).eventCursor;
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
    if (!socket || this.#socket !== socket) return;
    this.#follow();
    if (!expired) return;
    clearTimeout(this.#quiet);
    this.readAnew(true);
    this.#recovered({ events: 0, anew: true });
  }
}

export const live = new Live();
