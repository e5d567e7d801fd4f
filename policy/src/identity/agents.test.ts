import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { agentRules, whyAgent } from './agents.ts';
import type { Identity } from './identity.ts';

const own = (spec: unknown) => ({ kind: 'AgentPolicy' as const, metadata: { name: 'shop', namespace: 'shop' }, spec });
const floor = (spec: unknown) => ({ kind: 'ClusterAgentPolicy' as const, metadata: { name: 'floor' }, spec });
const who = (user: string, ...groups: string[]): Identity => ({ user, groups });

describe('Who is an agent', () => {
  const rows: readonly [
    name: string,
    policy: ReturnType<typeof own | typeof floor>,
    identity: Identity,
    why: RegExp | undefined,
  ][] = [
    ['a User that a policy names', own({ subjects: [{ kind: 'User', name: 'bot' }] }), who('bot'), /AgentPolicy\/shop names it/],
    [
      'a ServiceAccount that a policy names, in the namespace of the policy',
      own({ subjects: [{ kind: 'ServiceAccount', name: 'bot' }] }),
      who('system:serviceaccount:shop:bot'),
      /names it in `subjects`/,
    ],
    [
      'a ServiceAccount that a policy names, in another namespace',
      floor({ subjects: [{ kind: 'ServiceAccount', name: 'bot', namespace: 'other' }] }),
      who('system:serviceaccount:other:bot'),
      /ClusterAgentPolicy\/floor/,
    ],
    [
      'a ServiceAccount that a policy names by its user name',
      own({ subjects: [{ kind: 'User', name: 'system:serviceaccount:x:bot' }] }),
      who('system:serviceaccount:x:bot'),
      /names it/,
    ],
    [
      'a member of a group that the floor names',
      floor({ identity: { agentGroups: ['bots'] } }),
      who('ada', 'bots'),
      /group 'bots' in `identity\.agentGroups`/,
    ],
    ['a subject of a policy that cannot be read', own({ subjects: [{ kind: 'User', name: 'bot' }], modes: 7 }), who('bot'), /./],
    [
      'a subject of a policy that only audits',
      own({ subjects: [{ kind: 'User', name: 'bot' }], auditOnly: true }),
      who('bot'),
      /./,
    ],
    [
      'not: a member of a group among the subjects',
      own({ subjects: [{ kind: 'Group', name: 'sre' }] }),
      who('ada', 'sre'),
      undefined,
    ],
    ['not: anybody by a policy without subjects', floor({ modes: ['Apply'] }), who('ada'), undefined],
    [
      'not: a member of a group that says who may file',
      floor({ identity: { agents: { groups: ['sre'] } } }),
      who('ada', 'sre'),
      undefined,
    ],
    [
      'not: by the field of the floor in the policy of a namespace',
      own({ identity: { agentGroups: ['sre'] } }),
      who('ada', 'sre'),
      undefined,
    ],
    ['not: by an empty policy', own(undefined), who('ada'), undefined],
    ['not: by subjects that are not a list', own({ subjects: 'ada' }), who('ada'), undefined],
  ];
  for (const [name, policy, identity, why] of rows)
    it(`is ${name}`, () => {
      const found = whyAgent(agentRules([policy]), identity);
      if (why === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', why);
    });
});
