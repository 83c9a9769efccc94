/** The entries of a log, newest first, with older ones after them, each once. */
export function withOlder<Entry extends { cursor: string }>(
  entries: readonly Entry[],
  older: readonly Entry[],
): Entry[] {
  const known = new Set(entries.map(({ cursor }) => cursor));
  return [...entries, ...older.filter(({ cursor }) => !known.has(cursor))];
}
