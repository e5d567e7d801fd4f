import { digestOf, type Effect } from '@sentinel/crds';
import { anAction, aPlan } from '../../test/fixtures.ts';
import { painter } from '../terminal/paint.ts';
import { renderPlan } from './plan.ts';

export const plan = aPlan();
export const review = { plan, stored: plan, action: anAction(plan), digest: digestOf(plan.spec) };
export const bare = { paint: painter(false), full: false };
export const textOf = (...asked: Parameters<typeof renderPlan>) => renderPlan(...asked).text;

export const reviewOf = (of: ReturnType<typeof aPlan>) => ({
  plan: of,
  stored: of,
  action: anAction(of),
  digest: digestOf(of.spec),
});

export function effectOf(more: Partial<Effect>): Effect {
  const [, one] = plan.spec.effects;
  if (!one) throw new Error('the plan of the tests has no second effect');
  return { ...one, ...more };
}

export function alikePlan(count: number) {
  const effects = Array.from({ length: count }, (_, index) => {
    const name = `settings-${index + 1}`;
    const change = [
      { path: '/apiVersion', after: '"v1"' },
      { path: '/data/index', after: `"value-${index + 1}"` },
      { path: '/data/mode', after: '"fast"' },
      { path: '/kind', after: '"ConfigMap"' },
      { path: '/metadata/labels/app', after: '"web"' },
      { path: '/metadata/name', after: `"${name}"` },
      { path: '/metadata/namespace', after: '"shop"' },
    ];
    return effectOf({ index, verb: 'create', name, change });
  });
  const parts = aPlan().spec.risk.parts;
  return aPlan({
    effects,
    undeclared: [],
    rollback: { from: 'PreImages' },
    risk: { level: 'High', score: 200, parts: [...parts, ...parts].slice(0, 8) },
  });
}
