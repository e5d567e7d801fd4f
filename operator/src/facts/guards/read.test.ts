import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AnyObject, KubeClient, ObjectKey, ResourceKind } from '@sentinel/kube';
import { renderedGuards, sandboxNamespaceLabels } from '../../generated/guards.ts';
import { guardsOfRelease } from '../release-values.ts';
import { fillDefaults } from './defaults.ts';
import { readGuards } from './read.ts';

const release = { image: 'registry.example/sentinel:1', apiServerPorts: [{ protocol: 'TCP', port: 6443 }] } as const;
const guards = guardsOfRelease(renderedGuards, release);
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
      return {
        items: objects.filter((object) => object.kind === kind && object.metadata.namespace === options.namespace),
        resourceVersion: '1',
      };
    },
  };
  return { client: client as unknown as KubeClient, asked };
}

const installed = [namespace, ...guards.map((guard) => fillDefaults(guard))];
const holds = async () => undefined;

it('reads each guard once, the NetworkPolicies of each namespace in one list, and finds nothing wrong with an installation', async () => {
  const { client, asked } = clientOf(installed);
  assert.deepEqual(await readGuards(client, guards, holds), []);
  const byName = renderedGuards.filter(({ kind }) => kind !== 'NetworkPolicy');
  assert.deepEqual(
    asked.sort(),
    [
      'get Namespace sentinel-sandboxes',
      'list NetworkPolicy sentinel-sandboxes',
      'list NetworkPolicy sentinel-schedules',
      ...byName.map(({ kind, metadata }) => `get ${kind} ${metadata.name}`),
    ].sort(),
  );
});

it('reports each guard that is missing', async () => {
  for (const missing of installed) {
    const { client } = clientOf(installed.filter((object) => object !== missing));
    const [fault = '', ...more] = await readGuards(client, guards, holds);
    assert.ok(fault.startsWith(`${missing.kind} '${missing.metadata.name}' is missing`), fault);
    assert.deepEqual(more, []);
  }
});

it('reports a lock that does not hold, and counts what a message has no room for', async () => {
  assert.deepEqual(await readGuards(clientOf(installed).client, guards, async () => 'no lock'), ['no lock']);
  const faults = await readGuards(clientOf([]).client, guards, async () => 'no lock');
  assert.equal(faults.length, 6);
  assert.equal(faults[0], 'no lock');
  assert.equal(faults.at(-1), `${installed.length - 4} more guards differ`);
});

it('reports the image and the ports of another release', async () => {
  const other = guardsOfRelease(renderedGuards, { image: 'evil:1', apiServerPorts: [{ protocol: 'TCP', port: 80 }] });
  const { client } = clientOf([namespace, ...other.map((guard) => fillDefaults(guard))]);
  const faults = (await readGuards(client, guards, holds)).sort();
  assert.equal(faults.length, 2);
  assert.match(
    faults[0] ?? '',
    /^NetworkPolicy 'sentinel-schedules' .* at spec\.egress\[0\]\.ports\[0\]\.port: expected 6443, found 80/,
  );
  assert.match(faults[1] ?? '', /^ValidatingAdmissionPolicy 'sentinel-schedule-guard' .*registry\.example.*, found .*evil:1/);
});

it('reports a NetworkPolicy beside that of the schedules', async () => {
  const open = { ...fillDefaults(guards.find(({ kind }) => kind === 'NetworkPolicy') as AnyObject) };
  open.metadata = { name: 'open', namespace: 'sentinel-schedules' };
  const faults = await readGuards(clientOf([...installed, open]).client, guards, holds);
  assert.deepEqual(faults, [
    "NetworkPolicy 'open' in namespace 'sentinel-schedules' is not part of Sentinel and may allow more traffic; delete it",
  ]);
});
