import type { Readable } from 'node:stream';
import { exitCodes } from '../exit-codes.ts';
import { type Session, UsageError } from '../session.ts';

export type { ManifestObject } from './manifest.ts';

/** Reads the objects of a file or of stdin. */
export const readManifest = async (path: string, stdin: Readable) => (await import('./manifest.ts')).readManifest(path, stdin);

/** Where names come from: arguments of the command, or a manifest. */
export interface NamesGiven {
  readonly names: readonly string[];
  readonly filename?: string | undefined;
}

/** The names that a command is about: its arguments, or those of the AgentActions in a manifest. Throws UsageError for both and for none. */
export async function namesOf({ io, namespace }: Session, { names, filename }: NamesGiven): Promise<readonly string[]> {
  if (filename === undefined) {
    if (names.length === 0) throw new UsageError('FlagRequired', 'name an action, or pass a manifest with -f');
    return names;
  }
  if (names.length > 0) throw new UsageError('FlagConflict', 'name actions, or pass -f, not both');
  const objects = await readManifest(filename, io.stdin);
  return objects.map(({ kind, metadata }) => {
    if (kind !== 'AgentAction' || !metadata?.name)
      throw new UsageError(
        'FileInvalid',
        `only AgentActions with a name are expected, not ${kind ?? 'an object without a kind'}`,
      );
    if (metadata.namespace !== undefined && metadata.namespace !== namespace)
      throw new UsageError(
        'FlagConflict',
        `'${metadata.name}' is in namespace '${metadata.namespace}', and the command is for '${namespace}'; pass -n ${metadata.namespace}`,
      );
    return metadata.name;
  });
}

/** Does the work for each name, one after the other. Returns the first exit code that is not 0. */
export async function forEach(names: readonly string[], work: (name: string) => Promise<number>): Promise<number> {
  let code: number = exitCodes.done;
  for (const name of names) {
    const ended = await work(name);
    if (code === exitCodes.done) code = ended;
  }
  return code;
}
