import type { Readable } from 'node:stream';
import { TransportError, toError } from '../errors.ts';
import { asTransportError } from './transport.ts';

/** One line of a watch. */
export interface WatchEvent {
  type: string;
  object: unknown;
}

/**
 * The events of a watch, in order, until the server ends it cleanly.
 * Throws a `TransportError` if the stream is cut, ends within a line, or a line is not an event: what comes after it must not be
 * used, since an event was lost. `onBytes` is called at each sign of life.
 */
export async function* watchEvents(body: Readable, onBytes: () => void): AsyncGenerator<WatchEvent> {
  try {
    for await (const line of lines(body, onBytes)) yield parseEvent(line);
  } catch (error) {
    throw asTransportError(error);
  } finally {
    body.destroy();
  }
}

async function* lines(body: Readable, onBytes: () => void): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const data of body) {
    onBytes();
    const chunk: Buffer = Buffer.isBuffer(data) ? data : Buffer.from(data);
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      const line = parts.length === 1 ? parts[0] : Buffer.concat(parts);
      parts = [];
      start = end + 1;
      if (line && line.length > 0) yield line.toString('utf8');
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) throw new TransportError('The watch ended within a line', { code: 'CUT', mayHaveHappened: true });
}

function parseEvent(line: string): WatchEvent {
  try {
    const event: unknown = JSON.parse(line);
    if (isEvent(event)) return event;
  } catch (error) {
    throw new TransportError(`A line of the watch is not JSON: ${toError(error).message}`, {
      code: 'MALFORMED',
      mayHaveHappened: true,
    });
  }
  throw new TransportError('A line of the watch is not an event', { code: 'MALFORMED', mayHaveHappened: true });
}

function isEvent(value: unknown): value is WatchEvent {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('object' in value)) return false;
  return typeof value.type === 'string' && typeof value.object === 'object' && value.object !== null;
}
