/** Short words about what was just done, read out by screen readers. */
export interface Toast {
  id: number;
  kind: 'good' | 'bad' | 'info';
  text: string;
}

const STAYS = 6_000; // ms

class Toasts {
  shown = $state<Toast[]>([]);
  #last = 0;

  say(text: string, kind: Toast['kind'] = 'info'): void {
    const id = ++this.#last;
    this.shown.push({ id, kind, text });
    setTimeout(() => this.dismiss(id), STAYS);
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
