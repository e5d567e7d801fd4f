import { createClient, createTransport, type KubeClient, loadConfig } from '@sentinel/kube';

/** Where commands read and write. */
export interface Io {
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
  readonly io: Io;
  close(): Promise<void>;
}

/** Something the caller has to correct; printed without a stack. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Opens a session. Throws when there is no such context or no cluster. */
export function openSession(flags: GlobalFlags, io: Io): Session {
  const config = loadConfig({ context: flags.context, kubeconfig: flags.kubeconfig, as: flags.as, asGroups: flags.asGroup });
  const transport = createTransport(config, { userAgent: 'kubectl-sentinel' });
  return {
    client: createClient(transport),
    namespace: flags.namespace ?? config.namespace,
    flags,
    io,
    close: () => transport.close(),
  };
}
