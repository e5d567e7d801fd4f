import { namespaces } from '@sentinel/crds';
import type { AnyObject } from '@sentinel/kube';
import { compareObjects, type Difference } from './compare.ts';

const RECREATE = 'run `helm upgrade` to restore it';
// Helm applies server-side: without the flag it stops at a field that somebody else has changed since.
const OVERWRITE = 'run `helm upgrade --force-conflicts` to restore it';
// Helm does not remove fields that it never set.
const REMOVE = 'remove what was added';
/** Characters of a value that a message shows. */
const SHOWN = 60;

/** The fault of one guard, as a sentence; undefined if it is as rendered. */
export function judgeGuard(rendered: AnyObject, live: AnyObject | null | undefined): string | undefined {
  const object = `${rendered.kind} '${rendered.metadata.name}'`;
  if (!live) return `${object} is missing; ${RECREATE}`;
  const [first, ...more] = compareObjects(rendered, live);
  return first && `${object} differs from this version of Sentinel at ${explain(first, more.length)}`;
}

/**
 * Faults in the NetworkPolicies of a namespace of Sentinel. NetworkPolicies are additive, so one that Sentinel did not install can only allow
 * traffic that the others do not.
 */
export function judgeNetworkPolicies(namespace: string, rendered: readonly AnyObject[], live: readonly AnyObject[]): string[] {
  const names = new Set(rendered.map(({ metadata }) => metadata.name));
  const unknown = live.filter(({ metadata }) => !names.has(metadata.name));
  return [
    ...rendered.map((policy) =>
      judgeGuard(
        policy,
        live.find(({ metadata }) => metadata.name === policy.metadata.name),
      ),
    ),
    ...unknown.map(
      ({ metadata }) =>
        `NetworkPolicy '${metadata.name}' in namespace '${namespace}' is not part of Sentinel and may allow more traffic; delete it`,
    ),
  ].filter((fault) => fault !== undefined);
}

/** Faults in the Pod Security labels of the sandbox namespace. */
export function judgeNamespace(labels: Readonly<Record<string, string>>, live: AnyObject | null): string | undefined {
  const object = `Namespace '${namespaces.sandboxes}'`;
  if (!live) return `${object} is missing; ${RECREATE}`;
  const differences = Object.entries(labels)
    .map(([label, expected]) => ({
      path: `metadata.labels[${JSON.stringify(label)}]`,
      expected,
      found: live.metadata.labels?.[label],
    }))
    .filter(({ expected, found }) => expected !== found);
  const [first, ...more] = differences;
  return first && `${object} differs from this version of Sentinel at ${explain(first, more.length)}`;
}

function explain({ path, expected, found }: Difference, more: number): string {
  const others = more === 0 ? '' : ` (and ${more} more ${more === 1 ? 'difference' : 'differences'})`;
  const next = isAddition(expected, found) ? REMOVE : OVERWRITE;
  const from = firstDifference(expected, found);
  return `${path}: expected ${show(expected, from)}, found ${show(found, from)}${others}; ${next}`;
}

const isAddition = (expected: unknown, found: unknown): boolean =>
  expected === undefined || (Array.isArray(expected) && Array.isArray(found) && found.length > expected.length);

function show(value: unknown, from: number): string {
  if (value === undefined) return 'no such field';
  if (Array.isArray(value)) return value.length === 1 ? '1 entry' : `${value.length} entries`;
  if (typeof value !== 'string') return excerpt(JSON.stringify(value), 0);
  return JSON.stringify(excerpt(value, from));
}

const excerpt = (text: string, from: number): string =>
  `${from > 0 ? '…' : ''}${text.slice(from, from + SHOWN).toWellFormed()}${text.length > from + SHOWN ? '…' : ''}`;

// Long expressions often have the same beginning: both are shown from shortly before the first difference.
function firstDifference(a: unknown, b: unknown): number {
  if (typeof a !== 'string' || typeof b !== 'string') return 0;
  let at = 0;
  while (at < Math.min(a.length, b.length) && a[at] === b[at]) at += 1;
  return at < SHOWN / 2 ? 0 : at - SHOWN / 3;
}
