// The JavaScript client that browsers use: one query and one subscription, resumed after its socket was cut.
// node subscribe.mjs <ws url> <token> <cursor> <count>: prints the cursors of `count` events after `cursor`.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token, cursor, count] = process.argv.slice(2);
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  lazy: false,
  retryAttempts: 3,
  connectionParams: { authorization: `Bearer ${token}` },
});

const query = client.iterate({ query: '{ eventCursor }' });
const { value } = await query.next();
if (value.errors || !value.data.eventCursor) throw new Error(JSON.stringify(value));

const seen = [];
let after = cursor;
while (seen.length < Number(count)) {
  const events = client.iterate({
    query: 'subscription($after: Cursor) { events(after: $after) { cursor } }',
    variables: { after },
  });
  for await (const { data, errors } of events) {
    if (errors) throw new Error(JSON.stringify(errors));
    after = data.events.cursor;
    seen.push(after);
    if (seen.length === Number(count)) break;
    // After every second event the subscription is given up and taken up again with its cursor.
    if (seen.length % 2 === 0) break;
  }
}
await client.dispose();
console.log(JSON.stringify(seen));
process.exit(0);
