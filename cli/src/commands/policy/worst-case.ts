import { RiskLevel } from '@sentinel/crds';
import { type ApiRequest, judgeApiRequest, judgeStep, type PolicySet } from '@sentinel/policy';
import { type Format, raw } from '../../print/raw.ts';
import { table } from '../../print/table.ts';
import { visible } from '../../print/visible.ts';
import type { Terminal } from '../../session.ts';
import { UsageError } from '../../usage-error.ts';
import type { Asker } from './can-i.ts';
import { RISKS } from './finding.ts';
import { asAction, harmfulCommands, kubectlOf } from './harm.ts';
import { riskOfRequest } from './risk-of-request.ts';
import { isClusterScoped } from './scope.ts';
import { policiesFor, type Sources } from './sources.ts';

/** A harmful change that policies let through, and what it takes. */
export interface WorstCase {
  readonly request: ApiRequest;
  readonly risk: RiskLevel;
  readonly why: readonly string[];
  readonly approvals: number;
  readonly groups: readonly string[] | undefined;
  /** The rule that lets the request through. */
  readonly decidedBy: string;
}

export interface WorstCaseFlags {
  readonly failAbove?: string;
}

// What hurts in a cluster, the worst first; rules may name more.
const targets: readonly (readonly [apiGroup: string, resource: string])[] = [
  ['', 'persistentvolumeclaims'],
  ['apps', 'statefulsets'],
  ['', 'configmaps'],
  ['apps', 'deployments'],
  ['apps', 'daemonsets'],
  ['', 'serviceaccounts'],
  ['networking.k8s.io', 'networkpolicies'],
  ['policy', 'poddisruptionbudgets'],
  ['', 'resourcequotas'],
  ['', 'limitranges'],
  ['networking.k8s.io', 'ingresses'],
  ['', 'services'],
  ['batch', 'jobs'],
  ['batch', 'cronjobs'],
  ['', 'pods'],
  ['apps', 'deployments/scale'],
  ['apps', 'statefulsets/scale'],
];
const verbs = ['delete', 'deletecollection', 'create', 'patch', 'update'];

/** Tries what hurts in a namespace and what rules name, and answers with what passes: the highest risk first, then the fewest approvals. */
export function worstCases(set: PolicySet, namespace: string): WorstCase[] {
  if (set.refusals.length > 0 || !set.policies.every(({ spec }) => spec?.modes.includes('Apply'))) return [];
  const found = requestsOf(set, namespace).flatMap((request): WorstCase[] => {
    const { decision, decidedBy } = judgeApiRequest(set, namespace, request);
    if (decision === 'Deny') return [];
    // The same request with the worst content, and with plain content where that is refused.
    return (isPodTemplate(request) ? [PRIVILEGED, '/spec'] : ['/spec']).flatMap((path): WorstCase[] => {
      const { level, why, refusals, requirements } = riskOfRequest(set, namespace, request, path);
      if (refusals.length > 0) return [];
      return [{ request, risk: level, why, approvals: requirements.approvals, groups: requirements.groups, decidedBy }];
    });
  });
  return found.sort((a, b) => RISKS.indexOf(b.risk) - RISKS.indexOf(a.risk) || a.approvals - b.approvals);
}

const PRIVILEGED = '/spec/template/spec/containers/0/securityContext/privileged';
const templates = new Set(['statefulsets', 'deployments', 'daemonsets', 'jobs', 'cronjobs', 'pods', 'replicasets']);
const isPodTemplate = ({ verb, resource }: ApiRequest) => !verb.startsWith('delete') && templates.has(resource);

function requestsOf(set: PolicySet, namespace: string): ApiRequest[] {
  const rules = set.policies.flatMap(({ spec }) => spec?.kubernetes ?? []).filter(({ decision }) => decision !== 'Deny');
  const named = rules.flatMap(({ apiGroups, resources }) =>
    apiGroups.flatMap((apiGroup) => resources.map((resource) => [apiGroup, resource] as const)),
  );
  const kinds = [...targets, ...named.filter((pair) => !pair.includes('*'))];
  const places = [namespace, ...new Set(rules.flatMap((rule) => rule.namespaces ?? []))];
  const names = [undefined, ...new Set(rules.flatMap((rule) => rule.resourceNames ?? []))];
  const all = new Map<string, ApiRequest>();
  for (const [apiGroup, resource] of kinds)
    for (const verb of verbs)
      for (const place of places)
        for (const name of names) {
          const any = verb === 'deletecollection' ? undefined : 'any';
          const where = isClusterScoped(resource) ? undefined : place;
          const request = { verb, apiGroup, resource, namespace: where, name: name ?? any };
          if (all.size < MAX) all.set(JSON.stringify(request), request);
        }
  return [...all.values()];
}

const MAX = 20_000;

/** Prints the worst case, and what each level of risk takes at least. Exit code: 1 when it is above `failAbove`. */
export function worstCase(sources: Sources, who: Asker, flags: WorstCaseFlags, format: Format, io: Terminal): number {
  const bound = flags.failAbove === undefined ? undefined : RiskLevel.safeParse(flags.failAbove);
  if (bound && !bound.success)
    throw new UsageError(`--fail-above takes ${RiskLevel.options.join(', ')}, not '${flags.failAbove}'`);
  if (who.as === undefined)
    throw new UsageError('for whom? Say it with --as, such as --as system:serviceaccount:shop:repair-agent');
  const set = policiesFor(sources, { user: who.as, groups: who.groups }, who.namespace, who.environment);
  const cases = worstCases(set, who.namespace);
  const [worst] = cases;
  const passing = harmfulCommands.filter((command) => judgeStep(set, { command: [...command] }).decision === 'Allow');
  const action = worst && asAction(who.namespace, worst);
  const cheapest = RISKS.flatMap((risk) => cases.find((one) => one.risk === risk) ?? []).reverse();
  if (format)
    io.out(
      raw(
        { worst: worst ?? null, action: action ?? null, cheapest, unaskedCommands: passing.map((argv) => argv.join(' ')) },
        format,
      ),
    );
  else if (!worst || !action)
    io.out(`The policies let no change through${set.refusals[0] ? `: ${visible(set.refusals[0].message)}` : ''}.`);
  else {
    const from = worst.groups ? ` from ${worst.groups.map(visible).join(' or ')}` : '';
    io.out(`${visible(kubectlOf(worst.request).join(' '))}: risk ${worst.risk}, ${worst.approvals} approval(s)${from}`);
    io.out(`  because ${worst.why.map(visible).join('; ')} (${visible(worst.decidedBy)})\n`);
    io.out(
      table(
        ['RISK', 'APPROVALS', 'GROUPS', 'WITH THE FEWEST APPROVALS'],
        cheapest.map(({ risk, approvals, groups, request }) => [
          risk,
          approvals,
          groups?.join(', '),
          kubectlOf(request).join(' '),
        ]),
      ),
    );
    if (passing.length > 0)
      io.out(
        `\ncommand lines that ask nobody by themselves; what they send is judged as above: ${passing
          .slice(0, 5)
          .map((argv) => visible(argv.join(' ')))
          .join('; ')}`,
      );
    io.out(`\n${raw(action, 'yaml')}`);
  }
  return worst && bound?.success && RISKS.indexOf(worst.risk) > RISKS.indexOf(bound.data) ? 1 : 0;
}
