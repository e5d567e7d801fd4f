import type { Effect, RiskPart } from '@sentinel/crds';
import { part } from '../part.ts';
import { baseOf, namesOf } from '../words.ts';

const guarding = new Set(['poddisruptionbudgets', 'resourcequotas', 'limitranges', 'serviceaccounts']);
// Network plugins have NetworkPolicies of their own, and call them by it.
const isGuarding = (resource: string) => guarding.has(resource) || resource.endsWith('networkpolicies');
const sensitive = [
  ...['privileged', 'allowPrivilegeEscalation', 'hostNetwork', 'hostPID', 'hostIPC', 'hostUsers', 'hostPath', 'hostAliases'],
  ...['capabilities', 'runAsUser', 'runAsGroup', 'runAsNonRoot', 'readOnlyRootFilesystem', 'procMount', 'sysctls'],
  ...['securityContext', 'seccompProfile', 'seLinuxOptions', 'appArmorProfile', 'windowsOptions'],
  ...['serviceAccountName', 'serviceAccount', 'automountServiceAccountToken'],
  ...['loadBalancerSourceRanges', 'externalIPs', 'externalName'],
].join('|');
const inPath = new RegExp(`/(${sensitive})(/|$)`);
const inValue = new RegExp(`"(${sensitive})":`);
/** What makes a workload more powerful where it is set, as JSON has it. */
const empowering =
  /"(privileged|allowPrivilegeEscalation|hostNetwork|hostPID|hostIPC|automountServiceAccountToken)":(?!false)|"(runAsNonRoot|readOnlyRootFilesystem|hostUsers)":false|"runAs(User|Group)":0\b|"(hostPath|hostAliases|sysctls|serviceAccountName|serviceAccount|externalName|externalIPs)":|"add":\[|"procMount":"Unmasked"|"Unconfined"|"Localhost"/;
const profile = /(apparmor|seccomp)/i;
const rights = new Set(['rbac.authorization.k8s.io', 'admissionregistration.k8s.io', 'certificates.k8s.io', 'sentinel.dev']);

/** Changes that may weaken security, and changes of rights. */
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

// What guards others, or takes a guard off the workload itself. A value may be a whole object or list, before as well as after, and may
// be cut: so names are looked for in its text. Text that was removed or changed may have been a protection.
function weakens(effect: Effect): string | undefined {
  const resource = baseOf(effect);
  if (isGuarding(resource)) return `${resource} change`;
  // What goes as a whole runs with no less of a guard than before.
  if (effect.verb === 'delete') return undefined;
  const change = (effect.change ?? []).find(
    ({ path, before, after }) =>
      inPath.test(path) ||
      (/annotations\//.test(path) && profile.test(path)) ||
      (after !== undefined && empowering.test(after)) ||
      (before !== undefined && inValue.test(before)),
  );
  return change && `${change.path} changes`;
}
