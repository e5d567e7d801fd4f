import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podDifferences } from './pod-matches-job.ts';

const container = {
  name: 'step-one',
  image: 'tools@sha256:a',
  command: ['kubectl', 'get', 'pods'],
  env: [{ name: 'A', value: '1' }],
};
const spec = {
  restartPolicy: 'Never',
  initContainers: [container],
  containers: [{ name: 'end', image: 'sentinel' }],
  volumes: [],
};
const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'run' }, spec: { template: { spec } } };
const differences = (more: object) =>
  podDifferences(job, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { ...spec, ...more } }).join('; ');

describe('A pod', () => {
  it('is what its Job says with what Kubernetes itself assigns', () =>
    assert.equal(differences({ nodeName: 'n', tolerations: [{ key: 'x' }], priority: 0, preemptionPolicy: 'Never' }), ''));
  const altered: Readonly<Record<string, readonly [object, RegExp]>> = {
    'another command': [{ initContainers: [{ ...container, command: ['sh'] }] }, /initContainers\[0\]\.command has 1 entries/],
    'another image': [
      { initContainers: [{ ...container, image: 'evil' }] },
      /initContainers\[0\]\.image is not what the Job says/,
    ],
    'a variable more': [{ initContainers: [{ ...container, env: [...container.env, {}] }] }, /env has 2 entries/],
    'a lifecycle hook': [{ initContainers: [{ ...container, lifecycle: {} }] }, /lifecycle was added/],
    'a container more': [{ containers: [...spec.containers, container] }, /containers has 2 entries/],
    'a volume': [{ volumes: [{ name: 'v' }] }, /volumes has 1 entries/],
    'the network of its node': [{ hostNetwork: true }, /hostNetwork was added/],
  };
  for (const [name, [more, message]] of Object.entries(altered))
    it(`is not, with ${name}`, () => assert.match(differences(more), message));
});
