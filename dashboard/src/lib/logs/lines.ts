/** The lines that are kept: the newest of them, in a ring, numbered from 1 without a gap. */
export interface NewLine {
  /** When it was written (µs). */
  at: number;
  /** Whether it was written to the standard error. */
  error: boolean;
  /** Whose it is: a small number. */
  source: number;
  text: string;
}

export class Lines {
  #texts: string[];
  #at: Float64Array;
  #errors: Uint8Array;
  #sources: Uint16Array;
  /** The number of the oldest line that is kept. */
  first = 1;
  /** The number of the newest; less than `first` where there is none. */
  last = 0;

  constructor(readonly capacity: number) {
    this.#texts = new Array<string>(capacity).fill('');
    this.#at = new Float64Array(capacity);
    this.#errors = new Uint8Array(capacity);
    this.#sources = new Uint16Array(capacity);
  }

  get count(): number {
    return this.last - this.first + 1;
  }

  push({ at, error, source, text }: NewLine): void {
    const slot = ++this.last % this.capacity;
    this.#texts[slot] = text;
    this.#at[slot] = at;
    this.#errors[slot] = Number(error);
    this.#sources[slot] = source;
    if (this.count > this.capacity) this.first += 1;
  }

  clear(): void {
    this.#texts.fill('');
    this.first = 1;
    this.last = 0;
  }

  text(number: number): string {
    return this.#texts[number % this.capacity]!;
  }

  at(number: number): number {
    return this.#at[number % this.capacity]!;
  }

  error(number: number): boolean {
    return this.#errors[number % this.capacity] === 1;
  }

  source(number: number): number {
    return this.#sources[number % this.capacity]!;
  }
}

/** An ISO 8601 time in µs, which is finer than `Date` has it. */
export function micros(iso: string): number {
  const fraction = /\.(\d{1,6})/.exec(iso)?.[1] ?? '';
  return Math.floor(Date.parse(iso) / 1_000) * 1_000_000 + Number(fraction.padEnd(6, '0'));
}

/** The other way round. */
export function iso(at: number): string {
  const seconds = new Date(Math.floor(at / 1_000_000) * 1_000).toISOString().slice(0, 19);
  return `${seconds}.${String(at % 1_000_000).padStart(6, '0')}Z`;
}
