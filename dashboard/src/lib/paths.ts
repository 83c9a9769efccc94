/** The addresses of pages. */
const to =
  (folder: string) =>
  (id: string): string =>
    `/${folder}/${encodeURIComponent(id)}`;

export const paths = {
  overview: '/',
  project: to('projects'),
  environment: to('environments'),
  newApplication: (environmentId: string) => `${to('environments')(environmentId)}/new-application`,
  application: to('applications'),
  deployments: (applicationId: string) => `${to('applications')(applicationId)}/deployments`,
  deployment: (applicationId: string, id: string) =>
    `${to('applications')(applicationId)}/deployments/${encodeURIComponent(id)}`,
  newDatabase: (environmentId: string) => `${to('environments')(environmentId)}/new-database`,
  database: to('databases'),
  databaseTab: (databaseId: string, tab: 'logs' | 'connect' | 'exposure' | 'dumps' | 'settings') =>
    `${to('databases')(databaseId)}/${tab}`,
  server: '/server',
  certificates: '/certificates',
  certificate: to('certificates'),
  uploadCertificate: '/certificates/upload',
  resolvers: '/resolvers',
  resolver: to('resolvers'),
  newResolver: '/resolvers/new',
  domains: (applicationId: string) => `${to('applications')(applicationId)}/domains`,
  logs: (applicationId: string) => `${to('applications')(applicationId)}/logs`,
  metrics: (applicationId: string) => `${to('applications')(applicationId)}/metrics`,
  variables: (applicationId: string) => `${to('applications')(applicationId)}/variables`,
  volumes: (applicationId: string) => `${to('applications')(applicationId)}/volumes`,
  applicationSettings: (applicationId: string) => `${to('applications')(applicationId)}/settings`,
  signIn: '/sign-in',
  setup: '/setup',
  api: '/graphiql',
  activity: '/activity',
  team: '/team',
  tokens: '/tokens',
  newToken: '/tokens/new',
  audit: '/audit',
  auditExport: '/audit.jsonl',
  account: '/settings',
  security: '/settings/security',
  users: '/settings/users',
  about: '/settings/about',
  acceptInvitation: '/accept-invitation',
  resetPassword: '/reset-password',
  forgotPassword: '/forgot-password',
};
