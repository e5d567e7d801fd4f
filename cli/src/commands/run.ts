import { randomBytes } from 'node:crypto';
import { type AgentAction, API_VERSION, agentActions } from '@sentinel/crds';
import { type Session, UsageError } from '../session.ts';
import { watch } from './watch.ts';

export interface RunFlags {
  readonly param?: string[];
  readonly summary: string;
  readonly reason?: string;
  readonly prompt?: string;
  readonly mode?: string;
  readonly name?: string;
  readonly wait?: boolean;
}

/** Files an action for a Playbook; with `--wait` follows it to its end. */
export async function run(session: Session, playbook: string, flags: RunFlags): Promise<number> {
  const { client, namespace, io } = session;
  if (flags.mode !== undefined && flags.mode !== 'Apply' && flags.mode !== 'DryRun')
    throw new UsageError('--mode must be Apply or DryRun');
  const name = flags.name ?? `${playbook}-${randomBytes(3).toString('hex')}`;
  const intent = {
    summary: flags.summary,
    ...(flags.reason ? { reason: flags.reason } : {}),
    ...(flags.prompt ? { prompt: flags.prompt } : {}),
  };
  const action: AgentAction = {
    apiVersion: API_VERSION,
    kind: 'AgentAction',
    metadata: { name, namespace },
    spec: {
      intent,
      playbookRef: { name: playbook },
      parameters: (flags.param ?? []).map(parameter),
      mode: flags.mode ?? 'Apply',
      cancelled: false,
    },
  };
  await client.create(agentActions, action, { fieldManager: 'kubectl-sentinel' });
  io.out(`agentaction.sentinel.dev/${name} created`);
  return flags.wait ? await watch(session, name) : 0;
}

/** Reads `name=value`. Throws UsageError for anything else. */
export function parameter(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`--param must be NAME=VALUE, not '${text}'`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}
