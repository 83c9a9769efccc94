/** An event as a sentence that stands alone, with where it leads and whether it is bad news. */
import type { LiveEvent } from '$lib/live';
import { paths } from '$lib/paths';
import { t } from '$lib/texts';
import { toneOf, type Tone } from '$lib/ui/Status.svelte';

export interface Sentence {
  text: string;
  tone: Tone;
  href?: string | undefined;
  /** More, in the server's words. */
  more?: string | undefined;
}

export type Names = ReadonlyMap<string, string>;
export type Kind = Exclude<keyof typeof t.activity.kinds, 'all'>;

const says = t.activity.says;

type Said = Omit<Sentence, 'href'>;

export function sentence(event: LiveEvent, names: Names): Sentence {
  const application = names.get(event.applicationId ?? '') ?? t.activity.gone.application;
  const database = names.get(event.databaseId ?? '') ?? t.activity.gone.database;
  const said = ofApplication(event, application) ?? ofDatabase(event, database) ?? ofOther(event);
  return { ...said, href: linkOf(event, names) };
}

function ofApplication(event: LiveEvent, name: string): Said | undefined {
  switch (event.__typename) {
    case 'ApplicationStatusChanged':
      return stated(name, t.states.application, event.applicationStatus);
    case 'DeploymentStatusChanged': {
      const failed = event.failureReason ? t.states.failure[event.failureReason] : undefined;
      const what = says.deployment(name, event.number);
      const said = stated(what, t.states.deployment, event.deploymentStatus);
      return failed ? { ...said, more: `${failed.title}. ${event.message}` } : said;
    }
    case 'ReleaseStatusChanged':
      return stated(says.release(name), t.states.release, event.releaseStatus);
    case 'ContainerStateChanged':
      return event.containerState
        ? stated(says.container(event.containerName), t.states.container, event.containerState)
        : { text: says.gone(says.container(event.containerName)), tone: 'idle' };
    case 'DomainStateChanged':
      return event.domainProblem
        ? { text: says.domainWrong(name), tone: 'bad', more: event.domainProblem }
        : { text: says.domain(name), tone: 'good' };
    default:
      return undefined;
  }
}

function ofDatabase(event: LiveEvent, name: string): Said | undefined {
  switch (event.__typename) {
    case 'DatabaseStatusChanged':
      return stated(name, t.states.database, event.databaseStatus);
    case 'TcpProxyStateChanged':
      return stated(says.port(event.port, name), t.databases.proxyState, event.tcpProxyState);
    case 'DumpStatusChanged':
      return {
        ...stated(says.dump(name), t.databases.dumpState, event.dumpStatus),
        more: event.dumpFailure ?? undefined,
      };
    case 'RestoreStatusChanged':
      return {
        ...stated(says.restore(name), t.databases.restoreState, event.restoreStatus),
        more: event.restoreFailure ?? undefined,
      };
    case 'CredentialsRead':
      return { text: says.credentials(name, event.by), tone: 'idle' };
    case 'DatabaseContainerChanged':
      return { text: says.databaseContainer(name), tone: 'idle' };
    default:
      return undefined;
  }
}

function ofOther(event: LiveEvent): Said {
  switch (event.__typename) {
    case 'ResourceCreated':
      return { text: created(event), tone: 'idle' };
    case 'ResourceUpdated':
      return { text: updated(event), tone: 'idle' };
    case 'ResourceRemoved':
      return { text: removed(event), tone: 'idle' };
    case 'ServerStateChanged':
      return stated(says.server, t.states.server, event.serverState);
    case 'ProxyStateChanged':
      return stated(says.proxy, t.states.proxy, event.proxyState);
    case 'CertificateStateChanged':
      return {
        ...stated(says.certificate(event.host), t.certificates.states, event.certificateState),
        more: event.certificateProblem || undefined,
      };
    case 'CertificateExpires':
      return { text: says.certificateExpires(event.daysLeft), tone: 'warn' };
    default:
      return { text: says.other, tone: 'idle' };
  }
}

function stated<State extends string>(what: string, words: Record<State, string>, state: State): Said {
  return { text: says.state(what, words[state]), tone: toneOf(state) };
}

