import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Stage } from '@sentinel/crds';
import { action, facts, planSpec, policies } from '../decide/decide.fixture.ts';
import { desiredJob } from './start-job.ts';

it('A Job may take as long as was planned, or less where policy has become stricter since', () => {
  const settings = { image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true };
  const secondsOf = (duration: string, stage: Stage) => {
    const given = facts(action('AwaitingApproval'), { policies: policies({ limits: { duration } }) });
    return (desiredJob(given, stage, 1, 'plan', settings).spec as { activeDeadlineSeconds: number }).activeDeadlineSeconds;
  };
  assert.deepEqual(
    (['run', 'verification', 'rehearsal'] as const).map((stage) => secondsOf('10s', stage)),
    [10, 10, 10],
  );
  assert.deepEqual([secondsOf('15m', 'run'), secondsOf('15m', 'rehearsal')], [planSpec.durationSeconds, 900]);
});
