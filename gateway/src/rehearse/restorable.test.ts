import assert from 'node:assert/strict';
import { it } from 'node:test';
import { changesBetween } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { RESTORABLE_MAX } from '../ledger/codec.ts';
import { asFarAsRestorable } from './restorable.ts';

const effectOf = (before: string, after: string) => {
  const changes = changesBetween({ data: { conf: before } }, { data: { conf: after } });
  return asFarAsRestorable(describeEffect(request(), { name: 'web', uid: 'u', changes }), changes);
};

it('a change that fits into the ledger can be rolled back', () => {
  assert.equal(effectOf('a'.repeat(400_000), 'b'.repeat(400_000)).reversible, true);
});

it('a change that does not fit says so in the plan', () => {
  const effect = effectOf('a'.repeat(RESTORABLE_MAX), 'b');
  assert.equal(effect.reversible, false);
  assert.match(effect.notes?.join() ?? '', /too large to be kept, so it cannot be rolled back/);
});
