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
  root.render(createElement(GraphiQL, { fetcher, defaultQuery: WELCOME, initialQuery }));
  const leaveTabs = mendTabs(place);
  return () => {
    leaveTabs();
    root.unmount();
    void socket.dispose();
  };
}
