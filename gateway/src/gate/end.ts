import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MAX_BYTES = 16 * 1024;

/**
 * The last container of a sandbox pod: its exit code 0 proves that all steps completed. It prints the files that the steps wrote
 * as results, one JSON object `{name, content, truncated}` a line; the operator reads them from the log.
 */
export function runEnd(folder: string, write: (line: string) => void): number {
  let room = MAX_BYTES;
  for (const name of readdirSync(folder).sort().slice(0, 8)) {
    const bytes = readFileSync(join(folder, name));
    const content = bytes.subarray(0, room).toString('utf8');
    room -= Math.min(room, bytes.length);
    write(`${JSON.stringify({ name, content, truncated: bytes.length > Buffer.byteLength(content) })}\n`);
  }
  return 0;
}
