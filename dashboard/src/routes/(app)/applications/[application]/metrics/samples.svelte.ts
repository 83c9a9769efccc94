/** What the containers of an application used lately, second by second. */
import { live } from '$lib/live';
import { ApplicationStats, type Sample } from './queries';

export const KEPT = 1_800; // seconds
const LEAST = 60; // seconds that are drawn, however few are known

export type Kind = 'cpu' | 'memory' | 'received' | 'sent';
export const KINDS: readonly Kind[] = ['cpu', 'memory', 'received', 'sent'];

/** One container: of each kind a value per second, in a ring. */
export class Series {
  #seconds = new Float64Array(KEPT);
  #values: Record<Kind, Float64Array> = {
    cpu: new Float64Array(KEPT),
    memory: new Float64Array(KEPT),
    received: new Float64Array(KEPT),
    sent: new Float64Array(KEPT),
  };
  #last: Sample | undefined;
  memoryLimit = 0;
  /** The last second that it told of. */
  seen = 0;

  constructor(
    readonly id: string,
    readonly replica: number,
    readonly releaseId: string,
    /** Which colour it has. */
    readonly hue: number,
  ) {}

  add(sample: Sample): void {
    this.seen = Math.floor(Date.parse(sample.at) / 1_000);
    this.memoryLimit = Number(sample.memoryLimitBytes);
    const slot = this.seen % KEPT;
    this.#seconds[slot] = this.seen;
    this.#values.cpu[slot] = sample.cpuCores;
    this.#values.memory[slot] = Number(sample.memoryBytes);
    this.#values.received[slot] = this.#rate(sample, 'networkReceivedBytes');
    this.#values.sent[slot] = this.#rate(sample, 'networkSentBytes');
    this.#last = sample;
  }

  /** What it was in that second, or just before; null: not known. */
  value(kind: Kind, second: number): number | null {
    for (const each of [second, second - 1, second - 2]) {
      const slot = each % KEPT;
      const value = this.#values[kind][slot]!;
      if (this.#seconds[slot] === each) return Number.isNaN(value) ? null : value;
    }
    return null;
  }

  /** Bytes per second since the sample before; not known for the first one, and across a gap. */
  #rate(sample: Sample, field: 'networkReceivedBytes' | 'networkSentBytes'): number {
    if (!this.#last) return Number.NaN;
    const seconds = (Date.parse(sample.at) - Date.parse(this.#last.at)) / 1_000;
    const bytes = Number(sample[field]) - Number(this.#last[field]);
    return seconds > 0 && seconds < 10 && bytes >= 0 ? bytes / seconds : Number.NaN;
  }
}

export class Samples {
  /** Moves on when there are new samples, at most once a frame. */
  version = $state(0);
  series = $state.raw<readonly Series[]>([]);
  /** The newest second. */
  latest = 0;
  #oldest = 0;
  #drawing = false;

  constructor(readonly applicationId: string) {}

  add(sample: Sample): void {
    let series = this.series.find(({ id }) => id === sample.containerId);
    if (!series) {
      const hue = this.series.at(-1)?.hue ?? -1;
      series = new Series(sample.containerId, sample.replica, sample.releaseId, hue + 1);
      this.series = [...this.series.filter(({ seen }) => seen > this.latest - KEPT), series];
    }
    series.add(sample);
    this.#oldest ||= series.seen;
    this.latest = Math.max(this.latest, series.seen);
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.version += 1;
    });
  }

  /** The seconds to draw, as many as are known, and a row of values for each container that has any in them. */
  during(kind: Kind, most: number): { times: number[]; rows: { series: Series; values: (number | null)[] }[] } {
    const seconds = Math.min(most, Math.max(LEAST, this.latest - this.#oldest + 1));
    const times = Array.from({ length: seconds }, (_, index) => this.latest - seconds + 1 + index);
    const rows = this.series
      .filter(({ seen }) => seen > this.latest - seconds)
      .sort(byReplica)
      .map((series) => ({ series, values: times.map((second) => series.value(kind, second)) }));
    return { times, rows };
  }

  /** Those that still tell something. */
  running(): Series[] {
    return this.series.filter(({ seen }) => seen > this.latest - 5).sort(byReplica);
  }
}

/** Those of one release by their numbers; which release is the newer its container tells by having come later. */
function byReplica(a: Series, b: Series): number {
  return a.releaseId === b.releaseId ? a.replica - b.replica : a.hue - b.hue;
}

/** The sum of what is known, second by second. */
export function sum(rows: readonly (readonly (number | null)[])[], count: number): (number | null)[] {
  return Array.from({ length: count }, (_, at) => {
    const known = rows.map((row) => row[at]).filter((value) => value !== null && value !== undefined);
    return known.length ? known.reduce((all, value) => all + value, 0) : null;
  });
}

/** Take the samples of an application, until the returned function is called. */
export function followStats(applicationId: string): () => void {
  return live.follow(
    ApplicationStats,
    () => ({ id: applicationId }),
    ({ applicationStats }) => samplesOf(applicationId).add(applicationStats),
  );
}

let kept: Samples | undefined;

/** The samples of an application. Those of the last one are kept while one looks at something else. */
export function samplesOf(applicationId: string): Samples {
  if (kept?.applicationId !== applicationId) kept = new Samples(applicationId);
  return kept;
}
