import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Measured } from '@sentinel/kube';
import { explainAll } from '@sentinel/policy';
import { aPolicySet, clusterPolicy } from '@sentinel/policy/testing';
import { ActionQuota, type QuotaSources } from './quota.ts';
import type { AdmissionRequest } from './review.ts';

const MiB = 2 ** 20;
const policies = aPolicySet([clusterPolicy({ limits: { open: 3 } })]);

type Action = Measured<{ readonly isOpen: boolean }>;

/** No request may cost a walk through the objects of all namespaces. */
const walked = () => assert.fail('all objects were walked through');

/** Informers that hold what a test puts into them. */
function world() {
  const actions = new Map<string, Action>();
  const handlers: Parameters<QuotaSources['actions']['onChange']>[0][] = [];
  const planHandlers: typeof handlers = [];
  let [isHealthy, now, planned] = [true, 0, 0];
  const object = (namespace: string, name: string, bytes: number) => ({
    apiVersion: '',
    kind: '',
    metadata: { namespace, name },
    bytes,
  });
  const sources = {
    actions: {
      healthy: () => isHealthy,
      store: { list: walked, get: (key: string) => actions.get(key) },
      onChange: (handler: (typeof handlers)[0]) => handlers.push(handler),
    },
    plans: [
      {
        healthy: () => true,
        onChange: (handler: (typeof handlers)[0]) => planHandlers.push(handler),
      },
    ],
  } as unknown as QuotaSources;
  return {
    quota: new ActionQuota(sources, 512 * MiB, () => now),
    show(name: string, { namespace = 'shop', bytes = 1000, isOpen = true } = {}) {
      const type = actions.has(`${namespace}/${name}`) ? 'update' : 'add';
      const shown = { ...object(namespace, name, bytes), isOpen };
      actions.set(`${namespace}/${name}`, shown);
      for (const handler of handlers) handler({ type, object: shown, ...(type === 'update' ? { old: shown } : {}) } as never);
    },
    storePlan: (namespace: string, bytes: number) => {
      planned += 1;
      for (const handler of planHandlers) handler({ type: 'add', object: object(namespace, `p${planned}`, bytes) } as never);
    },
    lose: () => {
      isHealthy = false;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const filing = (metadata: object, { namespace = 'shop', dryRun = false } = {}) =>
  ({ namespace, dryRun, object: { metadata, spec: {} } }) as unknown as AdmissionRequest;
const file = (quota: ActionQuota, name: string, more = {}, address = 'api-server') =>
  explainAll(quota.admit(policies, filing({ name }, more), address));

describe('One more action of a namespace', () => {
  it('is refused beyond the number that may be open, also while no cache shows those that were just admitted', () => {
    const { quota } = world();
    for (const name of ['a', 'b', 'c']) assert.equal(file(quota, name), '');
    assert.match(file(quota, 'd'), /namespace 'shop' has 3 actions that have not ended; at most 3 are allowed/);
    assert.equal(file(quota, 'd', { namespace: 'bank' }), '', 'another namespace has its own');
  });

  it('is counted once when the cache shows it, and no more when it has ended', () => {
    const { quota, show } = world();
    for (const name of ['a', 'b', 'c']) {
      assert.equal(file(quota, name), '');
      show(name);
    }
    assert.match(file(quota, 'd'), /has 3 actions/);
    show('a', { isOpen: false });
    assert.equal(file(quota, 'd'), '');
    assert.match(file(quota, 'e'), /has 3 actions/);
  });

  it('is counted once, however often it is filed again under a name that exists', () => {
    const { quota, show } = world();
    show('a');
    for (const name of ['a', 'a', 'b', 'b', 'b']) assert.equal(file(quota, name), '');
    assert.equal(file(quota, 'c'), '');
    assert.match(file(quota, 'd'), /has 3 actions/);
  });

  it('is told apart by its name or the beginning of a generated one', () => {
    const { quota, show } = world();
    for (const _ of [1, 2]) assert.deepEqual(quota.admit(policies, filing({ generateName: 'fix-' }), 'api-server'), []);
    show('other');
    assert.match(file(quota, 'd'), /has 3 actions/);
    show('fix-x7k2p');
    assert.match(file(quota, 'd'), /has 3 actions/);
  });

  it('counts no more when somebody else has refused it, and never in a dry-run', () => {
    const { quota, pass } = world();
    for (const name of ['a', 'b', 'c', 'd']) assert.equal(file(quota, name, { dryRun: true }), '');
    for (const name of ['a', 'b', 'c']) assert.equal(file(quota, name), '');
    assert.match(file(quota, 'd', { dryRun: true }), /has 3 actions/);
    pass(10_001);
    assert.equal(file(quota, 'd'), '');
  });

  it('is not kept out by requests that look like those of the API server and come from elsewhere', () => {
    const { quota, show } = world();
    for (const name of ['a', 'b', 'c']) assert.equal(file(quota, name, {}, 'pod'), '');
    assert.match(file(quota, 'd', {}, 'pod'), /has 3 actions/);
    for (const name of ['a', 'b', 'c']) assert.equal(file(quota, name), '');
    show('a');
    assert.match(file(quota, 'd'), /has 3 actions/);
    show('a', { isOpen: false });
    assert.equal(file(quota, 'd'), '', 'what the cache shows is counted for nobody twice');
  });

  it('is refused when what is stored for the namespace has no room for it: ended actions and plans count', () => {
    const { quota, show, storePlan } = world();
    for (let at = 0; at < 40; at++) show(`ended-${at}`, { bytes: MiB, isOpen: false });
    storePlan('shop', 23.5 * MiB);
    storePlan('bank', 60 * MiB);
    assert.equal(file(quota, 'a'), '');
    storePlan('shop', 0.5 * MiB);
    assert.match(
      file(quota, 'b'),
      /^exceeded quota: actions of namespace 'shop' take 64\.1 MiB .* at most 64Mi are allowed \(Sentinel: limits\.storage\)/,
    );
    assert.equal(file(quota, 'b', { namespace: 'calm' }), '');
  });

  it('is refused while nothing can be counted', () => {
    const { quota, lose } = world();
    lose();
    assert.match(file(quota, 'a'), /cannot be counted now.*Try again in some seconds/);
  });
});
