import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApplicablePolicy } from '../policyset/policy-set.ts';
import { agentPolicy, aPolicySet, clusterPolicy } from '../testing/policies.fixture.ts';
import { explainAll } from '../verdict/verdict.ts';
import { bytesOfQuantity, defaultedLimit, holdForStorage, judgeOpen, judgeStorage, storageUse } from './quota.ts';

const MiB = 2 ** 20;
const floor = (limits: object) => clusterPolicy({ limits });
const local = (limits: object) => agentPolicy({ limits }, 'shop');
const set = (...policies: ApplicablePolicy[]) => aPolicySet(policies);

describe('A limit that has a default', () => {
  const rows: [name: string, policies: ApplicablePolicy[], open: number, storage: string, by: string][] = [
    ['holds if nobody says', [floor({}), local({})], 100, '64Mi', 'Sentinel'],
    ['is raised by the floor', [floor({ open: 500, storage: '1Gi' }), local({})], 500, '1Gi', 'ClusterAgentPolicy/floor'],
    ['is lowered by the floor', [floor({ open: 5, storage: '512Ki' })], 5, '512Ki', 'ClusterAgentPolicy/floor'],
    ['is lowered by a namespace', [floor({}), local({ open: 5, storage: '8Mi' })], 5, '8Mi', 'AgentPolicy/shop'],
    ['is not raised by a namespace', [floor({}), local({ open: 500, storage: '1Gi' })], 100, '64Mi', 'Sentinel'],
    [
      'is the least of what policies say',
      [floor({ open: 50, storage: '2Gi' }), local({ open: 80, storage: '3Gi' })],
      50,
      '2Gi',
      'ClusterAgentPolicy/floor',
    ],
    ['holds without any policy', [], 100, '64Mi', 'Sentinel'],
  ];
  for (const [name, policies, open, storage, by] of rows)
    it(name, () => {
      assert.deepEqual(defaultedLimit(set(...policies), 'open'), { policy: by, limit: open, text: String(open) });
      assert.deepEqual(defaultedLimit(set(...policies), 'storage'), {
        policy: by,
        limit: bytesOfQuantity(storage),
        text: storage,
      });
    });

  it('is refused where it is not a quantity', () => {
    for (const wrong of ['64', '64M', '0Mi', '-1Mi', '1.5Gi', '64Mi ', '9999999Gi', 'Mi'])
      assert.throws(() => bytesOfQuantity(wrong), /is not a quantity/, wrong);
  });
});

describe('Actions that have not ended', () => {
  it('may be as many as policy says, and the refusal says how many there are and what to do', () => {
    const three = set(floor({ open: 3 }));
    assert.deepEqual(judgeOpen(three, 'shop', 2), []);
    assert.equal(
      explainAll(judgeOpen(three, 'shop', 3)),
      "exceeded quota: namespace 'shop' has 3 actions that have not ended; at most 3 are allowed (ClusterAgentPolicy/floor: limits.open). Wait until some have ended, or cancel those that are not needed any more.",
    );
    assert.equal(judgeOpen(three, 'shop', 4).length, 1);
  });
});

describe('What is stored for actions', () => {
  const stored = [
    { namespace: 'hostile', bytes: 60 * MiB },
    { namespace: 'hostile', bytes: 3.5 * MiB },
    { namespace: 'calm', bytes: 1 * MiB },
  ];
  const total = 512 * MiB;
  const refusalsFor = (namespace: string, amount: number, all = stored, most = total) =>
    explainAll(judgeStorage(set(floor({})), namespace, storageUse(all, namespace, most), amount));

  it('is summed up by namespace', () => {
    assert.deepEqual(storageUse(stored, 'hostile', total), { own: 63.5 * MiB, used: 64.5 * MiB, takers: 2, total });
    assert.deepEqual(storageUse(stored, 'new', total), { own: 0, used: 64.5 * MiB, takers: 3, total });
  });

  it('may be as much as policy says, and the refusal says how much there is', () => {
    assert.equal(refusalsFor('hostile', 0.5 * MiB), '');
    assert.match(
      refusalsFor('hostile', 0.6 * MiB),
      /^exceeded quota: actions of namespace 'hostile' take 63\.5 MiB with their plans and records, and this one needs 0\.6 MiB more; at most 64Mi are allowed \(Sentinel: limits\.storage\)\. Delete actions that have ended/,
    );
  });

  it('leaves room for every other namespace, however many have filled theirs', () => {
    const hostile: { namespace: string; bytes: number }[] = [];
    const take = (namespace: string) => {
      for (;;) {
        const use = storageUse(hostile, namespace, total);
        if (judgeStorage(set(floor({})), namespace, use, MiB).length > 0) return use.own;
        hostile.push({ namespace, bytes: MiB });
      }
    };
    const taken = Array.from({ length: 8 }, (_, at) => take(`hostile-${at}`));
    assert.equal(taken[0], 64 * MiB, 'one alone has the limit of a namespace');
    const use = storageUse(hostile, 'calm', total);
    assert.ok(use.used <= (total * 3) / 4, `${use.used / MiB} MiB`);
    assert.equal(explainAll(judgeStorage(set(floor({})), 'calm', use, MiB)), '');
    assert.match(
      explainAll(judgeStorage(set(floor({})), 'hostile-0', storageUse(hostile, 'hostile-0', total), MiB)),
      /exceeded quota/,
    );
  });

  it('is refused with the total where a namespace has its share of it', () => {
    const full = Array.from({ length: 8 }, (_, at) => ({ namespace: `n${at}`, bytes: 47 * MiB }));
    assert.match(
      refusalsFor('n0', MiB, full),
      /all namespaces take 376\.0 MiB of 512\.0 MiB, and this one has its share \(Sentinel: storage is shared between namespaces\)/,
    );
  });

  it('of unapproved actions never takes the room of approved runs, and those wait rather than lose what a rollback needs', () => {
    const use = (used: number) => ({ own: 0, used: used * MiB, takers: 9, total });
    assert.equal(holdForStorage(use(384)), undefined);
    assert.equal(judgeStorage(set(floor({})), 'x', use(384), MiB).length, 1);
    assert.match(
      holdForStorage(use(449))?.message ?? '',
      /^it waits for room for what a rollback needs: .* 449\.0 MiB of 512\.0 MiB/,
    );
  });
});
