export const server = {
  title: 'Server',
  engine: 'Docker engine',
  proxy: 'HTTP proxy',
  version: 'Version',
  state: 'State',
  since: 'Since',
  known: 'Known since',
  containers: 'Containers',
  running: (running: number, all: number) => (running === all ? `${all} running` : `${running} of ${all} running`),
  unseen: 'not seen yet',
  defaultResolver: 'Certificates from',
  noResolver: 'not set',
  engineHelp: {
    UNKNOWN: 'The engine has not been asked yet. This takes a moment after a start.',
    UNREACHABLE:
      'What runs on it may well run on, but nothing can be deployed or seen until it answers. See that Docker runs on the host (systemctl status docker), and that Wharfinger may use its socket. It is asked again by itself.',
  },
  proxyHelp: {
    UNKNOWN: 'Nobody has looked at the proxy yet.',
    STARTING: 'The proxy is being started; visitors are served as soon as it has loaded its routes.',
    FAILED:
      'Visitors may not be served. The usual reason is another program on the ports for HTTP and HTTPS: end it, and the proxy comes up by itself.',
  },
  tcp: {
    title: 'TCP proxies',
    database: 'Database',
    port: 'Address and port',
    who: 'Open to',
    connections: 'Connections',
    memory: 'Memory',
    memoryAll: (all: string) => `${all} in all`,
    closes: 'closes',
    empty: {
      title: 'No port leads to a database',
      text: 'A database that is exposed gets a TCP proxy of its own, which is shown here with its connections and memory.',
    },
    networks: (count: number) => (count === 1 ? '1 network' : `${count} networks`),
  },
  changes: 'What changed lately',
};
