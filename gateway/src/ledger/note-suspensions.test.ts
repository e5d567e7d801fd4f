import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentPolicy, ClusterAgentPolicy } from '@sentinel/crds';
import { type ChangeHandler, createClient, type Delta, type KubeObject } from '@sentinel/kube';
import { type Fault, MemoryApi } from '../enforce/memory-api.fixture.ts';
import { readSuspensions, Suspensions } from './suspensions.ts';

const NOTES = '/api/v1/namespaces/sentinel-ledger/configmaps/suspensions';

/** An informer that shows what the test puts there. */
class Shown<T extends KubeObject> {
  readonly objects = new Map<string, T>();
  readonly #handlers: ChangeHandler<T>[] = [];
  readonly store = { list: () => [...this.objects.values()] };

  onChange(handler: ChangeHandler<T>): void {
    for (const object of this.objects.values()) handler({ type: 'add', object });
    this.#handlers.push(handler);
  }

  tell(delta: Delta<T>): void {
    if (delta.type === 'delete') this.objects.delete(delta.object.metadata.name ?? '');
    else this.objects.set(delta.object.metadata.name ?? '', delta.object);
    for (const handler of this.#handlers) handler(delta);
  }
}

const policy = (name: string, suspended: boolean | undefined, generation: number) =>
  ({
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentPolicy',
    metadata: { name, namespace: 'shop', generation },
    spec: { suspended },
  }) as unknown as AgentPolicy;
const floor = (suspended: boolean, generation: number) =>
  ({
    ...policy('floor', suspended, generation),
    kind: 'ClusterAgentPolicy',
    metadata: { name: 'floor', generation },
  }) as unknown as ClusterAgentPolicy;

function open(fault: (method: string) => Fault | undefined = () => undefined) {
  const api = new MemoryApi();
  const transport = api.connect(
    ({ method }) => fault(method),
    () => false,
  );
  const client = createClient(transport, { readRetries: 0 });
  const [policies, clusterPolicies] = [new Shown<AgentPolicy>(), new Shown<ClusterAgentPolicy>()];
  const suspensions = new Suspensions(client, { policies, clusterPolicies } as never);
  const errors: unknown[] = [];
  const start = () => suspensions.start((error) => errors.push(error));
  const notes = () => readSuspensions(client);
  /** Waits until the notes are as they should be. */
  const until = async (holds: (notes: Readonly<Record<string, string>>) => boolean) => {
    for (const end = performance.now() + 180_000; !holds(await notes()); await new Promise((resolve) => setTimeout(resolve, 2)))
      assert.ok(performance.now() < end, JSON.stringify(await notes()));
  };
  return { api, policies, clusterPolicies, start, errors, notes, until };
}
const A = 'AgentPolicy.shop.a';

describe('The gateway notes suspensions', () => {
  it('from before it began, and from then on, of policies of namespaces and of the cluster', async () => {
    const { policies, clusterPolicies, start, notes, until, errors } = open();
    policies.tell({ type: 'add', object: policy('a', true, 1) });
    await start();
    assert.deepEqual(await notes(), { [A]: 'suspended' });
    clusterPolicies.tell({ type: 'add', object: floor(true, 1) });
    await until((found) => found['ClusterAgentPolicy.floor'] === 'suspended');
    policies.tell({ type: 'update', object: policy('a', false, 2), old: policy('a', true, 1) });
    await until((found) => Math.abs(Date.parse(found[A] ?? '') - Date.now()) < 600_000);
    assert.deepEqual(errors, []);
  });

  it('not at all if there is none: it writes nothing', async () => {
    const { api, policies, start } = open();
    policies.tell({ type: 'add', object: policy('a', undefined, 1) });
    policies.tell({ type: 'add', object: policy('b', false, 1) });
    await start();
    assert.deepEqual(api.persisted, []);
  });

  it('and that one ended because its policy was deleted', async () => {
    const { policies, start, until } = open();
    policies.tell({ type: 'add', object: policy('a', true, 1) });
    await start();
    policies.tell({ type: 'delete', object: policy('a', true, 1) });
    await until((found) => !(A in found) && !Number.isNaN(Date.parse(found['AgentPolicy.shop._others'] ?? '')));
  });

  it('once, although two replicas begin at the same time', async () => {
    const { api, policies, start, notes } = open((method) => {
      if (method === 'POST') api.put(NOTES, { apiVersion: 'v1', kind: 'ConfigMap', data: { other: 'x' } });
      return undefined;
    });
    policies.tell({ type: 'add', object: policy('a', true, 1) });
    await start();
    assert.deepEqual(await notes(), { other: 'x', [A]: 'suspended' });
  });

  it('again after a failure, which it tells', async () => {
    for (const [refused, fault] of [
      ['POST', 500],
      ['PATCH', 409],
    ] as const) {
      // More than there are reasons to note at the start, so that it has to try again by itself.
      let failures = 3;
      const { api, policies, start, errors, until } = open((method) =>
        method === refused && failures-- > 0 ? fault : undefined,
      );
      if (refused === 'PATCH') api.put(NOTES, { apiVersion: 'v1', kind: 'ConfigMap', data: {} });
      policies.tell({ type: 'add', object: policy('a', true, 1) });
      await start();
      await until((found) => found[A] === 'suspended');
      assert.ok(errors.length > 0);
    }
  });

  it('only on the version that it read', async () => {
    let changes = 1;
    const { api, policies, start, errors, until } = open((method) => {
      if (method === 'PATCH' && changes-- > 0) api.change(NOTES, (object) => Object.assign(object, { data: { b: 'x' } }));
      return undefined;
    });
    api.put(NOTES, { apiVersion: 'v1', kind: 'ConfigMap', data: {} });
    policies.tell({ type: 'add', object: policy('a', true, 1) });
    await start();
    await until((found) => found[A] === 'suspended' && found.b === 'x');
    assert.ok(errors.length > 0);
  });
});
