// The rival: graphql-ws over ws, telling events over the schema that Wharfinger has, at its best.
//
//   node fanout.mjs schema.graphql     prints its port, and serves until it is ended
//
// POST /publish with a list of events tells each of them to every subscriber of `applicationEvents`, and answers once they are
// on their way. What it has for speed: no compression, no log, no look-up of who asks, nothing written to a database,
// bufferutil beside ws, fields that need no resolver, one queue and one waiting promise for each subscriber.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { buildSchema } from "graphql";
import { useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";

const subscribers = new Set();

class Events {
  queue = [];
  waiting = null;

  constructor() {
    subscribers.add(this);
  }

  push(event) {
    if (this.waiting) {
      const resolve = this.waiting;
      this.waiting = null;
      resolve({ value: { applicationEvents: event }, done: false });
    } else this.queue.push(event);
  }

  next() {
    if (this.queue.length) return Promise.resolve({ value: { applicationEvents: this.queue.shift() }, done: false });
    return new Promise((resolve) => (this.waiting = resolve));
  }

  return() {
    subscribers.delete(this);
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

const server = createServer(async (request, response) => {
  let text = "";
  for await (const part of request) text += part;
  for (const event of JSON.parse(text)) for (const each of subscribers) each.push(event);
  response.end("{}");
});
const sockets = new WebSocketServer({ server, path: "/graphql", perMessageDeflate: false });
useServer(
  {
    schema: buildSchema(readFileSync(process.argv[2], "utf8"), { assumeValid: true }),
    roots: { subscription: { applicationEvents: () => new Events() } },
  },
  sockets,
);
server.listen({ host: "127.0.0.1", port: 0, backlog: 2048 }, () => console.log(server.address().port));
