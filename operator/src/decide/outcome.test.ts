import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunReport } from '@sentinel/crds';
import type { JobView } from '../facts/facts.ts';
import { outcomeOf, reexecutionDetail, unservedOutcome, withCancellation, withReexecution } from './outcome.ts';

const end = (name: string, exitCode = 0) => ({ name, exitCode, reason: undefined });
const job = (...ends: JobView['ends']): JobView => ({
  uid: 'u',
  suspended: false,
  phase: 'Ended',
  podName: 'p',
  ending: false,
  ends,
  restarts: {},
  failure: undefined,
});
const report = (more: Partial<RunReport> = {}): RunReport => ({
  claimed: true,
  consumed: [0],
  unknown: [],
  ...more,
});

const all = job(end('gate'), end('step-one'), end('end'));

describe('The outcome of a stage', () => {
  const rows: [name: string, view: JobView | undefined, report: RunReport | undefined, outcome: string, message: RegExp][] = [
    [
      'is success when every step exited 0, the end was reached and every effect was done',
      all,
      report(),
      'Succeeded',
      /every step succeeded/,
    ],
    ['is not known when the Job is gone', undefined, report(), 'Unknown', /gone/],
    [
      'is blocked when the gateway says so, whatever the containers say',
      all,
      report({ blocked: 'left the plan' }),
      'Blocked',
      /left the plan/,
    ],
    [
      'is not known when the Job is complete and its pod was deleted since',
      { ...job(), podName: undefined, podGone: true, failure: 'its pod was deleted' },
      report(),
      'Unknown',
      /its pod was deleted/,
    ],
    ['is failure when the gate stayed shut', job(end('gate', 1)), report(), 'Failed', /network isolation check failed/],
    ['is failure when a step failed', job(end('gate'), end('step-one', 3)), report(), 'Failed', /exit code 3/],
    ['is failure when a step never ended', job(end('gate'), end('end')), report(), 'Failed', /did not complete/],
    [
      'is not known when the end was not reached, though every step exited 0',
      job(end('gate'), end('step-one')),
      report(),
      'Unknown',
      /exited before completing all steps/,
    ],
    [
      'is not known when its pod was told to end, whatever its containers say: a step may take a refusal for an answer',
      { ...all, ending: true },
      report(),
      'Unknown',
      /was terminated/,
    ],
    [
      'is not known when the outcome of a write is not known',
      all,
      report({ unknown: [{ effect: 0, object: 'patch deployments shop/web', why: 'no answer' }], consumed: [] }),
      'Unknown',
      /is unknown/,
    ],
    ['is failure when an approved effect was not done', all, report({ consumed: [] }), 'Failed', /only 0 of 1/],
    [
      'says why an approved effect was refused, also where every step took that for an answer',
      all,
      report({ consumed: [], refused: [{ effect: 0, why: 'patch deployments shop/web is refused: mode' }] }),
      'Failed',
      /only 0 of 1 approved effects were carried out \(patch deployments shop\/web is refused: mode\)/,
    ],
  ];
  for (const [name, view, said, outcome, message] of rows) {
    it(name, () => {
      const found = outcomeOf(view, ['one'], said, 1);
      assert.equal(found.outcome, outcome);
      assert.match(found.message ?? '', message);
    });
  }

  it('is not known when the approved steps are not known, whatever its containers say', () =>
    assert.equal(outcomeOf(all, undefined, report(), 1).outcome, 'Unknown'));
});

describe('A step that the kubelet executed again', () => {
  const view = { ...job(end('gate'), end('step-one'), end('end')), restarts: { 'step-one': 1, gate: 2 } };
  const ended = outcomeOf(view, ['one'], report(), 1);

  it('is in the status and in the record, and no other container is', () => {
    assert.deepEqual(ended.steps, [{ name: 'one', exitCode: 0, restarts: 1 }]);
    assert.equal(reexecutionDetail(ended), 'one=2');
    assert.equal(reexecutionDetail(outcomeOf(all, ['one'], report(), 1)), undefined);
  });

  it('spoils a rehearsal, however it ended', () => {
    const failed = outcomeOf({ ...view, ends: [end('gate'), end('step-one', 1)] }, ['one'], undefined, 0);
    for (const one of [ended, failed])
      assert.partialDeepStrictEqual(withReexecution('rehearsal', one), {
        outcome: 'Unknown',
        message: "a rehearsal executes each step once; the kubelet executed step 'one' 2 times",
      });
  });

  it('is said of a run and of a verification, which stay what they are', () => {
    for (const stage of ['run', 'verification'] as const)
      assert.partialDeepStrictEqual(withReexecution(stage, ended), {
        outcome: 'Succeeded',
        message: "every step succeeded; the kubelet executed step 'one' 2 times",
      });
    const short = withReexecution('run', outcomeOf(view, ['one'], report({ consumed: [] }), 1));
    assert.equal(short.outcome, 'Failed');
  });

  it('is said within the room that a message has', () => {
    const long = withReexecution('run', { ...ended, message: 'x'.repeat(2048) }).message ?? '';
    assert.equal(long.length, 2048);
    assert.match(long, /2 times$/);
  });
});

describe('The outcome of a stage that was cancelled', () => {
  const step = (exitCode: number) => [{ name: 'one', exitCode }];
  const rows: [name: string, outcome: string, exitCode: number, cancelled: string][] = [
    ['is that, where its step was killed', 'Failed', 137, 'Cancelled'],
    ['is that, where its step was told to end', 'Failed', 143, 'Cancelled'],
    ['is that, where its step had not begun', 'Failed', -1, 'Cancelled'],
    ['is what its step did by itself', 'Failed', 3, 'Failed'],
    ['is that, where its step succeeded afterwards', 'Succeeded', 0, 'Cancelled'],
    ['is blocked where the gateway says so', 'Blocked', 137, 'Blocked'],
  ];
  for (const [name, outcome, exitCode, expected] of rows)
    it(name, () => {
      const ended = { outcome, message: 'm', steps: step(exitCode) } as Parameters<typeof withCancellation>[1];
      assert.equal(withCancellation(true, ended).outcome, expected);
      assert.equal(withCancellation(false, ended), ended);
    });
});

describe('A stage whose pod the gateway did not serve', () => {
  it('failed, whatever its steps say, with the reason and its code', () => {
    const said = report({ claimed: false, notServed: { code: 'JobAltered', why: 'the Job is not the one that …' } });
    const ended = unservedOutcome(all, ['one'], said);
    assert.deepEqual(
      [ended?.outcome, ended?.message],
      ['Failed', 'refused by the gateway (JobAltered): the Job is not the one that …'],
    );
  });
  it('is any other one when it was claimed', () => assert.equal(unservedOutcome(all, ['one'], report()), undefined));
});
