import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ActionPlan, Effect } from '@sentinel/crds';
import { type DataHandling, dataHandling, keepDiffs } from '@sentinel/policy';
import { aPolicySet } from '@sentinel/policy/testing';
import { changesBetween } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import type { Observation } from '../effect/observe.ts';
import { request } from '../effect/request.fixture.ts';
import { findApproved, type Judged, judgeWrite } from './judge-write.ts';

const changes = (replicas: number) => changesBetween({ spec: { replicas: 1 } }, { spec: { replicas } });
const observed = (more: Partial<Observation> = {}): Observation => ({
  name: 'web',
  uid: 'u-1',
  resourceVersion: '7',
  live: {},
  result: {},
  changes: changes(2),
  ...more,
});
const effect = (index: number, seen = observed(), asked = request()): Effect => ({ ...describeEffect(asked, seen), index });
const enforcement = (effects: Effect[], ...consumed: number[]) => ({
  plan: { spec: { effects } } as unknown as ActionPlan,
  consumed: new Set(consumed),
});

const handling = (more: Partial<DataHandling> = {}): DataHandling => ({ ...dataHandling(aPolicySet()), ...more });

const whyOf = (judged: Judged) => (judged.kind === 'approved' ? '' : judged.why);

describe('What blocks a run', () => {
  const before = { data: { conf: 'mode=a' }, spec: { replicas: 1 } };
  const conf = 'mode=a url=postgres://u:hunter22@db';
  const tries = (replicas: number) => observed({ changes: changesBetween(before, { data: { conf }, spec: { replicas } }) });
  const why = async (more: Partial<DataHandling>, approved: number) => {
    const plan = await keepDiffs(handling(more), [effect(0, tries(approved))]);
    return whyOf(await judgeWrite(enforcement(plan), request(), tries(3), handling(more)));
  };

  it('is said with the values, before and after', async () =>
    assert.match(await why({ diffs: 'Stored' }, 2), /at \/spec\/replicas: approved 1 → 2, attempted 1 → 3$/));
  const kept: Partial<DataHandling>[] = [
    {},
    { diffs: 'Hashed' },
    { diffs: 'Dropped' },
    { diffs: 'Stored', fields: ['/data/*'] },
    { diffs: 'Stored', patterns: ['hunter[0-9]+'] },
  ];
  for (const more of kept)
    it(`says nothing of a value that the plan hides: ${JSON.stringify(more)}`, async () => {
      const said = await why(more, 2);
      assert.match(said, /differs from the approved plan/);
      assert.doesNotMatch(said, /hunter22/);
    });
  it('is said also if nothing that differs is shown', async () =>
    assert.match(await why({ diffs: 'Dropped' }, 2), /differs from the approved plan in a field that the plan does not show/));
  it('is said of a write that is not in the plan without its values', async () => {
    const other = request({ name: 'api' });
    assert.match(
      whyOf(await judgeWrite(enforcement([effect(0)]), other, observed({ name: 'api' }), handling())),
      /is not in the approved plan$/,
    );
  });
});

describe('A write of a real run', () => {
  it('is the approved effect that it equals', () => {
    const other = effect(0, observed({ changes: changes(3) }));
    assert.equal(findApproved(enforcement([other, effect(1)]), request(), observed())?.index, 1);
  });

  it('is the next of two that are the same, and of no third', () => {
    const effects = [effect(0), effect(1)];
    const found = [[], [0], [0, 1]].map(
      (consumed) => findApproved(enforcement(effects, ...consumed), request(), observed())?.index,
    );
    assert.deepEqual(found, [0, 1, undefined]);
  });

  const refused: Record<string, { asked?: ReturnType<typeof request>; seen?: Observation }> = {
    'with another change': { seen: observed({ changes: changes(3) }) },
    'from another value': { seen: observed({ changes: changesBetween({ spec: { replicas: 0 } }, { spec: { replicas: 2 } }) }) },
    'with a change more': {
      seen: observed({ changes: [...changes(2), { path: '/spec/paused', before: undefined, after: true }] }),
    },
    'of an object that was made again': { seen: observed({ uid: 'u-2' }) },
    'of another object': { asked: request({ name: 'api' }), seen: observed({ name: 'api' }) },
    'in another namespace': { asked: request({ namespace: 'bank' }) },
    'by another verb': { asked: request({ verb: 'update' }) },
    'to a subresource': { asked: request({ resource: 'deployments/scale' }) },
    'in another group': { asked: request({ apiGroup: 'example.com' }) },
    'in another version': { asked: request({}, { version: 'v2' }) },
  };
  for (const [name, { asked, seen }] of Object.entries(refused)) {
    it(`is in no plan ${name}`, () => {
      assert.equal(findApproved(enforcement([effect(0)]), asked ?? request(), seen ?? observed()), undefined);
    });
  }

  it('is repeated if all effects of its object are carried out, and is in no plan if one of them is left', async () => {
    const kind = async (...consumed: number[]) =>
      (
        await judgeWrite(
          enforcement([effect(0), effect(1)], ...consumed),
          request(),
          observed({ changes: changes(3) }),
          handling(),
        )
      ).kind;
    assert.deepEqual([await kind(0, 1), await kind(0), await kind()], ['repeated', 'foreign', 'foreign']);
  });

  it('that creates has no uid to compare', () => {
    const asked = request({ verb: 'create', name: undefined });
    const seen = observed({ uid: undefined, changes: changesBetween(undefined, { a: 1 }) });
    assert.equal(findApproved(enforcement([effect(4, seen, asked)]), asked, seen)?.index, 4);
  });
});

describe('A write that cannot be rolled back', () => {
  const first = effect(0, observed({ name: 'api', uid: 'u-2' }), request({ name: 'api' }));
  const last = (reversible: boolean): Effect => ({ ...effect(1), reversible });
  const judged = (reversible: boolean, ...consumed: number[]) =>
    judgeWrite(enforcement([first, last(reversible)], ...consumed), request(), observed(), handling());

  it('comes after everything that the plan has before it', async () => {
    assert.equal((await judged(false, 0)).kind, 'approved');
    const early = await judged(false);
    assert.equal(early.kind, 'foreign');
    assert.match(
      whyOf(early),
      /patch deployments shop\/web cannot be rolled back, and effect 1 \(patch deployments shop\/api\), which the approved plan has before it, was not carried out/,
    );
  });

  it('does not hold up what can be', async () => assert.equal((await judged(true)).kind, 'approved'));
});
