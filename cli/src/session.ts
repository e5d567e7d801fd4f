import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { createClient, createTransport, type KubeClient, loadConfig } from '@sentinel/kube';
import { UsageError } from './usage-error.ts';

export { UsageError } from './usage-error.ts';

/** What a process gives to `runCli`. */
export interface Io {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly stdin: Readable;
  /** Whether somebody sits there, and whether somebody reads. */
  readonly isTTY: { readonly stdin: boolean; readonly stdout: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where commands read and write. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Asks a question; undefined when nobody is there to answer. */
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
}

/** What a command works with: a client for the chosen cluster, and the namespace that is meant. */
export interface Session {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly flags: GlobalFlags;
  readonly io: Terminal;
  close(): Promise<void>;
}

/** Finds the cluster and makes a client. Tests give their own. */
export type Connect = (flags: GlobalFlags) => Pick<Session, 'client' | 'namespace' | 'close'>;

/** Connects as kubectl does. Throws UsageError when the kubeconfig can't be read or has no such context. */
export const connect: Connect = (flags) => {
  try {
    const config = loadConfig({ context: flags.context, kubeconfig: flags.kubeconfig, as: flags.as, asGroups: flags.asGroup });
    const transport = createTransport(config, { userAgent: 'kubectl-sentinel' });
    return { client: createClient(transport), namespace: config.namespace, close: () => transport.close() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`the kubeconfig can not be used: ${why}; check --kubeconfig, --context and $KUBECONFIG`);
  }
};

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Opens a session. Throws UsageError for a namespace that there can't be: it would become part of a path. */
export function openSession(flags: GlobalFlags, io: Terminal, open: Connect): Session {
  if (flags.namespace !== undefined && !NAMESPACE.test(flags.namespace))
    throw new UsageError(`'${flags.namespace}' is no name for a namespace`);
  const { client, namespace, close } = open(flags);
  return { client, namespace: flags.namespace ?? namespace, flags, io, close };
}

/** The terminal of a process. Nobody is asked anything unless a person both reads and types. */
export function terminalOf(io: Io): Terminal {
  return {
    out: (text) => io.stdout.write(`${text}\n`),
    error: (text) => io.stderr.write(`${text}\n`),
    ask: io.isTTY.stdin ? (question) => ask(io, question) : undefined,
    colour: io.isTTY.stdout && !io.env.NO_COLOR,
    now: () => Date.now(),
  };
}

// The question goes to stderr: stdout may be a pipe while somebody types. The end of input is no answer.
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

/** Asks for a yes; with `--yes` takes it for given. Throws UsageError when nobody is there. */
export async function confirmed({ io }: Session, question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  requireSomebody(io, yes);
  return /^y(es)?$/i.test(((await io.ask?.(`\n${question} [y/N] `)) ?? '').trim());
}

/** Throws UsageError when an answer is needed and nobody is there to give it. */
export function requireSomebody(io: Terminal, yes: boolean): void {
  if (!yes && !io.ask) throw new UsageError('nobody is there to answer (stdin is no terminal); pass --yes when you mean it');
}
