import { agentActions, type RunReport } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import { dataHandling, evaluatePlan, resolutionsOf, sealStatement, suspendedBy } from '@sentinel/policy';
import type { EnforceContext } from '../enforce/context.ts';
import { askForDeciders } from '../enforce/deciders.ts';
import { gatherFacts } from '../enforce/gather-facts.ts';
import { alteration } from '../enforce/judge-write.ts';
import { reportOf } from '../enforce/run-report.ts';
import { type Claim, isBlockedOtherwise } from '../ledger/claim.ts';
import { isOpen, openOrder } from '../ledger/entry.ts';
import { withdrawIntents } from '../ledger/withdraw.ts';
import { type PolicyInformers, policiesOf } from '../policies.ts';
import { forbidden, Refused } from '../request/refused.ts';
import { judgeRun } from '../run/judge-run.ts';
import { readNamedRun } from '../run/named-run.ts';
import { END_STATED } from '../run/note-end.ts';
import { type OpenContext, openRun } from '../run/open-run.ts';
import type { Enforcement, Run } from '../run/run.ts';
import { type ResolveContext, resolveEffect, resumeOrder } from '../settle/resolve-effect.ts';
import type { EndContext } from '../statement/serve-end.ts';
import { stateRun } from '../statement/state-run.ts';

type Context = OpenContext &
  PolicyInformers &
  Pick<EnforceContext, 'ledger' | 'upstream' | 'replica' | 'permission' | 'dependants'> &
  Pick<EndContext, 'key'>;

/**
 * Carries out the decisions of people on effects of a run whose outcome is unknown, and returns the report about the run after that.
 * The operator only names the run: the seals, the people, the plan and the effects are verified here, with the stored action
 * and the gateway's own claim and ledger. Safe to call again.
 */
export async function resolveEffects(context: Context, body: Buffer): Promise<RunReport> {
  const { client, ledger } = context;
  const { namespace, name, job } = readNamedRun(body);
  const action = await client.get(agentActions, { namespace, name });
  const stage = action?.status?.stages?.find((one) => one.uid === job && one.stage === 'run');
  if (!action || !stage || stage.outcome === undefined)
    throw forbidden('RunNotFound', 'the action has no ended run with this Job');
  const claim = await ledger.claimOf(job);
  if (!claim || claim.action.uid !== action.metadata.uid || claim.plan === undefined)
    throw forbidden('RunNotFound', 'the gateway knows no run of this action with this Job');
  // The operator could not store the end that it has had stated: it gets the same answer again, and nothing is carried out.
  const isStated = claim.over === END_STATED;
  if (claim.over !== undefined && !isStated) throw forbidden('RunClosed', `the run is over: ${claim.over}`);
  const run = await openRun(context, claim);
  const { enforcement } = run ?? {};
  if (!run || !enforcement || enforcement.digest !== claim.plan)
    throw forbidden('PlanNotRecorded', 'the plan of the run is gone or is not the one that was claimed');
  if (!isStated) await carryOut(context, claim, { ...run, enforcement });
  const entries = await ledger.entries(job);
  const altered = entries.find(({ stored }) => stored?.altered !== undefined);
  const now = await ledger.claimNamed(claim.name);
  // A block by an unknown outcome is over with it. Any other one stays.
  const stays = isBlockedOtherwise(claim) || entries.some(isOpen);
  return {
    ...reportOf(entries),
    claimed: true,
    replica: claim.replica,
    blocked: altered ? alteration(altered) : stays ? now.blocked : undefined,
    statement: sealStatement(stateRun(now, entries, Date.now()), context.key()),
  };
}

async function carryOut(context: Context, claim: Claim, run: Run & { readonly enforcement: Enforcement }): Promise<void> {
  const { client, ledger } = context;
  const { enforcement } = run;
  await ledger.close(claim.name);
  await withdrawIntents(ledger, claim.job, context.replica);
  // Approvals had to be good at the claim; who resolves an effect must be authorized now.
  const { facts } = await gatherFacts(client, { ...claim.action }, enforcement, Date.now());
  const { tally } = evaluatePlan({ ...facts, deciders: await askForDeciders(client, facts) });
  const carrying = resolveContext(context, run, enforcement, claim);
  for (const entry of await ledger.entries(claim.job))
    if (entry.state === 'Sent' || openOrder(entry)) await resumeOrder(carrying, run, entry);
  for (const order of resolutionsOf(tally)) await resolveEffect(carrying, run, order);
}

function resolveContext(context: Context, run: Run, enforcement: Enforcement, claim: Claim): ResolveContext {
  const { client, ledger } = context;
  const suspension = () => {
    const stoppers = suspendedBy(policiesOf(context, run));
    return stoppers.length === 0 ? undefined : `nothing is written while ${stoppers.join(', ')} is suspended`;
  };
  return {
    ...context,
    handling: dataHandling(policiesOf(context, run)),
    suspension,
    refusalOfRedo: async () => suspension() ?? (await refusalOfRedo(client, ledger, claim, enforcement)),
  };
}

// The same evaluation as at the claim, with the current policies; a redo counts as a start, so freezes apply to it, too.
async function refusalOfRedo(
  client: KubeClient,
  ledger: Context['ledger'],
  claim: Claim,
  { plan, digest }: Enforcement,
): Promise<string | undefined> {
  try {
    await judgeRun(client, ledger, claim.action, { plan, digest, approvedAt: claim.claimedAt, moment: 'redo', claimed: claim });
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}
