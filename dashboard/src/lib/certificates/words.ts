/** What is said of certificates in several places. */

const DAY = 86_400_000; // ms
const SOON = 14; // days: by then an authority's next one should have been there

/** "shop.example.com +2". */
export function certificateNames(names: readonly string[]): string {
  const [first = '–', ...others] = names;
  return others.length ? `${first} +${others.length}` : first;
}

/** How many whole days it is valid still, where that needs somebody's eye; negative: it is over. */
export function daysLeft(notAfter: string | null, now: number): number | undefined {
  if (!notAfter) return undefined;
  const days = Math.floor((Date.parse(notAfter) - now) / DAY);
  return days < SOON ? days : undefined;
}
