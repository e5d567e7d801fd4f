import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAction } from '@sentinel/policy/testing';
import { spanIdOf, spansOf, traceIdOf } from './spans.ts';

const time = (minute: number) => `2026-01-01T12:0${minute}:00Z`;
const nanos = (minute: number) => `${BigInt(Date.parse(time(minute))) * 1_000_000n}`;
const stage = (name: 'rehearsal' | 'run', from: number, outcome: 'Succeeded' | 'Failed') => ({
  stage: name,
  attempt: 1,
  name,
  uid: name,
  startedAt: time(from),
  finishedAt: time(from + 1),
  outcome,
});
const action = anAction({
  metadata: { creationTimestamp: time(0) },
  spec: {
    onBehalfOf: { user: 'ada' },
    intent: { summary: 's', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
  },
  status: {
    conditions: [
      { type: 'Succeeded', status: 'False', reason: 'RunFailed', message: '', lastTransitionTime: time(6) },
      { type: 'Stalled', status: 'True', reason: 'RunFailed', message: '', lastTransitionTime: time(6) },
    ],
    plan: { name: 'a-1', digest: 'd', risk: 'Low', effects: 1 },
    stages: [stage('rehearsal', 1, 'Succeeded'), stage('run', 4, 'Failed')],
    startedAt: time(1),
    finishedAt: time(6),
  },
});

describe('The trace of an action', () => {
  it('has the same ids in every process, in the form of OpenTelemetry', () => {
    assert.match(traceIdOf('u'), /^[0-9a-f]{32}$/);
    assert.match(spanIdOf('u', 'action'), /^[0-9a-f]{16}$/);
    assert.deepEqual(spansOf(action), spansOf(structuredClone(action)));
    assert.notEqual(traceIdOf('u'), traceIdOf('v'));
  });

  it('says for whom the agent acts', () => {
    assert.equal(spansOf(action)[0]?.attributes['sentinel.on_behalf_of'], 'ada');
  });

  it('has a span for the whole, for each stage, and for the time in which it waited for people', () => {
    const spans = spansOf(action);
    assert.deepEqual(
      spans.map(({ name, startTimeUnixNano, endTimeUnixNano }) => [name, startTimeUnixNano, endTimeUnixNano]),
      [
        ['AgentAction fix', nanos(1), nanos(6)],
        ['rehearsal', nanos(1), nanos(2)],
        ['run', nanos(4), nanos(5)],
        ['review', nanos(2), nanos(4)],
      ],
    );
    const [root, ...others] = spans;
    assert.ok(others.every(({ parentSpanId, traceId }) => parentSpanId === root?.spanId && traceId === root?.traceId));
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 4);
  });

  it('says what failed, and is linked with the trace of the agent', () => {
    const [root, rehearsal, run] = spansOf(action);
    assert.deepEqual([root?.error, rehearsal?.error, run?.error], ['RunFailed', undefined, 'Failed']);
    assert.deepEqual(root?.links, [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }]);
  });
});
