// Runs one operation over graphql-transport-ws with the client that browsers use; prints each answer on a line.
//
//   node watch.mjs <url> <token> <query>

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, query] = process.argv.slice(2);
const client = createClient({ url, webSocketImpl: WebSocket, connectionParams: { token }, retryAttempts: 0 });

try {
  for await (const answer of client.iterate({ query })) console.log(JSON.stringify(answer));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
await client.dispose();
