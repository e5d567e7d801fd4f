import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFINITION_LIMITS, type DefinitionKind, type DefinitionUse, judgeDefinition } from './definitions.ts';

const MiB = 2 ** 20;
const use = (more: Partial<DefinitionUse> = {}): DefinitionUse => ({
  ...{ count: 0, bytes: 0, own: 0, used: 0, takers: 1, total: 32 * MiB },
  ...more,
});
const judge = (kind: DefinitionKind, more: Partial<DefinitionUse>, bytes = 1000) =>
  judgeDefinition(kind, 'shop', use(more), { bytes, stored: bytes });

describe('One more Playbook or AgentPolicy', () => {
  for (const kind of ['Playbook', 'AgentPolicy'] as const) {
    const { count, bytes } = DEFINITION_LIMITS[kind];

    it(`is admitted up to the number and the bytes of a namespace, and not beyond them: ${kind}`, () => {
      assert.equal(judge(kind, { count: count - 1 }), undefined);
      assert.equal(judge(kind, { count })?.exceeded, 'count');
      assert.equal(judge(kind, { bytes: bytes - 1000 }), undefined);
      assert.equal(judge(kind, { bytes: bytes - 999 })?.exceeded, 'bytes');
    });

    it(`is refused with what is exceeded, why, and what to do: ${kind}`, () => {
      const many = kind === 'Playbook' ? 'Playbooks' : 'AgentPolicies';
      const pattern = `^exceeded quota: namespace 'shop' has ${count} ${many}; at most ${count} are allowed, because .*Shorten or delete some .* -n shop$`;
      assert.match(judge(kind, { count })?.message ?? '', new RegExp(pattern));
    });
  }

  it('finds room, however much another namespace has taken', () => {
    // One namespace has all that it can get; others hold nothing yet.
    let own = 0;
    while (judgeDefinition('Playbook', 'greedy', use({ own, used: own }), { bytes: 1, stored: MiB / 4 }) === undefined)
      own += MiB / 4;
    assert.ok(own < 16 * MiB, String(own));
    assert.equal(judgeDefinition('Playbook', 'shop', use({ used: own, takers: 2 }), { bytes: MiB, stored: MiB }), undefined);
  });

  it('has a bound for all namespaces together', () => {
    const full = use({ used: 32 * MiB, own: MiB, takers: 40 });
    const fault = judgeDefinition('AgentPolicy', 'shop', full, { bytes: 1, stored: 1000 });
    assert.equal(fault?.exceeded, 'total');
    assert.match(fault?.message ?? '', /of all namespaces have 33554432 bytes of 33554432, and namespace 'shop' has its share/);
  });
});
