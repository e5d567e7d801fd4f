import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { DEFINITION_LIMITS } from '@sentinel/policy';
import { admin, eventually } from '../lib/cluster.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { makeTenant, type Tenant } from '../lib/tenant.ts';

// Every program keeps all Playbooks and policies of all namespaces in memory: a tenant must not be able to store any number of them.

describe('Whoever defines Playbooks and policies in a loop', { concurrency: false }, () => {
  let tenant: Tenant;
  before(async () => {
    tenant = await makeTenant('definitions', { playbooks: annotateWeb('first') });
  });

  const create = (kind: string, spec: object, names: readonly string[]) => {
    const { namespace } = tenant;
    const items = names.map((name) => ({ apiVersion: 'sentinel.dev/v1alpha1', kind, metadata: { name, namespace }, spec }));
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    return admin.tryKubectl(['create', '-f', '-'], { input });
  };
  const stored = async (resource: string) => {
    const found = await admin.kubectl(['get', resource, '-n', tenant.namespace, '-o', 'jsonpath={.items[*].metadata.name}']);
    return new Set(found.split(' ').filter((name) => name !== ''));
  };

  const playbook = {
    category: 'Other',
    description: 'd',
    account: 'remediator',
    sandbox: { profile: 'Observe', image: 'registry.example.com/x:1' },
    steps: [{ name: 'a', command: ['kubectl', 'get', 'pods'] }],
  };

  // The replicas do not see at once what the others admit.
  const BETWEEN_REPLICAS = 10;
  for (const [resource, kind, spec] of [
    ['playbooks', 'Playbook', playbook],
    ['agentpolicies', 'AgentPolicy', { modes: ['DryRun'] }],
  ] as const)
    it(`is refused beyond the limit, with what to do; deleting one makes room: ${resource}`, async () => {
      const most = DEFINITION_LIMITS[kind].count;
      const exceeded = new RegExp(`namespace '${tenant.namespace}' has [0-9]+ [A-Za-z]+; at most ${most} are allowed`);
      const names = Array.from({ length: most + 2 * BETWEEN_REPLICAS }, (_, at) => `many-${at}`);
      // So many changes may fill the journal of acts for a moment. What was refused for that is created again.
      const before = await eventually('the refusal', async () => {
        const there = await stored(resource);
        const { stderr } = await create(
          kind,
          spec,
          names.filter((name) => !there.has(name)),
        );
        const isRefused = exceeded.test(stderr) && stderr.includes('Shorten or delete some that are not needed');
        const { size } = await stored(resource);
        return isRefused && size >= most && size;
      });
      assert.ok(before <= most + BETWEEN_REPLICAS, String(before));
      const some = names.slice(0, 20);
      const deletion = ['delete', resource, '-n', tenant.namespace, '--ignore-not-found', ...some];
      await eventually('the deletion', async () => (await admin.tryKubectl(deletion)).code === 0);
      await eventually('room for one more', async () => (await create(kind, spec, ['one-more'])).code === 0);
    });
});
