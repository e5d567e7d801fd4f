import type { z } from 'zod';
import { isRecord, type Json } from '../object/pointer.ts';
import { Refused } from './refused.ts';

/** The object that a body of the API server holds. Throws Refused (502) where it is not a JSON object with metadata. */
export function readObject(body: Buffer): Json & { metadata: Json } {
  const object = parse(body);
  if (!isRecord(object) || !isRecord(object.metadata)) throw unreadable('an object');
  return object as Json & { metadata: Json };
}

/** What a body of the API server holds, by its schema. Throws Refused (502) where it is something else; `what` says what it should be. */
export function readAs<T>(schema: z.ZodType<T>, body: Buffer, what: string): T {
  const parsed = schema.safeParse(parse(body));
  if (!parsed.success) throw unreadable(what);
  return parsed.data;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

const unreadable = (what: string) =>
  new Refused(
    502,
    'ApiServerAnswerInvalid',
    `the answer of the API server is not ${what}. Send the request again; if that does not help, ask an admin what answers for this API`,
  );

const FIELDS_SHOWN = 8;
interface Refusal {
  readonly reason?: unknown;
  readonly details?: { readonly causes?: readonly { readonly field?: unknown }[] };
}

/**
 * How the API server refused a request: the status, its reason, and the fields that it names. Its text is left out, because it may quote values
 * of an object that the reader may not see.
 */
export function refusalWithoutValues({ status, body }: { readonly status: number; readonly body: Buffer }): string {
  const parsed = parse(body);
  const { reason, details }: Refusal = isRecord(parsed) ? parsed : {};
  const causes = Array.isArray(details?.causes) ? details.causes : [];
  const named = causes.flatMap((cause) =>
    typeof cause?.field === 'string' && /^[\w.[\]-]{1,200}$/.test(cause.field) ? [cause.field] : [],
  );
  const fields = [...new Set(named)].slice(0, FIELDS_SHOWN).join(', ');
  const why = typeof reason === 'string' && /^[A-Za-z]{1,64}$/.test(reason) ? `, ${reason}` : '';
  return `HTTP ${status}${why}${fields === '' ? '' : `: ${fields}`}`;
}
