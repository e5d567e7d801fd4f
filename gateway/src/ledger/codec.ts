import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ParsedRequest } from '../request/parse.ts';
import type { Sending } from './entry.ts';

/** What one object of the ledger holds at most, in bytes. A Secret may hold 1 MiB (Kubernetes API reference, `Secret.data`). */
const PART_BYTES = 700 * 1024;
/** How many characters the values of one change may come to, before and after, as JSON. */
export const RESTORABLE_MAX = 8 * 1024 * 1024;
/** A limit for what is unpacked: what was packed here is never larger. */
const UNPACKED_MAX = 128 * 1024 * 1024;

/** A request as plain JSON. */
export type PackedRequest = Omit<ParsedRequest, 'query' | 'body'> & { query: [string, string][]; body: string };

/** A payload, compressed and cut into parts that one object each can hold. */
export interface Payload {
  readonly digest: string;
  readonly parts: readonly Buffer[];
}

/** Compresses a value of plain JSON. A field that is `undefined` is absent after unpacking. */
export function pack(value: unknown): Payload {
  const bytes = gzipSync(JSON.stringify(value));
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += PART_BYTES) parts.push(bytes.subarray(at, at + PART_BYTES));
  return { digest: createHash('sha256').update(bytes).digest('hex'), parts };
}

/** Unpacks what `pack` made. Throws when a part is missing or altered. */
export function unpack(digest: string, parts: readonly Buffer[]): unknown {
  const bytes = Buffer.concat(parts);
  if (createHash('sha256').update(bytes).digest('hex') !== digest) throw new Error('an entry of the ledger is not complete');
  return JSON.parse(gunzipSync(bytes, { maxOutputLength: UNPACKED_MAX }).toString('utf8'));
}

/** A sent write as plain JSON. */
export function toPlain({ request, preconditions, change, promised }: Sending): unknown {
  return { request: packRequest(request), preconditions, change, promised };
}

/** A request as plain JSON. */
export const packRequest = (request: ParsedRequest): PackedRequest => ({
  ...request,
  query: [...request.query],
  body: request.body.toString('base64'),
});

/** The reverse of `packRequest`. */
export const unpackRequest = (packed: PackedRequest): ParsedRequest => ({
  ...packed,
  query: new Map(packed.query),
  body: Buffer.from(packed.body, 'base64'),
});

/** The reverse of `toPlain`. */
export function fromPlain(value: unknown): Sending {
  const { request, preconditions, change, promised } = value as { request: PackedRequest } & Omit<Sending, 'request'>;
  return { request: unpackRequest(request), preconditions, change, promised };
}
