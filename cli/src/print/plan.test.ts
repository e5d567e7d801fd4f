import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '@sentinel/crds';
import { anAction, aPlan } from '../../test/fixtures.ts';
import { assertGolden } from '../../test/golden.ts';
import { painter } from './paint.ts';
import { renderPlan, renderShort } from './plan.ts';
import { isHostile } from './visible.ts';

const plan = aPlan();
const review = { plan, action: anAction(plan), digest: digestOf(plan.spec) };
const bare = painter(false);

describe('a plan', () => {
  it('is shown in full', () => assertGolden('plan', renderPlan(review, bare)));
  it('is shown in short before a decision', () => assertGolden('plan-short', renderShort(review, bare)));

  it('says when there is nothing to decide', () => {
    const text = renderPlan({ ...review, action: anAction(plan, 'DryRunCompleted') }, bare);
    assert.match(text, /nothing to decide: DryRunCompleted/);
    assert.doesNotMatch(text, /sentinel approve/);
  });

  it('says when the stamp is not who the plan was made for', () => {
    const action = anAction(plan);
    const text = renderPlan({ ...review, action: { ...action, metadata: { ...action.metadata, annotations: {} } } }, bare);
    assert.match(text, /but stamped is nobody/);
  });

  it('says when the action was edited after the rehearsal', () => {
    const action = anAction(plan);
    const text = renderPlan({ ...review, action: { ...action, metadata: { ...action.metadata, generation: 2 } } }, bare);
    assert.match(text, /was edited after this rehearsal/);
  });

  it('lets nothing through that could harm a terminal, whatever field it stands in', () => {
    const evil = <T>(value: T): T => {
      if (typeof value === 'string') return (/^(sha256:|20\d\d-)/.test(value) ? value : `${value}\u001b[2J\u202e\nPLAN\r`) as T;
      if (Array.isArray(value)) return value.map(evil) as T;
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === 'state' ? one : evil(one)])) as T;
    };
    const text = renderPlan({ plan: evil(plan), action: evil(review.action), digest: review.digest }, bare);
    for (const line of text.split('\n')) assert.equal(isHostile(line), false, line);
    assert.equal(text.split('\n').filter((line) => line.startsWith('PLAN')).length, 1);
  });

  it('paints with colours only when asked to', () => {
    assert.match(renderPlan(review, painter(true)), /\u001b\[32m/);
    assert.doesNotMatch(renderPlan(review, bare), /\u001b/);
  });
});
