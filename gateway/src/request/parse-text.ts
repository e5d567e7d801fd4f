import { CORE_SCHEMA, load } from 'js-yaml';
import { isRecord } from '../object/pointer.ts';
import { REQUEST_BUDGET, requireWithin } from './body-budget.ts';
import { describeInexact, findInexactNumber } from './exact-json.ts';
import { badRequest } from './refused.ts';

/**
 * A JSON or YAML text as a value, in time that grows with its length alone. YAML is read by version 1.2 without aliases and merge keys,
 * which can expand exponentially, and without duplicate keys. Throws Refused (400, 413).
 */
export function parseText(text: string, isYaml: boolean): unknown {
  const { value, isJson } = isYaml ? parseYaml(text) : { value: parseJson(text), isJson: true };
  requireWithin(REQUEST_BUDGET, value, 'the body');
  const inexact = isJson ? findInexactNumber(text) : undefined;
  if (inexact) throw inexactBody(describeInexact(inexact));
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable();
  }
}

// Clients send JSON as YAML, too: kubectl does for a server-side apply.
function parseYaml(text: string): { value: unknown; isJson: boolean } {
  if (text.startsWith('{')) {
    try {
      return { value: JSON.parse(text), isJson: true };
    } catch {
      // YAML in braces, then.
    }
  }
  let value: unknown;
  try {
    value = load(text, { schema: CORE_SCHEMA, maxAliases: 0, maxDepth: REQUEST_BUDGET.depth }) ?? null;
  } catch {
    throw unreadable();
  }
  requireJson(value);
  return { value, isJson: false };
}

// What YAML can say and JSON cannot would be sent as something else.
function requireJson(value: unknown): void {
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'number' ? !Number.isFinite(next) : typeof next === 'bigint') throw unreadable();
    // The original digits of the YAML number are unknown here.
    if (Number.isInteger(next) && !Number.isSafeInteger(next)) throw inexactBody(`a number near ${next}`);
    if (Array.isArray(next) || isRecord(next)) for (const entry of Object.values(next)) open.push(entry);
  }
}

const inexactBody = (what: string) =>
  badRequest(
    'NumberNotExact',
    `${what} cannot be kept exactly. Such numbers are not supported: write it as text, or with no more than 15 digits`,
  );
const unreadable = () => badRequest('BodyInvalid', 'the body cannot be parsed');
