import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paths } from './paths.ts';

/** Folders at fixed places that containerd, its CNI library and the kubelet make, whatever they are configured to. */
const fixed = ['/run/containerd', '/var/lib/cni', '/var/lib/kubelet', '/var/log/containers'];
const record = join(paths.state, 'new-folders.json');

/** Records which of the fixed folders do not exist yet, so that only these are removed later. */
export async function recordNewFolders(): Promise<void> {
  await writeFile(record, JSON.stringify(fixed.filter((folder) => !existsSync(folder))));
}

/** Removes the fixed folders that weren't there before `up`. */
export async function removeNewFolders(): Promise<void> {
  const folders = JSON.parse(await readFile(record, 'utf8').catch(() => '[]')) as string[];
  for (const folder of folders.filter((name) => fixed.includes(name))) await rm(folder, { recursive: true, force: true });
}
