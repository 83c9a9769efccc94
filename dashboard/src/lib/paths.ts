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
  domains: (applicationId: string) => `${to('applications')(applicationId)}/domains`,
  logs: (applicationId: string) => `${to('applications')(applicationId)}/logs`,
  metrics: (applicationId: string) => `${to('applications')(applicationId)}/metrics`,
  variables: (applicationId: string) => `${to('applications')(applicationId)}/variables`,
  volumes: (applicationId: string) => `${to('applications')(applicationId)}/volumes`,
  applicationSettings: (applicationId: string) => `${to('applications')(applicationId)}/settings`,
  signIn: '/sign-in',
  setup: '/setup',
  api: '/graphiql',
};
