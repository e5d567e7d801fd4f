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

/** A plan of objects that are not alike; one in ten is deleted and cannot be restored. */
export function largePlan(count: number) {
  const kinds = [
    { kind: 'Deployment', apiGroup: 'apps', resource: 'deployments' },
    { kind: 'ConfigMap', apiGroup: '', resource: 'configmaps' },
    { kind: 'NetworkPolicy', apiGroup: 'networking.k8s.io', resource: 'networkpolicies' },
  ] as const;
  const effects = Array.from({ length: count }, (_, index) => {
    const isDeleted = index % 10 === 9;
    const change = Array.from({ length: 2 + (index % 3 === 1 ? 1 : 0) }, (_, at) => ({
      path: `/spec/field${index}${'abc'[at] ?? ''}`,
      before: `"${index}"`,
      after: `"${index + 1}"`,
    }));
    const what = kinds[index % kinds.length] ?? kinds[0];
    const verb = isDeleted ? ('delete' as const) : index % 4 === 0 ? ('create' as const) : ('patch' as const);
    return effectOf({ ...what, index, verb, name: `object-${index}`, reversible: !isDeleted, change: isDeleted ? [] : change });
  });
  return aPlan({ effects, undeclared: [], rollback: { from: 'PreImages' } });
}
