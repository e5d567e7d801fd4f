import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasEndedSteps, wasExecutedAgain } from './executions.ts';

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
