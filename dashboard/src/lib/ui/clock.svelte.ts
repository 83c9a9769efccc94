/** One clock for all times on a page. */
import { createSubscriber } from 'svelte/reactivity';

const ticking = createSubscriber((update) => {
  const timer = setInterval(update, 1_000);
  return () => clearInterval(timer);
});

/** Now, to the second; whoever reads it in a template is drawn again when it moves on. */
export function now(): number {
  ticking();
  return Date.now();
}
