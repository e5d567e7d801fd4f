import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { painter } from '../terminal/paint.ts';
import { riskLines } from './risk.ts';

const bare = painter(false);

describe('A risk', () => {
  it('is shown as the sum that it is, in columns', () =>
    assert.deepEqual(
      riskLines(
        {
          level: 'High',
          score: 135,
          parts: [
            { rule: 'delete', points: 120, level: 'High', message: 'four pods' },
            { rule: 'floor', points: 0, level: 'Medium', message: 'the Playbook says so' },
            { rule: 'pods', points: 15, message: 'fifteen pods' },
          ],
        },
        bare,
      ),
      [
        'RISK  High  score 135 (Medium from 20, High from 60, Critical from 200)',
        '  +120  at least High      four pods',
        '    +0  at least Medium    the Playbook says so',
        '   +15                     fifteen pods',
      ],
    ));

  it('of nothing is a line', () =>
    assert.deepEqual(riskLines({ level: 'Low', score: 0, parts: [] }, bare), [
      'RISK  Low  score 0 (Medium from 20, High from 60, Critical from 200)',
    ]));
});
