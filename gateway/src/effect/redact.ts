import { valueAt } from './change.ts';

type Json = Record<string, unknown>;
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const revealing = /(password|passwd|secret|token|credential|api-?_?key|private-?_?key|last-applied-configuration)/i;

/** What stands in a plan where a value is hidden. The digest of the change covers the value. */
export const REDACTED = '<redacted>';

/** Whether the value at `path` is hidden: by a name in the path, or by the `name` beside a `value` as environment variables have it. */
export function hidesValue(path: string, object: unknown): boolean {
  if (revealing.test(path)) return true;
  if (!path.endsWith('/value')) return false;
  const name = valueAt(object, `${path.slice(0, -'/value'.length)}/name`);
  return typeof name === 'string' && revealing.test(name);
}

/** A value without what its own names say is secret; the same value when there is nothing of that kind in it. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) {
    const entries = value.map(redact);
    return entries.some((entry, index) => entry !== value[index]) ? entries : value;
  }
  if (!isRecord(value)) return value;
  const pair = typeof value.name === 'string' && revealing.test(value.name) && typeof value.value === 'string';
  const entries = Object.entries(value).map(([key, entry]): [string, unknown] => [
    key,
    hidesEntry(key, entry) || (pair && key === 'value') ? REDACTED : redact(entry),
  ]);
  return entries.some(([key, entry]) => entry !== value[key]) ? Object.fromEntries(entries) : value;
}

// References such as `secretKeyRef` name where a value is, not the value.
function hidesEntry(key: string, entry: unknown): boolean {
  return revealing.test(key) && (typeof entry === 'string' || typeof entry === 'number');
}
