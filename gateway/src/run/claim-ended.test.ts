import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnyObject } from '@sentinel/kube';
import { podOf } from '../scene.fixture.ts';
import { claimEnded, readEnded } from './claim-ended.ts';

// A pod that has asked the gateway for nothing is nobody's when its end is reported.

function gatewayWith(stage: string, exitCode: number | undefined, live?: number) {
  const pod = (code: number | undefined): AnyObject => {
    const made = podOf('job-1', 'pod-1', code);
    return { ...made, metadata: { ...made.metadata, labels: { 'sentinel.dev/stage': stage } } };
  };
  const asked: string[] = [];
  const client = {
    get: async ({ plural }: { plural: string }) => {
      asked.push(plural);
      return plural === 'pods' && live !== undefined ? pod(live) : null;
    },
  };
  const ledger = { claimOf: async () => undefined };
  const context = { client, ledger, pods: { store: { list: () => [pod(exitCode)], get: () => undefined } } };
  return { asked, claim: () => claimEnded(context as never, 'job-1') };
}

describe('A pod that asked for nothing', () => {
  const rows: readonly [what: string, stage: string, cached: number | undefined, live: number | undefined, judged: boolean][] = [
    ['of a verification that ended well', 'verification', 0, undefined, true],
    ['of a run that ended well', 'run', 0, undefined, true],
    ['of a verification whose good end the cache does not show yet', 'verification', undefined, 0, true],
    ['of a verification that failed', 'verification', 1, 1, false],
    ['of a verification that still runs', 'verification', undefined, undefined, false],
    ['of a rehearsal', 'rehearsal', 0, undefined, false],
    ['of nothing that Sentinel knows', 'x', 0, undefined, false],
  ];
  for (const [what, stage, cached, live, judged] of rows)
    it(`${what} is ${judged ? 'compared with its Job' : 'left alone'}`, async () => {
      const { asked, claim } = gatewayWith(stage, cached, live);
      assert.equal(await claim(), undefined, 'its Job is gone, so it is refused');
      assert.equal(asked.includes('jobs'), judged);
    });

  it('is not taken for another one of its name', async () => {
    const other = { ...podOf('job-1', 'pod-2', 0) };
    const client = { get: async () => other };
    assert.equal(await readEnded({ client } as never, podOf('job-1', 'pod-1')), undefined);
  });
});
