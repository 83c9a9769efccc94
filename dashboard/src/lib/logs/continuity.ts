/**
 * Whether a log that was cut off goes on without a gap. After a cut a little is read again, because containers write
 * side by side; what was there before is left out, by the container and the time, and by how many lines had that time.
 */
interface Place {
  at: number;
  /** How many lines of this container have this time. */
  same: number;
}

export class Continuity {
  #places = new Map<string, Place>();
  /** How far each container was before the cut, and how much of that last moment came again. */
  #before = new Map<string, Place & { again: number }>();
  /** The container whose last line must come again, if what came meanwhile is to be whole. */
  #expected: string | undefined;
  #sequence = 0;

  /** The time of the newest line (µs); 0: there was none. */
  get newest(): number {
    return Math.max(0, ...[...this.#places.values()].map(({ at }) => at));
  }

  /**
   * A line: whether it is `fresh`, whether it is the first of another subscription (`resumed`), and whether lines
   * before it may be missing (`gap`). `sequence` counts the lines of a subscription from 1.
   */
  take(containerId: string, at: number, sequence: number): { fresh: boolean; resumed: boolean; gap: boolean } {
    const resumed = sequence === 1 && this.#places.size > 0;
    let gap = sequence !== 1 && sequence !== this.#sequence + 1;
    this.#sequence = sequence;
    if (resumed) this.#cut();
    const before = this.#before.get(containerId);
    if (before && this.#isKnown(before, at, containerId)) return { fresh: false, resumed, gap };
    if (this.#expected !== undefined) {
      this.#expected = undefined;
      gap = true;
    }
    const place = this.#places.get(containerId);
    this.#places.set(containerId, { at, same: place?.at === at ? place.same + 1 : 1 });
    return { fresh: true, resumed, gap };
  }

  #cut(): void {
    const places = [...this.#places];
    this.#before = new Map(places.map(([id, place]) => [id, { ...place, again: 0 }]));
    this.#expected = places.reduce((newest, each) => (each[1].at > newest[1].at ? each : newest))[0];
  }

  #isKnown(before: Place & { again: number }, at: number, id: string): boolean {
    if (at > before.at) return false;
    if (at < before.at) return true;
    if (this.#expected === id) this.#expected = undefined;
    before.again += 1;
    return before.again <= before.same;
  }
}
