/** What an operation is called between us and the server: the SHA-256 of its text. */
import { stringifyDocument } from '@urql/core';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

type Document = Parameters<typeof stringifyDocument>[0];

const hashes = new Map<string, string>();

/** The text of an operation, as it is sent and hashed. */
export function textOf(document: Document): string {
  return stringifyDocument(document);
}

/** The hash of an operation's text. Not by `crypto.subtle`, which browsers withhold from plain HTTP. */
export function hashOf(text: string): string {
  let hash = hashes.get(text);
  if (!hash) hashes.set(text, (hash = bytesToHex(sha256(utf8ToBytes(text)))));
  return hash;
}

/** The `extensions` of a request for this operation. */
export function extensionsOf(text: string): Record<string, unknown> {
  return { persistedQuery: { version: 1, sha256Hash: hashOf(text) } };
}
