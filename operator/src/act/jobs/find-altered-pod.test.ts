import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnyObject } from '@sentinel/kube';
import { action, facts, job, stage } from '../../decide/decide.fixture.ts';
import type { ActContext } from '../context.ts';
import { findAlteredPod } from './find-altered-pod.ts';
import { desiredJob } from './start-job.ts';

const settings = { image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true };
const current = stage('verification', { plan: 'plan' });
const given = facts(action('Verifying', { stages: [current] }), { job: job() });
const template = desiredJob(given, 'verification', 1, 'plan', settings).spec.template as { metadata: object; spec: object };

/** What is found in a pod that `alter` was applied to; without one the pod is gone. */
function found(alter?: (pod: AnyObject) => void, claimed = false): Promise<string | undefined> {
  const pod: AnyObject = { apiVersion: 'v1', kind: 'Pod', ...structuredClone(template) };
  alter?.(pod);
  const client = { get: async () => (alter ? pod : null) };
  return findAlteredPod({ client, settings: async () => settings } as unknown as ActContext, given, current, { claimed });
}

describe('A pod that asked the gateway for nothing', () => {
  const replace = ({ spec }: AnyObject) => {
    const { initContainers } = spec as { initContainers: { command: string[] }[] };
    Object.assign(initContainers[1] as object, { command: ['echo', 'fine'] });
  };
  it('is believed when it is what was rendered', async () => assert.equal(await found(() => undefined), undefined));
  it('is not when something replaced its command', async () =>
    assert.match((await found(replace)) ?? '', /altered on its way: spec\.initContainers\[1\]\.command/));
  it('is not when it is gone', async () => assert.match((await found()) ?? '', /its pod was deleted/));
  it('is the business of the gateway once that has claimed it', async () => assert.equal(await found(replace, true), undefined));
});
