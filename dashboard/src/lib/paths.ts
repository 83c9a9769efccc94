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
