/** An entry of the audit log in words. */
import { spaced } from '$lib/events/sentences';
import { t } from '$lib/texts';
import type { AuditData } from './queries';

/** deployApplication: "deploy application" */
export function actionOf({ action }: AuditData): string {
  return spaced(action);
}

export function thingOf({ noun, name }: AuditData): string {
  return `${t.audit.nouns[noun] ?? spaced(noun)} ${name}`.trim();
}

/** A value in JSON as people read it. */
export function valueOf(json: string | null): string {
  if (json === null) return t.audit.none;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
  } catch {
    return json;
  }
}
