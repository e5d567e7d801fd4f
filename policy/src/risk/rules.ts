import type { RiskLevel } from '@sentinel/crds';

/** One line of the table that docs/risk.md shows: what counts, what it adds to the score, and the least level that it leads to. */
export interface RiskRule {
  readonly points: number;
  /** What the points are counted by; left out when they are given once. */
  readonly per?: string;
  /** Where the sum of this rule ends. */
  readonly atMost?: number;
  /** The least that the risk is, whatever the score. */
  readonly level?: RiskLevel;
  readonly when: string;
}

/** The score from which a plan is of a level. */
export const riskThresholds: Readonly<Record<RiskLevel, number>> = { Low: 0, Medium: 20, High: 60, Critical: 200 };

/** Writes up to this number are shown one by one; more of them are a change of many things. */
export const MANY = 10;

/** All rules with points. A rule only adds points, so an additional effect never lowers the risk. */
export const riskRules = {
  metadata: {
    points: 1,
    per: 'write',
    when: 'it changes labels or annotations only, and none that an API interprets. Interpreted are those of `kubernetes.io` and `k8s.io` (except `app.kubernetes.io` and a few informational ones), and labels that Kubernetes uses in selectors: of pods, ReplicaSets, ReplicationControllers, ControllerRevisions, nodes, namespaces, PersistentVolumes, ClusterRoles. So are fields that the copy of `kubectl apply` takes over, as the first one of an object does: a later apply removes them',
  },
  write: { points: 5, per: 'write', level: 'Medium', when: 'any other create, update or patch' },
  delete: {
    points: 30,
    per: 'write',
    level: 'High',
    when: 'it deletes an object, or may: the owners or finalizers of an existing object change',
  },
  'delete-data': {
    points: 100,
    per: 'write',
    level: 'Critical',
    when: 'it deletes, or may delete, what holds data: PersistentVolumeClaims, PersistentVolumes, volume snapshots, StatefulSets, ConfigMaps, Secrets, namespaces, CustomResourceDefinitions; or volumes are deleted with a StatefulSet or its pods, now or from now on; or one of these, or a custom resource, is deleted with its owner',
  },
  'dependants-unknown': {
    points: 20,
    per: 'write',
    atMost: 60,
    level: 'High',
    when: 'it deletes an object with its dependants, and not all of them could be found',
  },
  irreversible: { points: 20, per: 'write', level: 'High', when: 'it is not a delete, and cannot be rolled back' },
  'no-rollback': { points: 5, when: 'the Playbook has no rollback' },
  many: { points: 20, level: 'High', when: `there are more than ${MANY} writes` },
  cluster: { points: 30, per: 'write', level: 'High', when: 'the object belongs to the whole cluster' },
  namespaces: { points: 10, per: 'namespace', atMost: 50, when: 'each namespace after the first' },
  'system-namespace': {
    points: 40,
    per: 'namespace',
    atMost: 80,
    level: 'High',
    when: 'it belongs to Kubernetes (`kube-*`) or to Sentinel',
  },
  security: {
    points: 30,
    per: 'write',
    level: 'High',
    when: 'it may weaken security: privileges, capabilities, host namespaces and paths, service accounts, a security context that is removed or replaced, NetworkPolicies (also those of network plugins), PodDisruptionBudgets, quotas',
  },
  rights: {
    points: 40,
    per: 'write',
    level: 'High',
    when: 'it changes who may do what: RBAC, certificates, admission, Sentinel itself',
  },
  images: {
    points: 20,
    per: 'write',
    atMost: 100,
    level: 'Medium',
    when: 'it adds an image from a registry or repository that the object did not use before; another tag or digest of the same repository counts only as a write',
  },
  programs: {
    points: 20,
    per: 'write',
    atMost: 100,
    level: 'Medium',
    when: 'it changes what containers execute: a command, arguments, a hook of their lifecycle, the `exec` of a probe; a new container counts under `images`',
  },
  pods: { points: 1, per: 'pod', atMost: 60, when: 'the pods behind what changes: replicas before or after, whichever is more' },
  stop: {
    points: 30,
    per: 'workload',
    level: 'High',
    when: 'it is scaled to zero or suspended, so its service stops; or an autoscaler may run fewer of its pods than before',
  },
  budget: {
    points: 30,
    per: 'budget',
    atMost: 90,
    level: 'High',
    when: 'a PodDisruptionBudget lets fewer pods be disrupted now than the plan disrupts',
  },
  'budget-unknown': {
    points: 30,
    per: 'namespace',
    atMost: 60,
    level: 'High',
    when: 'its PodDisruptionBudgets could not be read, so they count as used up',
  },
  secrets: { points: 40, per: 'write', level: 'High', when: 'it changes a Secret' },
  credentials: {
    points: 20,
    per: 'write',
    when: 'a field changes whose name suggests a password, token, key or secret, or that leads to a Secret or a token',
  },
  configuration: { points: 10, per: 'write', when: 'the contents of a ConfigMap change' },
  exposed: {
    points: 40,
    per: 'write',
    level: 'High',
    when: 'it may open something to the outside or lead traffic elsewhere: Ingress, routes and gateways, a Service of type LoadBalancer, NodePort or ExternalName, its annotations or another selector of it, endpoints, a port of the host',
  },
  hosts: { points: 2, per: 'host', atMost: 20, when: 'the plan reaches it' },
  'unfamiliar-hosts': {
    points: 30,
    per: 'host',
    atMost: 90,
    level: 'High',
    when: 'the plan reaches it, and no policy names it',
  },
  'first-run': { points: 10, when: 'this version of the Playbook has never run in this namespace' },
  'new-target': { points: 5, when: 'the Playbook has never changed one of these objects' },
  'failed-before': {
    points: 25,
    when: 'the last run of the Playbook in this namespace, or on one of these objects, did not end well',
  },
  environment: { points: 30, level: 'High', when: 'the environment is `production`, and there is a write' },
  undeclared: { points: 10, per: 'difference', atMost: 30, level: 'Medium', when: 'it was observed, but not declared' },
  'not-observable': { points: 10, per: 'gap', atMost: 30, level: 'Medium', when: 'a rehearsal cannot know it' },
  'not-shown': {
    points: 20,
    per: 'field',
    atMost: 60,
    level: 'High',
    when: 'its change is too large for the plan, so a part of it is shown to nobody',
  },
  hidden: {
    points: 20,
    per: 'field',
    atMost: 60,
    level: 'High',
    when: 'a part of its new value is hidden because it looks like a secret, although the name of the field does not suggest one',
  },
  commands: {
    points: 10,
    per: 'command',
    atMost: 30,
    level: 'Medium',
    when: 'it needs a person: a rule says so, it is on the [list of dangerous commands](commands.md), or it cannot be parsed',
  },
} as const satisfies Readonly<Record<string, RiskRule>>;

export type RiskRuleName = keyof typeof riskRules;
