import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ActionPlanPartSpec, Effect, type FieldChange, PARTS_MAX } from '@sentinel/crds';
import { aConfigMapEffect } from '../testing/effect.fixture.ts';
import { joinParts, placeChanges } from './plan-parts.ts';

const effect = (index: number, change: FieldChange[] | undefined) =>
  aConfigMapEffect({ index, name: `settings-${index}`, ...(change ? { change } : {}) });
const rows = (length: number) =>
  Array.from({ length: Math.ceil(length / 10) }, (_, at) => `+row ${String(at).padStart(4)}`).join('\n');
const fields = (count: number, of: (at: number) => Partial<FieldChange>) =>
  Array.from({ length: count }, (_, at) => ({ path: `/data/${at}`, ...of(at) }));

describe('The changes of a plan', () => {
  const plans: Record<string, { effects: Effect[]; parts: number }> = {
    'that are short': {
      effects: [
        effect(
          0,
          fields(3, (at) => ({ before: '1', after: `${at}` })),
        ),
        effect(1, undefined),
      ],
      parts: 0,
    },
    'with a long text': { effects: [effect(0, [{ path: '/data/a', lines: rows(50_000), format: 'Text' }])], parts: 1 },
    'with a text that is longer than a part': {
      effects: [effect(0, [{ path: '/data/a', lines: rows(1_500_000), format: 'Text' }])],
      parts: 4,
    },
    'with long values before and after': {
      effects: [effect(0, [{ path: '/data/a', before: `"${'😀'.repeat(200_000)}"`, after: `"${'\\u0000'.repeat(100_000)}"` }])],
      parts: 3,
    },
    'with more fields than a plan lists': {
      effects: [
        effect(
          0,
          fields(700, () => ({ before: '1', after: '2' })),
        ),
      ],
      parts: 1,
    },
    'of more effects than a plan has room for': {
      effects: Array.from({ length: 100 }, (_, index) =>
        effect(
          index,
          fields(10, () => ({ lines: rows(4000), format: 'Text' })),
        ),
      ),
      parts: 6,
    },
  };
  for (const [name, { effects, parts }] of Object.entries(plans)) {
    it(`are all there, in objects that can be stored: ${name}`, () => {
      const placed = placeChanges(effects);
      assert.deepEqual(joinParts(placed.effects, placed.parts), effects);
      assert.equal(placed.parts.length, parts);
      for (const [at, part] of placed.parts.entries()) {
        assert.equal(part.number, at + 1);
        assert.deepEqual(ActionPlanPartSpec.parse(part), part);
        assert.ok(Buffer.byteLength(JSON.stringify(part)) < 1_200_000);
      }
      assert.ok(Buffer.byteLength(JSON.stringify(placed.effects)) < 900_000);
      for (const one of placed.effects) assert.deepEqual(Effect.parse(one), one);
    });
  }

  it('say where they are cut when the parts are full', () => {
    const text = rows(400_000);
    const many = Array.from({ length: 60 }, (_, index) => effect(index, [{ path: '/data/a', lines: text, format: 'Text' }]));
    const placed = placeChanges(many);
    assert.ok(placed.parts.length <= PARTS_MAX);
    const [change] = placed.effects.at(-1)?.change ?? [];
    assert.deepEqual([change?.cut, change?.part, placed.effects.at(-1)?.hiddenChanges], [true, undefined, 1]);
    assert.ok(placed.effects.every(({ change: [one] = [] }) => (one?.part === undefined) === (one?.cut === true)));
    // What comes later and is short has its place all the same.
    const small = placeChanges([
      ...many,
      effect(
        60,
        fields(1, () => ({ before: '1', after: '2' })),
      ),
    ]).effects.at(-1);
    assert.deepEqual(small?.change, [{ path: '/data/0', before: '1', after: '2' }]);
  });
});
