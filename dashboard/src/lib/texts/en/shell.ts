export const shell = {
  nav: {
    label: 'Main',
    overview: 'Overview',
    server: 'Server',
    certificates: 'Certificates',
    api: 'API explorer',
  },
  skip: 'Skip to content',
  menu: 'Menu',
  signOut: 'Sign out',
  account: 'Account',
  theme: { label: 'Theme', system: 'System', light: 'Light', dark: 'Dark' },
  connection: {
    connecting: 'Connecting',
    live: 'Live',
    'catching-up': 'Catching up',
    lost: 'Connection lost',
    lostSince: (time: string) => `No connection since ${time}. What you see is as it was then.`,
    recovered: (events: number) =>
      events === 0
        ? 'Connected again. Nothing happened meanwhile.'
        : `Connected again. ${events} ${events === 1 ? 'event was' : 'events were'} caught up.`,
    anew: 'Connected again after a long time: everything was read anew.',
  },
  palette: {
    title: 'Command palette',
    open: 'Search and commands',
    placeholder: 'Go to, deploy…',
    empty: 'Nothing is called so.',
    page: 'Page',
    deploy: (name: string) => `Deploy ${name}`,
    logs: (name: string) => `Logs of ${name}`,
    deploying: (name: string) => `${name} is being deployed.`,
  },
  shortcuts: {
    title: 'Keyboard shortcuts',
    palette: 'Command palette',
    list: 'This list',
    go: (page: string) => `Go to ${page}`,
    then: 'then',
  },
};
