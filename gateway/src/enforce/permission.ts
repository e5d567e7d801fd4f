import { agentActions, type Effect, type RiskLevel } from '@sentinel/crds';
import type { KubeClient } from '@sentinel/kube';
import {
  computeRisk,
  dataHandling,
  endedByParent,
  evaluatePlan,
  explainAll,
  frozenAt,
  higher,
  isAdHoc,
  judgeHighRisk,
  judgePlan,
  judgeRounds,
  type PlanFacts,
  reasonsForPerson,
  repeatedWork,
  roundOf,
  unamendable,
  withoutQuotes,
} from '@sentinel/policy';
import { Refused } from '../request/refused.ts';
import type { Run } from '../run/run.ts';
import type { Offer } from './context.ts';
import { type GatheredFacts, gatherFacts } from './gather-facts.ts';

const REASONS = 4;

/** Why a run may not start or continue: the same evaluation as at its start, with the current action and policies. */
export class Permission {
  readonly #client: KubeClient;
  readonly #suspendedBy: (run: Run) => readonly string[];
  /** By run: the reading that has begun, and the one that begins after it. */
  readonly #reading = new Map<string, Promise<GatheredFacts>>();
  readonly #next = new Map<string, Promise<GatheredFacts>>();

  constructor(client: KubeClient, suspendedBy: (run: Run) => readonly string[]) {
    this.#client = client;
    this.#suspendedBy = suspendedBy;
  }

  /** Why a run must end now, from the live action and the watched policies; undefined if it need not. */
  async ending(run: Run): Promise<string | undefined> {
    try {
      const stoppers = this.#suspendedBy(run);
      if (stoppers.length > 0) return `suspended by ${stoppers.join(', ')}`;
      const action = await this.#client.get(agentActions, { namespace: run.namespace, name: run.actionName });
      if (action?.metadata.uid !== run.actionUid) return 'the action of the run is gone';
      if (action.metadata.deletionTimestamp !== undefined) return 'the action is being deleted';
      return action.spec.cancelled ? 'the action was cancelled' : undefined;
    } catch (error) {
      return `the action could not be fetched (${String(error).slice(0, 200)})`;
    }
  }

