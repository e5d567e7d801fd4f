import { tryRun } from '../run.ts';

/**
 * The files that changed since the last landed commit: SENTINEL_BASE when it is set, else where this branch left that of the remote.
 * Undefined if it is unknown: a clone whose HEAD is that of its remote shows no difference, although something landed.
 */
export async function changedFiles(root: string, base = process.env.SENTINEL_BASE): Promise<string[] | undefined> {
  const git = async (...args: string[]) => {
    const { code, stdout } = await tryRun('git', args, { cwd: root }).catch(() => ({ code: 1, stdout: '' }));
    return code === 0 ? stdout.trim() : undefined;
  };
  const head = await git('rev-parse', 'HEAD');
  const from = base ? await git('rev-parse', '--verify', `${base}^{commit}`) : await git('merge-base', 'HEAD', 'origin/HEAD');
  if (head === undefined || from === undefined || from === head) return undefined;
  const names = await git('diff', '--name-only', '--no-renames', from, 'HEAD');
  return names?.split('\n').filter((name) => name !== '');
}
