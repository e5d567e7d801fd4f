import {
  type AgentAction,
  agentActions,
  EvidenceStage,
  finalStates,
  GROUP,
  playbooks,
  RiskLevel,
  type State,
  states,
} from '@sentinel/crds';
import { clusterroles, type KubeObject, namespaces, type ResourceKind, rolebindings } from '@sentinel/kube';
import type { Option } from 'commander';
import { requesterOf, stateOf } from '../../read.ts';
import type { Session } from '../../session.ts';

/** A word that completes what was typed, and what it is. */
export interface Candidate {
  readonly value: string;
  readonly about?: string | undefined;
}

type Open = () => Promise<Session>;

const words = (values: readonly string[]): Candidate[] => values.map((value) => ({ value }));

/** What can follow a flag: undefined for a file, nothing where anything can. */
export async function valuesOfFlag(option: Option, open: Open): Promise<readonly Candidate[] | undefined> {
  switch (option.long) {
    case '--namespace':
      return await names(open, namespaces);
    case '--parent':
      return await actions(open, () => true);
    case '--role':
    case '--cluster-role':
      return await names(open, clusterroles);
    case '--output':
      return words([
        'json',
        'yaml',
        'jsonpath=',
        ...(/name/.test(option.description) ? ['name', 'custom-columns='] : []),
        ...(/wide/.test(option.description) ? ['wide'] : []),
      ]);
    case '--state':
      return words(Object.keys(states));
    case '--risk':
    case '--fail-above':
      return words(RiskLevel.options);
    case '--stage':
      return words([...EvidenceStage.options, 'results']);
    case '--mode':
      return words(['Apply', 'DryRun']);
    case '--kubeconfig':
    case '--filename':
    case '--from':
    case '--keys':
    case '--certificate-authority':
    case '--client-certificate':
    case '--client-key':
      return undefined;
    default:
      return [];
  }
}

const isOpen = (action: AgentAction) => !finalStates.has(stateOf(action) as State);
const isWaiting = (action: AgentAction) => ['AwaitingApproval', 'Starting', 'Suspended'].includes(stateOf(action));
const any = () => true;

/** Which actions a command is about. */
const ofActions: Readonly<Record<string, (action: AgentAction) => boolean>> = {
  get: any,
  status: any,
  plan: any,
  watch: any,
  wait: any,
  report: any,
  logs: any,
  approve: isWaiting,
  reject: isWaiting,
  revoke: (action) => isWaiting(action) || stateOf(action) === 'ChangesRequested',
  'request-changes': isWaiting,
  reconcile: (action) => stateOf(action) === 'OutcomeUnknown',
  cancel: isOpen,
  rollback: (action) => !isOpen(action) && action.status?.stages?.some(({ stage }) => stage === 'run') === true,
  'audit verify': any,
  'audit show': any,
  'policy explain': any,
};
/** Commands that take more than one name. */
const several: ReadonlySet<string> = new Set([
  ...['get', 'plan', 'watch', 'wait', 'report', 'cancel'],
  ...['approve', 'reject', 'revoke', 'request-changes'],
]);

/** What can be an argument of a command: names of actions, of Playbooks, of agents. */
export async function argumentsOf(path: string, given: readonly string[], open: Open): Promise<readonly Candidate[]> {
  if (path === 'reconcile' && given.length === 1) return words(['accept', 'redo', 'roll-back']);
  const wanted = ofActions[path];
  if (wanted) {
    if (given.length > 0 && !several.has(path)) return [];
    return (await actions(open, wanted)).filter(({ value }) => !given.includes(value));
  }
  if (given.length > 0) return [];
  if (path === 'schedules run') return await scheduled(open);
  if (path === 'account delete') return await accounts(open);
  if (['run', 'trust', 'distrust', 'digests'].includes(path)) return await names(open, playbooks as ResourceKind<KubeObject>);
  if (path.startsWith('agents ')) return await agents(open);
  return [];
}

async function actions(open: Open, wanted: (action: AgentAction) => boolean): Promise<Candidate[]> {
  const { items } = await listed(open, agentActions);
  return items.filter(wanted).map((action) => ({ value: action.metadata.name, about: stateOf(action) }));
}

async function scheduled(open: Open): Promise<Candidate[]> {
  const { items } = await listed(open, playbooks);
  return items.flatMap(({ metadata, spec }) => (spec.schedule ? [{ value: metadata.name, about: spec.schedule.cron }] : []));
}

// The binding of an account is named for it.
async function accounts(open: Open): Promise<Candidate[]> {
  const { items } = await listed(open, rolebindings);
  const label = `${GROUP}/account`;
  return words([...new Set(items.flatMap(({ metadata }) => metadata.labels?.[label] ?? []))]);
}

async function agents(open: Open): Promise<Candidate[]> {
  const { items } = await listed(open, agentActions);
  const users = items.flatMap((action) => requesterOf(action) ?? []).filter((user) => user.startsWith('system:serviceaccount:'));
  return words([...new Set(users)].map((user) => user.replace('system:serviceaccount:', '')));
}

const names = async <T extends KubeObject>(open: Open, kind: ResourceKind<T>): Promise<Candidate[]> =>
  (await listed(open, kind)).items.map(({ metadata }) => ({ value: metadata.name ?? '' }));

async function listed<T extends KubeObject>(open: Open, kind: ResourceKind<T>) {
  const session = await open();
  try {
    return await session.client.list(kind, kind.namespaced ? { namespace: session.namespace } : {});
  } finally {
    await session.close();
  }
}