  /**
   * Why the next write of a run is refused; undefined if it may be sent. `effect` is the observation of that write; in a plan that no
   * person has approved it is evaluated, too, because the plan may show less than its digests allow.
   */
  async refusal(run: Run, effect: Effect | undefined): Promise<string | undefined> {
    try {
      return refusalOf(await this.#facts(run), run, effect);
    } catch (error) {
      return error instanceof Refused ? error.message : `the policies could not be fetched (${String(error).slice(0, 200)})`;
    }
  }

  /** Whether an amendment of the plan of a run may be offered, with the refused write as one more effect. */
  async offer(run: Run, effect: Effect): Promise<Offer> {
    const { facts } = await this.#facts(run);
    const { action, plan, policies, requester, editors } = facts;
    const risk = run.enforcement?.risk ?? plan.risk.level;
    const refusals = [
      ...judgeRounds(policies, roundOf(plan) + 1),
      ...judgePlan(policies, run.namespace, [...plan.effects, effect], risk).refusals,
    ];
    const reason =
      unamendable(action.spec, requester, editors) ??
      (refusals.length > 0 ? explainAll(withoutQuotes(dataHandling(policies), refusals)) : undefined);
    return { work: repeatedWork(action.spec), reason };
  }

  /**
   * What the next write of a run is judged by, read after the write arrived: what the API server had accepted by then is seen. Writes that wait
   * at the same time share one reading, and a run has one at a time.
   */
  async #facts({ jobUid, namespace, actionName, actionUid, enforcement }: Run): Promise<GatheredFacts> {
    if (!enforcement) throw new Error('a run without a plan has no facts');
    const waiting = this.#next.get(jobUid);
    if (waiting) return await waiting;
    const ref = { namespace, name: actionName, uid: actionUid };
    const read = async () => {
      await this.#reading.get(jobUid)?.catch(() => undefined);
      this.#next.delete(jobUid);
      const reading = gatherFacts(this.#client, ref, enforcement, enforcement.claimedAt);
      this.#reading.set(jobUid, reading);
      try {
        return await reading;
      } finally {
        if (this.#reading.get(jobUid) === reading) this.#reading.delete(jobUid);
      }
    };
    // The reading begins in a later turn, so that it is never one that began before this write.
    const next = Promise.resolve().then(read);
    this.#next.set(jobUid, next);
    return await next;
  }
}

function refusalOf(gathered: GatheredFacts, run: Run, effect: Effect | undefined): string | undefined {
  const { action, facts } = gathered;
  const ending = endingOf(gathered, run.enforcement?.parent);
  if (ending !== undefined) return ending;
  const stage = action.status?.stages?.find(({ uid }) => uid === run.jobUid);
  if (!stage || stage.outcome !== undefined) return 'the run has ended';
  const judged = run.enforcement ? { ...facts, risk: run.enforcement.risk } : facts;
  const { refused, approved, requirements, inAdvance } = evaluatePlan(judged);
  if (refused !== undefined) return refused;
  if (!approved) return 'the plan does not have the approvals that policy requires now';
  if (effect === undefined) return undefined;
  if (inAdvance) return refuseObserved(judged, effect);
  if (!requirements.autoReview) return undefined;
  const reasons = judgeObserved(gathered, effect);
  return reasons.length === 0 ? undefined : `it needs the approval of a person: ${reasons.slice(0, REASONS).join('; ')}`;
}

// Nobody has seen this plan: the observed write must be one that the standing approvals cover, like the plan itself.
function refuseObserved(facts: PlanFacts, effect: Effect): string | undefined {
  const risk = higher(riskOfObserved(facts, effect), facts.risk ?? facts.plan.risk.level);
  const { refused, approved, tally } = evaluatePlan({ ...facts, risk, plan: { ...facts.plan, effects: [effect] } });
  if (refused !== undefined) return refused;
  const whys = tally.standing.flatMap(({ why }) => (why === undefined ? [] : [why])).slice(0, REASONS);
  return approved ? undefined : `no standing approval covers it: ${whys.join('; ')}`;
}

/** Why a run may not be claimed now, in addition to the checks before each write; undefined if it may. */
export function startRefusal({ facts }: GatheredFacts): string | undefined {
  const frozen = frozenAt(facts.policies, Date.now());
  return frozen && `${frozen.reason} (${frozen.policy}: ${frozen.rule})`;
}

/** Why an action must stop; undefined if it may go on. `parentUid` is that of its parent when it was rehearsed. */
export function endingOf({ action, parent }: GatheredFacts, parentUid: string | undefined): string | undefined {
  if (action.metadata.deletionTimestamp !== undefined) return 'the action is being deleted';
  if (action.spec.cancelled) return 'the action was cancelled';
  return endedByParent(parent, parentUid, action.spec.mode);
}

/** Why an observed write needs a person in a run that no person approved. */
export function judgeObserved({ action, facts }: GatheredFacts, effect: Effect): readonly string[] {
  const { policies } = facts;
  const level = riskOfObserved(facts, effect);
  const reasons = reasonsForPerson(facts, [effect], level);
  const refused = judgePlan(policies, action.metadata.namespace ?? '', [effect], level).refusals.map(({ message }) => message);
  return [...refused, ...(reasons ?? ['no policy lets a plan of this risk start without one'])];
}

const riskOfObserved = ({ action, policies, plan, playbook }: PlanFacts, effect: Effect): RiskLevel =>
  computeRisk({
    effects: [effect],
    undeclared: plan.undeclared ?? [],
    notObservable: plan.notObservable ?? [],
    environment: policies.environment,
    floor: playbook?.spec.risk?.floor,
    raised: judgeHighRisk(policies, [effect]).raised,
    ownSteps: isAdHoc(action.spec),
  }).level;
