import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AnyObject, KubeClient, ObjectKey, ResourceKind } from '@sentinel/kube';
import { renderedGuards, sandboxNamespaceLabels } from '../../generated/guards.ts';
import { fillDefaults } from './defaults.ts';
import { readGuards } from './read.ts';

const namespace: AnyObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'sentinel-sandboxes', labels: { ...sandboxNamespaceLabels } },
};

/** A client that serves these objects and notes what it was asked. */
function clientOf(objects: readonly AnyObject[]): { client: KubeClient; asked: string[] } {
  const asked: string[] = [];
  const client = {
    get: async ({ kind }: ResourceKind, { name }: ObjectKey) => {
      asked.push(`get ${kind} ${name}`);
      return objects.find((object) => object.kind === kind && object.metadata.name === name) ?? null;
    },
    list: async ({ kind }: ResourceKind, options: { namespace: string }) => {
      asked.push(`list ${kind} ${options.namespace}`);
      return { items: objects.filter((object) => object.kind === kind), resourceVersion: '1' };
    },
  };
  return { client: client as unknown as KubeClient, asked };
}

const installed = [namespace, ...renderedGuards.map((guard) => fillDefaults(guard))];
const holds = async () => undefined;

it('reads each guard once, the NetworkPolicies in one list, and finds nothing wrong with an installation', async () => {
  const { client, asked } = clientOf(installed);
  assert.deepEqual(await readGuards(client, holds), []);
  const byName = renderedGuards.filter(({ kind }) => kind !== 'NetworkPolicy');
  assert.deepEqual(
    asked.sort(),
    [
      'get Namespace sentinel-sandboxes',
      'list NetworkPolicy sentinel-sandboxes',
      ...byName.map(({ kind, metadata }) => `get ${kind} ${metadata.name}`),
    ].sort(),
  );
});

it('reports each guard that is missing', async () => {
  for (const missing of installed) {
    const { client } = clientOf(installed.filter((object) => object !== missing));
    const [fault = '', ...more] = await readGuards(client, holds);
    assert.ok(fault.startsWith(`${missing.kind} '${missing.metadata.name}' is missing`), fault);
    assert.deepEqual(more, []);
  }
});

it('reports a lock that does not hold, and counts what a message has no room for', async () => {
  assert.deepEqual(await readGuards(clientOf(installed).client, async () => 'no lock'), ['no lock']);
  const faults = await readGuards(clientOf([]).client, async () => 'no lock');
  assert.equal(faults.length, 6);
  assert.equal(faults[0], 'no lock');
  assert.equal(faults.at(-1), `${installed.length - 4} more guards differ`);
});
