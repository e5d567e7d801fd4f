import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AgentPolicySpec } from '@sentinel/crds';
import {
  DEFINITION_LIMITS,
  type DefinitionKind,
  type DefinitionUse,
  isSuspension,
  judgeDefinition,
  SUSPENSIONS_MORE,
  saysNothing,
} from './definitions.ts';

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

  const { count, bytes } = DEFINITION_LIMITS.AgentPolicy;
  const few = SUSPENSIONS_MORE.count;
  const suspensions: [name: string, kind: DefinitionKind, use: Partial<DefinitionUse>, stored: number, exceeded?: string][] = [
    ['beyond the number of others', 'AgentPolicy', { count }, 1000],
    ['up to their own number', 'AgentPolicy', { count: count + few - 1 }, 1000],
    ['not beyond that', 'AgentPolicy', { count: count + few }, 1000, 'count'],
    ['where others have all bytes of the namespace', 'AgentPolicy', { bytes }, 1000],
    ['where all namespaces have all bytes', 'AgentPolicy', { used: 32 * MiB, own: MiB, takers: 40 }, 1000],
    ['as any other policy if it is large', 'AgentPolicy', { count }, SUSPENSIONS_MORE.bytes + 1, 'count'],
  ];
  for (const [name, kind, more, stored, exceeded] of suspensions)
    it(`that only suspends is admitted ${name}`, () => {
      const fault = judgeDefinition(kind, 'shop', use(more), { bytes: stored, stored, isSuspension: true });
      assert.equal(fault?.exceeded, exceeded);
      if (fault) assert.match(fault.message, new RegExp(`at most ${stored > 1000 ? count : count + few} are allowed`));
    });

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

describe('An AgentPolicy', () => {
  const subjects = [{ kind: 'User', name: 'ada' }];
  const rows: [name: string, spec: unknown, expected: boolean][] = [
    ['for audit only that names subjects', { subjects, auditOnly: true, suspended: true }, true],
    ['whose kill switch is off', { subjects, auditOnly: true, suspended: false }, true],
    ['for everyone', { auditOnly: true }, true],
    ['with the defaults of the API server', AgentPolicySpec.parse({ subjects, auditOnly: true, suspended: true }), true],
    ['that is in force', { subjects, suspended: true }, false],
    ['that allows something', { subjects, auditOnly: true, suspended: true, modes: ['Apply'] }, false],
    ['with a limit', { auditOnly: true, suspended: true, limits: { perDay: 1 } }, false],
    ['that cannot be read', { subjects: 'ada', auditOnly: true }, false],
    ['without a spec', undefined, false],
  ];
  for (const [name, spec, expected] of rows)
    it(`${expected ? 'says nothing' : 'says something'} beside its kill switch: one ${name}`, () =>
      assert.equal(saysNothing(spec), expected));

  it('only suspends if its kill switch is on and it says nothing else', () => {
    assert.equal(isSuspension({ subjects, auditOnly: true, suspended: true }), true);
    assert.equal(isSuspension({ subjects, auditOnly: true, suspended: false }), false);
    assert.equal(isSuspension({ subjects, suspended: true }), false);
    assert.equal(isSuspension(null), false);
  });
});
