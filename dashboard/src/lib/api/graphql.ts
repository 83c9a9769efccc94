/** `graphql` makes a document whose answer and variables are typed by graph/schema.graphql. */
import { initGraphQLTada } from 'gql.tada';
import type { introspection } from './introspection.d.ts';

/** What our scalars are in JSON. */
interface Scalars {
  Bytes: number | string;
  CertificateName: string;
  Cursor: string;
  DateTime: string;
  DomainUrl: string;
  Duration: string;
  EmailAddress: string;
  EnvName: string;
  HeaderName: string;
  HeaderValue: string;
  IPv4Address: string;
  IPv4Network: string;
  ImageReference: string;
  MountPath: string;
  PathPrefix: string;
  Port: number;
  ResourceName: string;
  Secret: string;
}

export const graphql = initGraphQLTada<{ introspection: introspection; scalars: Scalars; disableMasking: true }>();

export type { ResultOf, VariablesOf, TadaDocumentNode } from 'gql.tada';
