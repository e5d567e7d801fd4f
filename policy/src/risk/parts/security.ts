import type { Effect, RiskPart } from '@sentinel/crds';
import { part } from '../part.ts';
import { baseOf, namesOf } from '../words.ts';

const guarding = new Set(['networkpolicies', 'poddisruptionbudgets', 'resourcequotas', 'limitranges', 'serviceaccounts']);
const sensitive =
  /\/(privileged|allowPrivilegeEscalation|hostNetwork|hostPID|hostIPC|hostUsers|hostPath|capabilities|runAsUser|runAsNonRoot|seccompProfile|serviceAccountName|serviceAccount|automountServiceAccountToken|procMount|loadBalancerSourceRanges|externalIPs)(\/|$)/;
const rights = new Set(['rbac.authorization.k8s.io', 'admissionregistration.k8s.io', 'certificates.k8s.io', 'sentinel.dev']);

/** What may weaken security, and what changes who may do what. */
export function partsOfSecurity(effects: readonly Effect[]): RiskPart[] {
  const weakening = effects.flatMap((effect) => {
    const what = weakens(effect);
    return what === undefined ? [] : [{ effect, what }];
  });
  const [first] = weakening;
  const granting = effects.filter(({ apiGroup }) => rights.has(apiGroup));
  return [
    ...part(
      'security',
      weakening.length,
      `${namesOf(weakening.map(({ effect }) => effect))}: may weaken security: ${first?.what}`,
    ),
    ...part('rights', granting.length, `${namesOf(granting)}: about who may do what`),
  ];
}

// What guards others, or takes a guard off the workload itself. Inside of what is created, names are read from the values shown.
function weakens(effect: Effect): string | undefined {
  const resource = baseOf(effect);
  if (guarding.has(resource)) return `${resource} change`;
  const change = (effect.change ?? []).find(
    ({ path, after }) =>
      sensitive.test(path) ||
      (after !== undefined && /[{,]"(privileged|hostNetwork|hostPID|hostIPC|hostPath)":(?!false)/.test(after)),
  );
  return change && `${change.path} changes`;
}
