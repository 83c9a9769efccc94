/** The viewer of logs. */
const lines = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'line' : 'lines'}`;

export const logs = {
  title: 'Logs',
  search: 'Search in the log',
  searching: 'Searching…',
  found: (place: number, count: number) =>
    count === 0 ? 'Not found' : place ? `${place} of ${lines(count)}` : lines(count),
  next: 'Next hit',
  previous: 'Previous hit',
  replica: 'Whose lines',
  all: (count: number) => `All ${count} containers`,
  wrap: 'Wrap',
  stamps: 'Timestamps',
  earlier: 'Earlier lines',
  download: 'Download',
  follow: (unseen: number) => (unseen ? `Follow (${lines(unseen)} more)` : 'Follow'),
  stderr: 'Written to the standard error',
  none: 'No lines yet. What the program writes to its standard output and its standard error appears here.',
  noneOfThis: 'This container has written none of the lines that are here.',
  states: { live: 'Live', lost: 'Connection lost', connecting: 'Connecting', ended: 'Ended' },
  goesOn: (line: number) => `It goes on after line ${line.toLocaleString('en')} when the connection is there again.`,
  resumed: (line: number) => `Resumed after line ${line.toLocaleString('en')}. Nothing is missing.`,
  gap: (line: number) => `Resumed after line ${line.toLocaleString('en')}. Some lines may be missing there.`,
  resting: 'New lines are kept, and not scrolled to.',
  count: (kept: number, more: boolean) => (more ? `The newest ${lines(kept)}` : lines(kept)),
  source: {
    replica: (n: number) => `Replica ${n}`,
    ofRelease: (n: number, release: number) => `Replica ${n} of release ${release}`,
  },
};
