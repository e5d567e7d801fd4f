import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { parseAllDocuments } from 'yaml';
import { UsageError } from '../usage-error.ts';

/** An object of a manifest, of which nothing is known yet. */
export interface ManifestObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly generateName?: string; readonly namespace?: string };
}

/** Reads the objects of a file in YAML or JSON, or of stdin for `-`; those of a List one by one. Throws UsageError. */
export async function readManifest(path: string, stdin: Readable): Promise<ManifestObject[]> {
  const text = path === '-' ? await textOf(stdin) : fileText(path);
  const documents = parseAllDocuments(text);
  const found: ManifestObject[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const [fault] = document.errors;
    if (fault) throw new UsageError('FileInvalid', `${named(path)} is not valid YAML: ${fault.message.split('\n')[0]}`);
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value !== null && value !== undefined) found.push(...objectsOf(value, path));
  }
  if (found.length === 0) throw new UsageError('FileInvalid', `${named(path)} has no object`);
  return found;
}

function objectsOf(value: unknown, path: string): ManifestObject[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('FileInvalid', `${named(path)} must hold objects with apiVersion, kind and metadata`);
  const { items, kind } = value as { items?: unknown; kind?: unknown };
  if (kind === 'List' && Array.isArray(items)) return items.flatMap((item: unknown) => objectsOf(item, path));
  return [value];
}

const named = (path: string) => (path === '-' ? 'stdin' : `'${path}'`);

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError('FileInvalid', `'${path}' cannot be read: ${(error as Error).message}`);
  }
}

async function textOf(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as string | Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
