import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { createClient, createTransport, type KubeClient, loadConfig } from '@sentinel/kube';
import { foldToWidth } from './terminal/fold.ts';
import { showInPager } from './terminal/pager.ts';
import { UsageError } from './usage-error.ts';

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
  readonly now: () => number;
}

/** Flags that every command takes. */
export interface GlobalFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly as?: string;
  readonly asGroup?: string[];
  readonly output?: string;
  readonly pager?: boolean;
}

/** The context of a command: a client for the chosen cluster, and the namespace. */
export interface Session {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly flags: GlobalFlags;
  readonly io: Terminal;
  close(): Promise<void>;
}

/** Finds the cluster and creates a client. Tests pass their own function. */
export type Connect = (flags: GlobalFlags) => Pick<Session, 'client' | 'namespace' | 'close'>;

/** Connects as kubectl does. Throws UsageError when the kubeconfig can't be read or has no such context. */
export const connect: Connect = (flags) => {
  try {
    const config = loadConfig({ context: flags.context, kubeconfig: flags.kubeconfig, as: flags.as, asGroups: flags.asGroup });
    const transport = createTransport(config, { userAgent: 'kubectl-sentinel' });
    return { client: createClient(transport), namespace: config.namespace, close: () => transport.close() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      'KubeconfigInvalid',
      `the kubeconfig cannot be used: ${why}; check --kubeconfig, --context and $KUBECONFIG`,
    );
  }
};

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Opens a session. Throws UsageError for an invalid namespace, because it would become part of a path. */
export function openSession(flags: GlobalFlags, io: Terminal, open: Connect): Session {
  if (flags.namespace !== undefined && !NAMESPACE.test(flags.namespace))
    throw new UsageError('FlagInvalid', `'${flags.namespace}' is not a valid name for a namespace`);
  const { client, namespace, close } = open(flags);
  const paged: Terminal = flags.pager === false ? { ...io, page: async (text, short = text) => printed(io, short) } : io;
  return { client, namespace: flags.namespace ?? namespace, flags, io: paged, close };
}

function printed(io: Pick<Terminal, 'out'>, text: string): false {
  io.out(text);
  return false;
}

/** The terminal of a process. Questions are only asked if both input and output are a terminal. */
export function terminalOf(io: Io): Terminal {
  const fold = (text: string) => (io.isTTY.stdout && io.stdout.columns ? foldToWidth(text, io.stdout.columns) : text);
  const out = (text: string) => io.stdout.write(`${fold(text)}\n`);
  return {
    out,
    page: async (text, short = text) =>
      io.isTTY.stdout && (await showInPager(fold(text), io.env)) ? true : printed({ out }, short),
    error: (text) => io.stderr.write(`${text}\n`),
    ask: io.isTTY.stdin ? (question) => ask(io, question) : undefined,
    colour: io.isTTY.stdout && !io.env.NO_COLOR,
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
