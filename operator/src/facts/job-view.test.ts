import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnyObject } from '@sentinel/kube';
import { viewJob } from './job-view.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');

const job = (more: { suspend?: boolean; failed?: boolean; complete?: boolean } = {}) =>
  ({
    metadata: { uid: 'j' },
    spec: { suspend: more.suspend ?? false },
    status: {
      conditions: [
        ...(more.failed ? [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'too long' }] : []),
        ...(more.complete ? [{ type: 'Complete', status: 'True' }] : []),
      ],
    },
  }) as unknown as AnyObject;
const ended = (name: string, exitCode = 0) => ({ name, state: { terminated: { exitCode } } });
const pod = (phase: string, init: object[] = [], containers: object[] = []) =>
  ({
    metadata: { name: 'p', uid: 'p' },
    status: { phase, initContainerStatuses: init, containerStatuses: containers },
  }) as unknown as AnyObject;

describe('A sandbox Job', () => {
  const rows: Record<string, { job: AnyObject; pod: AnyObject | undefined; phase: string }> = {
    'waits without a pod': { job: job(), pod: undefined, phase: 'Waiting' },
    'runs with a pod': { job: job(), pod: pod('Pending', [ended('gate')]), phase: 'Running' },
    'has ended when its pod has': { job: job(), pod: pod('Succeeded'), phase: 'Ended' },
    'has ended when its pod failed': { job: job(), pod: pod('Failed'), phase: 'Ended' },
    'has ended when it failed and has no pod': { job: job({ failed: true }), pod: undefined, phase: 'Ended' },
    'has ended when it is complete and its pod was deleted': { job: job({ complete: true }), pod: undefined, phase: 'Ended' },
    'runs while it failed and its pod is still there': { job: job({ failed: true }), pod: pod('Running'), phase: 'Running' },
    'has ended when a step failed': { job: job(), pod: pod('Pending', [ended('gate'), ended('step-one', 1)]), phase: 'Ended' },
    'has ended when the end was reached': { job: job(), pod: pod('Running', [ended('gate')], [ended('end')]), phase: 'Ended' },
  };
  for (const [name, { job: given, pod: of, phase }] of Object.entries(rows)) {
    it(name, () => assert.equal(viewJob(given, of, NOW).phase, phase));
  }

  it('reports containers that have ended, and no other', () => {
    const view = viewJob(
      job({ suspend: true }),
      pod('Pending', [ended('gate'), { name: 'step-one', state: { running: {} } }, { name: 'x' }]),
      NOW,
    );
    assert.deepEqual([view.suspended, view.ends.map(({ name, exitCode }) => [name, exitCode])], [true, [['gate', 0]]]);
  });

  it('says whether its pod was told to end', () => {
    const told = pod('Running', [ended('gate')], [ended('end')]);
    assert.equal(viewJob(job(), told, NOW).ending, false);
    Object.assign(told.metadata, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    assert.equal(viewJob(job(), told, NOW).ending, true);
  });

  it('has ended when the deletion of its pod is overdue, as on a node that died', () => {
    const deleted = (seconds: number) => {
      const lost = pod('Running', [ended('gate')]);
      Object.assign(lost.metadata, { deletionTimestamp: new Date(NOW - seconds * 1_000).toISOString() });
      return lost;
    };
    for (const failed of [true, false]) {
      const due = viewJob(job({ failed }), deleted(59), NOW);
      assert.deepEqual([due.phase, due.lostAt], ['Running', NOW + 1_000]);
      const overdue = viewJob(job({ failed }), deleted(60), NOW);
      assert.deepEqual([overdue.phase, overdue.ending], ['Ended', true]);
    }
    assert.equal(viewJob(job(), pod('Running'), NOW).lostAt, undefined);
  });

  it('says which containers were executed again, also while one runs again', () => {
    const again = pod(
      'Running',
      [
        { ...ended('gate'), restartCount: 0 },
        { name: 'step-one', restartCount: 1, state: { running: {} } },
      ],
      [{ ...ended('end'), restartCount: 2 }],
    );
    assert.deepEqual(viewJob(job(), again, NOW).restarts, { 'step-one': 1, end: 2 });
    assert.deepEqual(viewJob(job(), pod('Running', [ended('gate')]), NOW).restarts, {});
    assert.deepEqual(viewJob(job(), undefined, NOW).restarts, {});
  });

  it('does not take a container that the kubelet lost for one that was executed again', () => {
    const lost = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } };
    const view = viewJob(job(), pod('Failed', [{ name: 'step-one', restartCount: 1, state: lost, lastState: lost }]), NOW);
    assert.deepEqual([view.restarts, view.ends[0]?.exitCode], [{}, 137]);
  });

  it('whose pod was deleted before anybody read how it ended says so', () => {
    const view = viewJob(job({ complete: true }), undefined, NOW);
    assert.deepEqual([view.podGone, viewJob(job({ failed: true }), undefined, NOW).podGone], [true, undefined]);
    assert.match(view.failure ?? '', /its pod was deleted before its outcome was recorded/);
  });

  it('says why it failed', () => {
    assert.equal(viewJob(job({ failed: true }), undefined, NOW).failure, 'DeadlineExceeded: too long');
    assert.equal(viewJob(job(), undefined, NOW).failure, undefined);
  });
});
