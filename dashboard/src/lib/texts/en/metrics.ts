/** The charts of an application. */
const cores = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });

export const metrics = {
  title: 'Metrics',
  now: 'Now',
  since: 'Measured every second from when this page was opened; it goes on as long as the page is open.',
  span: 'Time span',
  minutes: (n: number) => `${n} minutes`,
  container: 'Container',
  sum: 'Sum',
  kinds: { cpu: 'CPU', memory: 'Memory', received: 'Network in', sent: 'Network out' },
  cores: (value: number) => `${cores.format(value)} ${value === 1 ? 'core' : 'cores'}`,
  perSecond: (text: string) => `${text}/s`,
  of: (limit: string, part: number) => `of ${limit} (${percent.format(part)})`,
  chart: (what: string, now: string) => `${what} over time, now ${now} in all. The table has the values.`,
  waiting: 'The first values come in a moment',
  none: 'No container runs',
  noneText: 'What the containers use of CPU, memory and network is drawn here as long as they run.',
};
