import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { newRecording, noteEffect, requireRoom } from './recording.ts';

const effect = (size: number) =>
  describeEffect(request(), {
    name: 'web',
    uid: 'u',
    changes: [{ path: '/data/x', before: undefined, after: 'x'.repeat(size) }],
  });

describe('What a rehearsal holds', () => {
  it('is every effect, in order', () => {
    const recording = newRecording();
    for (const size of [1, 2]) noteEffect(recording, effect(size));
    assert.deepEqual(
      recording.effects.map(({ change }) => change?.[0]?.after),
      ['"x"', '"xx"'],
    );
  });
  it('is no more effects than a plan may have', () => {
    const recording = newRecording();
    for (let index = 0; index < 500; index++) {
      requireRoom(recording);
      noteEffect(recording, effect(1));
    }
    assert.throws(() => requireRoom(recording), /a plan may have at most 500 effects/);
  });
  it('is in full while there is room, and then cut, which it says at the value', () => {
    const recording = newRecording();
    for (let index = 0; index < 4; index++) noteEffect(recording, effect(1_100_000));
    const [whole, , , cut] = recording.effects;
    assert.deepEqual(
      [whole?.change?.[0]?.after?.length, whole?.change?.[0]?.cut, whole?.hiddenChanges],
      [1_100_002, undefined, undefined],
    );
    assert.deepEqual([cut?.change?.[0]?.after?.length, cut?.change?.[0]?.cut, cut?.hiddenChanges], [2048, true, 1]);
  });
  it('is no more than fits: what is beyond is refused, and not held', () => {
    const recording = newRecording();
    const large = { ...effect(1), notes: ['x'.repeat(2_000_000)] };
    for (let index = 0; index < 3; index++) noteEffect(recording, large);
    assert.throws(() => noteEffect(recording, large), /too large for a plan: split the work/);
    assert.equal(recording.effects.length, 3);
  });
});