export function kindOf(event: LiveEvent): Kind {
  switch (event.__typename) {
    case 'ResourceCreated':
    case 'ResourceUpdated':
    case 'ResourceRemoved':
      return KINDS[event.noun] ?? 'applications';
    case 'DeploymentStatusChanged':
    case 'ReleaseStatusChanged':
      return 'deployments';
    case 'ContainerStateChanged':
    case 'DatabaseContainerChanged':
      return 'containers';
    case 'DomainStateChanged':
    case 'CertificateStateChanged':
    case 'CertificateExpires':
      return 'domains';
    case 'ServerStateChanged':
    case 'ProxyStateChanged':
      return 'server';
    case 'CredentialsRead':
      return 'people';
    case 'ApplicationStatusChanged':
      return 'applications';
    default:
      return 'databases';
  }
}

/** Whether it tells of something that went wrong. */
export function isBad(event: LiveEvent): boolean {
  return ['bad', 'warn'].includes(sentence(event, new Map()).tone);
}

const KINDS: Record<string, Kind> = {
  DEPLOYMENT: 'deployments',
  RELEASE: 'deployments',
  DATABASE: 'databases',
  DATABASE_DUMP: 'databases',
  DATABASE_RESTORE: 'databases',
  TCP_PROXY: 'databases',
  DOMAIN: 'domains',
  CERTIFICATE: 'domains',
  CERTIFICATE_RESOLVER: 'domains',
  SERVER: 'server',
  TEAM: 'people',
  MEMBERSHIP: 'people',
  INVITATION: 'people',
  USER: 'people',
  API_TOKEN: 'people',
};

/** Where things are that have no page of their own. */
const PLACES: Record<string, string> = {
  API_TOKEN: paths.tokens,
  CERTIFICATE: paths.certificates,
  CERTIFICATE_RESOLVER: paths.resolvers,
  INVITATION: paths.team,
  MEMBERSHIP: paths.team,
  SERVER: paths.server,
  TEAM: paths.team,
  USER: paths.users,
};

type About<Name extends LiveEvent['__typename']> = Extract<LiveEvent, { __typename: Name }>;

function created(event: About<'ResourceCreated'>): string {
  if (event.noun === 'MEMBERSHIP') return says.joined(event.name);
  if (event.noun === 'INVITATION') return says.invited(event.name);
  if (isSession(event)) return says.signedIn(event.name);
  return says.created(t.activity.nouns[event.noun], event.name);
}

function updated(event: About<'ResourceUpdated'>): string {
  const what = capital(t.activity.nouns[event.noun]);
  if (!event.changed.length) return says.updated(what, event.name);
  return says.updatedIn(what, event.name, event.changed.map(spaced).join(', '));
}

function removed(event: About<'ResourceRemoved'>): string {
  if (event.noun === 'MEMBERSHIP') return says.left(event.name);
  if (event.noun === 'INVITATION') return says.uninvited(event.name);
  if (isSession(event)) return says.signedOut(event.name);
  return says.removed(capital(t.activity.nouns[event.noun]), event.name);
}

function linkOf(event: LiveEvent, names: Names): string | undefined {
  if (event.applicationId && names.has(event.applicationId)) {
    if (event.deploymentId && event.__typename === 'DeploymentStatusChanged')
      return paths.deployment(event.applicationId, event.deploymentId);
    return paths.application(event.applicationId);
  }
  if (event.databaseId && names.has(event.databaseId)) return paths.database(event.databaseId);
  if ('certificateId' in event) return paths.certificate(event.certificateId);
  if (event.environmentId && names.has(event.environmentId)) return paths.environment(event.environmentId);
  if (event.projectId && names.has(event.projectId)) return paths.project(event.projectId);
  if ('serverState' in event || 'proxyState' in event) return paths.server;
  return 'noun' in event ? PLACES[event.noun] : undefined;
}

/** A session is told of as a part of its user. */
function isSession(event: { noun: string; id: string }): boolean {
  try {
    return (
      event.noun === 'USER' && atob(event.id.replaceAll('-', '+').replaceAll('_', '/')).startsWith('UserSession')
    );
  } catch {
    return false;
  }
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** stopGracePeriod: "stop grace period". */
export function spaced(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace('api ', 'API ');
}
