import { t } from '$lib/texts';

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const ofDay = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });

/** "3 min. ago", as seen at `now` (ms). */
export function ago(at: Date, now: number): string {
  const seconds = (at.getTime() - now) / 1_000;
  if (Math.abs(seconds) < 5) return t.common.time.justNow;
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size)!;
  return relative.format(Math.trunc(seconds / size), unit);
}

export function moment(at: Date): string {
  return absolute.format(at);
}

export function timeOfDay(at: Date): string {
  return ofDay.format(at);
}

/** "1 min 4 s", or "340 ms". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
