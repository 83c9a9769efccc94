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

export function sentence(event: LiveEvent, names: Names): Sentence {
  const application = names.get(event.applicationId ?? '') ?? t.activity.gone.application;
  const database = names.get(event.databaseId ?? '') ?? t.activity.gone.database;
  const href = linkOf(event, names);
  switch (event.__typename) {
    case 'ResourceCreated':
      return { text: created(event), tone: 'idle', href };
    case 'ResourceUpdated':
      return { text: updated(event), tone: 'idle', href };
    case 'ResourceRemoved':
      return { text: removed(event), tone: 'idle', href };
    case 'ApplicationStatusChanged':
      return {
        text: says.application(application, t.states.application[event.applicationStatus]),
        tone: toneOf(event.applicationStatus),
        href,
      };
    case 'DatabaseStatusChanged':
      return {
        text: says.application(database, t.states.database[event.databaseStatus]),
        tone: toneOf(event.databaseStatus),
        href,
      };
    case 'DeploymentStatusChanged': {
      const failed = event.failureReason ? t.states.failure[event.failureReason] : undefined;
      return {
        text: says.deployment(application, event.number, t.states.deployment[event.deploymentStatus]),
        tone: toneOf(event.deploymentStatus),
        href,
        more: failed ? `${failed.title}. ${event.message}` : undefined,
      };
    }
    case 'ReleaseStatusChanged':
      return {
        text: says.release(application, t.states.release[event.releaseStatus]),
        tone: toneOf(event.releaseStatus),
        href,
      };
    case 'ContainerStateChanged':
      return {
        text: event.containerState
          ? says.container(event.containerName, t.states.container[event.containerState])
          : says.containerGone(event.containerName),
        tone: event.containerState ? toneOf(event.containerState) : 'idle',
        href,
      };
    case 'ServerStateChanged':
      return { text: says.server(t.states.server[event.serverState]), tone: toneOf(event.serverState), href };
    case 'ProxyStateChanged':
      return { text: says.proxy(t.states.proxy[event.proxyState]), tone: toneOf(event.proxyState), href };
    case 'CertificateExpires':
      return { text: says.certificateExpires, tone: 'warn', href };
    default:
      return { text: plain(event, application, database), tone: 'idle', href };
  }
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

function plain(event: LiveEvent, application: string, database: string): string {
  switch (event.__typename) {
    case 'TcpProxyStateChanged':
      return says.tcpProxy(database);
    case 'DomainStateChanged':
      return says.domain(application);
    case 'CertificateStateChanged':
      return says.certificate;
    case 'DumpStatusChanged':
      return says.dump(database);
    case 'RestoreStatusChanged':
      return says.restore(database);
    case 'CredentialsRead':
      return says.credentials(database);
    case 'DatabaseContainerChanged':
      return says.databaseContainer(database);
    default:
      return says.other;
  }
}

function linkOf(event: LiveEvent, names: Names): string | undefined {
  if (event.applicationId && names.has(event.applicationId)) {
    if (event.deploymentId && event.__typename === 'DeploymentStatusChanged')
      return paths.deployment(event.applicationId, event.deploymentId);
    return paths.application(event.applicationId);
  }
  if (event.environmentId && names.has(event.environmentId)) return paths.environment(event.environmentId);
  if (event.projectId && names.has(event.projectId)) return paths.project(event.projectId);
  if (!('noun' in event)) return undefined;
  if (event.noun === 'API_TOKEN') return paths.tokens;
  if (event.noun === 'USER') return paths.users;
  return ['TEAM', 'MEMBERSHIP', 'INVITATION'].includes(event.noun) ? paths.team : undefined;
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
