// Persisted operations with the clients that people use.
// node persisted.mjs <http url> <ws url> <token> <known query>: prints, as one object, what each was answered and
// whether each request it made had the text of the query in it.
import { ApolloClient, HttpLink, InMemoryCache, gql as apolloGql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { createHash } from 'node:crypto';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, socketUrl, token, known] = process.argv.slice(2);
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
let requests = [];

const recorded = async (target, options = {}) => {
  const parameters = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(target).searchParams);
  requests.push([options.method, Boolean(parameters.query)]);
  return fetch(target, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });
};
const noted = async (work) => {
  requests = [];
  const answers = await work();
  return { answers, requests };
};

const urql = (options, socket) =>
  new Client({
    url,
    fetch: recorded,
    exchanges: [
      persistedExchange({ generateHash: async (text) => sha256(text), ...options }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables, extensions }) => ({
          subscribe: (sink) => {
            requests.push(['subscribe', Boolean(query)]);
            return { unsubscribe: socket.subscribe({ query: query ?? '', variables, extensions }, sink) };
          },
        }),
      }),
    ],
    requestPolicy: 'network-only',
  });

const asked = async (client, query, times) => {
  const answers = [];
  for (let n = 0; n < times; n += 1) {
    const { data, error } = await client.query(query, {}).toPromise();
    answers.push(error ? String(error) : data);
  }
  return answers;
};

const socket = createClient({ url: socketUrl, webSocketImpl: WebSocket, connectionParams: { token }, retryAttempts: 0 });
const subscribed = (client, query) =>
  new Promise((resolve, reject) => {
    const { unsubscribe } = client.subscription(query, {}).subscribe(({ data, error }) => {
      unsubscribe();
      if (error) reject(error);
      else resolve(data);
    });
  });

const apollo = (options) => {
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: true, ...options });
  return new ApolloClient({
    link: link.concat(new HttpLink({ uri: url, fetch: recorded })),
    cache: new InMemoryCache(),
    defaultOptions: { query: { fetchPolicy: 'network-only' } },
  });
};
const askedOfApollo = async (client, query, times) => {
  const answers = [];
  for (let n = 0; n < times; n += 1) answers.push((await client.query({ query: apolloGql(query) })).data);
  return answers;
};

const post = async (body) => {
  const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return (await recorded(url, options)).json();
};

const seen = {
  known: await noted(async () => [
    await post({ extensions: { persistedQuery: { version: 1, sha256Hash: sha256(known) } } }),
  ]),
  urql: await noted(() => asked(urql({}, socket), 'query Urql { viewer }', 2)),
  urqlSubscription: await noted(async () => {
    const client = urql({ enableForSubscriptions: true }, socket);
    const query = 'subscription Urql { count(to: 1) }';
    await client.query('{ viewer }', {}).toPromise();
    requests = [];
    return [await subscribed(client, query), await subscribed(client, query)];
  }),
  apollo: await noted(() => askedOfApollo(apollo({}), 'query Apollo { viewer }', 3)),
};
await socket.dispose();
console.log(JSON.stringify(seen));
process.exit(0);
