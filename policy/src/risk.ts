import type { Effect, RiskLevel, RiskPart } from '@sentinel/crds';
import { higher } from './order.ts';

/** What the risk of a plan is computed from. */
export interface RiskFacts {
  readonly effects: readonly Effect[];
  readonly undeclared: readonly string[];
  readonly notObservable: readonly string[];
  readonly environment: string | undefined;
  readonly floor: RiskLevel | undefined;
  /** What rules about high risk say of the effects. */
  readonly raised?: readonly RiskPart[];
  /** What the commands of the steps ask a person for, in sentences. */
  readonly asks?: readonly string[];
}

/** The risk of a plan: the highest of its parts. */
export interface Risk {
  readonly level: RiskLevel;
  readonly parts: RiskPart[];
}

const MANY = 10;
const ASKS = 8;
const holdsData = new Set(['persistentvolumeclaims', 'persistentvolumes', 'statefulsets', 'configmaps']);

/**
 * Fixed rules (documented in docs/risk.md); a model or a Playbook may raise the result, nothing lowers it:
 *
 * - an effect that only touches labels or annotations: Low; any other create, update or patch: Medium
 * - an effect that can not be taken back, or a delete: High; a delete of what holds data: Critical
 * - a cluster-scoped object: High
 * - more than 10 effects: High
 * - anything undeclared or not observable: at least Medium
 * - the environment `production`: at least High when there is an effect
 * - a command that needs a person (a rule says so, it is dangerous, or it can't be read): at least Medium
 * - a field that weakens security (privileges, host namespaces, service accounts, network policies): High
 * - what rules about high risk say
 * - the floor of the Playbook
 */
export function computeRisk(facts: RiskFacts): Risk {
  const parts: RiskPart[] = [];
  const add = (rule: string, level: RiskLevel, message: string) => parts.push({ rule, level, message });
  for (const effect of facts.effects.slice(0, MANY)) {
    const { level, why } = ofEffect(effect);
    add('effect', level, `${effect.verb} ${effect.resource} '${effect.name}': ${why}`);
  }
  if (facts.effects.length > MANY) add('count', 'High', `${facts.effects.length} objects change`);
  if (facts.undeclared.length > 0)
    add('undeclared', 'Medium', `${facts.undeclared.length} difference(s) between what was announced and what was observed`);
  if (facts.notObservable.length > 0)
    add('not-observable', 'Medium', `${facts.notObservable.length} thing(s) that a rehearsal can not know`);
  if (facts.environment === 'production' && facts.effects.length > 0) add('environment', 'High', 'the environment is production');
  for (const ask of (facts.asks ?? []).slice(0, ASKS)) add('commands', 'Medium', ask.slice(0, 512));
  parts.push(...(facts.raised ?? []));
  if (facts.floor) add('floor', facts.floor, 'the Playbook says that it is at least this');
  const level = [...parts, ...facts.effects.map((effect) => ({ level: ofEffect(effect).level }))].reduce<RiskLevel>(
    (worst, part) => higher(worst, part.level),
    'Low',
  );
  return { level, parts };
}

function ofEffect(effect: Effect): { level: RiskLevel; why: string } {
  const resource = effect.resource.split('/')[0] ?? '';
  if (effect.verb === 'delete' && holdsData.has(resource)) return { level: 'Critical', why: 'deletes what holds data' };
  if (effect.verb === 'delete') return { level: 'High', why: 'deletes an object' };
  if (!effect.reversible) return { level: 'High', why: 'can not be taken back' };
  if (effect.namespace === undefined) return { level: 'High', why: 'the object belongs to the whole cluster' };
  const weakening = weakens(effect);
  if (weakening !== undefined) return { level: 'High', why: `may weaken security: ${weakening}` };
  const paths = effect.change ?? [];
  if (
    effect.verb !== 'create' &&
    !effect.hiddenChanges &&
    paths.length > 0 &&
    paths.every(({ path }) => /^\/metadata\/(labels|annotations)\//.test(path))
  ) {
    return { level: 'Low', why: 'changes labels or annotations only' };
  }
  return { level: 'Medium', why: 'changes an object, and can be taken back' };
}

const guarding = new Set(['networkpolicies', 'poddisruptionbudgets', 'resourcequotas', 'limitranges', 'serviceaccounts']);
const sensitive =
  /\/(privileged|allowPrivilegeEscalation|hostNetwork|hostPID|hostIPC|hostUsers|hostPath|capabilities|runAsUser|runAsNonRoot|seccompProfile|serviceAccountName|serviceAccount|automountServiceAccountToken|procMount|loadBalancerSourceRanges|externalIPs)(\/|$)/;

/** How an effect may weaken security: it changes what guards others, or takes a guard off the workload itself. */
// Inside of what is created, names are read from the values shown.
export function weakens(effect: Effect): string | undefined {
  const resource = effect.resource.split('/')[0] ?? '';
  if (guarding.has(resource)) return `${resource} change`;
  const change = (effect.change ?? []).find(
    ({ path, after }) =>
      sensitive.test(path) ||
      (after !== undefined && /[{,]"(privileged|hostNetwork|hostPID|hostIPC|hostPath)":(?!false)/.test(after)),
  );
  return change && `${change.path} changes`;
}
