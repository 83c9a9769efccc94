/** An event as a sentence. */
import type { LiveEvent } from '$lib/live';
import { t } from '$lib/texts';

/** The sentence, with the `names` of what is known; empty for what nobody but the pages about it needs to know. */
export function drawn(event: LiveEvent, names: ReadonlyMap<string, string> = new Map()): string {
  const words = t.projects.changes;
  const application = names.get(event.applicationId ?? '') ?? words.anApplication;
  switch (event.__typename) {
    case 'ResourceCreated':
      return event.noun === 'DEPLOYMENT' || event.noun === 'RELEASE'
        ? ''
        : words.created(noun(event.noun), event.name);
    case 'ResourceUpdated':
      return words.updated(noun(event.noun), event.name);
    case 'ResourceRemoved':
      return words.removed(noun(event.noun), event.name);
    case 'ApplicationStatusChanged':
      return words.application(application, t.states.application[event.applicationStatus]);
    case 'DatabaseStatusChanged': {
      const database = names.get(event.databaseId ?? '') ?? words.aDatabase;
      return words.database(database, t.states.database[event.databaseStatus]);
    }
    case 'DeploymentStatusChanged':
      return words.deployment(application, event.number, t.states.deployment[event.deploymentStatus]);
    case 'ServerStateChanged':
      return words.server(t.states.server[event.serverState]);
    case 'ProxyStateChanged':
      return words.proxy(t.states.proxy[event.proxyState]);
    case 'CertificateExpires':
    case 'CertificateStateChanged':
      return words.certificate;
    default:
      return '';
  }
}

/** The events without those that are only a step on the way to a later one; newest first. */
export function condensed(events: readonly LiveEvent[]): LiveEvent[] {
  const seen = new Set<string>();
  return events.filter((event) => {
    if (event.__typename === 'ApplicationStatusChanged') return event.applicationStatus !== 'DEPLOYING';
    if (event.__typename !== 'DeploymentStatusChanged' || !event.deploymentId) return true;
    return !seen.has(event.deploymentId) && seen.add(event.deploymentId);
  });
}

/** API_TOKEN: "API token". */
function noun(name: string): string {
  const lower = name
    .toLowerCase()
    .replaceAll('_', ' ')
    .replace(/^(api|tcp)\b/, (short) => short.toUpperCase());
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}
