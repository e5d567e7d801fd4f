import { isDeepStrictEqual } from 'node:util';
import { quantityOf } from './quantity.ts';

/** The Job that a field belongs to, or that a pod belongs to. */
export interface JobIdentity {
  readonly name: string;
  readonly uid: string;
}

/** What a value was found beside. */
export interface Beside {
  readonly job: JobIdentity;
  /** The rendered value; undefined if there is none. */
  readonly wanted: unknown;
}

/** Whether a value is accepted although another one, or none, was rendered. */
export type FieldCheck = (value: unknown, beside: Beside) => boolean;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Exactly this value. */
export const is =
  (accepted: unknown): FieldCheck =>
  (value) =>
    isDeepStrictEqual(value, accepted);

/** Any of these checks. */
export const either =
  (...checks: readonly FieldCheck[]): FieldCheck =>
  (value, beside) =>
    checks.some((check) => check(value, beside));

/** Only if nothing was rendered. */
export const added =
  (check: FieldCheck): FieldCheck =>
  (value, beside) =>
    beside.wanted === undefined && check(value, beside);

export const isText: FieldCheck = (value) => typeof value === 'string';
export const isInteger: FieldCheck = (value) => Number.isInteger(value);
export const isObject: FieldCheck = (value) => isRecord(value);
export const isList: FieldCheck = (value) => Array.isArray(value);

/** A list that has every entry that was rendered. */
export const hasAllEntries: FieldCheck = (value, { wanted }) =>
  Array.isArray(value) &&
  (Array.isArray(wanted) ? wanted : []).every((one) => value.some((entry) => isDeepStrictEqual(entry, one)));

/** A map of texts that has every entry that was rendered. */
export const hasAllKeys: FieldCheck = (value, { wanted }) =>
  isRecord(value) &&
  Object.values(value).every((one) => typeof one === 'string') &&
  Object.entries(isRecord(wanted) ? wanted : {}).every(([key, one]) => value[key] === one);

/** References to Secrets by name and nothing else. */
export const isReferences: FieldCheck = (value, beside) =>
  hasAllEntries(value, beside) &&
  Array.isArray(value) &&
  value.every((one) => isRecord(one) && Object.keys(one).length === 1 && typeof one.name === 'string');

/** An amount above nothing. */
export const isAmount: FieldCheck = (value) => (typeof value === 'string' ? (quantityOf(value) ?? 0n) : 0n) > 0n;

/** The same amount in another notation, less, or more up to a bound. Removing a limit is not accepted. */
export const isLimitUpTo =
  (bound: string): FieldCheck =>
  (value, { wanted }) => {
    const [found, rendered] = [value, wanted].map((one) => (typeof one === 'string' ? quantityOf(one) : undefined));
    if (found === undefined || found <= 0n) return false;
    const most = quantityOf(bound) ?? 0n;
    return found <= most || (rendered !== undefined && found <= rendered);
  };

/** A list of capabilities to drop that still begins with all of them: one more is tighter or the same. */
export const dropsAll: FieldCheck = (value) =>
  Array.isArray(value) && value.includes('ALL') && value.every((one) => typeof one === 'string');

const LEVEL = /^s0:c[0-9]{1,4},c[0-9]{1,4}$/;

/**
 * An SELinux level with two categories of its own, which sets the pod apart from others. Types are what decides what a process may do
 * (`spc_t` is not confined at all), so only the usual one is accepted, and no user and no role.
 */
export const isSeparateLevel: FieldCheck = (value) =>
  isRecord(value) &&
  typeof value.level === 'string' &&
  LEVEL.test(value.level) &&
  Object.entries(value).every(([field, one]) => field === 'level' || (field === 'type' && one === 'container_t'));
