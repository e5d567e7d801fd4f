import { isCommand, LAST_APPLIED, MASK, NAMES_OF_SECRETS } from '@sentinel/policy';
import { valueAt } from './change.ts';
import { readCopy } from './last-applied.ts';

type Json = Record<string, unknown>;
const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

// As in texts: `DB_PASS` and `db-pwd` as well.
const revealing = new RegExp(`${NAMES_OF_SECRETS}|(?:^|[_-])(?:pass|pwd)$`, 'i');

/**
 * The end of a name that says where a secret is, or how it is used, but whose value is not a secret: `secretName`, `secretKeyRef`, `TOKEN_URL`,
 * `PASSWORD_FILE`, `tokenExpirationSeconds`. Approvers must see these: they say which Secret a workload gets.
 */
const telling =
  /(?:name|names|ref|refs|path|file|dir|url|uri|host|hosts|endpoint|addr|address|port|issuer|audience|audiences|class|type|kind|namespace|policy|seconds|minutes|hours|ttl|expiry|enabled|secrets|version|mode|size|count|limit|length|format|algorithm|provider|backend|store|mount)$/i;

/** The key of the annotation in which `kubectl apply` keeps a copy of the whole object, with all secrets that it has. */
const LAST_APPLIED_KEY = 'kubectl.kubernetes.io/last-applied-configuration';

/** Whether a name suggests that the value next to it is a secret. */
const namesSecret = (name: string): boolean => revealing.test(name) && !telling.test(name);

/**
 * Whether a value may be hidden because of its name. Text of several lines and commands are not hidden, because the one who chooses the name of a
 * field could hide them from approvers. Secrets inside such text are masked by their form.
 */
function isHideable(value: unknown): boolean {
  if (typeof value === 'number') return true;
  return typeof value === 'string' && !value.includes('\n') && !isCommand(value);
}

/**
 * Whether a value at `path` is hidden: because of the name of its field, or because of the `name` next to a `value`, as in environment variables.
 * Only the name of the field itself counts, and for a list entry the name of the list.
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

/** A value in which fields with names of secrets are masked; the same value if there are none. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) {
    const entries = value.map(redact);
    return entries.some((entry, index) => entry !== value[index]) ? entries : value;
  }
  if (!isRecord(value)) return value;
  const pair = typeof value.name === 'string' && namesSecret(value.name);
  const entries = Object.entries(value).map(([key, entry]): [string, unknown] => [
    key,
    hidesEntry(key, entry) || (pair && key === 'value' && isHideable(entry)) ? MASK : redact(entry),
  ]);
  return entries.some(([key, entry]) => entry !== value[key]) ? Object.fromEntries(entries) : value;
}

const hidesEntry = (key: string, entry: unknown) =>
  (key === LAST_APPLIED_KEY && readCopy(entry) !== undefined) || (namesSecret(key) && isHideable(entry));
