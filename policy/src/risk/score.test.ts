import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aScaling as effect } from '../testing/effect.fixture.ts';
import { facts } from './facts.fixture.ts';
import { computeRisk, levelOf, type RiskFacts } from './score.ts';

const pods = (replicas: number) => effect({ pods: { before: replicas, after: replicas, labels: ['app=web'] } });
const history = (more: object) => ({
  playbook: 'fix',
  namespace: 'shop',
  ranBefore: true,
  newTargets: 0,
  failed: false,
  failedTargets: 0,
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
    'is high for what cannot be rolled back, even a label': {
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

  const sums: Record<
    string,
    { facts: RiskFacts; parts: [rule: string, points: number, level: string | undefined][]; level: string }
  > = {
    'of one change is its points': { facts: facts([effect()]), parts: [['write', 5, 'Medium']], level: 'Medium' },
    'of the demo: one Deployment of one pod, in staging, for the first time': {
      facts: facts([pods(1)], { floor: 'Medium', hasRollback: true, history: history({ ranBefore: false }) }),
      parts: [
        ['write', 5, 'Medium'],
        ['floor', 0, 'Medium'],
        ['first-run', 10, undefined],
        ['pods', 1, undefined],
      ],
      level: 'Medium',
    },
    'of a label, for the first time and without a rollback': {
      facts: facts([effect(paths('/metadata/labels/a'))], { hasRollback: false, history: history({ ranBefore: false }) }),
      parts: [
        ['first-run', 10, undefined],
        ['no-rollback', 5, undefined],
        ['metadata', 1, undefined],
      ],
      level: 'Low',
    },
    'of many pods is high by the sum alone': {
      facts: facts([pods(50)], { history: history({ ranBefore: false }) }),
      parts: [
        ['write', 5, 'Medium'],
        ['pods', 50, undefined],
        ['first-run', 10, undefined],
      ],
      level: 'High',
    },
    'of many deletes in production is critical by the sum alone': {
      facts: facts(
        Array.from({ length: 6 }, (_, index) => effect({ verb: 'delete', resource: 'pods', name: `p${index}` })),
        { environment: 'production' },
      ),
      parts: [
        ['delete', 180, 'High'],
        ['environment', 30, 'High'],
      ],
      level: 'Critical',
    },
    'of commands that need a person gives points to each until the rule has no more': {
      facts: facts([], { asks: Array(10).fill('x') }),
      parts: [10, 10, 10, 0, 0, 0, 0, 0, 0].map((points) => ['commands', points, 'Medium']),
      level: 'Medium',
    },
    'has a new value that is masked, and not one that is hidden for its name or is only taken away': {
      facts: facts(
        [
          effect({
            change: [
              { path: '/data/a', after: '"run x"' },
              { path: '/data/token', after: '"<redacted>"', redacted: true },
              { path: '/data/b', before: '"x"' },
              { path: '/data/c', before: '"x"', after: '"sha256:0"' },
            ],
          }),
        ],
        {
          shown: [
            effect({
              change: [
                { path: '/data/a', after: '"run <redacted>"', redacted: true },
                { path: '/data/token', after: '"<redacted>"', redacted: true },
                { path: '/data/b', before: '"<redacted>"', redacted: true },
                // Policy keeps digests of values.
                { path: '/data/c', before: '"sha256:0"', after: '"sha256:0"', redacted: true },
              ],
            }),
          ],
        },
      ),
      parts: [
        ['hidden', 20, 'High'],
        ['write', 5, 'Medium'],
        ['credentials', 20, undefined],
      ],
      level: 'High',
    },
    'ends where a rule says so': {
      facts: facts([pods(5000)], { undeclared: Array(16).fill('x'), notObservable: Array(16).fill('x') }),
      parts: [
        ['undeclared', 30, 'Medium'],
        ['not-observable', 30, 'Medium'],
        ['write', 5, 'Medium'],
        ['pods', 60, undefined],
      ],
      level: 'High',
    },
  };
  for (const [name, { facts: given, parts, level }] of Object.entries(sums))
    it(`as a sum ${name}`, () => {
      const risk = computeRisk(given);
      assert.deepEqual(
        risk.parts.map((one) => [one.rule, one.points, one.level]),
        parts,
      );
      assert.equal(
        risk.score,
        parts.reduce((sum, [, points]) => sum + points, 0),
      );
      assert.equal(risk.level, level);
    });

  it('is of a level from its threshold on', () => {
    const rows: [number, string][] = [
      [0, 'Low'],
      [19, 'Low'],
      [20, 'Medium'],
      [59, 'Medium'],
      [60, 'High'],
      [199, 'High'],
      [200, 'Critical'],
      [1_000_000, 'Critical'],
    ];
    for (const [score, level] of rows) assert.equal(levelOf(score), level, String(score));
  });

  it('shows every point in a list that stays short, names what weighs most first, and cuts no character in two', () => {
    const asks = Array.from({ length: 20 }, (_, index) => `${index}${'😀'.repeat(300)}`);
    const raised = asks.map((message) => ({
      rule: 'highRisk[0]',
      points: 0,
      level: 'Critical' as const,
      message: message.slice(0, 9),
    }));
    const many = Array.from({ length: 500 }, (_, index) =>
      effect({ name: `${'n'.repeat(240)}${index}`, namespace: `n${index}` }),
    );
    const risk = computeRisk(facts(many, { floor: 'Low', environment: 'production', asks, raised }));
    assert.ok(risk.parts.length <= 64, String(risk.parts.length));
    assert.equal(
      risk.parts.reduce((sum, { points }) => sum + points, 0),
      risk.score,
    );
    assert.ok(risk.parts.every(({ message }) => message.length <= 512 && message.isWellFormed()));
    assert.equal(risk.parts[0]?.level, 'Critical');
    assert.match(risk.parts.find(({ rule }) => rule === 'write')?.message ?? '', / and 497 more: change objects$/);
    assert.equal(risk.parts.filter(({ rule }) => rule === 'commands').length, 9);
    assert.equal(risk.parts.filter(({ rule }) => rule.startsWith('highRisk')).length, 9);
  });

  it('is raised by the opinion of a model, and never lowered', () => {
    const opinion = (level: 'Low' | 'Critical', given: RiskFacts) => computeRisk({ ...given, opinion: { level, message: 'x' } });
    assert.equal(opinion('Critical', facts([effect()])).level, 'Critical');
    assert.equal(opinion('Low', facts([effect({ verb: 'delete' })])).level, 'High');
    assert.equal(opinion('Critical', facts([effect()])).score, computeRisk(facts([effect()])).score);
  });
});
