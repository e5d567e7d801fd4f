import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { median, stagesOf, stageTable, type Timeline } from './stages.ts';

const timeline = (...entries: [Parameters<Timeline['get']>[0], number][]): Timeline => new Map(entries);

describe('stages of an action', () => {
  it('last from one moment to the next', () => {
    const stages = stagesOf(timeline(['filed', 1], ['admitted', 1.5], ['plan shown', 4]));
    assert.deepEqual(
      [...stages],
      [
        ['admitted', 0.5],
        ['plan shown', 2.5],
      ],
    );
  });

  it('come to the whole time, also when a moment is seen after the one that follows it', () => {
    const stages = stagesOf(timeline(['filed', 0], ['run: effect done', 5], ['run: steps ended', 4], ['done', 7]));
    assert.equal(stages.get('run: steps ended'), 0);
    assert.equal(
      [...stages.values()].reduce((a, b) => a + b),
      7,
    );
  });

  it('are shown with the median of each phase, and a dash if nothing was seen', () => {
    const table = stageTable({
      alone: [1, 3, 2].map((at) => timeline(['filed', 0], ['admitted', at])),
      beside: [],
    });
    assert.match(table, /^admitted +2\.00 +-$/m);
  });

  it('have the upper of two as their median', () => assert.equal(median([1, 2]), 2));
});
