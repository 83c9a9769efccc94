const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** "512MiB": exact, and as the API takes it. */
export function exactSize(bytes: number | string): string {
  let value = Number(bytes);
  let unit = 0;
  while (value > 0 && value % 1_024 === 0 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${value}${UNITS[unit]}`;
}
