/** What keeps a request from being carried out, as one kind of error. */
import type { CombinedError } from '@urql/core';

/** An entry of `errors` in a payload: what a person can mend. */
export interface Refusal {
  code: string;
  message: string;
  field: string[] | null;
}

export class Problem extends Error {
  /** `code` is the server's, or UNREACHABLE, or REFUSED: then `refusals` say more. */
  constructor(
    readonly code: string,
    message: string,
    readonly refusals: Refusal[] = [],
  ) {
    super(message);
  }

  static of(error: CombinedError | undefined): Problem {
    if (error?.networkError && !error.graphQLErrors.length)
      return new Problem('UNREACHABLE', error.networkError.message);
    const first = error?.graphQLErrors[0];
    return new Problem(String(first?.extensions['code'] ?? 'INTERNAL'), first?.message ?? 'The answer is empty.');
  }

  /** What the page itself sees is wrong with a field, as if the server had said it. */
  static mistake(field: string, message: string): Problem {
    return new Problem('REFUSED', message, [{ code: 'INVALID_INPUT', message, field: field.split('.') }]);
  }

  /** What is wrong with this field of the input (`email`, `healthCheck.path`), or with a part of it. */
  about(field: string): string | undefined {
    return this.refusals.find((refusal) => isIn(path(refusal), field))?.message;
  }

  /** What is wrong with none of these fields. */
  beside(fields: readonly string[]): string[] {
    if (!this.refusals.length) return [this.message];
    const other = (refusal: Refusal) => !fields.some((field) => isIn(path(refusal), field));
    return this.refusals.filter(other).map((refusal) => refusal.message);
  }

  has(code: string): boolean {
    return this.code === code || this.refusals.some((refusal) => refusal.code === code);
  }
}

function isIn(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`);
}

function path(refusal: Refusal): string {
  // An entry of a list is told at the field of the list.
  return (refusal.field ?? []).filter((part) => part !== 'input' && !/^\d+$/.test(part)).join('.');
}
