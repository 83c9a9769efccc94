// Holds every operation of the dashboard against the API's schema, and writes them by the hashes that are sent.
//   node scripts/operations.js [FILE]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, parse, validate } from 'graphql';
import { createServer } from 'vite';

const schema = buildSchema(readFileSync('../graph/schema.graphql', 'utf8'));
const operations = {};
const mistakes = [];

const server = await createServer({
  server: { middlewareMode: true, ws: false },
  optimizeDeps: { noDiscovery: true, include: [] },
  appType: 'custom',
  logLevel: 'error',
});
try {
  const { textOf, hashOf } = await server.ssrLoadModule('/src/lib/api/operations.ts');
  for (const file of sourcesCalled('queries.ts')) {
    for (const document of Object.values(await server.ssrLoadModule(`/${file}`))) {
      if (!document.definitions?.some(({ kind }) => kind === 'OperationDefinition')) continue;
      const text = textOf(document);
      operations[hashOf(text)] = text;
      for (const { message } of validate(schema, parse(text))) mistakes.push(`${file}: ${message}`);
    }
  }
} finally {
  await server.close();
}

if (mistakes.length) {
  console.error(mistakes.join('\n'));
  process.exit(1);
}
const sorted = Object.fromEntries(Object.entries(operations).sort(([a], [b]) => (a < b ? -1 : 1)));
console.log(`${Object.keys(sorted).length} operations, all as the schema has them`);
if (process.argv[2]) writeFileSync(process.argv[2], `${JSON.stringify(sorted, null, 1)}\n`);

function sourcesCalled(name) {
  const all = readdirSync('src', { recursive: true }).map((path) => join('src', path));
  return all.filter((path) => path.endsWith(`/${name}`)).sort();
}
