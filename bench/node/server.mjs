// The rival: Fastify with mercurius, over the schema and the rows that Wharfinger has, at its best.
//
//   node server.mjs schema.graphql wharf.db [jit]     prints its port, and serves until it is ended
//
// What it has for speed: documents parsed and validated once (mercurius' own cache), no log, prepared statements that
// read only what is shown, named as the schema names it so that fields need no resolver of their own, loaders that
// read for all parents at once, and, where asked for, the compiler graphql-jit. It answers whoever has a token that
// is neither revoked nor expired, and looks that up for each request, but knows of no roles, no limits and no costs.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import Fastify from "fastify";
import { GraphQLScalarType } from "graphql";
import mercurius from "mercurius";

const [schemaFile, databaseFile, jit] = process.argv.slice(2);
const database = new DatabaseSync(databaseFile, { readOnly: true });

const globalId = (kind) => (row) => Buffer.from(`${kind}:${row.id}`).toString("base64url");
// As SQLite holds it, 2026-01-31 12:00:00.123456, into 2026-01-31T12:00:00.123456Z.
const moment = (text) => `${text.slice(0, 10)}T${text.slice(11).replace(".000000", "")}Z`;

const APPLICATION = `SELECT id, name, image, status, desired AS desiredState, port, replicas, strategy, maintenance,
  memory_limit AS memoryLimit, created_at AS createdAt, updated_at AS updatedAt, environment_id AS environmentId
  FROM application`;
const applications = database.prepare(`${APPLICATION} ORDER BY id LIMIT ?`);
const known = database.prepare(
  "SELECT 1 FROM api_token WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
);

// One statement for as many ids as there are: prepared once for each number of them.
function byIds(text) {
  const prepared = new Map();
  return (ids) => {
    if (!prepared.has(ids.length)) {
      prepared.set(ids.length, database.prepare(text.replace("(?)", `(${ids.map(() => "?")})`)));
    }
    return prepared.get(ids.length).all(...ids);
  };
}

const environments = byIds(
  "SELECT id, name, project_id AS projectId FROM environment WHERE id IN (?)",
);
const projects = byIds("SELECT id, name FROM project WHERE id IN (?)");
const domains = byIds(
  `SELECT id, application_id AS applicationId, host, path_prefix AS pathPrefix, scheme FROM domain
  WHERE application_id IN (?) ORDER BY host, path_prefix`,
);
const deployments = byIds(
  `SELECT application_id AS applicationId, id, max(number) AS number, status, created_at AS createdAt,
  finished_at AS finishedAt FROM deployment WHERE application_id IN (?) GROUP BY application_id`,
);

function one(find, key) {
  return async (queries) => {
    const found = find([...new Set(queries.map(({ obj }) => obj[key]))]);
    const rows = new Map(found.map((row) => [row.id, row]));
    return queries.map(({ obj }) => rows.get(obj[key]));
  };
}

async function loadDomains(queries) {
  const groups = new Map(queries.map(({ obj }) => [obj.id, []]));
  for (const row of domains([...groups.keys()])) groups.get(row.applicationId).push(row);
  return queries.map(({ obj }) => groups.get(obj.id));
}

async function loadLatest(queries) {
  const rows = new Map(deployments(queries.map(({ obj }) => obj.id)).map((row) => [row.applicationId, row]));
  return queries.map(({ obj }) => rows.get(obj.id));
}

const resolvers = {
  DateTime: new GraphQLScalarType({ name: "DateTime", serialize: moment }),
  Query: {
    applications: (_, { first }) => ({ nodes: applications.all(first) }),
  },
  Application: { id: globalId("Application") },
  Environment: { id: globalId("Environment") },
  Project: { id: globalId("Project") },
  Domain: {
    id: globalId("Domain"),
    url: ({ scheme, host, pathPrefix }) => `${scheme.toLowerCase()}://${host}${pathPrefix === "/" ? "" : pathPrefix}`,
  },
  Deployment: { id: globalId("Deployment") },
};

// Nothing is remembered from one request to the next: what is shown is what is.
const uncached = (loader) => ({ loader, opts: { cache: false } });
const loaders = {
  Application: {
    environment: uncached(one(environments, "environmentId")),
    domains: uncached(loadDomains),
    latestDeployment: uncached(loadLatest),
  },
  Environment: { project: uncached(one(projects, "projectId")) },
};

const app = Fastify({ logger: false });
app.addHook("onRequest", async (request, reply) => {
  const [, token] = (request.headers.authorization ?? "").split(" ");
  const hash = createHash("sha256").update(token ?? "").digest("hex");
  if (!known.get(hash, new Date().toISOString().replace("T", " "))) reply.code(401).send();
});
app.register(mercurius, {
  schema: readFileSync(schemaFile, "utf8"),
  resolvers,
  loaders,
  ...(jit === "jit" ? { jit: 1 } : {}),
});
await app.listen({ host: "127.0.0.1", port: 0 });
console.log(app.server.address().port);
