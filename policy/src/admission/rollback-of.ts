import {
  type AgentAction,
  type AgentActionSpec,
  API_VERSION,
  finalStates,
  type Playbook,
  PlaybookSpec,
  type State,
} from '@sentinel/crds';
import type { Activity } from '../limits/limits.ts';
import type { PolicyErrorCode } from '../verdict/policy-errors.ts';
import type { Refusal } from '../verdict/verdict.ts';

/** Whether an action undoes another one. */
export const isRollback = (spec: Pick<AgentActionSpec, 'rollbackOf'>): boolean => spec.rollbackOf !== undefined;

/** Stands for Sentinel's own image, in which the steps of a rollback run. No policy names it, because no tenant chooses it. */
const OWN_IMAGE = 'sentinel';

/**
 * The Playbook of an action that undoes another one. Its only step asks the gateway for the inverse of each effect; its check asks whether
 * every object equals its pre-image. Undefined if the action has no account.
 */
export function rollbackPlaybook({ metadata, spec }: Pick<AgentAction, 'metadata' | 'spec'>): Playbook | undefined {
  const { rollbackOf, account } = spec;
  if (!rollbackOf || account === undefined) return undefined;
  return {
    apiVersion: API_VERSION,
    kind: 'Playbook',
    metadata: { name: metadata.name ?? '', namespace: metadata.namespace ?? '', uid: metadata.uid ?? '' },
    spec: PlaybookSpec.parse({
      category: 'Other',
      description: `The rollback of AgentAction '${rollbackOf.name}' (${rollbackOf.uid}), by Sentinel itself.`,
      account,
      sandbox: { profile: 'Change', image: OWN_IMAGE },
      steps: [{ name: 'rollback', command: ['sentinel', 'rollback'] }],
      expect: 'Each field that is rolled back has the value that it had before that action.',
      verify: [{ name: 'compare', command: ['sentinel', 'compare-rollback'] }],
      rollback: { from: 'PreImages' },
      autonomy: 'Approve',
    }),
  };
}

/** The action that a rollback undoes, and other rollbacks of it. */
export interface RollbackFacts {
  /** The action of that name; undefined if it does not exist. */
  readonly original: AgentAction | undefined;
  /** The other actions; empty where they were not counted. */
  readonly activity: readonly Pick<Activity, 'uid' | 'name' | 'undoes' | 'phase' | 'succeeded'>[];
}

/**
 * Whether an action may undo the one that it names, by what their statuses say: it must have ended after a run, and must not be undone
 * already, nor by another action at the same time. What the statuses say is the operator's word; the gateway judges by its ledger as well.
 */
export function judgeRollbackOf(
  { uid: self, spec }: { readonly uid?: string | undefined; readonly spec: Pick<AgentActionSpec, 'rollbackOf' | 'account'> },
  facts: RollbackFacts,
): Refusal[] {
  if (!spec.rollbackOf) return [];
  const { name, uid } = spec.rollbackOf;
  const refuse = (code: PolicyErrorCode, message: string): Refusal[] => [
    { code, policy: 'Sentinel', rule: 'rollbackOf', message },
  ];
  const { original } = facts;
  if (!original || original.metadata.uid !== uid)
    return refuse(
      'RollbackSourceNotFound',
      `there is no AgentAction '${name}' with the uid '${uid}' in this namespace; the values from before it are deleted with it`,
    );
  const { status } = original;
  const state = stateOf(original);
  if (!finalStates.has(state as State))
    return refuse('RollbackSourceNotEnded', `AgentAction '${name}' has not ended: it is ${state}`);
  if (!status?.stages?.some(({ stage }) => stage === 'run'))
    return refuse('RollbackSourceNotRun', `AgentAction '${name}' changed nothing: it ended as ${state}, without a real run`);
  if (status.account !== spec.account)
    return refuse(
      'RollbackAccountDiffers',
      `AgentAction '${name}' ran as the account '${status.account ?? ''}', not '${spec.account ?? ''}'`,
    );
  if (state === 'RollbackIncomplete')
    return refuse(
      'RollbackSourceIncomplete',
      `AgentAction '${name}' was rolled back in part: its status says what stays, and why`,
    );
  if (state === 'RolledBack' || (status.rollback?.length ?? 0) > 0)
    return refuse('RollbackAlreadyDone', `AgentAction '${name}' was rolled back when it ended`);
  // One that is not admitted yet is judged after this one.
  const others = facts.activity.filter((one) => one.undoes === uid && one.uid !== self && one.phase !== 'Filed');
  const done = others.find(({ succeeded }) => succeeded)?.name ?? status.rolledBackBy?.name;
  if (done !== undefined) return refuse('RollbackAlreadyDone', `AgentAction '${name}' was rolled back by AgentAction '${done}'`);
  const open = others.find(({ phase }) => phase !== 'Ended');
  return open
    ? refuse('RollbackInProgress', `AgentAction '${open.name}', which has not ended, rolls back '${name}' already`)
    : [];
}

const stateOf = ({ status }: AgentAction): string =>
  status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason ?? 'Pending';
