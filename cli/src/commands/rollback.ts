import { type AgentAction, API_VERSION } from '@sentinel/crds';
import { isRollback } from '@sentinel/policy';
import { readAction } from '../read.ts';
import { type Session, UsageError } from '../session.ts';
import type { Patience } from './follow.ts';
import { create, generatedName, NAME_MAX } from './run.ts';

export interface RollbackFlags extends Patience {
  readonly reason?: string;
  readonly summary?: string;
  readonly onBehalfOf?: string;
  readonly mode?: string;
  readonly name?: string;
  readonly wait?: boolean;
}

/**
 * Creates an action that undoes an ended one: its plan is the inverse of what that action changed, and waits for approval like any other.
 * With `--wait` follows it until it has ended.
 */
export async function rollback(session: Session, given: string, flags: RollbackFlags): Promise<number> {
  const original = await readAction(session, given);
  const action = rollbackFor(original, flags);
  return await create(session, action, flags, nextSteps(action, session.namespace));
}

const nextSteps = ({ metadata: { name } }: AgentAction, namespace: string): readonly string[] => [
  `nothing is changed yet; its plan is being made: kubectl sentinel plan ${name} -n ${namespace}`,
  `a person who did not ask for it decides: kubectl sentinel approve ${name} -n ${namespace}`,
];

/** The action that undoes `original`. Throws UsageError if there is nothing to undo. */
export function rollbackFor({ metadata, spec, status }: AgentAction, flags: RollbackFlags): AgentAction {
  const { name, namespace = '', uid = '' } = metadata;
  const { account } = status ?? {};
  if (account === undefined)
    throw new UsageError(
      'NothingToDecide',
      `there is nothing to roll back: action '${name}' was not admitted, so it changed nothing`,
    );
  const mode = flags.mode ?? 'Apply';
  if (mode !== 'Apply' && mode !== 'DryRun') throw new UsageError('FlagInvalid', '--mode must be Apply or DryRun');
  const own = flags.name ?? generatedName(isRollback(spec) ? name : `rollback-${name}`);
  if (own.length > NAME_MAX) throw new UsageError('FlagInvalid', `--name may have at most ${NAME_MAX} characters`);
  const summary = flags.summary?.trim() ?? `Roll back '${name}': ${spec.intent.summary}`.slice(0, 512).toWellFormed();
  if (summary === '' || summary.length > 512) throw new UsageError('FlagInvalid', '--summary must have 1 to 512 characters');
  const { namespaces } = spec.target ?? {};
  return {
    apiVersion: API_VERSION,
    kind: 'AgentAction',
    metadata: { name: own, namespace },
    spec: {
      intent: { summary, ...(flags.reason ? { reason: flags.reason } : {}) },
      ...(flags.onBehalfOf === undefined ? {} : { onBehalfOf: { user: flags.onBehalfOf } }),
      rollbackOf: { name, uid },
      account,
      ...(namespaces === undefined ? {} : { target: { namespaces } }),
      mode,
      cancelled: false,
    },
  };
}
