import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCondition, isTrue, setCondition } from './conditions.ts';

const early = new Date('2026-01-01T00:00:00.123Z');
const late = new Date('2026-01-02T00:00:00Z');
const ready = { type: 'Ready', status: 'False', reason: 'Waiting', message: 'Waits', observedGeneration: 1 } as const;

test('the transition time moves only if the status changes', () => {
  const first = setCondition(undefined, ready, early);
  const reworded = setCondition(first, { ...ready, reason: 'StillWaiting', observedGeneration: 2 }, late);
  const turned = setCondition(reworded, { ...ready, status: 'True' }, late);
  assert.equal(findCondition(reworded, 'Ready')?.lastTransitionTime, '2026-01-01T00:00:00Z');
  assert.equal(findCondition(reworded, 'Ready')?.observedGeneration, 2);
  assert.equal(findCondition(turned, 'Ready')?.lastTransitionTime, '2026-01-02T00:00:00Z');
});

test('setting the same again gives an equal, new array and leaves the input alone', () => {
  const first = Object.freeze(setCondition([], ready, early));
  const second = setCondition(first, ready, late);
  assert.deepEqual(second, first);
  assert.notEqual(second, first);
});

test('conditions are sorted by type', () => {
  const both = setCondition(setCondition([], ready, early), { ...ready, type: 'Approved' }, early);
  assert.deepEqual(
    both.map(({ type }) => type),
    ['Approved', 'Ready'],
  );
});

test('only True is true', () => {
  assert.equal(isTrue(undefined, 'Ready'), false);
  assert.equal(isTrue(setCondition([], { ...ready, status: 'Unknown' }, early), 'Ready'), false);
  assert.equal(isTrue(setCondition([], { ...ready, status: 'True' }, early), 'Ready'), true);
});
