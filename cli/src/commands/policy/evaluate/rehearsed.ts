import type { AgentAction, Effect } from '@sentinel/crds';
import {
  asksOf,
  computeRisk,
  hasOwnSteps,
  judgeHighRisk,
  judgePlan,
  type PolicySet,
  type Refusal,
  type Requirements,
  type Risk,
  undeclaredEffects,
  whyPerson,
  withAutoReview,
} from '@sentinel/policy';
import type { Work } from './work.ts';

/** An action, and what its rehearsal would find. */
export interface Rehearsed {
  readonly action: Pick<AgentAction, 'metadata' | 'spec'>;
  readonly work: Work;
  readonly effects: readonly Effect[];
  readonly notObservable?: readonly string[];
  /** How many runs of the same Playbook succeeded in the namespace since the last failure; undefined if they are not counted. */
  readonly succeeded: number | undefined;
}

/** The evaluation of the plan of an action. */
export interface PlanJudged {
  readonly risk: Risk;
  readonly requirements: Requirements;
  readonly refusals: readonly Refusal[];
  /** Why a person is needed: empty if no person is needed, undefined if no policy lets any plan of this risk start without one. */
  readonly person: readonly string[] | undefined;
}

/**
 * Evaluates the plan that a rehearsal would lead to, as the operator does, but without facts of a cluster: PodDisruptionBudgets and
 * earlier failures are missing, and objects are treated as new. If runs are counted, a count of zero adds the risk of a first run.
 */
export function judgeRehearsed(set: PolicySet, { action, work, effects, notObservable = [], succeeded }: Rehearsed): PlanJudged {
  const { playbook, trust, adHoc } = work;
  const namespace = action.metadata.namespace ?? '';
  const asks = playbook ? asksOf(set, playbook.spec, action.spec) : [];
  const undeclared = undeclaredEffects(action, effects);
  const risk = computeRisk({
    effects,
    undeclared,
    notObservable,
    environment: set.environment,
    floor: playbook?.spec.risk?.floor,
    raised: judgeHighRisk(set, effects).raised,
    asks,
    ownSteps: hasOwnSteps(action.spec),
    ...(playbook ? { hasRollback: playbook.spec.rollback?.from === 'PreImages' } : {}),
    ...(succeeded === undefined ? {} : { history: historyOf(action, namespace, succeeded, effects.length) }),
  });
  const { requirements, refusals } = judgePlan({ ...set, refusals: [] }, namespace, effects, risk.level);
  const person = whyPerson({
    policies: set,
    namespace,
    effects,
    risk: risk.level,
    playbook,
    trust,
    adHoc,
    undeclared,
    notObservable,
    asks,
    succeeded,
  });
  return { risk, requirements: withAutoReview(requirements, person), refusals, person };
}

const historyOf = ({ spec }: Rehearsed['action'], namespace: string, succeeded: number, objects: number) => ({
  playbook: spec.playbookRef?.name ?? '',
  namespace,
  ranBefore: succeeded > 0,
  newTargets: objects,
  failed: false,
  failedTargets: 0,
});
