import {
  type ActionPlanPartSpec,
  type ActionPlanSpec,
  type AgentAction,
  annotations,
  digestOf,
  type Effect,
  type PlanDraft,
  type PlannedRollback,
  type Playbook,
  planPartName,
  type RiskLevel,
} from '@sentinel/crds';
import { hasOwnSteps, isAdHoc } from '../admission/ad-hoc.ts';
import { fillSteps, resolveParameters } from '../admission/parameters.ts';
import { askedOf } from '../admission/steps.ts';
import { undeclaredEffects } from '../admission/undeclared.ts';
import { autoReviewAt, whyPerson } from '../approval/auto-review.ts';
import { hasRequestedChanges } from '../approval/changes.ts';
import { jobSeconds, judgePlan } from '../approval/requirements.ts';
import { playbookDigest, type Trust } from '../approval/trust.ts';
import { dataHandling } from '../data/handling.ts';
import { keepCommands, keepSentence, withoutQuotes } from '../data/keep.ts';
import type { Identity } from '../identity/identity.ts';
import type { PolicySet } from '../policyset/policy-set.ts';
import { type Budgets, computeRisk } from '../risk/index.ts';
import { judgeHighRisk } from '../rules/high-risk.ts';
import { planName } from '../sandbox/names.ts';
import { compareRisk } from '../verdict/order.ts';
import { planRollback } from './plan-rollback.ts';
import { requiredOf } from './required.ts';

/** The input for a plan, without the earlier runs, which only the operator counts. */
export interface DraftFacts {
  readonly action: Pick<AgentAction, 'metadata' | 'spec'>;
  readonly requester: Identity;
  readonly policies: PolicySet;
  /** The Playbook that was rehearsed, or the one that is built from the ad-hoc steps. */
  readonly playbook: Playbook;
  readonly trust: Trust;
  /** Which rehearsal it was. */
  readonly attempt: number;
  /** The effects in full, and as people may see them. */
  readonly effects: readonly Effect[];
  readonly shown: readonly Effect[];
  /** The changes that do not fit into the plan. */
  readonly parts: readonly ActionPlanPartSpec[];
  /** Reads, as `verb resource.group`. */
  readonly reads: readonly string[];
  readonly notObservable: readonly string[];
  readonly budgets: Budgets;
  /** The digest of the pods of the real run. */
  readonly template: string;
  /** For an action that undoes another one: what is undone, and what is left as it is. */
  readonly undone?: Pick<PlannedRollback, 'undoes' | 'unchanged' | 'left'> | undefined;
  /** The plan that it amends; undefined for every other action. */
  readonly amends?: ActionPlanSpec['amends'];
}

const NOT_OBSERVABLE_MAX = 16;
const PERMISSIONS_MAX = 64;
const COPY_MAX_BYTES = 256 * 1024;
const levels: readonly RiskLevel[] = ['Low', 'Medium', 'High', 'Critical'];

/**
 * The plan of a rehearsal as computed by the gateway. It is sealed with the recording; the operator completes it with its counts
 * (`completePlan`), and before the run the gateway compares each field of the plan with this one.
 */
export async function draftPlan(facts: DraftFacts): Promise<PlanDraft> {
  const { action, playbook, policies, effects, shown } = facts;
  const asks = await keptAsks(facts);
  const undeclared = undeclaredEffects(action, effects);
  const risk = computeRisk({
    effects,
    shown,
    undeclared,
    notObservable: facts.notObservable,
    environment: policies.environment,
    floor: playbook.spec.risk?.floor,
    raised: judgeHighRisk(policies, effects).raised,
    asks,
    ownSteps: hasOwnSteps(action.spec),
    hasRollback: playbook.spec.rollback?.from === 'PreImages',
    budgets: facts.budgets,
  });
  const possible = levels.filter((level) => compareRisk(level, risk.level) >= 0);
  return {
    plan: await planned(facts, undeclared),
    parts: risk.parts,
    history: { playbook: action.spec.playbookRef?.name ?? '', namespace: action.metadata.namespace ?? '' },
    byRisk: Object.fromEntries(possible.map((level) => [level, requiredAt(facts, level, { undeclared, asks })])),
  };
}

