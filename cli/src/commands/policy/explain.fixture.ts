import { type AgentAction, API_VERSION } from '@sentinel/crds';
import { type Handler, ok } from '../../../test/fake-cluster.ts';
import { anAction, aPlan } from '../../../test/fixtures.ts';

export const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'patch', 'create'], decision: 'RequireApproval' }];
export const floor = {
  apiVersion: API_VERSION,
  kind: 'ClusterAgentPolicy',
  metadata: { name: 'floor' },
  spec: {
    modes: ['DryRun', 'Apply'],
    playbooks: { trustedOnly: true },
    kubernetes: rules,
    approvals: [{ upToRisk: 'Critical', approvals: 2, groups: ['sre'], expiresAfter: '1h' }],
  },
};
export const own = {
  apiVersion: API_VERSION,
  kind: 'AgentPolicy',
  metadata: { name: 'shop', namespace: 'shop' },
  spec: {
    modes: ['DryRun', 'Apply'],
    playbooks: { trustedOnly: true },
    commands: [{ prefix: ['kubectl', 'set'], decision: 'Deny', justification: 'Images come from Git.' }],
  },
};
export const playbook = {
  apiVersion: API_VERSION,
  kind: 'Playbook',
  metadata: { name: 'set-image', namespace: 'shop' },
  spec: {
    category: 'Other',
    description: 'Set an image.',
    account: 'remediator',
    sandbox: { profile: 'Change', image: 'x' },
    steps: [{ name: 'set', command: ['kubectl', 'set', 'image', 'deployment/web', 'web=x'] }],
    rollback: { from: 'PreImages' },
    autonomy: 'Approve',
  },
};
export const plan = aPlan();
export const action = anAction(plan);
export const list = (...items: object[]) => ok({ metadata: { resourceVersion: '1' }, items });

export const cluster =
  (served: { action?: AgentAction; own?: object[] } = {}): Handler =>
  ({ path }) => {
    if (path.endsWith('/clusteragentpolicies')) return list(floor);
    if (path.endsWith('/agentpolicies')) return list(...(served.own ?? [own]));
    if (path.endsWith('/playbooks')) return list(playbook);
    if (path === '/api/v1/namespaces/shop')
      return ok({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'sentinel.dev/enabled': 'true' } } });
    if (path.includes('/agentactions/')) return ok(served.action ?? action);
    if (path.endsWith('/agentactions')) return list(served.action ?? action);
    return path.includes('/actionplans/') ? ok(plan) : undefined;
  };
