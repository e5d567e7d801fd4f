import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { request } from '../effect/request.fixture.ts';
import { FairBudget } from '../serve/fair-budget.ts';
import { RehearsalMemory } from './memory.ts';
import { newRecording } from './recording.ts';

describe('What a rehearsal keeps in memory', () => {
  it('is counted against its namespace, and given back when its plan is written', () => {
    const budget = new FairBudget(160, 'objects');
    const [one, two] = [new RehearsalMemory('a', budget), new RehearsalMemory('a', budget)];
    one.take(30);
    two.take(40);
    assert.throws(() => two.take(1), { status: 429 });
    one.release();
    one.release();
    assert.equal(budget.used, 40);
    two.take(10);
  });

  it('is bounded for itself', () => {
    const memory = new RehearsalMemory('a', new FairBudget(1024 ** 4, 'objects'));
    assert.throws(() => memory.take(25 * 1024 * 1024), { status: 403 });
  });

  it('is the newest state of each object, not all that it went through', () => {
    const budget = new FairBudget(1_000_000, 'objects');
    const recording = newRecording('a', budget);
    for (let at = 0; at < 100; at++) recording.overlay.put(request(), 'web', { data: 'x'.repeat(10_000), at });
    assert.ok(budget.used < 11_000, String(budget.used));
    recording.overlay.put(request(), 'web', null);
    assert.ok(budget.used < 100, String(budget.used));
  });
});