async function planned(facts: DraftFacts, undeclared: string[]): Promise<PlanDraft['plan']> {
  const { action, playbook, policies, effects, shown } = facts;
  const handling = dataHandling(policies);
  const { values } = resolveParameters(playbook.spec, action.spec.parameters);
  const commandsOf = (steps: typeof playbook.spec.steps) =>
    keepCommands(
      handling,
      fillSteps(steps, values).map(({ name, command }) => ({ name, command })),
    );
  return {
    action: { name: action.metadata.name, uid: action.metadata.uid ?? '', generation: action.metadata.generation ?? 1 },
    attempt: facts.attempt,
    requester: facts.requester.user,
    ...(action.spec.onBehalfOf === undefined ? {} : { onBehalfOf: action.spec.onBehalfOf.user }),
    playbook: {
      name: playbook.metadata.name,
      digest: playbookDigest(playbook),
      ...(isAdHoc(action.spec) ? { adHoc: true } : copyForPlan(playbook)),
    },
    account: playbook.spec.account,
    ...(policies.environment === undefined ? {} : { environment: policies.environment }),
    template: facts.template,
    says: {
      summary: action.spec.intent.summary,
      ...(playbook.spec.expect === undefined ? {} : { expect: playbook.spec.expect }),
    },
    ...(action.spec.rollbackOf && facts.undone ? { rollbackOf: { ...action.spec.rollbackOf, ...facts.undone } } : {}),
    ...(facts.amends === undefined ? {} : { amends: facts.amends }),
    ...(undeclared.length === 0 ? {} : { undeclared }),
    steps: await commandsOf(playbook.spec.steps),
    ...(playbook.spec.verify === undefined ? {} : { verify: await commandsOf(playbook.spec.verify) }),
    effects: [...shown],
    ...(facts.parts.length === 0 ? {} : { parts: facts.parts.map((part) => digestOf(part)), notShownHere: notShownHere(facts) }),
    ...(facts.notObservable.length === 0 ? {} : { notObservable: facts.notObservable.slice(0, NOT_OBSERVABLE_MAX) }),
    rollback: planRollback(playbook.spec.rollback, effects),
    permissions: permissionsOf(effects, facts.reads),
    durationSeconds: jobSeconds(policies),
  };
}

// A person who reads the plan with plain kubectl must know that there are parts, and where.
function notShownHere({ action: { metadata }, attempt, parts }: DraftFacts): ActionPlanSpec['notShownHere'] {
  const plan = planName(metadata.name, attempt);
  const [first, last] = [planPartName(plan, 1), planPartName(plan, parts.length)];
  const namespace = metadata.namespace ?? '';
  return {
    parts: parts.length,
    message: `Not every change of this plan is in this object. The rest is in ${parts.length === 1 ? `ActionPlanPart ${first}` : `${parts.length} ActionPlanParts, ${first} to ${last}`}. See all of it before you decide: kubectl sentinel plan ${metadata.name} -n ${namespace} --full; or: kubectl get actionplanpart ${first} -n ${namespace} -o yaml${parts.length === 1 ? '' : ', and so on'}`,
  };
}

// The requirements for each possible final risk: earlier runs may raise it, and nothing lowers it.
function requiredAt(
  { action, playbook, policies, effects, shown, trust, notObservable, amends }: DraftFacts,
  risk: RiskLevel,
  { undeclared, asks }: { readonly undeclared: readonly string[]; readonly asks: readonly string[] },
): NonNullable<PlanDraft['byRisk'][RiskLevel]> {
  const namespace = action.metadata.namespace ?? '';
  const reasons = whyPerson({
    policies,
    namespace,
    // Fields that are not shown must not be mistaken for harmless ones.
    effects: shown,
    risk,
    playbook,
    trust,
    adHoc: isAdHoc(action.spec),
    undeclared,
    notObservable,
    asks,
    hasRequestedChanges: hasRequestedChanges(action.metadata.annotations?.[annotations.approvals]),
    isAmendment: amends !== undefined,
    succeeded: undefined,
  });
  return {
    required: requiredOf(judgePlan(policies, namespace, effects, risk).requirements),
    ...(reasons === undefined ? {} : { reasons }),
    runs: autoReviewAt(policies, risk).runs,
  };
}

/** Why the commands of a plan need a person, masked for display. */
async function keptAsks({ policies, playbook, action }: DraftFacts): Promise<string[]> {
  const handling = dataHandling(policies);
  const kept: string[] = [];
  for (const { message } of withoutQuotes(handling, askedOf(policies, playbook.spec, action.spec)))
    kept.push(await keepSentence(handling, message));
  return kept;
}

// Omitted if it is so large that the plan might not fit into etcd.
function copyForPlan({ spec }: Playbook): { spec?: Playbook['spec'] } {
  return Buffer.byteLength(JSON.stringify(spec)) > COPY_MAX_BYTES ? {} : { spec };
}

function permissionsOf(effects: readonly Effect[], reads: readonly string[]): ActionPlanSpec['permissions'] {
  const writes = effects.map(({ verb, resource, apiGroup }) => `${verb} ${resource}${apiGroup === '' ? '' : `.${apiGroup}`}`);
  return [...new Set([...writes, ...reads])].sort().slice(0, PERMISSIONS_MAX);
}
