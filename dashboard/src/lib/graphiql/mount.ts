/** GraphiQL with its editor's workers, all of it from this build. */
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createClient } from 'graphql-ws';
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { mendTabs } from './tabs';

const WELCOME = `# What this server can do is described on the left. For example:

query {
  viewer { name }
  applications { nodes { name status } }
}

# Follow what happens:
#
# subscription { events { __typename at } }
`;

/** Draw it there, until the returned function is called. */
export function mount(place: Element): () => void {
  const socket = createClient({ url: `${location.origin.replace(/^http/, 'ws')}/graphql` });
  const fetcher = createGraphiQLFetcher({ url: '/graphql', wsClient: socket });
  const root = createRoot(place);
  // What a link brings along is shown, and runs only when somebody says so.
  const initialQuery = new URLSearchParams(location.search).get('query') ?? undefined;
  // Its own theme would be the system's of when it was opened.
  const draw = () =>
    root.render(createElement(GraphiQL, { fetcher, defaultQuery: WELCOME, initialQuery, forcedTheme: theme() }));
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', draw);
  draw();
  const leaveTabs = mendTabs(place);
  return () => {
    leaveTabs();
    scheme.removeEventListener('change', draw);
    root.unmount();
    void socket.dispose();
  };
}

/** What somebody chose for the dashboard, else what the system says. */
function theme(): 'dark' | 'light' {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'dark' || chosen === 'light') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}
