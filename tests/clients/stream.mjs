// Clients that take subscriptions as server-sent events. Each asks one query, then follows the log from a cursor on,
// and connects again after every second event with the cursor of the last; prints what each was told as JSON.
//
//   node stream.mjs <url> <token> <cursor> <count>

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable, gql } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { EventSource } from 'eventsource';
import { print } from 'graphql';
import { createClient } from 'graphql-sse';

const [url, token, cursor, count] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };
const QUERY = '{ eventCursor }';
const EVENTS = 'subscription Log($after: Cursor) { events(after: $after) { cursor } }';

function collected(subscribe) {
  return new Promise((resolve, reject) => {
    const answers = [];
    const end = subscribe({
      next(answer) {
        if (answers.length === 2) return; // several may come at once
        if (answer.errors?.length || answer.error) reject(new Error(JSON.stringify(answer)));
        answers.push(answer.data);
        if (answers.length === 2) (resolve(answers), setTimeout(() => end()));
      },
      error: reject,
    });
  });
}

const sse = createClient({ url, headers, retryAttempts: 0 });
const urql = new Client({ url, fetchOptions: { headers }, exchanges: [fetchExchange], fetchSubscriptions: true });
const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ query }) => query.definitions.some(({ operation }) => operation === 'subscription'),
    new ApolloLink(
      ({ query, variables }) =>
        new Observable((sink) => sse.subscribe({ query: print(query), variables }, sink)),
    ),
    new HttpLink({ uri: url, headers }),
  ),
});

function browser({ next, error }, query, variables, lastEventId) {
  const address = `${url}?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`;
  const source = new EventSource(address, {
    fetch: (input, init) =>
      fetch(input, {
        ...init,
        headers: { ...init.headers, ...headers, ...(lastEventId && { 'Last-Event-ID': lastEventId }) },
      }),
  });
  source.addEventListener('next', ({ data, lastEventId: id }) => next({ ...JSON.parse(data), id }));
  source.addEventListener('complete', () => source.close());
  source.addEventListener('error', (event) => error(new Error(`${event.code} ${event.message}`)));
  return () => source.close();
}

const CLIENTS = {
  'graphql-sse': {
    ask: async () => (await sse.iterate({ query: QUERY }).next()).value,
    follow: (sink, after) => sse.subscribe({ query: EVENTS, variables: { after } }, { complete() {}, ...sink }),
  },
  urql: {
    ask: () => urql.query(QUERY, {}).toPromise(),
    follow: (sink, after) => urql.subscription(EVENTS, { after }).subscribe(sink.next).unsubscribe,
  },
  apollo: {
    ask: () => apollo.query({ query: gql(QUERY), fetchPolicy: 'no-cache' }),
    follow(sink, after) {
      const events = apollo.subscribe({ query: gql(EVENTS), variables: { after } }).subscribe(sink);
      return () => events.unsubscribe();
    },
  },
  EventSource: {
    ask: () => new Promise((next, error) => browser({ next, error }, QUERY, {})),
    // The address stays as it was: what was seen is told by the header alone.
    follow: (sink, after) => browser(sink, EVENTS, { after: cursor }, after === cursor ? null : after),
  },
};

const told = {};
for (const [name, { ask, follow }] of Object.entries(CLIENTS)) {
  const { data, error } = await ask();
  if (error || !data?.eventCursor) throw new Error(`${name}: ${error} ${JSON.stringify(data)}`);
  const seen = [];
  while (seen.length < Number(count)) {
    const after = seen.at(-1) ?? cursor;
    seen.push(...(await collected((sink) => follow(sink, after))).map(({ events }) => events.cursor));
  }
  told[name] = seen;
}
console.log(JSON.stringify(told));
process.exit(0);
