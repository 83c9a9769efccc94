/** A log that is followed: what came of it, and whether it is whole. */
import { live } from '$lib/live';
import { Continuity } from './continuity';
import { iso, Lines, micros } from './lines';

export const KEPT = 100_000; // lines
export const LONGEST_TAIL = 10_000; // lines, which is what the API gives at most
const OVERLAP = 5_000_000; // µs that are read again after a cut, because containers write side by side
const AGAIN = 2_000; // ms

/** A line as the API tells it. */
export interface TextLine {
  sequence: number;
  at: string;
  stream: 'STDOUT' | 'STDERR';
  containerId: string;
  text: string;
}

type Errors = readonly { message: string; extensions?: { code?: unknown } }[];

/** Subscribes; `variables` is asked anew for each connection. */
export type Subscribe<Line> = (
  variables: () => { tail: number; since: string | null },
  next: (line: Line) => void,
  ended: (errors?: Errors) => void,
) => () => void;

export class LogStream<Line extends TextLine> {
  readonly lines = new Lines(KEPT);
  /** Moves on once a frame when there are new lines; read it to be drawn again. */
  version = $state(0);
  /** A line of each container that has written any, by its small number. */
  sources = $state.raw<readonly Line[]>([]);
  /** After which line it went on when the connection was there again, and whether all that was missed came. */
  resumed = $state.raw<{ after: number; whole: boolean }>();
  /** Why there will be no more lines. */
  problem = $state<string>();

  #subscribe: Subscribe<Line>;
  #stop: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #continuity = new Continuity();

  constructor(subscribe: Subscribe<Line>) {
    this.#subscribe = subscribe;
  }

  get state(): 'live' | 'lost' | 'connecting' | 'ended' {
    if (this.problem !== undefined) return 'ended';
    if (live.state === 'connecting') return 'connecting';
    return live.state === 'lost' ? 'lost' : 'live';
  }

  /** Begin with the last `tail` lines. */
  start(tail: number): void {
    this.stop();
    this.lines.clear();
    this.#continuity = new Continuity();
    this.resumed = this.problem = undefined;
    this.sources = [];
    this.version += 1;
    this.#begin(tail);
  }

  stop(): void {
    this.#stop();
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #begin(tail: number): void {
    this.#stop = this.#subscribe(
      () => this.#from(tail),
      (line) => this.#take(line),
      (errors) => this.#ended(errors, tail),
    );
  }

  #ended(errors: Errors | undefined, tail: number): void {
    const code = errors?.[0]?.extensions?.code;
    if (code === 'NOT_FOUND' || code === 'FORBIDDEN') this.problem = errors![0]!.message;
    else this.#timer = setTimeout(() => this.#begin(tail), AGAIN);
  }

  #from(tail: number): { tail: number; since: string | null } {
    const last = this.#continuity.newest;
    return last ? { tail: LONGEST_TAIL, since: iso(last - OVERLAP) } : { tail, since: null };
  }

  #take(line: Line): void {
    const at = micros(line.at);
    const { fresh, resumed, gap } = this.#continuity.take(line.containerId, at, line.sequence);
    if (resumed) this.resumed = { after: this.lines.last, whole: true };
    if (gap) this.resumed = { after: this.lines.last, whole: false };
    if (fresh) this.#keep(line, at);
  }

  #keep(line: Line, at: number): void {
    let source = this.sources.findIndex(({ containerId }) => containerId === line.containerId);
    if (source < 0) {
      source = this.sources.length;
      this.sources = [...this.sources, line];
    }
    this.lines.push({ at, error: line.stream === 'STDERR', source, text: line.text });
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.version += 1;
    });
  }
}
