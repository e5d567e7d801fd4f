import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** `-F`: a text that fits on the screen is only printed. `-R`: only colours are interpreted. `-X`: the text stays on the screen. */
const DEFAULT = 'less -FRX';

/**
 * The pager to use: $KUBECTL_SENTINEL_PAGER, then $PAGER, then less if it is installed. Undefined if there is none, or if the variable is
 * empty or `cat`.
 */
export function pagerOf(env: Env, isThere: (program: string) => boolean = isOnPath(env)): string | undefined {
  const wanted = env.KUBECTL_SENTINEL_PAGER ?? env.PAGER;
  if (wanted === undefined) return env.TERM !== 'dumb' && isThere('less') ? DEFAULT : undefined;
  return ['', 'cat'].includes(wanted.trim()) ? undefined : wanted;
}

const isOnPath = (env: Env) => (program: string) =>
  (env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** Exit codes of a shell for a program that does not exist or cannot be executed. */
const NOT_RUN: ReadonlySet<number | null> = new Set([126, 127]);

/**
 * Shows a text in the pager, and waits until the pager ends. Returns false if there is no pager or it could not start: then nothing was
 * shown. Quitting it early is not an error. Some pagers can run programs; less does not if LESSSECURE is set.
 */
export async function showInPager(text: string, env: Env): Promise<boolean> {
  const pager = pagerOf(env);
  if (pager === undefined) return false;
  const child = spawn('/bin/sh', ['-c', pager], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { LESS: 'FRX', LV: '-c', ...env, LESSSECURE: '1' },
  });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.on('error', () => resolve(false));
  child.on('close', (code) => resolve(!NOT_RUN.has(code)));
  child.stdin.on('error', () => {
    // The reader has quit.
  });
  child.stdin.end(`${onlyColours(text)}\n`);
  // Ctrl-C belongs to the pager while it runs.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    return await promise;
  } finally {
    process.off('SIGINT', ignore);
  }
}

/** The text without escape characters, except those that begin a colour of this program. */
export const onlyColours = (text: string): string => text.replaceAll(/\u001b(?!\[[0-9;]*m)|\u009b/g, '\\u001b');
