import {
  type ActionPlan,
  type ActionPlanSpec,
  API_VERSION,
  actionPlans,
  digestOf,
  type Effect,
  type RunReport,
} from '@sentinel/crds';
import { isAlreadyExists } from '@sentinel/kube';
import {
  askedOf,
  auditPlan,
  type Budgets,
  computeRisk,
  type DataHandling,
  dataHandling,
  explainAll,
  fillSteps,
  historyOf,
  isAdHoc,
  jobSeconds,
  judgeBudget,
  judgeHighRisk,
  judgePlan,
  keepCommands,
  keepSentence,
  policyName,
  resolveParameters,
  undeclaredEffects,
  withAutoReview,
  withoutQuotes,
} from '@sentinel/policy';
import { reasonsForPerson } from '../decide/auto-review.ts';
import { activityOf, targetsOf } from '../facts/activity.ts';
import { listBudgets, readBudgets } from '../facts/budgets.ts';
import type { Facts } from '../facts/facts.ts';
import { planName } from '../sandbox/names.ts';
import { condition, enter } from '../status/conditions.ts';
import { record } from '../status/record.ts';
import { requiredOf } from '../status/required.ts';
import type { ActContext, Pass } from './context.ts';
import { end } from './end.ts';
import { desiredJob, templateOf } from './start-job.ts';

/** What a rehearsal recorded, and the budgets that it may run into as they are now. */
type Recorded = NonNullable<RunReport['recorded']> & { readonly budgets?: Budgets };

/** Makes the plan from what the rehearsal recorded. No effect: the work is done. Refused by policy: the end. Else people are asked. */
export async function writePlan(context: ActContext, pass: Pass, recorded: Recorded): Promise<void> {
  const { facts, draft, action, now } = pass;
  const effects: Effect[] = recorded.effects.map((effect, index) => ({ ...effect, index }));
  if (effects.length === 0) {
    condition(draft, 'Rehearsed', 'True', 'AsRequired', 'nothing would change', now);
    return end(pass, 'NoEffect', 'the rehearsal found nothing to change, and so has done the work');
  }
  const handling = dataHandling(facts.policies);
  const { spec: found, refused } = planOf(
    facts,
    draft.attempt ?? 1,
    effects,
    { effects: recorded.shown, asks: await keptAsks(facts, handling) },
    { ...recorded, budgets: await readBudgets(listBudgets(context.client), effects) },
    templateDigest(facts, await context.settings()),
  );
  const made = {
    ...found,
    steps: await keepCommands(handling, found.steps),
    ...(found.verify === undefined ? {} : { verify: await keepCommands(handling, found.verify) }),
  };
  const name = planName(action.metadata.name, draft.attempt ?? 1);
  const { spec, digest } = await createPlan(context, pass, name, made);
  draft.plan = { name, digest, risk: spec.risk.level, effects: effects.length, targets: targetsOf(effects) };
  draft.required = spec.required;
  condition(draft, 'Rehearsed', 'True', 'AsRequired', `${effects.length} effect(s), risk ${spec.risk.level}`, now);
  record(
    draft,
    action,
    {
      transition: 'Planned',
      actor: 'sentinel-gateway',
      summary: `${effects.length} effect(s), risk ${spec.risk.level}: ${effects.slice(0, 3).map(summaryOf).join('; ')}`,
      plan: digest,
      job: facts.stage?.uid,
      details: {
        'sentinel.risk': spec.risk.level,
        'sentinel.risk.score': String(spec.risk.score),
        'sentinel.plan.name': name,
        'sentinel.effects': String(effects.length),
        'sentinel.policy.audit_only': explainAll(
          auditPlan(facts.policies, action.metadata.namespace ?? '', effects, spec.risk.level),
          1000,
        ),
      },
    },
    now,
  );
  if (refused !== undefined) return end(pass, 'Denied', refused);
  if (action.spec.mode === 'DryRun')
    return end(pass, 'DryRunCompleted', `the plan is in ActionPlan/${name}; nothing was asked of anyone`);
  if (spec.required.autoReview) return letStart(pass, digest);
  condition(draft, 'Approved', 'Unknown', 'WaitingForPeople', `0 of ${spec.required.approvals} approval(s)`, now);
  enter(
    draft,
    'AwaitingApproval',
    `${effects.length} effect(s), risk ${spec.risk.level}: kubectl sentinel plan ${action.metadata.name} -n ${action.metadata.namespace ?? ''}`,
    now,
  );
}

