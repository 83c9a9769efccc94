/** What is being edited: as it is, until somebody changes it; from then on theirs, until it is saved. */
import { untrack } from 'svelte';

export class Draft<Value extends object> {
  value = $state<Value>() as Value;
  #origin = $state('');

  /** `read` gives what is; it is read again whenever that changes. */
  constructor(read: () => Value) {
    this.value = untrack(read);
    this.#origin = JSON.stringify(this.value);
    $effect(() => {
      const now = read();
      untrack(() => {
        if (!this.changed) this.value = now;
        this.#origin = JSON.stringify(now);
      });
    });
  }

  /** Whether it differs from what is. */
  get changed(): boolean {
    return JSON.stringify(this.value) !== this.#origin;
  }

  /** It is now what is, even if nobody has said so yet. */
  saved(): void {
    this.#origin = JSON.stringify(this.value);
  }
}

/** What was typed as a number, or null for nothing; what is no number is left to the server to complain about. */
export function numeric(text: string): number | null {
  const trimmed = text.trim();
  if (!trimmed) return null;
  const number = Number(trimmed);
  return Number.isNaN(number) ? (trimmed as unknown as number) : number;
}

/** The lines that are not empty. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line.trim());
}
