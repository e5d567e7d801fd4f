import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AnyObject, type KubeClient, pods } from '@sentinel/kube';
import type { Run } from '../run/run.ts';
import { Executions, hasEndedSteps, wasExecutedAgain } from './executions.ts';

const pod = (...initContainerStatuses: object[]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  status: { initContainerStatuses },
});
const lost = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } };
const ended = { terminated: { exitCode: 0, reason: 'Completed' } };

describe('A second execution of a step', () => {
  const rows: Readonly<Record<string, readonly [status: object, isSecond: boolean]>> = {
    'is not reported while it runs for the first time': [{ restartCount: 0, state: { running: {} } }, false],
    'shows in the restart count': [{ restartCount: 1, state: { running: {} } }, true],
    'shows after its end': [{ restartCount: 1, state: ended }, true],
    'is not reported when the kubelet lost the container': [{ restartCount: 1, state: lost }, false],
    'is not reported while the kubelet says that it lost the container': [
      { restartCount: 1, state: { waiting: { reason: 'PodInitializing' } }, lastState: lost },
      false,
    ],
    'shows when the kubelet lost the container after it': [{ restartCount: 2, state: lost, lastState: ended }, true],
  };
  for (const [what, [status, isSecond]] of Object.entries(rows))
    it(what, () => assert.equal(wasExecutedAgain(pod({ name: 'gate', restartCount: 0 }, status)), isSecond));
});

describe('The last step of a pod', () => {
  const one = (state: object) => ({ name: 'step-one', state });
  const rows: Readonly<Record<string, readonly [statuses: object[], hasEnded: boolean]>> = {
    'has ended: anyone who still asks is a second execution': [[{ name: 'gate', state: ended }, one(ended)], true],
    'has not ended while it runs': [[{ name: 'gate', state: ended }, one({ running: {} })], false],
    'has not ended well': [[one({ terminated: { exitCode: 1 } })], false],
    'is another one than the one that has ended': [[one(ended), { name: 'step-two', state: { waiting: {} } }], false],
    'is not the gate': [[{ name: 'gate', state: ended }], false],
    'is not known': [[], false],
  };
  for (const [what, [statuses, hasEnded]] of Object.entries(rows))
    it(what, () => assert.equal(hasEndedSteps(pod(...statuses)), hasEnded));
});

describe('A pod whose request was repeated', () => {
  const run = { podName: 'p', podUid: 'u' } as Run;
  const seen = (...statuses: object[]) => ({ ...pod(...statuses), metadata: { name: 'p', uid: 'u' } }) as AnyObject;
  const running = seen({ name: 'step-one', restartCount: 0, state: { running: {} } });
  /** Answers with the pods of a list, and then with the last of them. */
  const asking = (...answers: (AnyObject | null)[]) => {
    const asked: unknown[] = [];
    const get = async (kind: unknown, key: unknown) => {
      asked.push([kind, key]);
      return answers[Math.min(asked.length, answers.length) - 1] ?? null;
    };
    return { executions: new Executions({ get } as unknown as KubeClient), asked };
  };
  const long = () => performance.now() - 11_000;

  it('was executed again, as soon as its status shows it', async () => {
    const { executions, asked } = asking(running, running, seen({ name: 'step-one', restartCount: 1 }));
    assert.equal(await executions.isRepeated(run, performance.now() + 3_600_000), true);
    assert.deepEqual(asked[0], [pods, { name: 'p', namespace: 'sentinel-sandboxes' }]);
    assert.equal(asked.length, 3);
  });
  it('was executed again where its steps have ended', async () =>
    assert.equal(
      await asking(seen({ name: 'step-one', restartCount: 0, state: ended })).executions.isRepeated(run, long()),
      true,
    ));
  it('was not executed again where its status does not show it in time', async () => {
    const { executions, asked } = asking(running);
    assert.equal(await executions.isRepeated(run, long()), false);
    assert.equal(asked.length, 1);
  });
  it('is not known where the pod is gone, or is another one', async () => {
    for (const other of [null, { ...seen({ name: 'step-one', restartCount: 1 }), metadata: { name: 'p', uid: 'v' } }])
      assert.equal(await asking(other).executions.isRepeated(run, performance.now() + 3_600_000), false);
  });
  it('was not executed again if its status names no container', () =>
    assert.equal(wasExecutedAgain({ ...seen(), status: undefined }), false));
  it('was executed again where a container beside the steps was', () =>
    assert.equal(wasExecutedAgain({ ...seen(), status: { containerStatuses: [{ name: 'end', restartCount: 1 }] } }), true));
});
