import { type AgentAction, agentActions, type StageStatus } from '@sentinel/crds';
import type { AnyObject, Informer, KubeClient } from '@sentinel/kube';
import { sealStatement, suspendedBy } from '@sentinel/policy';
import type { EnforceContext } from '../enforce/context.ts';
import type { Claim, RollbackMode } from '../ledger/claim.ts';
import type { Ledger } from '../ledger/store.ts';
import { withdrawIntents } from '../ledger/withdraw.ts';
import { type PolicyInformers, policiesOf } from '../policies.ts';
import { forbidden, Refused } from '../request/refused.ts';
import { refusalOfRollback } from '../rollback/due.ts';
import { type RollbackPass, rollBack } from '../rollback/rollback.ts';
import { toldOutcomes } from '../rollback/told-outcomes.ts';
import { readPlan } from '../run/judge-run.ts';
import { readNamedRun } from '../run/named-run.ts';
import { END_STATED } from '../run/note-end.ts';
import { asRun } from '../run/open-run.ts';
import { mayStillRun } from '../run/pod-end.ts';
import type { EndContext } from '../statement/serve-end.ts';
import { stateRun } from '../statement/state-run.ts';
import type { Upstream } from '../upstream.ts';

export interface RollbackRequestContext extends PolicyInformers, Pick<EndContext, 'key' | 'replica'> {
  readonly client: KubeClient;
  readonly ledger: Ledger;
  readonly upstream: Upstream;
  readonly dependants: EnforceContext['dependants'];
  readonly pods: Pick<Informer<AnyObject>, 'store'>;
}

/** The result of a request for a rollback: one pass, or why there can be none. */
export interface RollbackAnswer extends RollbackPass {
  readonly refused?: string;
  /** What the gateway states of the run after this pass, sealed by its own key. */
  readonly statement: string;
}

/**
 * Rolls a run back. The operator decides when, and writes the status that says so; whose run it is, whether it has ended, and whether a rollback
 * is allowed, the gateway determines from its own ledger. Safe to call again.
 */
export async function serveRollback(context: RollbackRequestContext, body: Buffer): Promise<RollbackAnswer> {
  const { client, ledger, replica } = context;
  const named = readNamedRun(body);
  const action = await client.get(agentActions, { namespace: named.namespace, name: named.name });
  const stage = action?.status?.stages?.find(({ uid, stage }) => uid === named.job && stage === 'run');
  if (!action || !stage || stage.outcome === undefined)
    throw forbidden('RunNotFound', 'the action has no ended run with this Job');
  const succeeded = action.status?.conditions?.find(({ type }) => type === 'Succeeded');
  if (succeeded?.reason !== 'RollingBack') throw forbidden('RollbackNotAllowed', 'the action is not being rolled back');
  const claim = await ledger.claimOf(named.job);
  if (!claim || claim.plan === undefined || claim.action.uid !== action.metadata.uid)
    throw forbidden('RunNotFound', 'the gateway knows no run of this action with this Job');
  const pod = context.pods.store.list().find(({ metadata }) => metadata.uid === claim.pod);
  if (pod && mayStillRun(pod)) throw new Refused(503, 'RunNotEnded', 'the pod of the run has not ended; ask again');
  const state = async () =>
    sealStatement(stateRun(await ledger.claimNamed(claim.name), await ledger.states(named.job), Date.now()), context.key());
  // An earlier pass found these out; the others have the time of this one.
  const settled = new Set(action.status?.rollback?.map(({ effect }) => effect));
  // The operator could not store the end that it has had stated.
  if (claim.over === END_STATED && claim.rollingBack)
    return { outcomes: await toldOutcomes(ledger, claim.job, settled), retries: [], statement: await state() };
  const refused = refusalOfRollback({
    claim,
    mode: claim.rollback ?? (await modeOfPlan(client, action, stage, claim)),
    entries: await ledger.states(claim.job),
    stopped: action.spec.cancelled === true || action.metadata.deletionTimestamp !== undefined,
  });
  if (refused !== undefined) return { outcomes: [], retries: [], refused, statement: await state() };
  // A request that is still on its way in some replica sends nothing from here on.
  if (!(await ledger.beginRollback(claim.name))) throw new Refused(503, 'RunNotEnded', 'the run ended meanwhile; ask again');
  await withdrawIntents(ledger, claim.job, replica);
  const run = asRun(action, named.job, claim.account);
  // The kill switch stops an action as it is: nothing more is written, not even by a rollback.
  const refusal = () => {
    const stoppers = suspendedBy(policiesOf(context, run));
    return stoppers.length === 0 ? undefined : `${stoppers.join(', ')} is suspended`;
  };
  const passed = await rollBack({ ...context, refusal, settled }, run);
  return { ...passed, statement: await state() };
}

// For claims of older versions it comes from the plan, if that is the claimed one.
async function modeOfPlan(
  client: KubeClient,
  action: AgentAction,
  stage: StageStatus,
  claim: Claim,
): Promise<RollbackMode | undefined> {
  if (stage.plan !== claim.plan) return undefined;
  const plan = await readPlan(client, action, stage).catch(() => undefined);
  return plan?.spec.rollback.from;
}
