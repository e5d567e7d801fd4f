import type { Effect, RiskLevel } from '@sentinel/crds';
import { computeRisk, judgeHighRisk, judgePlan, type PolicySet } from '@sentinel/policy';

/** The most harmful change that policies let through, and what it takes. */
export interface WorstCase {
  readonly effect: Pick<Effect, 'verb' | 'apiGroup' | 'resource' | 'namespace' | 'name'>;
  readonly risk: RiskLevel;
  readonly approvals: number;
  readonly groups: readonly string[] | undefined;
}

const RISKS: readonly RiskLevel[] = ['Low', 'Medium', 'High', 'Critical'];

// What hurts in a cluster, by resource; verbs are tried on each.
const targets: readonly (readonly [apiGroup: string, version: string, resource: string, kind: string])[] = [
  ['', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'],
  ['apps', 'v1', 'statefulsets', 'StatefulSet'],
  ['', 'v1', 'configmaps', 'ConfigMap'],
  ['apps', 'v1', 'deployments', 'Deployment'],
  ['apps', 'v1', 'daemonsets', 'DaemonSet'],
  ['apps', 'v1', 'deployments/scale', 'Scale'],
  ['batch', 'v1', 'jobs', 'Job'],
  ['batch', 'v1', 'cronjobs', 'CronJob'],
  ['', 'v1', 'pods', 'Pod'],
  ['', 'v1', 'services', 'Service'],
  ['', 'v1', 'serviceaccounts', 'ServiceAccount'],
  ['networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy'],
  ['networking.k8s.io', 'v1', 'ingresses', 'Ingress'],
  ['policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'],
  ['', 'v1', 'resourcequotas', 'ResourceQuota'],
];
const verbs = ['delete', 'create', 'patch', 'update'] as const;

/** Tries what hurts in a namespace and answers with what passes, the most harmful first; of equal harm, what fewer people must approve. */
export function worstCases(set: PolicySet, namespace: string): WorstCase[] {
  const found: WorstCase[] = [];
  for (const [apiGroup, version, resource, kind] of targets)
    for (const verb of verbs) {
      const effect: Effect = {
        index: 0,
        verb,
        apiGroup,
        version,
        resource,
        kind,
        namespace,
        name: 'any',
        changeDigest: '',
        origin: 'Declared',
        reversible: verb !== 'delete',
        ...(verb === 'delete' ? {} : { change: [{ path: '/spec', after: '{}' }] }),
      };
      const raised = judgeHighRisk(set, [effect]).raised;
      const { level } = computeRisk({
        effects: [effect],
        undeclared: [],
        notObservable: [],
        environment: set.environment,
        floor: undefined,
        raised,
      });
      const { refusals, requirements } = judgePlan(set, namespace, [effect], level);
      if (refusals.length === 0)
        found.push({
          effect: { verb, apiGroup, resource, namespace, name: 'any' },
          risk: level,
          approvals: requirements.approvals,
          groups: requirements.groups,
        });
    }
  return found.sort((a, b) => RISKS.indexOf(b.risk) - RISKS.indexOf(a.risk) || a.approvals - b.approvals);
}

/** Whether a level is above another. */
export const isAbove = (level: RiskLevel, bound: RiskLevel): boolean => RISKS.indexOf(level) > RISKS.indexOf(bound);
