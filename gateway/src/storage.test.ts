import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aPolicySet, clusterPolicy } from '@sentinel/policy/testing';
import { Storage, type StorageSources } from './storage.ts';

const MiB = 2 ** 20;
const policies = aPolicySet([clusterPolicy({ limits: { storage: '10Mi' } })]);

function world() {
  let [isHealthy, now] = [true, 0];
  const lists = { actions: [] as object[], plans: [] as object[], claims: [] as object[], secrets: [] as object[] };
  const counted = (list: object[]) => ({ healthy: () => isHealthy, store: { list: () => list } });
  const sources = {
    tenants: [counted(lists.actions), counted(lists.plans)],
    claims: counted(lists.claims),
    secrets: counted(lists.secrets),
  } as unknown as StorageSources;
  return {
    ...lists,
    storage: new Storage(sources, 512 * MiB, () => now),
    lose: () => {
      isHealthy = false;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}
const of = (namespace: string, bytes: number) => ({ metadata: { namespace }, bytes });

describe('What is stored for actions', () => {
  it('is counted by the namespace of the action, in the ledger by the claim of the Job', () => {
    const { storage, actions, plans, claims, secrets } = world();
    actions.push(of('shop', 1), of('bank', 100));
    plans.push(of('shop', 2));
    claims.push({ job: 'j1', namespace: 'shop', bytes: 4 }, { job: 'j2', namespace: 'bank', bytes: 200 });
    secrets.push({ job: 'j1', bytes: 8 }, { job: 'j1', bytes: 16 }, { job: 'j2', bytes: 400 }, { job: 'gone', bytes: 1000 });
    assert.deepEqual(storage.use('shop'), { own: 31, used: 1731, takers: 3, total: 512 * MiB });
    assert.deepEqual(storage.use('bank').own, 700);
    assert.deepEqual(storage.use('new'), { own: 0, used: 1731, takers: 4, total: 512 * MiB });
  });

  it('is shown whole, and not while it cannot be counted', () => {
    const { storage, actions, lose } = world();
    actions.push(of('shop', 1), of('bank', 100));
    assert.deepEqual(storage.totals(), { used: 101, total: 512 * MiB });
    lose();
    assert.equal(storage.totals(), undefined);
  });

  it('has no room for a plan beyond the limit, also while other plans are about to be stored', () => {
    const { storage, actions, pass } = world();
    actions.push(of('shop', 2 * MiB));
    assert.equal(storage.reserve(policies, 'shop', 5 * MiB), undefined);
    assert.match(
      storage.reserve(policies, 'shop', 4 * MiB) ?? '',
      /actions of namespace 'shop' take 7\.0 MiB .* this one needs 4\.0 MiB more; at most 10Mi are allowed \(ClusterAgentPolicy\/floor: limits\.storage\)/,
    );
    assert.equal(storage.reserve(policies, 'shop', 3 * MiB), undefined, 'what was refused took nothing');
    assert.equal(storage.reserve(policies, 'bank', 9 * MiB), undefined, 'another namespace has its own');
    pass(30_001);
    assert.equal(storage.use('shop').own, 2 * MiB, 'from then on it is counted where it is stored');
  });

  it('has no room while it cannot be counted', () => {
    const { storage, lose } = world();
    lose();
    assert.throws(() => storage.reserve(policies, 'shop', 1), /cannot be counted now/);
  });
});
