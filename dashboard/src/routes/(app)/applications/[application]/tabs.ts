/** The tabs of an application's page, in order. Each is a folder beside this file. */
import { paths } from '$lib/paths';
import { t } from '$lib/texts';

export function tabsOf(id: string): { href: string; label: string }[] {
  return [
    { href: paths.application(id), label: t.application.tabs.overview },
    { href: paths.deployments(id), label: t.application.tabs.deployments },
  ];
}
