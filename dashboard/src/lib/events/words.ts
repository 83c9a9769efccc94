/** An event as a sentence. */
import type { LiveEvent } from '$lib/live';
import { t } from '$lib/texts';

/** The sentence; empty for what nobody but the pages about it needs to know. */
export function drawn(event: LiveEvent): string {
  const words = t.projects.changes;
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
      return words.application(t.states.application[event.applicationStatus]);
    case 'DatabaseStatusChanged':
      return words.database(t.states.database[event.databaseStatus]);
    case 'DeploymentStatusChanged':
      return words.deployment(event.number, t.states.deployment[event.deploymentStatus]);
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

/** API_TOKEN: "API token". */
function noun(name: string): string {
  const lower = name.toLowerCase().replaceAll('_', ' ').replace('api ', 'API ');
  return lower[0]!.toUpperCase() + lower.slice(1);
}
