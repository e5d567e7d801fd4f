import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnyObject, Informer } from '@sentinel/kube';
import { DrainState } from '../drain/state.ts';
import type { ResolveContext } from './resolve.ts';
import { Runs } from './runs.ts';

const pod = (namespace: string, phase: string) => ({
  metadata: { name: 'x', annotations: { 'sentinel.dev/namespace': namespace } },
  status: { phase },
});
const rows: [name: string, pods: object[], expected: boolean][] = [
  ['no sandbox', [], false],
  ['sandboxes of its own alone', [pod('a', 'Running'), pod('a', 'Pending')], false],
  ['a sandbox of another that begins', [pod('a', 'Running'), pod('b', 'Pending')], true],
  ['sandboxes of another that have ended', [pod('b', 'Succeeded'), pod('b', 'Failed')], false],
];
for (const [name, pods, expected] of rows)
  it(`a namespace ${expected ? 'shares' : 'does not share'} the gateway if there is ${name}`, () => {
    const informer = { store: { list: () => pods } } as unknown as Informer<AnyObject>;
    assert.equal(new Runs({} as ResolveContext, informer, new DrainState()).othersHavePods('a'), expected);
  });

const identity = { name: 'pod', uid: 'u' };
const refused = {
  metadata: {
    ...identity,
    namespace: 'sentinel-sandboxes',
    ownerReferences: [{ kind: 'Job', name: 'job', uid: 'j', controller: true }],
  },
};

/** Runs of a cluster in which the pod is there and its Job is not. */
function runsWithoutJob() {
  let asked = 0;
  let now = 0;
  const client = {
    get: async () => {
      asked += 1;
      return null;
    },
  };
  const pods = { store: { get: () => refused } };
  const runs = new Runs({ client } as never, pods as never, new DrainState(), () => now);
  return {
    asked: () => asked,
    pass: (ms: number) => {
      now += ms;
    },
    ask: () => assert.rejects(runs.of(identity), /the Job of the pod is gone/),
  };
}

describe('A pod that is refused', () => {
  it('costs the API server little, however often it asks', async () => {
    const { ask, asked } = runsWithoutJob();
    for (let time = 0; time < 50; time++) await ask();
    assert.equal(asked(), 1);
  });

  it('is judged again in a moment: its status may not have been readable yet', async () => {
    const { ask, asked, pass } = runsWithoutJob();
    await ask();
    pass(1_000);
    await ask();
    assert.equal(asked(), 2);
  });
});
