import { isCommand, LAST_APPLIED } from '@sentinel/policy';
import { valueAt } from './change.ts';
import { readCopy } from './last-applied.ts';

type Json = Record<string, unknown>;
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const revealing = /(password|passwd|secret|token|credential|api-?_?key|private-?_?key)/i;

/**
 * The end of a name that says where a secret is, or how it is used, and is none: `secretName`, `secretKeyRef`, `TOKEN_URL`,
 * `PASSWORD_FILE`, `tokenExpirationSeconds`. Who decides must see these: they say which Secret a workload gets, and who gets it.
 */
const telling =
  /(?:name|names|ref|refs|path|file|dir|url|uri|host|hosts|endpoint|addr|address|port|issuer|audience|audiences|class|type|kind|namespace|policy|seconds|minutes|hours|ttl|expiry|enabled|secrets|version|mode|size|count|limit|length|format|algorithm|provider|backend|store|mount)$/i;

/** The key of the annotation in which `kubectl apply` keeps a copy of the whole object, with all secrets that it has. */
const LAST_APPLIED_KEY = 'kubectl.kubernetes.io/last-applied-configuration';

/** What stands in a plan where a value is hidden. The digest of the change covers the value. */
export const REDACTED = '<redacted>';

/** Whether a name speaks of a secret that stands beside it. */
const namesSecret = (name: string): boolean => revealing.test(name) && !telling.test(name);

/**
 * Whether a value may be hidden for its name. What has several lines, or is something to execute, is no secret: whoever chooses the name
 * of a field would choose what people do not see. Secrets inside of such a text are masked by their form.
 */
function isHideable(value: unknown): boolean {
  if (typeof value === 'number') return true;
  return typeof value === 'string' && !value.includes('\n') && !isCommand(value);
}

/**
 * Whether a value at `path` is hidden: for the name of the field, or for the `name` beside a `value` as environment variables have it.
 * Only the name of the field itself counts, and of a list the name of that.
 */
export function hidesValue(path: string, object: unknown, value: unknown): boolean {
  if (value === undefined) return false;
  if (path === LAST_APPLIED) return readCopy(value) !== undefined;
  if (!isHideable(value)) return false;
  const keys = path.split('/').slice(1).map(unescapePointer);
  const key = keys.findLast((one) => !/^\d+$/.test(one)) ?? '';
  if (namesSecret(key)) return true;
  if (key !== 'value' || keys.at(-1) !== 'value') return false;
  const name = valueAt(object, `${path.slice(0, -'/value'.length)}/name`);
  return typeof name === 'string' && namesSecret(name);
}

const unescapePointer = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** A value without what its own names say is secret; the same value when there is nothing of that kind in it. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) {
    const entries = value.map(redact);
    return entries.some((entry, index) => entry !== value[index]) ? entries : value;
  }
  if (!isRecord(value)) return value;
  const pair = typeof value.name === 'string' && namesSecret(value.name);
  const entries = Object.entries(value).map(([key, entry]): [string, unknown] => [
    key,
    hidesEntry(key, entry) || (pair && key === 'value' && isHideable(entry)) ? REDACTED : redact(entry),
  ]);
  return entries.some(([key, entry]) => entry !== value[key]) ? Object.fromEntries(entries) : value;
}

const hidesEntry = (key: string, entry: unknown) =>
  (key === LAST_APPLIED_KEY && readCopy(entry) !== undefined) || (namesSecret(key) && isHideable(entry));
