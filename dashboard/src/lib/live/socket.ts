/** The one websocket, for all subscriptions. What is subscribed to comes back with it after a cut. */
import type { TypedDocumentNode } from '@urql/core';
import { createClient, type Client, type SubscribePayload } from 'graphql-ws';
import { extensionsOf, textOf } from '$lib/api/operations';

const SHORTEST = 150; // ms
const LONGEST = 5_000;
const SILENCE = 10_000; // after which it is asked whether anybody is there
const PATIENCE = 5_000;

export interface Watch {
  opening?: () => void;
  open?: () => void;
  /** `code` as the protocol has it: 4403 is said to whoever's right to be here has ended or changed. */
  closed?: (code: number) => void;
}

/** Why a subscription ended. */
export interface Complaint {
  message: string;
  extensions?: { code?: unknown };
}

/** What is sent while it closes is lost with it, of which browsers would complain. */
class Open extends WebSocket {
  override send(data: string): void {
    if (this.readyState <= WebSocket.OPEN) super.send(data);
  }
}

export class Socket {
  readonly #client: Client;
  #wake: () => void = () => undefined;

  constructor(watch: Watch) {
    let unheard: ReturnType<typeof setTimeout> | undefined;
    this.#client = createClient({
      url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: Open,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: (tries) => this.#wait(tries),
      keepAlive: SILENCE,
      on: {
        connecting: () => watch.opening?.(),
        connected: () => watch.open?.(),
        closed: (event) => {
          clearTimeout(unheard);
          watch.closed?.((event as CloseEvent).code);
        },
        // A peer that has vanished closes nothing: who does not answer is taken for gone.
        ping: (received) => {
          if (!received) unheard = setTimeout(() => this.#client.terminate(), PATIENCE);
        },
        pong: (received) => {
          if (received) clearTimeout(unheard);
        },
      },
    });
    window.addEventListener('online', this.#again);
    document.addEventListener('visibilitychange', this.#again);
  }

  /**
   * Subscribe until the returned function is called. `variables` is asked anew each time the connection is made anew,
   * so that what has a cursor goes on where it was. `ended` gets the errors, if that is how it ended.
   */
  follow<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: () => Variables,
    next: (data: Data) => void,
    ended: (errors?: readonly Complaint[]) => void = () => undefined,
  ): () => void {
    const text = textOf(document);
    let known = true; // to the server, until it says otherwise
    // The client writes the message anew for each connection, and thereby reads this.
    const payload = {
      get query() {
        // The client throws at a message without a text, and takes that for a cut: it would try for ever, without rest.
        return known ? '' : text;
      },
      extensions: extensionsOf(text),
      get variables() {
        return variables() as Record<string, unknown>;
      },
    };
    let stop: () => void;
    const begin = () => {
      stop = this.#client.subscribe<Data>(payload as unknown as SubscribePayload, {
        next: ({ data }) => data && next(data),
        error: (error) => {
          const errors: readonly Complaint[] = Array.isArray(error) ? error : [{ message: String(error) }];
          if (!known || errors[0]?.extensions?.code !== 'PERSISTED_QUERY_NOT_FOUND') return ended(errors);
          known = false;
          begin();
        },
        complete: () => ended(),
      });
    };
    begin();
    return () => stop();
  }

  close(): void {
    window.removeEventListener('online', this.#again);
    document.removeEventListener('visibilitychange', this.#again);
    this.#wake();
    // It waits for a connection that is being made, which may come to nothing.
    void Promise.resolve(this.#client.dispose()).catch(() => undefined);
  }

  #again = () => this.#wake();

  async #wait(tries: number): Promise<void> {
    const longest = Math.min(LONGEST, SHORTEST * 2 ** tries);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, longest * (0.5 + Math.random() / 2));
    });
  }
}
