import type { Decision, Effect, Playbook, RiskLevel } from '@sentinel/crds';
import { type PolicySet, policyName } from '../policyset/policy-set.ts';
import { mayDelete, partsOfExposure, partsOfImages, partsOfPrograms, partsOfSecurity } from '../risk/parts/index.ts';
import { judgeApiRequest } from '../rules/kubernetes.ts';
import { approvalLine } from './approval-line.ts';
import type { Requirements } from './requirements.ts';
import type { Trust } from './trust.ts';

/** The facts that decide whether a plan may start without a person. */
export interface AutoReviewFacts {
  readonly policies: PolicySet;
  readonly namespace: string;
  readonly effects: readonly Effect[];
  readonly risk: RiskLevel;
  readonly playbook: Pick<Playbook, 'spec'> | undefined;
  readonly trust: Trust;
  readonly adHoc: boolean;
  readonly undeclared: readonly string[];
  readonly notObservable: readonly string[];
  /** Why the commands of the steps need a person. */
  readonly asks: readonly string[];
  /** Whether a person asked for changes of an earlier plan of the action. */
  readonly hasRequestedChanges?: boolean;
  /** Whether the plan amends that of a blocked run. */
  readonly isAmendment?: boolean;
  /** How many runs of the same Playbook succeeded in the namespace since the last failure; undefined if that was not counted. */
  readonly succeeded: number | undefined;
}

const REASON_MAX = 512;
const REASONS = 16;

/** The opinion of a policy with `approvals` about plans of a risk. */
export interface AutoReviewLine {
  readonly policy: string;
  /** The line that covers the risk, such as `approvals[0]`; `approvals` where none does. */
  readonly path: string;
  readonly autoReview: boolean;
  /** How many runs must have succeeded before, including the default. */
  readonly runs: number;
}

/** The opinion of each policy with `approvals` about plans of a risk, and how many runs all of them require. */
export function autoReviewAt(
  set: PolicySet,
  risk: RiskLevel,
): { readonly lines: readonly AutoReviewLine[]; readonly runs: number } {
  const lines = set.policies.flatMap((policy): AutoReviewLine[] => {
    const approvals = policy.spec?.approvals;
    if (!approvals) return [];
    const line = approvalLine(approvals, risk);
    const { autoReview = false, runs = 0 } = line ?? {};
    const path = line ? `approvals[${line.index}]` : 'approvals';
    return [{ policy: policyName(policy), path, autoReview, runs }];
  });
  return { lines, runs: Math.max(0, ...lines.map(({ runs }) => runs)) };
}

/**
 * Why a plan needs a person, as sentences; empty if policy lets it start without one, undefined if no policy lets any plan of this risk
 * do so.
 *
 * Every policy with `approvals` must set `autoReview` in the line that covers the risk. These always need a person: deletions and changes that
 * may cause one, changes that cannot be rolled back or cannot be seen in full, credentials, RBAC, a weakening of security, images of other
 * repositories, commands of containers, instructions of agents, cluster-scoped objects, Critical risk, and everything for which a rule or a
 * command requires a person.
 */
export function whyPerson(facts: AutoReviewFacts): string[] | undefined {
  const { policies, risk } = facts;
  const { lines, runs: after } = autoReviewAt(policies, risk);
  if (!lines.some(({ autoReview }) => autoReview)) return undefined;
  const reasons = [
    ...runsMissing(facts.succeeded, after),
    ...policies.refusals.map(({ message }) => message),
    ...lines
      .filter(({ autoReview }) => !autoReview)
      .map(({ policy }) => `${policy} requires approval by a person for the risk ${risk}`),
    ...ofPlaybook(facts),
    ...(risk === 'Critical' ? ['the risk is Critical'] : []),
    ...facts.effects.flatMap((effect) => [...neverAlone(effect), ...byApiRules(facts, effect)]),
    ...facts.undeclared,
    ...facts.notObservable,
    ...facts.asks,
    ...(facts.hasRequestedChanges ? ['a person has asked for changes of this action'] : []),
    ...(facts.isAmendment ? ['it amends a plan whose run tried a write that nobody had foreseen'] : []),
  ];
  return limitReasons(reasons);
}

/** Reasons in the form of a plan: each once, up to the limit. */
export const limitReasons = (reasons: readonly string[]): string[] =>
  [...new Set(reasons)].slice(0, REASONS).map((reason) => reason.slice(0, REASON_MAX));