// Policy needs nobody. The start judges it again, from live reads, and so does the gateway by itself.
function letStart({ draft, action, facts, now }: Pass, digest: string): void {
  const why = 'policy lets the plan start without a person';
  condition(draft, 'Approved', 'True', 'NotNeeded', why, now);
  enter(draft, 'Starting', why, now);
  record(
    draft,
    action,
    {
      transition: 'AutoReviewed',
      actor: 'sentinel-operator',
      summary: why,
      plan: digest,
      details: {
        'sentinel.policies': facts.policies.policies
          .map((policy) => `${policyName(policy)}@${policy.digest.slice(0, 19)}`)
          .join(' '),
      },
    },
    now,
  );
}

const summaryOf = (effect: Effect) => `${effect.verb} ${effect.resource} ${effect.name}`;

// The real run has the pods that are shown: steps, images, limits, all of it.
function templateDigest(facts: Facts, settings: Parameters<typeof desiredJob>[4]): string {
  return digestOf(templateOf(desiredJob(facts, 'run', 1, undefined, settings)));
}

/** What people may see of the effects, and of what the commands ask a person for. */
interface Shown {
  readonly effects: readonly Effect[];
  readonly asks: readonly string[];
}

/** What the commands of a plan ask a person for, as people may see it. */
export async function keptAsks({ policies, playbook, action }: Facts, handling: DataHandling): Promise<string[]> {
  const asked = playbook ? askedOf(policies, playbook.spec, action.spec.parameters) : [];
  const kept: string[] = [];
  for (const { message } of withoutQuotes(handling, asked)) kept.push(await keepSentence(handling, message));
  return kept;
}

/** The plan of an attempt, from facts alone, and why policy refuses it, if it does. */
export function planOf(
  facts: Facts,
  attempt: number,
  effects: readonly Effect[],
  shown: Shown,
  recorded: Recorded,
  template: string,
): { spec: ActionPlanSpec; refused: string | undefined } {
  const { action, playbook, policies, requester } = facts;
  if (!playbook || !requester) throw new Error('a plan needs a Playbook and a requester');
  const { values } = resolveParameters(playbook.spec, action.spec.parameters);
  const undeclared = undeclaredEffects(action, effects);
  const { asks } = shown;
  const risk = computeRisk({
    effects,
    shown: shown.effects,
    undeclared,
    notObservable: recorded.notObservable,
    environment: policies.environment,
    floor: playbook.spec.risk?.floor,
    raised: judgeHighRisk(policies, effects).raised,
    asks,
    ownSteps: isAdHoc(action.spec),
    wayBack: playbook.spec.rollback?.from === 'PreImages',
    ...(recorded.budgets === undefined ? {} : { budgets: recorded.budgets }),
    history: historyOf(facts.activity, {
      uid: action.metadata.uid ?? '',
      namespace: action.metadata.namespace ?? '',
      playbook: activityOf(action).playbook,
      playbookDigest: digestOf(playbook.spec),
      targets: targetsOf(effects),
    }),
  });
  const verdict = judgePlan(policies, action.metadata.namespace ?? '', effects, risk.level);
  // Nobody may take for harmless what is not shown.
  const person = reasonsForPerson(facts, { ...shown, risk: risk.level, undeclared, notObservable: recorded.notObservable });
  const requirements = withAutoReview(verdict.requirements, person);
  const refusals = [...verdict.refusals, ...judgeBudget(policies, activityOf(action), facts.activity, effects.length)];
  const way = playbook.spec.rollback;
  const irreversible = effects
    .filter(({ reversible }) => !reversible)
    .map(summaryOf)
    .slice(0, 32);
  const commandsOf = (steps: typeof playbook.spec.steps) =>
    fillSteps(steps, values).map(({ name, command }) => ({ name, command }));
  const spec: ActionPlanSpec = {
    action: { name: action.metadata.name, uid: action.metadata.uid ?? '', generation: action.metadata.generation ?? 1 },
    attempt,
    requester: requester.user,
    playbook: {
      name: playbook.metadata.name,
      digest: digestOf(playbook.spec),
      ...(isAdHoc(action.spec) ? { adHoc: true } : {}),
    },
    account: playbook.spec.account,
    ...(facts.stage === undefined ? {} : { recording: { job: facts.stage.uid, digest: recorded.digest } }),
    ...(policies.environment === undefined ? {} : { environment: policies.environment }),
    template,
    says: {
      summary: action.spec.intent.summary,
      ...(playbook.spec.expect === undefined ? {} : { expect: playbook.spec.expect }),
    },
    ...(undeclared.length === 0 ? {} : { undeclared }),
    steps: commandsOf(playbook.spec.steps),
    ...(playbook.spec.verify === undefined ? {} : { verify: commandsOf(playbook.spec.verify) }),
    effects: [...shown.effects],
    ...(recorded.notObservable.length === 0 ? {} : { notObservable: recorded.notObservable.slice(0, 16) }),
    risk,
    rollback: {
      from: way?.from === 'PreImages' ? 'PreImages' : 'None',
      ...(way?.reason === undefined ? {} : { reason: way.reason }),
      ...(irreversible.length === 0 ? {} : { irreversible }),
    },
    permissions: permissionsOf(effects, recorded.reads),
    required: {
      ...requiredOf(requirements),
      ...(person?.length ? { personBecause: person } : {}),
    },
    durationSeconds: jobSeconds(policies),
  };
  return { spec, refused: refusals.length > 0 ? explainAll(refusals) : undefined };
}

