/** The lines in which something is found, looked for a little in each frame. */
import { plain } from './ansi';
import type { Lines } from './lines';
import type { Rows } from './rows';

const SLICE = 6; // ms

export class Search {
  /** What is looked for, in lower case. */
  wanted = $state('');
  count = $state(0);
  /** Which of the hits is shown, from 1; 0: none. */
  place = $state(0);
  /** Whether all rows were looked at. */
  done = $state(true);

  #hits: number[] = [];
  #next = 0;
  #lines: Lines;
  #rows: Rows;

  constructor(lines: Lines, rows: Rows) {
    this.#lines = lines;
    this.#rows = rows;
  }

  /** The number of the line that is shown of the hits; 0: none. */
  get current(): number {
    return this.#hits[this.place - 1] ?? 0;
  }

  /** Look for something else, or among other rows. */
  begin(wanted = this.wanted): void {
    this.wanted = wanted;
    this.#hits = [];
    this.#next = 0;
    this.count = this.place = 0;
    this.done = wanted === '';
  }

  /** Look on, for a few milliseconds. */
  go(): void {
    if (!this.wanted) return;
    this.#forget();
    const until = performance.now() + SLICE;
    this.#next = Math.max(this.#next, this.#rows.first);
    while (this.#next < this.#rows.end) {
      const number = this.#rows.number(this.#next++);
      if (plain(this.#lines.text(number)).toLowerCase().includes(this.wanted)) this.#hits.push(number);
      if (this.#next % 64 === 0 && performance.now() > until) break;
    }
    this.count = this.#hits.length;
    this.done = this.#next >= this.#rows.end;
  }

  /** To the next hit, or (-1) to the one before; from the end to the beginning. Returns its line; 0: there is none. */
  step(by: 1 | -1): number {
    if (!this.count) return 0;
    const from = this.place || (by > 0 ? 0 : 1);
    this.place = ((from - 1 + by + this.count) % this.count) + 1;
    return this.current;
  }

  /** Lines that are kept no longer are no hits. */
  #forget(): void {
    const gone = this.#hits.findIndex((number) => number >= this.#lines.first);
    if (gone === 0 || !this.#hits.length) return;
    const count = gone < 0 ? this.#hits.length : gone;
    this.#hits.splice(0, count);
    this.place = Math.max(0, this.place - count);
  }
}
