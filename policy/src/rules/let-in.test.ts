import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPolicy } from '../policyset/compile.ts';
import type { ApplicablePolicy } from '../policyset/policy-set.ts';
import { judgeApiRequest } from './kubernetes.ts';
import type { ApiRequest } from './protected.ts';

const any = { apiGroups: ['*'], resources: ['*', 'secrets', 'serviceaccounts/token'], verbs: ['*'], decision: 'Allow' };
const entry = { resources: ['secrets'], namespaces: ['shop'], resourceNames: ['web-tls'], content: 'Certificate' };
const policy = (kind: ApplicablePolicy['kind'], spec: object, more: Partial<ApplicablePolicy> = {}): ApplicablePolicy => {
  const read = readPolicy({ kind, metadata: { name: 'p' }, spec: { modes: ['DryRun'], kubernetes: [any], ...spec } as never });
  assert.deepEqual(read.faults, []);
  return { kind, name: 'p', digest: '', spec: read.spec, ...more };
};
const floor = (allow: object[] | undefined, more?: Partial<ApplicablePolicy>) =>
  policy('ClusterAgentPolicy', allow === undefined ? {} : { protected: { allow } }, more);
const read: ApiRequest = { verb: 'get', apiGroup: '', resource: 'secrets', namespace: 'shop', name: 'web-tls' };
const judge = (policies: readonly ApplicablePolicy[], request: ApiRequest) =>
  judgeApiRequest({ policies, environment: undefined, refusals: [] }, 'shop', request);

describe('A Secret that the floor names', () => {
  const own = policy('AgentPolicy', {});
  const rows: [string, readonly ApplicablePolicy[], ApiRequest, 'Allow' | 'Deny'][] = [
    ['may be read by its name', [floor([entry]), own], read, 'Allow'],
    ['may be read if every floor names it', [floor([entry]), floor([entry])], read, 'Allow'],
    ['may not be read if one floor does not', [floor([entry]), floor(undefined)], read, 'Deny'],
    ['may not be read if no floor does', [floor(undefined), own], read, 'Deny'],
    ['may not be read by a floor that somebody has deleted', [floor([entry], { isBeingDeleted: true })], read, 'Deny'],
    ['may not be read by an invalid floor', [floor([entry]), floor([entry], { spec: undefined })], read, 'Deny'],
    ['may not be read without a floor', [own], read, 'Deny'],
    [
      'may not be read if no rule of the namespace allows it',
      [floor([entry]), policy('AgentPolicy', { kubernetes: [{ ...any, resources: ['pods'] }] })],
      read,
      'Deny',
    ],
    ['is not another Secret', [floor([entry])], { ...read, name: 'db' }, 'Deny'],
    ['is not a Secret of another namespace', [floor([entry])], { ...read, namespace: 'other' }, 'Deny'],
    ['is not listed', [floor([entry])], { ...read, verb: 'list', name: undefined }, 'Deny'],
    ['is not watched', [floor([entry])], { ...read, verb: 'watch' }, 'Deny'],
    ['is not changed', [floor([entry])], { ...read, verb: 'patch' }, 'Deny'],
    ['is not deleted', [floor([entry])], { ...read, verb: 'delete' }, 'Deny'],
    ['lets no token be made', [floor([entry])], { ...read, verb: 'create', resource: 'serviceaccounts/token' }, 'Deny'],
    [
      'lets no role be bound',
      [floor([entry])],
      { ...read, verb: 'create', apiGroup: 'rbac.authorization.k8s.io', resource: 'rolebindings' },
      'Deny',
    ],
    ['has no subresource', [floor([entry])], { ...read, resource: 'secrets/status' }, 'Deny'],
  ];
  for (const [name, policies, request, decision] of rows)
    it(name, () => assert.equal(judge(policies, request).decision, decision));

  it('is named by a floor, and not by a policy of a namespace', () => {
    const spec = { modes: ['DryRun'], protected: { allow: [entry] } } as never;
    const { spec: kept } = readPolicy({ kind: 'AgentPolicy', metadata: { name: 'p' }, spec });
    assert.equal(kept === undefined || !('protected' in kept), true);
  });
  for (const [name, bad] of [
    ['names', { ...entry, resourceNames: undefined }],
    ['namespaces', { ...entry, namespaces: [] }],
    ['a content', { ...entry, content: 'All' }],
    ['a resource that can be let in', { ...entry, resources: ['serviceaccounts/token'] }],
  ] as const)
    it(`is not let in without ${name}: the floor is invalid then, and denies everything`, () => {
      const spec = { modes: ['DryRun'], kubernetes: [any], protected: { allow: [bad] } } as never;
      assert.equal(readPolicy({ kind: 'ClusterAgentPolicy', metadata: { name: 'p' }, spec }).spec, undefined);
    });
});
