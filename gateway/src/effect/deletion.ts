import type { ObservedEffect } from '@sentinel/crds';
import { isSettledByControllers } from '../object/controlled-fields.ts';
import { comparable } from '../object/normalize.ts';
import { escapeKey, isRecord } from '../object/pointer.ts';
import { isTimeField, TIME } from '../object/times.ts';
import { readDeleteOptions } from '../request/body.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { type Change, valueAt } from './change.ts';

/** What happens to the objects that name a deleted object as their owner. */
export type Propagation = NonNullable<ObservedEffect['deletion']>['propagation'];

/**
 * The change of a delete: the removed object, and the options of the request. The object is compared without fields that the API server
 * assigns, without the status, and without fields that controllers write repeatedly.
 */
export function deletionOf(request: ParsedRequest, object: unknown): Change[] {
  const { gracePeriodSeconds, propagationPolicy } = readDeleteOptions(request);
  const options = {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
  };
  return [{ path: '', before: lasting(request, object), after: undefined, deletion: options }];
}

const STATUS = '/status';
/** `kubectl apply` keeps a copy of the whole object there: its fields are compared by themselves. */
const COPY = '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration';
/** None of the ignored fields is deeper. */
const DEPTH = 3;
/** Placeholder for the time of a request, such as that of a restart. */
const SOME_TIME = '<Time>';

// Also where it is not a subresource the status says what was observed (Kubernetes API conventions), and its controller keeps writing it.
function lasting(request: ParsedRequest, object: unknown): unknown {
  const { api, base } = request;
  const isLeftOut = (path: string) => path === STATUS || path === COPY || isSettledByControllers(path, api.apiGroup, base);
  const copy = (value: unknown, path: string, depth: number): unknown => {
    if (typeof value === 'string') return TIME.test(value) && isTimeField(path, request) ? SOME_TIME : value;
    if (Array.isArray(value)) return value.map((entry, index) => copy(entry, `${path}/${index}`, depth + 1));
    if (!isRecord(value)) return value;
    const kept = Object.entries(value)
      .map(([key, entry]) => ({ key, entry, path: `${path}/${escapeKey(key)}` }))
      .filter((field) => depth >= DEPTH || !isLeftOut(field.path))
      .map((field): [string, unknown] => [field.key, copy(field.entry, field.path, depth + 1)])
      .filter(([, entry]) => entry !== EMPTIED);
    // A map that becomes empty counts as missing.
    return kept.length === 0 && Object.keys(value).length > 0 && path !== '' ? EMPTIED : Object.fromEntries(kept);
  };
  return copy(comparable(object, request), '', 0);
}

const EMPTIED = Symbol('emptied');

/** Resources whose dependants are orphaned by default: DefaultGarbageCollectionPolicy of registry/…/strategy.go. */
const orphanByDefault: ReadonlySet<string> = new Set(['batch/v1/jobs', '/v1/replicationcontrollers']);

/**
 * What happens to the dependants, as the API server decides it: by the request, else by a finalizer of the object, else by its resource
 * (registry/generic/registry/store.go shouldOrphanDependents, shouldDeleteDependents).
 */
export function propagationOf(request: ParsedRequest, object: unknown): { propagation: Propagation; isDefault: boolean } {
  const { propagationPolicy } = readDeleteOptions(request);
  const asked = propagations.find((one) => one === propagationPolicy);
  if (asked !== undefined) return { propagation: asked, isDefault: false };
  const finalizers = valueAt(object, '/metadata/finalizers');
  const has = (finalizer: string) => Array.isArray(finalizers) && finalizers.includes(finalizer);
  if (has('orphan')) return { propagation: 'Orphan', isDefault: true };
  if (has('foregroundDeletion')) return { propagation: 'Foreground', isDefault: true };
  const isLeft = orphanByDefault.has(`${request.api.apiGroup}/${request.version}/${request.base}`);
  return { propagation: isLeft ? 'Orphan' : 'Background', isDefault: true };
}

const propagations: readonly Propagation[] = ['Background', 'Foreground', 'Orphan'];

/** Which dependants were found, and why there may be more. */
export type FoundDependants = Pick<NonNullable<ObservedEffect['deletion']>, 'dependants' | 'incomplete'>;

/** The description of a delete in addition to the removed fields: its effective options, and the dependants. */
export function describeDeletion(
  request: ParsedRequest,
  object: unknown,
  dependants: FoundDependants = {},
): NonNullable<ObservedEffect['deletion']> {
  const { gracePeriodSeconds } = readDeleteOptions(request);
  const { propagation, isDefault } = propagationOf(request, object);
  return {
    propagation,
    ...(isDefault ? { isDefault } : {}),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagation === 'Orphan' ? {} : dependants),
  };
}

const words: Readonly<Record<Propagation, string>> = {
  Background: 'Deletes dependants in the background',
  Foreground: 'Deletes dependants first, in the foreground',
  Orphan: 'Leaves dependants (orphan)',
};

/** Kinds whose deletion removes more than their dependants. */
const containers: Readonly<Record<string, string>> = {
  '/namespaces': 'Everything in the namespace is deleted with it.',
  'apiextensions.k8s.io/customresourcedefinitions': 'All objects of its kind are deleted with it.',
};

const NAMED = 6;

/** Notes about a delete: the dependants and what happens to them, the grace period, and that a rollback restores nothing. */
export function notesOfDeletion(
  { api, base }: ParsedRequest,
  { propagation, isDefault, gracePeriodSeconds, dependants = [], incomplete }: NonNullable<ObservedEffect['deletion']>,
): string[] {
  const counted = dependants.map(({ count, kind }) => `${count} ${kind}`);
  const more = counted.length - NAMED;
  const found = `${counted.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more kinds` : ''}`;
  const container = containers[`${api.apiGroup}/${base}`];
  return [
    ...(container === undefined ? [] : [container]),
    `${words[propagation]}${isDefault ? ', by default' : ''}${counted.length > 0 ? `: ${found}` : ''}.`,
    ...(gracePeriodSeconds === undefined
      ? []
      : [gracePeriodSeconds === 0 ? 'Grace period 0: not waited for.' : `Grace period: ${gracePeriodSeconds} seconds.`]),
    ...(incomplete === undefined ? [] : [`There may be more dependants: ${incomplete}.`]),
    propagation === 'Orphan'
      ? 'A rollback does not recreate the object.'
      : 'A rollback recreates neither the object nor its dependants.',
  ];
}