function permissionsOf(effects: readonly Effect[], reads: readonly string[]): string[] {
  const writes = effects.map(({ verb, resource, apiGroup }) => `${verb} ${resource}${apiGroup === '' ? '' : `.${apiGroup}`}`);
  return [...new Set([...writes, ...reads])].sort().slice(0, 64);
}

async function createPlan(
  { client }: ActContext,
  { action }: Pass,
  name: string,
  spec: ActionPlanSpec,
): Promise<{ spec: ActionPlanSpec; digest: string }> {
  const digest = digestOf(spec);
  const owner = {
    apiVersion: API_VERSION,
    kind: 'AgentAction',
    name: action.metadata.name,
    uid: action.metadata.uid ?? '',
    controller: true,
  };
  const plan: ActionPlan = {
    apiVersion: API_VERSION,
    kind: 'ActionPlan',
    metadata: { name, namespace: action.metadata.namespace ?? '', ownerReferences: [owner] },
    spec,
  };
  try {
    const stored = await client.create(actionPlans, plan);
    if (digestOf(stored.spec) !== digest)
      throw new Error(`the API server stored another plan than was sent (ActionPlan/${name})`);
    return { spec, digest };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const stored = await client.getOrThrow(actionPlans, { name, namespace: action.metadata.namespace });
    // A pass that crashed before its status write made it. Policies may have changed since: the plan keeps what they required
    // then, and the start takes the stricter of then and now.
    if (digestOf(observedPart(stored.spec)) !== digestOf(observedPart(spec)))
      throw new Error(`ActionPlan/${name} exists with other content`);
    return { spec: stored.spec, digest: digestOf(stored.spec) };
  }
}

// What a rehearsal found and pins, apart from what policies make of it. What is shown of commands and changes is such a thing too:
// the pods are pinned by their template, and each change by its digest; labels of pods come with the changes.
function observedPart(spec: ActionPlanSpec): unknown {
  const { risk, required, environment, durationSeconds, steps, verify, effects, ...observed } = spec;
  return { ...observed, effects: effects.map(({ change, pods, ...effect }) => ({ ...effect, ...withoutLabels(pods) })) };
}

const withoutLabels = (pods: Effect['pods']) => (pods ? { pods: { before: pods.before, after: pods.after } } : {});
