/** When a token shall stop working. */
export const DAYS = ['7', '30', '90'] as const;

export type Expiry = (typeof DAYS)[number] | '365' | 'never' | 'day';

const DAY = 86_400_000; // ms

/** As the API wants it; `day` (2030-12-31) counts to its end, where the person is. */
export function expiresAt(expiry: Expiry, day: string): string | null {
  if (expiry === 'never') return null;
  if (expiry === 'day') return new Date(`${day}T23:59:59`).toISOString();
  return new Date(Date.now() + Number(expiry) * DAY).toISOString();
}
