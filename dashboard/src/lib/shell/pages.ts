/** The pages that can be gone to from everywhere: in the sidebar, in the palette, and by `g` and their key. */
import { paths } from '$lib/paths';
import { t } from '$lib/texts';

export interface PageLink {
  href: string;
  label: string;
  /** The key that leads there after `g`. */
  key: string;
  /** Drawn on a 16 by 16 grid. */
  icon: string;
  /** Whether the page has a Content-Security-Policy of its own, so that the browser must ask for it anew. */
  reload?: boolean;
}

export const pages: readonly PageLink[] = [
  {
    href: paths.overview,
    label: t.shell.nav.overview,
    key: 'o',
    icon: 'M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5H9z',
  },
  {
    href: paths.server,
    label: t.shell.nav.server,
    key: 's',
    icon: 'M2.5 2.5h11v4.5h-11zM2.5 9h11v4.5h-11zM5 4.75h.01M5 11.25h.01',
  },
  {
    href: paths.certificates,
    label: t.shell.nav.certificates,
    key: 'c',
    icon: 'M8 1.5 13.5 3.5v4c0 3.5-2.3 5.8-5.5 7-3.2-1.2-5.5-3.5-5.5-7v-4zM5.5 8l1.8 1.8 3.2-3.4',
  },
  {
    href: paths.activity,
    label: t.activity.title,
    key: 'e',
    icon: 'M1.5 8.5h3l2-5.5 3 10 2-4.5h3',
  },
  {
    href: paths.team,
    label: t.team.title,
    key: 't',
    icon: 'M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 3a2.3 2.3 0 0 1 0 4.3M12 9.8c1.6.6 2.5 1.9 2.5 3.7',
  },
  {
    href: paths.tokens,
    label: t.tokens.title,
    key: 'k',
    icon: 'M8 8a3 3 0 1 0 0 .01M8 8h6.5M12 8v2.5M14 8v1.8',
  },
  {
    href: paths.audit,
    label: t.audit.title,
    key: 'l',
    icon: 'M3.5 1.5h9v13h-9zM6 5h4M6 8h4M6 11h2.5',
  },
  {
    href: paths.account,
    label: t.settings.title,
    key: ',',
    icon: 'M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M12 4.5a1.5 1.5 0 1 0 0 .01M7 11.5a1.5 1.5 0 1 0 0 .01',
  },
  { href: paths.api, label: t.shell.nav.api, key: 'a', icon: 'M5.5 4 2 8l3.5 4M10.5 4 14 8l-3.5 4', reload: true },
];
