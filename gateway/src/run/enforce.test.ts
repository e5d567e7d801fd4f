import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ActionPlan, Effect } from '@sentinel/crds';
import { changesBetween } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import type { Observation } from '../effect/observe.ts';
import { request } from '../effect/request.fixture.ts';
import { findApproved, judgeWrite } from './enforce.ts';

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

describe('A write of a run that no person has approved', () => {
  const judged: (readonly Effect[])[] = [];
  const asking = (reasons: string[]) => ({
    ...enforcement([{ ...effect(0), change: [{ path: '/metadata/labels/x', after: '"harmless"' }] }]),
    needsPerson: (effects: readonly Effect[]) => {
      judged.push(effects);
      return reasons;
    },
  });

  it('is carried out when nothing speaks for a person', () =>
    assert.equal(judgeWrite(asking([]), request(), observed()).effect?.index, 0));
  it('is judged by what is observed, not by what the plan shows', () => {
    judgeWrite(asking([]), request(), observed());
    assert.deepEqual(
      judged.at(-1)?.[0]?.change?.map(({ path }) => path),
      ['/spec/replicas'],
    );
  });
  it('blocks the run when something does', () => {
    const { effect: none, why } = judgeWrite(asking(['it stops a service']), request(), observed());
    assert.equal(none, undefined);
    assert.match(why ?? '', /patch deployments .*web needs a person and has none: it stops a service/);
  });
  it('is what people approved in every other run, whatever it is', () =>
    assert.equal(judgeWrite(enforcement([effect(0)]), request(), observed()).effect?.index, 0));
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
    'of an object that was made anew': { seen: observed({ uid: 'u-2' }) },
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

  it('that creates has no uid to compare', () => {
    const asked = request({ verb: 'create', name: undefined });
    const seen = observed({ uid: undefined, changes: changesBetween(undefined, { a: 1 }) });
    assert.equal(findApproved(enforcement([effect(4, seen, asked)]), asked, seen)?.index, 4);
  });
});
