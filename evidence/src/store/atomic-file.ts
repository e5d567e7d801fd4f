import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes a file so that a crash leaves either all of it or nothing under its name: it is written and synced under another name in
 * `temporary`, which must be on the same file system, then renamed, and the folder is synced so that the name survives as well. Where the
 * disk does not take all of it, nothing is left.
 * `beforeRename` is for tests of a crash in between.
 */
export async function writeAtomically(
  path: string,
  content: Buffer | string,
  temporary: string,
  beforeRename: () => void = () => undefined,
): Promise<void> {
  const unfinished = join(temporary, randomUUID());
  const file = await open(unfinished, 'wx', 0o600);
  await syncAndClose(file, async () => {
    await file.writeFile(content);
  }).catch(async (error: unknown) => {
    await rm(unfinished, { force: true });
    throw error;
  });
  beforeRename();
  await rename(unfinished, path);
  await syncFolder(dirname(path));
}

/** Has what changed in a folder written to the disk. */
export async function syncFolder(path: string): Promise<void> {
  await syncAndClose(await open(path, 'r'));
}

async function syncAndClose(file: FileHandle, work: () => Promise<void> = async () => undefined): Promise<void> {
  try {
    await work();
    await file.sync();
  } finally {
    await file.close();
  }
}
