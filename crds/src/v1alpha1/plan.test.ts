import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ActionPlanSpec, Effect } from './plan.ts';

const { risk } = ActionPlanSpec.shape;
const { pods } = Effect.shape;
const part = { rule: 'write', points: 5, level: 'Medium', message: 'x' };
const good = { level: 'Medium', score: 5, parts: [part] };

describe('The risk in a plan', () => {
  const wrong: Record<string, unknown> = {
    'without a score': { level: 'Low', parts: [] },
    'with a score below zero': { ...good, score: -1 },
    'with half a point': { ...good, parts: [{ ...part, points: 0.5 }] },
    'with points below zero': { ...good, parts: [{ ...part, points: -5 }] },
    'with a part without points': { ...good, parts: [{ rule: 'write', level: 'Medium', message: 'x' }] },
    'with an invalid level': { ...good, parts: [{ ...part, level: 'Severe' }] },
    'with more parts than it holds': { ...good, parts: Array(65).fill(part) },
    'with a part that says nothing': { ...good, parts: [{ ...part, message: '' }] },
  };
  for (const [name, value] of Object.entries(wrong))
    it(`is refused ${name}`, () => assert.equal(risk.safeParse(value).success, false));
  it('is taken with a part that has no level', () => {
    const { level: _, ...bare } = part;
    assert.equal(risk.safeParse({ ...good, parts: [part, bare] }).success, true);
  });
});

describe('The pods of an effect', () => {
  const wrong: Record<string, unknown> = {
    'without a number afterwards': { before: 1 },
    'that are fewer than none': { before: -1, after: 0 },
    'that are more than a million': { before: 1_000_001, after: 0 },
    'with more labels than it holds': { before: 1, after: 1, labels: Array(65).fill('a=b') },
    'with a label that is too long': { before: 1, after: 1, labels: ['x'.repeat(401)] },
  };
  for (const [name, value] of Object.entries(wrong))
    it(`are refused ${name}`, () => assert.equal(pods.safeParse(value).success, false));
  it('are taken without labels, and left out', () => {
    for (const value of [{ before: 1, after: 1 }, undefined]) assert.equal(pods.safeParse(value).success, true);
  });
});
