import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type DrainView, drain, phaseOf } from './drain.ts';
import { DrainState, type Phase, ShuttingDown } from './state.ts';

const timing = { settle: 4, serve: 40, finish: 30 };
const view = (more: Partial<DrainView>): DrainView => ({
  sinceSignal: 10,
  sinceClosing: undefined,
  requests: 0,
  rehearsals: 0,
  ...more,
});

describe('A drain', () => {
  const rows: Record<string, [Partial<DrainView>, Phase]> = {
    'waits until no client is sent here any more, with nothing under way': [{ sinceSignal: 3 }, 'Draining'],
    'closes when nothing is under way': [{}, 'Closing'],
    'waits for requests': [{ requests: 1 }, 'Draining'],
    'waits for rehearsals': [{ rehearsals: 1 }, 'Draining'],
    'closes when its time is up, whatever is under way': [{ sinceSignal: 40, requests: 9, rehearsals: 1 }, 'Closing'],
    'ends when the last request is answered': [{ sinceClosing: 0 }, 'Ended'],
    'goes on while a request is under way': [{ sinceSignal: 60, sinceClosing: 20, requests: 1 }, 'Closing'],
    'ends with requests under way when their time is up': [{ sinceSignal: 70, sinceClosing: 30, requests: 1 }, 'Ended'],
    'does not wait for rehearsals once it is closed': [{ sinceClosing: 1, rehearsals: 1 }, 'Ended'],
  };
  for (const [name, [more, phase]] of Object.entries(rows)) it(name, () => assert.equal(phaseOf(view(more), timing), phase));

  it('goes on listening until nothing is under way, and ends when the last request has', async () => {
    const state = new DrainState();
    const seen: string[] = [];
    const end = state.enter();
    let rehearsals = 2;
    const draining = drain(
      {
        state,
        keepRecordings: async () => {
          seen.push(`${state.phase} ${state.requests} ${rehearsals}`);
          if (rehearsals > 0) rehearsals -= 1;
          else end();
          return rehearsals;
        },
        stopListening: () => seen.push('closed'),
      },
      { settle: 0, serve: 3_600_000, finish: 3_600_000 },
    );
    await draining;
    assert.deepEqual(seen, ['Draining 1 2', 'Draining 1 1', 'Draining 1 0', 'closed']);
    assert.equal(state.phase, 'Ended');
  });
});

describe('A replica that ends', () => {
  const takes = (phase: Phase) => {
    const state = new DrainState();
    state.moveTo(phase);
    const takesOn = (work: () => unknown) => {
      try {
        work();
        return true;
      } catch (error) {
        assert.ok(error instanceof ShuttingDown && error.status === 503);
        return false;
      }
    };
    return [takesOn(() => state.enter()), takesOn(() => state.requireServing())];
  };
  it('takes requests of the runs that it serves, then none', () => {
    assert.deepEqual(
      (['Serving', 'Draining', 'Closing', 'Ended'] as const).map((phase) => takes(phase)),
      [
        [true, true],
        [true, false],
        [false, false],
        [false, false],
      ],
    );
  });
  it('counts each request once, however often its end is told', () => {
    const state = new DrainState();
    const [one] = [state.enter(), state.enter()];
    one?.();
    one?.();
    assert.equal(state.requests, 1);
  });
});
