import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import { judgePlan } from '../approval/requirements.ts';
import { aScaling as effect } from '../testing/effect.fixture.ts';
import { clusterPolicies } from '../testing/policies.fixture.ts';

type Deletion = NonNullable<Effect['deletion']>;
type Spec = Partial<Record<'kubernetes' | 'highRisk', object[]>>;

const may = { apiGroups: ['apps'], resources: ['deployments'], verbs: ['delete'], decision: 'RequireApproval' };
const noClaims = {
  apiGroups: [''],
  resources: ['persistentvolumeclaims'],
  verbs: ['delete'],
  decision: 'Deny',
  justification: 'Kept.',
};
const claims = (more: object = {}) => ({
  ...{ apiGroup: '', resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', count: 1, names: ['data'] },
  ...more,
});
const replicaSet = { apiGroup: 'apps', resource: 'replicasets', kind: 'ReplicaSet', count: 1, names: ['web-1'] };

const refusals = ({ kubernetes = [], highRisk = [] }: Spec, deletion: Partial<Deletion>): string[] => {
  const set = clusterPolicies({
    kubernetes: [may, ...kubernetes],
    highRisk,
    approvals: [{ upToRisk: 'Critical', approvals: 1 }],
  });
  const one = {
    ...effect({ verb: 'delete', apiGroup: 'apps', resource: 'deployments', kind: 'Deployment', namespace: 'shop', name: 'web' }),
    deletion: { propagation: 'Background', ...deletion },
  } as Effect;
  return judgePlan(set, 'shop', [one], 'Critical').refusals.map(({ rule, message }) => `${rule}: ${message}`);
};

describe('What is deleted together with its owner', () => {
  it('needs no rule that allows it', () => assert.deepEqual(refusals({}, { dependants: [replicaSet, claims()] }), []));

  it('is refused by a rule that denies its deletion', () => {
    assert.deepEqual(refusals({ kubernetes: [noClaims] }, { dependants: [replicaSet, claims()] }), [
      "kubernetes[1]: delete persistentvolumeclaims in namespace 'shop' is denied: Kept; it would be deleted with deployments 'web', which owns it",
    ]);
  });

  it('is refused by a rule about high risk', () => {
    const rule = { apiGroups: [''], resources: ['persistentvolumeclaims'], refuse: true, justification: 'Kept.' };
    assert.deepEqual(refusals({ highRisk: [rule] }, { dependants: [claims()] }), [
      "highRisk[0]: delete persistentvolumeclaims together with deployments 'web', which owns it, is refused outright: Kept.",
    ]);
  });

  const named = { ...noClaims, resourceNames: ['precious'] };
  const rows: readonly (readonly [string, Spec, Partial<Deletion>, number])[] = [
    ['of another name is not', { kubernetes: [named] }, { dependants: [claims()] }, 0],
    ['of the name that a rule denies is', { kubernetes: [named] }, { dependants: [claims({ names: ['precious'] })] }, 1],
    ['with names that are not all known is', { kubernetes: [named] }, { dependants: [claims({ count: 2 })] }, 1],
    ['in another namespace is not', { kubernetes: [noClaims] }, { dependants: [claims({ names: ['bank/data'] })] }, 0],
    ['of an owner that leaves it is not', { kubernetes: [noClaims] }, { propagation: 'Orphan', dependants: [claims()] }, 0],
  ];
  for (const [what, spec, deletion, count] of rows)
    it(`${what} refused`, () => assert.equal(refusals(spec, deletion).length, count));
});
