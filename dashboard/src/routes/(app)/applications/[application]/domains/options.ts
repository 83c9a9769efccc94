/** A domain as it is edited, and as the API takes it. */
import type { VariablesOf } from '$lib/api/graphql';
import { exactSize } from '$lib/ui';
import { linesOf, numeric } from '$lib/ui/draft.svelte';
import type { AddDomain, Domain } from './queries';

type Input = Omit<VariablesOf<typeof AddDomain>['input'], 'applicationId'>;

/** The fields that are not seen at first. */
export const MORE = [
  'stripPrefix',
  'basicAuth',
  'allowedNetworks',
  'maxBodySize',
  'requestHeaders',
  'responseHeaders',
  'compress',
  'rateLimit',
  'hsts',
];
export const FIELDS = ['url', 'wwwMode', 'httpsOnly', 'resolverId', ...MORE];

export function edited(domain: Domain | null) {
  return {
    url: domain?.url ?? '',
    wwwMode: domain?.wwwMode ?? ('NONE' as const),
    httpsOnly: domain?.httpsOnly ?? true,
    resolverId: domain?.resolver?.id ?? '',
    stripPrefix: domain?.stripPrefix ?? false,
    compress: domain?.compress ?? false,
    basicAuth: (domain?.basicAuth ?? []).map(({ name }) => ({ name, value: '' })),
    requestHeaders: (domain?.requestHeaders ?? []).map((header) => ({ ...header })),
    responseHeaders: (domain?.responseHeaders ?? []).map((header) => ({ ...header })),
    allowedNetworks: (domain?.allowedNetworks ?? []).join('\n'),
    maxBodySize: domain?.maxBodySize ? exactSize(domain.maxBodySize) : '',
    requests: domain?.rateLimit ? String(domain.rateLimit.requests) : '',
    period: domain?.rateLimit?.period ?? '1s',
    burst: domain?.rateLimit ? String(domain.rateLimit.burst) : '',
    hsts: domain?.hsts?.maxAge ?? '',
    includeSubdomains: domain?.hsts?.includeSubdomains ?? false,
    preload: domain?.hsts?.preload ?? false,
  };
}

export type Edited = ReturnType<typeof edited>;

export function inputOf(value: Edited): Input {
  const secure = !value.url.trim().toLowerCase().startsWith('http://');
  const headers = (rows: Edited['requestHeaders']) =>
    rows.filter(({ name }) => name.trim()).map(({ name, value }) => ({ name: name.trim(), value }));
  return {
    url: value.url.trim(),
    wwwMode: value.wwwMode,
    httpsOnly: value.httpsOnly,
    resolverId: (secure && value.resolverId) || null,
    stripPrefix: value.stripPrefix,
    compress: value.compress,
    basicAuth: value.basicAuth
      .filter(({ name }) => name.trim())
      .map(({ name, value }) => ({ name: name.trim(), password: value || null })),
    requestHeaders: headers(value.requestHeaders),
    responseHeaders: headers(value.responseHeaders),
    allowedNetworks: linesOf(value.allowedNetworks).map((line) => line.trim()),
    maxBodySize: value.maxBodySize.trim() || null,
    rateLimit: value.requests.trim()
      ? { requests: numeric(value.requests)!, period: value.period, burst: numeric(value.burst) }
      : null,
    hsts:
      secure && value.hsts.trim()
        ? { maxAge: value.hsts.trim(), includeSubdomains: value.includeSubdomains, preload: value.preload }
        : null,
  };
}

/** Whether anything is set that is not seen at first. */
export function hasMore(value: Edited): boolean {
  const plain = { ...edited(null), url: value.url, wwwMode: value.wwwMode };
  const rest = { ...value, httpsOnly: plain.httpsOnly, resolverId: plain.resolverId };
  return JSON.stringify(rest) !== JSON.stringify(plain);
}
