/**
 * Which lines are shown, and where: so many pixels from the top, for any of a hundred thousand rows of any height, in
 * the time of a logarithm. A ring of rows, whose heights are the leaves of a binary indexed tree. Heights are whole
 * pixels. A row is named by its place: 0 for the first that ever was, and so on; its line may be any.
 */
export class Rows {
  #numbers: Float64Array;
  #heights: Uint32Array;
  #tree: Float64Array;
  /** The place of the first row. */
  first = 0;
  /** The place after the last row. */
  end = 0;
  /** The height of all rows. */
  height = 0;

  constructor(readonly capacity: number) {
    this.#numbers = new Float64Array(capacity);
    this.#heights = new Uint32Array(capacity);
    this.#tree = new Float64Array(capacity + 1);
  }

  get count(): number {
    return this.end - this.first;
  }

  clear(): void {
    this.#heights.fill(0);
    this.#tree.fill(0);
    this.first = this.end = this.height = 0;
  }

  /** Add the row of a line. There must be room. */
  push(number: number, height: number): void {
    const slot = this.end++ % this.capacity;
    this.#numbers[slot] = number;
    this.#change(slot, height);
  }

  /** Take the first row away. Returns its height. */
  shift(): number {
    const slot = this.first++ % this.capacity;
    const height = this.#heights[slot]!;
    this.#change(slot, 0);
    return height;
  }

  number(place: number): number {
    return this.#numbers[place % this.capacity]!;
  }

  /** Give a row another height. Returns by how much it differs. */
  resize(place: number, height: number): number {
    return this.#change(place % this.capacity, height);
  }

  /** How far down a row is. */
  offset(place: number): number {
    if (place >= this.end) return this.height;
    const [slot, head] = [place % this.capacity, this.first % this.capacity];
    const from = this.#before(slot) - this.#before(head);
    return slot >= head ? from : from + this.height;
  }

  /** The place of the row that is so far down. */
  at(offset: number): number {
    if (offset >= this.height) return Math.max(this.first, this.end - 1);
    const head = this.first % this.capacity;
    let wanted = Math.max(0, offset) + this.#before(head);
    if (wanted >= this.height) wanted -= this.height;
    let slot = 0;
    for (let step = 1 << Math.floor(Math.log2(this.capacity)); step > 0; step >>= 1) {
      const next = slot + step;
      if (next > this.capacity || this.#tree[next]! > wanted) continue;
      slot = next;
      wanted -= this.#tree[next]!;
    }
    return this.first + ((slot - head + this.capacity) % this.capacity);
  }

  /** The place of the row of this line, or of the next line that has one. */
  placeOf(number: number): number {
    let [low, high] = [this.first, this.end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.number(middle) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #change(slot: number, height: number): number {
    const difference = height - this.#heights[slot]!;
    if (difference === 0) return 0;
    this.#heights[slot] = height;
    this.height += difference;
    for (let node = slot + 1; node <= this.capacity; node += node & -node) this.#tree[node]! += difference;
    return difference;
  }

  /** The sum of the heights in the slots before this one. */
  #before(slot: number): number {
    let sum = 0;
    for (let node = slot; node > 0; node -= node & -node) sum += this.#tree[node]!;
    return sum;
  }
}
