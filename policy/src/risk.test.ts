import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import { computeRisk, type RiskFacts } from './risk.ts';

const effect = (more: Partial<Effect> = {}): Effect => ({
  index: 0,
  verb: 'patch',
  apiGroup: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  change: [{ path: '/spec/replicas', before: '1', after: '2' }],
  changeDigest: '',
  origin: 'Observed',
  reversible: true,
  ...more,
});
const facts = (effects: Effect[], more: Partial<RiskFacts> = {}): RiskFacts => ({
  effects,
  undeclared: [],
  notObservable: [],
  environment: 'staging',
  floor: undefined,
  ...more,
});
const paths = (...list: string[]) => ({ change: list.map((path) => ({ path })) });
const { namespace: _, ...clusterScoped } = effect();

describe('The risk of a plan', () => {
  const rows: Record<string, { facts: RiskFacts; level: string }> = {
    'is low without effects': { facts: facts([]), level: 'Low' },
    'is low without effects, in production too': { facts: facts([], { environment: 'production' }), level: 'Low' },
    'is low for a label': { facts: facts([effect(paths('/metadata/labels/a', '/metadata/annotations/b'))]), level: 'Low' },
    'is medium for a label beside something else': {
      facts: facts([effect(paths('/metadata/labels/a', '/spec/replicas'))]),
      level: 'Medium',
    },
    'is medium for a label of a template': { facts: facts([effect(paths('/spec/template/metadata/labels/a'))]), level: 'Medium' },
    'is medium for a field that only begins like labels': {
      facts: facts([effect(paths('/metadata/labelsX/a'))]),
      level: 'Medium',
    },
    'is medium for labels with changes that are not shown': {
      facts: facts([effect({ ...paths('/metadata/labels/a'), hiddenChanges: 1 })]),
      level: 'Medium',
    },
    'is medium for changes that nobody listed': { facts: facts([effect({ change: [] })]), level: 'Medium' },
    'is medium for a new object, whatever it holds': {
      facts: facts([effect({ verb: 'create', ...paths('/metadata/labels/a') })]),
      level: 'Medium',
    },
    'is high for a delete': { facts: facts([effect({ verb: 'delete' })]), level: 'High' },
    'is high for what can not be taken back, even a label': {
      facts: facts([effect({ ...paths('/metadata/labels/a'), reversible: false })]),
      level: 'High',
    },
    'is high for an object of the cluster, even a label': {
      facts: facts([{ ...clusterScoped, ...paths('/metadata/labels/a') }]),
      level: 'High',
    },
    'is critical for a delete of a volume': {
      facts: facts([effect({ verb: 'delete', resource: 'persistentvolumeclaims' })]),
      level: 'Critical',
    },
    'is critical for a delete behind many others': {
      facts: facts([...Array.from({ length: 20 }, () => effect()), effect({ verb: 'delete', resource: 'statefulsets' })]),
      level: 'Critical',
    },
    'is medium with ten labels': {
      facts: facts(
        Array.from({ length: 10 }, () => effect()),
        {},
      ),
      level: 'Medium',
    },
    'is high with eleven objects': {
      facts: facts(Array.from({ length: 11 }, () => effect(paths('/metadata/labels/a')))),
      level: 'High',
    },
    'is medium with something undeclared': {
      facts: facts([effect(paths('/metadata/labels/a'))], { undeclared: ['x'] }),
      level: 'Medium',
    },
    'is medium with something not observable': {
      facts: facts([effect(paths('/metadata/labels/a'))], { notObservable: ['x'] }),
      level: 'Medium',
    },
    'is high in production': {
      facts: facts([effect(paths('/metadata/labels/a'))], { environment: 'production' }),
      level: 'High',
    },
    'is raised by the floor': { facts: facts([effect()], { floor: 'Critical' }), level: 'Critical' },
    'is not lowered by the floor': { facts: facts([effect({ verb: 'delete' })], { floor: 'Low' }), level: 'High' },
  };
  for (const [name, { facts: given, level }] of Object.entries(rows))
    it(name, () => assert.equal(computeRisk(given).level, level));

  it('says where it comes from, in a list that stays short', () => {
    const { parts } = computeRisk(
      facts(
        Array.from({ length: 500 }, () => effect()),
        { floor: 'Low', environment: 'production' },
      ),
    );
    assert.ok(parts.length <= 32);
    assert.deepEqual([...new Set(parts.map(({ rule }) => rule))], ['effect', 'count', 'environment', 'floor']);
    assert.equal(parts[0]?.message, "patch deployments 'web': changes an object, and can be taken back");
  });
});
