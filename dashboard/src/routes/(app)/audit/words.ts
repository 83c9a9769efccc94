/** An entry of the audit log in words. */
import { spaced } from '$lib/events/sentences';
import { t } from '$lib/texts';
import { moment } from '$lib/ui';
import type { AuditData } from './queries';

/** deployApplication: "deploy application" */
export function actionOf({ action }: AuditData): string {
  return spaced(action);
}

export function thingOf({ noun, name }: AuditData): string {
  return `${t.audit.nouns[noun] ?? spaced(noun)} ${name}`.trim();
}

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** A value in JSON as people read it. */
export function valueOf(json: string | null): string {
  if (json === null) return t.audit.none;
  try {
    const value: unknown = JSON.parse(json);
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join('\n');
    if (typeof value !== 'string') return JSON.stringify(value, null, 1);
    return DATE.test(value) ? moment(new Date(value)) : value;
  } catch {
    return json;
  }
}
