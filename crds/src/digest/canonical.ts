import { createHash } from 'node:crypto';

/** Thrown for a value that has no canonical form. */
export class CanonicalError extends Error {
  override name = 'CanonicalError';
}

/**
 * The canonical JSON text of a value, after RFC 8785: keys sorted by UTF-16 code units, no white space, numbers as ECMAScript
 * prints them. Members whose value is undefined are left out, as JSON.stringify does.
 *
 * Refused, because two different inputs would get one digest: integers beyond 2^53 (already rounded when they were parsed),
 * NaN and infinities, lone surrogates, and anything that is not JSON.
 */
export function canonicalize(value: unknown): string {
  if (value === null || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'string') return text(value);
  if (typeof value === 'number') return number(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalize(item === undefined ? null : item)).join(',')}]`;
  if (typeof value === 'object') return object(value);
  throw new CanonicalError(`a value of type ${typeof value} has no canonical form`);
}

/** `sha256:<hex>` of the canonical form of a value. Throws CanonicalError as {@link canonicalize} does. */
export function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256').update(canonicalize(value), 'utf8').digest('hex')}`;
}

function text(value: string): string {
  if (!value.isWellFormed()) throw new CanonicalError('a string holds half of a surrogate pair');
  return JSON.stringify(value);
}

function number(value: number): string {
  if (!Number.isFinite(value)) throw new CanonicalError(`the number ${value} has no canonical form`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new CanonicalError(`the integer ${value} is beyond 2^53 and may have been rounded`);
  }
  return JSON.stringify(value);
}

function object(value: object): string {
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, member]) => `${text(key)}:${canonicalize(member)}`);
  return `{${members.join(',')}}`;
}
