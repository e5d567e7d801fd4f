import { badRequest } from './refused.ts';

const known = new Set([
  'allowWatchBookmarks',
  'container',
  'continue',
  'dryRun',
  'fieldManager',
  'fieldSelector',
  'fieldValidation',
  'follow',
  'force',
  'gracePeriodSeconds',
  'labelSelector',
  'limit',
  'limitBytes',
  'pretty',
  'previous',
  'propagationPolicy',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'timeout',
  'timeoutSeconds',
  'timestamps',
  'watch',
]);

/**
 * Reads a query by an allow-list of keys, each at most once. Nothing of the original text is sent on.
 * Throws Refused for `;` (the API server drops such pairs), keys that are doubled or not known, `dryRun` in any other form.
 */
export function parseQuery(search: string): Map<string, string> {
  const query = new Map<string, string>();
  if (search === '' || search === '?') return query;
  for (const pair of search.replace(/^\?/, '').split('&')) {
    if (pair === '') continue;
    if (pair.includes(';')) throw badRequest('QueryNotAllowed', "the query holds a ';'");
    const [rawKey = '', ...rest] = pair.split('=');
    const key = decode(rawKey);
    const value = decode(rest.join('='));
    if (!known.has(key)) throw badRequest('QueryNotAllowed', `the query parameter '${key.slice(0, 64)}' is not known`);
    if (query.has(key)) throw badRequest('QueryNotAllowed', `the query parameter '${key}' is given twice`);
    query.set(key, value);
  }
  const dryRun = query.get('dryRun');
  if (dryRun !== undefined && dryRun !== 'All') throw badRequest('QueryNotAllowed', "the query parameter 'dryRun' must be 'All'");
  return query;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw badRequest('QueryNotAllowed', 'the query holds an escape that cannot be decoded');
  }
}

/** Parses a boolean like the API server: everything except these two values is true, also an empty value. */
export const isOn = (value: string | undefined) => value !== undefined && !['false', '0'].includes(value.toLowerCase());

/** The query of a request that the gateway sends, built again from known values. */
export function buildQuery(values: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
