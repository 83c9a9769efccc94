/** The tabs of an application's page, in order. Each is a folder beside this file. */
import { paths } from '$lib/paths';
import { t } from '$lib/texts';

export function tabsOf(id: string): { href: string; label: string }[] {
  return [
    { href: paths.application(id), label: t.application.tabs.overview },
    { href: paths.deployments(id), label: t.application.tabs.deployments },
    { href: paths.logs(id), label: t.logs.title },
    { href: paths.metrics(id), label: t.metrics.title },
    { href: paths.domains(id), label: t.domains.title },
    { href: paths.variables(id), label: t.variables.title },
    { href: paths.volumes(id), label: t.volumes.title },
    { href: paths.applicationSettings(id), label: t.applicationSettings.title },
  ];
}
