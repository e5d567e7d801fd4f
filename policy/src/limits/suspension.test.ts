import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentPolicy } from '@sentinel/crds';
import { policySet } from '../policyset/load.ts';
import { awaitsSuspensionName, describeSuspensions, liftedBy, suspensionsOf } from './suspension.ts';

const since = '2026-01-01T12:00:00.000Z';
const set = (suspended: boolean, suspension?: { suspended: boolean; by: string; since: string }) =>
  policySet(
    {
      namespace: { metadata: { name: 'shop' } },
      clusterPolicies: [],
      policies: [
        {
          apiVersion: 'sentinel.dev/v1alpha1',
          kind: 'AgentPolicy',
          metadata: { name: 'p', namespace: 'shop' },
          spec: { suspended },
          ...(suspension ? { status: { suspension } } : {}),
        } as unknown as AgentPolicy,
      ],
    },
    { user: 'agent', groups: [] },
  );

describe('A kill switch', () => {
  const rows: readonly [what: string, set: ReturnType<typeof set>, told: string, awaits: boolean][] = [
    ['is off', set(false), '', false],
    [
      'is on, and its policy names who it was',
      set(true, { suspended: true, by: 'ada', since }),
      `AgentPolicy/p (by ada since ${since})`,
      false,
    ],
    ['is on, and the operator has yet to look', set(true), 'AgentPolicy/p', true],
    [
      'is on again, and the policy still names who turned it off',
      set(true, { suspended: false, by: 'ada', since }),
      'AgentPolicy/p',
      true,
    ],
    ['is off again, and the policy still names who turned it on', set(false, { suspended: true, by: 'ada', since }), '', true],
  ];
  for (const [what, policies, told, awaits] of rows)
    it(what, () =>
      assert.deepEqual([describeSuspensions(suspensionsOf(policies)), awaitsSuspensionName(policies)], [told, awaits]),
    );

  it('that was turned off names who did it, to what it held', () => {
    const held = [{ policy: 'AgentPolicy/p' }, { policy: 'AgentPolicy/gone' }];
    assert.deepEqual(liftedBy(set(false, { suspended: false, by: 'bob', since }), held), [
      { policy: 'AgentPolicy/p', by: 'bob', since },
      { policy: 'AgentPolicy/gone' },
    ]);
  });
});
