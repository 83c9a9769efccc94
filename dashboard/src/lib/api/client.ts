/** Queries and mutations over HTTP, with the cookie of the session. */
import { Client, fetchExchange, type AnyVariables, type CombinedError, type TypedDocumentNode } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { hashOf } from './operations';
import { Problem, type Refusal } from './problems';

// The server is sent the hash of an operation, and its text once if it does not know that.
const persisted = persistedExchange({
  generateHash: async (text) => hashOf(text),
  enableForMutation: true,
  preferGetForPersistedQueries: false,
});

const client = new Client({
  url: '/graphql',
  // No cache: what is shown is kept by whoever shows it, and read anew when an event says so.
  exchanges: [persisted, fetchExchange],
  requestPolicy: 'network-only',
  preferGetMethod: false,
});

let signedOut: () => void = () => undefined;

/** Have this called when the server no longer knows who asks. */
export function onSignedOut(then: () => void): void {
  signedOut = then;
}

export interface How {
  /** A token to ask with instead of the session. */
  token?: string;
}

/** The answer to a query. Throws `Problem`. */
export async function ask<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  how: How = {},
): Promise<Data> {
  return answer(await client.query(document, variables, context(how)).toPromise());
}

/** What the one mutation of a document answers when it was carried out, or why it was not. Throws `Problem`. */
export async function tell<
  Payload extends { errors: Refusal[] },
  Data extends Record<string, Payload>,
  Variables extends AnyVariables,
>(document: TypedDocumentNode<Data, Variables>, variables: Variables, how: How = {}): Promise<Data[keyof Data]> {
  const data = answer(await client.mutation(document, variables, context(how)).toPromise());
  const [payload] = Object.values(data);
  if (!payload) throw new Problem('INTERNAL', 'The answer is empty.');
  if (payload.errors.length) throw new Problem('REFUSED', payload.errors[0]!.message, payload.errors);
  return payload as Data[keyof Data];
}

function context({ token }: How) {
  return token ? { fetchOptions: { headers: { authorization: `Bearer ${token}` } } } : {};
}

function answer<Data>(result: { data?: Data | undefined; error?: CombinedError | undefined }): Data {
  if (!result.error && result.data) return result.data;
  const problem = Problem.of(result.error);
  if (problem.code === 'UNAUTHENTICATED') signedOut();
  throw problem;
}
