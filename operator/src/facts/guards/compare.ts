import type { AnyObject } from '@sentinel/kube';
import { fillDefaults } from './defaults.ts';

/** One place where an object is not as expected. A value of `undefined` means that the field is absent. */
export interface Difference {
  readonly path: string;
  readonly expected: unknown;
  readonly found: unknown;
}

/**
 * What the API server or another controller writes, or where Helm and Argo CD add labels and annotations. apiVersion and kind are
 * those of the request, and the items of a list do not carry them. Nothing here changes what a guard enforces.
 */
const UNCOMPARED = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** The webhook sets the CA of its own configuration when it starts. */
const CA_BUNDLE = 'webhooks[].clientConfig.caBundle';

/** Where a live object differs from the rendered one, which is compared as the API server would store it. */
export function compareObjects(rendered: AnyObject, live: AnyObject): Difference[] {
  return compareFields(compared(fillDefaults(rendered)), compared(live), '');
}

const compared = (object: AnyObject) => Object.fromEntries(Object.entries(object).filter(([field]) => !UNCOMPARED.has(field)));

function compareValues(expected: unknown, found: unknown, path: string): Difference[] {
  if (path.replaceAll(/\[\d+\]/g, '[]') === CA_BUNDLE) return [];
  if (isRecord(expected) && isRecord(found)) return compareFields(expected, found, path);
  if (Array.isArray(expected) && Array.isArray(found) && expected.length === found.length)
    return expected.flatMap((entry, index) => compareValues(entry, found[index], `${path}[${index}]`));
  return expected === found ? [] : [{ path, expected, found }];
}

function compareFields(
  expected: Readonly<Record<string, unknown>>,
  found: Readonly<Record<string, unknown>>,
  path: string,
): Difference[] {
  const fields = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...fields].flatMap((field) => compareValues(own(expected, field), own(found, field), child(path, field)));
}

const own = (object: Readonly<Record<string, unknown>>, field: string): unknown =>
  Object.hasOwn(object, field) ? object[field] : undefined;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// A label has dots and slashes of its own.
function child(path: string, field: string): string {
  if (!/^[A-Za-z]\w*$/.test(field)) return `${path}[${JSON.stringify(field)}]`;
  return path === '' ? field : `${path}.${field}`;
}
