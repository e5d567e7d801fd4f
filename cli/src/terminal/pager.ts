import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** `-F`: a text that fits is just printed. `-R`: colours are shown, other escape sequences are not. `-X`: it stays on the screen. */
const DEFAULT = 'less -FRX';

/**
 * The pager that is wanted: $KUBECTL_SENTINEL_PAGER, then $PAGER, then less if there is one. Undefined when there is none: an empty
 * variable or `cat` means that.
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

/** What a shell answers when there is no such program, or it is none. */
const NOT_RUN: ReadonlySet<number | null> = new Set([126, 127]);

/**
 * Shows a text in the pager, and waits until the person has read it. False when there is none or it could not start: then nothing was
 * shown. Quitting it early is no error. A pager may run programs on keys; less does not while LESSSECURE is set.
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

/** The text without any escape character that does not begin one of our colours. */
export const onlyColours = (text: string): string => text.replaceAll(/\u001b(?!\[[0-9;]*m)|\u009b/g, '\\u001b');