/** Why a person is needed if fewer runs have succeeded than policy requires; empty if they are enough, or were not counted. */
export const runsMissing = (succeeded: number | undefined, wanted: number): string[] =>
  succeeded !== undefined && succeeded < wanted
    ? [`${succeeded} of ${wanted} runs of it have succeeded here since one failed`]
    : [];

function ofPlaybook({ playbook, trust, adHoc, policies }: AutoReviewFacts): string[] {
  if (!playbook) return ['the Playbook is gone'];
  // The Playbook of ad-hoc steps is 'Auto'.
  if (adHoc && playbook.spec.autonomy !== 'Auto') return ['a person decides on each rollback of another action'];
  if (adHoc)
    return policies.policies
      .filter(({ spec }) => spec?.playbooks.adHocSteps !== 'Allow')
      .map((policy) => `${policyName(policy)} requires approval by a person for ad-hoc steps`);
  const found = [];
  if (playbook.spec.autonomy !== 'Auto') found.push(`the autonomy of the Playbook is '${playbook.spec.autonomy}', not 'Auto'`);
  if (!trust.trusted) found.push(`the Playbook is not trusted: ${trust.why}`);
  return found;
}

const credentials = new Set(['secrets', 'serviceaccounts', 'certificatesigningrequests']);
const security = new Set([
  'rbac.authorization.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'certificates.k8s.io',
  'sentinel.dev',
]);
/** Risk rules about security, rights, programs and exposure. */
const worrying: ReadonlySet<string> = new Set(['security', 'rights', 'images', 'programs', 'secrets', 'credentials', 'exposed']);
/** Files with instructions or configuration of agents, in the notation of ConfigMap keys. */
const INSTRUCTIONS =
  /(agents|claude|gemini|copilot-instructions|skill)(\.[\w-]+)*\.md|\.(codex|claude|cursor|windsurf|gemini)|mcp(_servers)?\.(json|toml)/i;

/**
 * Why an effect must be seen by a person before it happens, whatever a policy, the autonomy of a Playbook or a standing approval says: deletions and
 * changes that may cause one, changes that cannot be rolled back or cannot be seen in full, credentials, RBAC, a weakening of security, images of
 * other repositories, commands of containers, instructions of agents, cluster-scoped objects.
 */
export function neverAlone(effect: Effect): string[] {
  const what = `${effect.verb} ${effect.resource} '${effect.name}'`;
  const base = effect.resource.split('/')[0] ?? '';
  const found: string[] = [];
  const ending = mayDelete(effect);
  if (effect.verb === 'delete') found.push(`${what} deletes`);
  else if (!effect.reversible) found.push(`${what} cannot be rolled back`);
  if (ending !== undefined) found.push(`${what} may delete: ${ending}`);
  if (effect.namespace === undefined) found.push(`${what} concerns the whole cluster`);
  if (credentials.has(base) || security.has(effect.apiGroup)) found.push(`${what} concerns credentials or security`);
  for (const parts of [partsOfSecurity, partsOfImages, partsOfPrograms, partsOfExposure])
    for (const { rule, message } of parts([effect])) if (worrying.has(rule)) found.push(message);
  if (effect.hiddenChanges) found.push(`${what} changes more than is shown`);
  // A deletion needs a person anyway.
  const change = effect.verb === 'delete' ? [] : (effect.change ?? []);
  if (effect.more || change.some(({ part, cut }) => part !== undefined || cut))
    found.push(`${what} changes more than its plan has room for`);
  // Rules about values read only short values.
  if (change.some(({ format }) => format === 'JSON')) found.push(`${what} changes a value that is too long for the rules`);
  if (change.some(({ redacted }) => redacted)) found.push(`${what} changes something that is hidden`);
  if (change.some(({ path, after, lines }) => INSTRUCTIONS.test(`${path} ${after ?? ''} ${lines ?? ''}`)))
    found.push(`${what} may change instructions of agents`);
  if (effect.origin !== 'Observed') found.push(`${what} was not observed`);
  return found;
}

function byApiRules({ policies, namespace }: AutoReviewFacts, effect: Effect): string[] {
  const request = { ...effect, namespace: effect.namespace, name: effect.name };
  const decision: Decision = judgeApiRequest(policies, namespace, request).decision;
  return decision === 'Allow'
    ? []
    : [`${effect.verb} ${effect.resource} '${effect.name}' needs a person by the rules about the Kubernetes API`];
}

/** The requirements, given the reasons for a person: no approval if there is no reason. */
export function withAutoReview(requirements: Requirements, reasons: readonly string[] | undefined): Requirements {
  return reasons?.length === 0 ? { ...requirements, approvals: 0, autoReview: true } : requirements;
}
