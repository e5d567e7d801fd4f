import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isProgram, isSamePerson } from './identity.ts';

describe('An identity that is not a person', () => {
  const programs = [
    'system:anonymous',
    'system:admin',
    'system:apiserver',
    'system:kube-controller-manager',
    'system:kube-scheduler',
    'system:kube-proxy',
    'system:node:n1',
    'system:serviceaccount:shop:bot',
    'sentinel:enforce:shop:remediator',
    'sentinel:probe',
  ];
  for (const user of programs) it(`is ${user}`, () => assert.equal(isProgram({ user, groups: [] }), true));
  for (const group of ['system:serviceaccounts', 'system:nodes', 'system:unauthenticated'])
    it(`is anyone who is in ${group}`, () => assert.equal(isProgram({ user: 'ada', groups: [group] }), true));
  for (const user of ['ada', 'oidc:ada', 'ada@system:', 'systems', 'kubernetes-admin'])
    it(`is not ${user}`, () => assert.equal(isProgram({ user, groups: ['system:authenticated', 'sre'] }), false));
});

describe('Two identities', () => {
  const rows: readonly [a: [string, string?], b: [string, string?], same: boolean][] = [
    [['ada'], ['ada'], true],
    [['ada', '1'], ['ada', '2'], true],
    [['ada', '1'], ['ada@new', '1'], true],
    [['ada', '1'], ['bea', '2'], false],
    [['ada', ''], ['bea', ''], false],
    [['ada'], ['bea'], false],
    [['ada', '1'], ['bea'], false],
    [['ada'], ['Ada'], false],
  ];
  for (const [[userA, uidA], [userB, uidB], same] of rows)
    it(`${userA}/${uidA ?? '-'} and ${userB}/${uidB ?? '-'} are ${same ? 'one person' : 'two people'}`, () => {
      const [a, b] = [
        { user: userA, uid: uidA },
        { user: userB, uid: uidB },
      ];
      assert.equal(isSamePerson(a, b), same);
      assert.equal(isSamePerson(b, a), same);
    });
});
