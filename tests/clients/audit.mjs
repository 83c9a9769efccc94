// Runs the audits of the GraphQL over HTTP specification against a server; prints those that are not met.
//
//   node audit.mjs <url> <token>

import { auditServer } from 'graphql-http';

const [url, token] = process.argv.slice(2);

const results = await auditServer({
  url,
  fetchFn: (input, init = {}) =>
    fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
});

for (const { status, id, name, reason } of results) {
  if (status !== 'ok') console.log(`${status} ${id} ${name}: ${reason}`);
}
console.log(`${results.filter(({ status }) => status === 'ok').length} of ${results.length}`);
process.exit(results.every(({ status }) => status === 'ok') ? 0 : 1);
