/** The tabs of a database's page, in order. Each is a folder beside this file. */
import { paths } from '$lib/paths';
import { t } from '$lib/texts';

const TABS = ['logs', 'connect', 'exposure', 'dumps', 'settings'] as const;

export function tabsOf(id: string): { href: string; label: string }[] {
  return [
    { href: paths.database(id), label: t.databases.tabs.overview },
    ...TABS.map((tab) => ({ href: paths.databaseTab(id, tab), label: t.databases.tabs[tab] })),
  ];
}
