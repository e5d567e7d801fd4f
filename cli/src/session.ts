import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import type { KubeClient } from '@sentinel/kube';
import type { Command } from 'commander';
import type { GlobalFlags } from './global-flags.ts';
import { showInPager } from './terminal/pager.ts';
import { UsageError } from './usage-error.ts';

export type { GlobalFlags } from './global-flags.ts';
export { UsageError } from './usage-error.ts';

/** The streams and settings of a process, for `runCli`. */
export interface Io {
  /** `columns` is only set for a terminal. */
  readonly stdout: { write(text: string): unknown; readonly columns?: number };
  readonly stderr: { write(text: string): unknown };
  readonly stdin: Readable;
  /** Whether stdin is a terminal, and whether stdout is one. */
  readonly isTTY: { readonly stdin: boolean; readonly stdout: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where commands read and write. */
export interface Terminal {
  readonly out: (text: string) => void;
  /**
   * Shows a long text in a pager on a terminal. Without a terminal it prints `short` instead, if that is given. Returns true if the pager
   * showed the text.
   */
  readonly page: (text: string, short?: string) => Promise<boolean>;
  readonly error: (text: string) => void;
  /** Asks a question; undefined if stdin is not a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  readonly colour: boolean;
  readonly stdin: Readable;
  readonly now: () => number;
}

/** The context of a command: a client for the chosen cluster, and the namespace. */
export interface Session {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly flags: GlobalFlags;
  readonly io: Terminal;
  close(): Promise<void>;
}

/** A client of the chosen cluster, and the namespace of the context. */
export type Connected = Pick<Session, 'client' | 'namespace' | 'close'>;

/** Finds the cluster and creates a client. Tests pass their own function. */
export type Connect = (flags: GlobalFlags, io: Terminal) => Connected | Promise<Connected>;

/** Makes the action of a command: opens a session with the flags of the command, and works in it. */
export type Within = (work: (session: Session) => Promise<number>) => (command: Command) => Promise<void>;

/** Does the work of a command that needs no cluster. */
export type Offline = (work: (terminal: Terminal, io: Io) => number | Promise<number>) => Promise<void>;

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Opens a session. Throws UsageError for an invalid namespace, because it would become part of a path. */
export async function openSession(flags: GlobalFlags, io: Terminal, open: Connect): Promise<Session> {
  if (flags.namespace !== undefined && !NAMESPACE.test(flags.namespace))
    throw new UsageError('FlagInvalid', `'${flags.namespace}' is not a valid name for a namespace`);
  const { client, namespace, close } = await open(flags, io);
  const paged: Terminal = flags.pager === false ? { ...io, page: async (text, short = text) => printed(io, short) } : io;
  return { client, namespace: flags.namespace ?? namespace, flags, io: paged, close };
}

function printed(io: Pick<Terminal, 'out'>, text: string): false {
  io.out(text);
  return false;
}

/** Wraps the lines of a text to a number of columns. */
export type Fold = (text: string, columns: number) => string;

/** The terminal of a process. Questions are only asked if both input and output are a terminal. `wrap` is needed for a terminal alone. */
export function terminalOf(io: Io, wrap?: Fold): Terminal {
  const fold = (text: string) => (wrap && io.isTTY.stdout && io.stdout.columns ? wrap(text, io.stdout.columns) : text);
  const out = (text: string) => io.stdout.write(`${fold(text)}\n`);
  return {
    out,
    page: async (text, short = text) =>
      io.isTTY.stdout && (await showInPager(fold(text), io.env)) ? true : printed({ out }, short),
    error: (text) => io.stderr.write(`${text}\n`),
    ask: io.isTTY.stdin ? (question) => ask(io, question) : undefined,
    colour: io.isTTY.stdout && !io.env.NO_COLOR && io.env.TERM !== 'dumb',
    stdin: io.stdin,
    now: () => Date.now(),
  };
}

// The question goes to stderr, because stdout may be a pipe. The end of input counts as no.
async function ask(io: Io, question: string): Promise<string> {
  io.stderr.write(question);
  const terminal = createInterface({ input: io.stdin });
  try {
    for await (const line of terminal) return line;
    io.stderr.write('\n');
    return '';
  } finally {
    terminal.close();
  }
}

/** Asks for confirmation; `--yes` skips the question. Throws UsageError if stdin is not a terminal. */
export async function confirmed({ io }: Session, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  requireSomebody(io, yes);
  return /^y(es)?$/i.test(((await io.ask?.(`\n${question} [y/N] `)) ?? '').trim());
}

/**
 * Throws UsageError if the question is skipped and the caller does not pass the digest of what was seen, because the current object may be
 * a different one. `how` is the flag, and where to find its digest.
 */
export function requireSeen(
  io: Terminal,
  { yes, seen }: { readonly yes: boolean; readonly seen: string | undefined },
  how: { readonly flag: string; readonly where: string },
): void {
  if (seen !== undefined && !DIGEST.test(seen))
    throw new UsageError('FlagInvalid', `${how.flag} must be ${how.where}: sha256: and 64 hexadecimal digits`);
  if (!io.ask && (!yes || seen === undefined))
    throw new UsageError('ConfirmationRequired', `stdin is not a terminal; pass --yes and ${how.flag} DIGEST (${how.where})`);
  if (yes && seen === undefined)
    throw new UsageError(
      'ConfirmationRequired',
      `--yes skips the question, so the digest of what you have seen is required: pass ${how.flag} DIGEST (${how.where}), or leave --yes out`,
    );
}

const DIGEST = /^sha256:[a-f0-9]{64}$/;

/** Throws UsageError if an answer is needed and stdin is not a terminal. */
export function requireSomebody(io: Terminal, yes: boolean): void {
  if (!yes && !io.ask) throw new UsageError('ConfirmationRequired', 'stdin is not a terminal, so nobody can answer; pass --yes');
}
