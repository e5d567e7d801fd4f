import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect, RiskLevel } from '@sentinel/crds';
import { activity } from '../limits/activity.fixture.ts';
import type { Activity } from '../limits/limits.ts';
import { aScaling as effect } from '../testing/effect.fixture.ts';
import { atMost } from '../verdict/order.ts';
import { facts } from './facts.fixture.ts';
import type { Budget } from './parts/budgets.ts';
import { historyOf } from './parts/history.ts';
import { computeRisk, type Risk, type RiskFacts } from './score.ts';

// One thing more in a plan never makes it less risky, and nothing is less risky than it was when the risk was the highest level alone.

let state = 7;
const random = (below: number) => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (state >>> 8) % below;
};
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
const some = <T>(most: number, make: () => T): T[] => Array.from({ length: random(most + 1) }, make);
const level = () => pick(['Low', 'Medium', 'High', 'Critical'] as const);

const paths = [
  '/metadata/labels/a',
  '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration',
  '/spec/replicas',
  '/spec/template/spec/containers/0/image',
  '/spec/template/spec/containers/0/securityContext/privileged',
  '/spec/template/spec/containers/0/ports/0/hostPort',
  '/data/password',
  '/spec/type',
];
const kinds: readonly [group: string, resource: string][] = [
  ['apps', 'deployments'],
  ['apps', 'deployments/scale'],
  ['apps', 'statefulsets'],
  ['', 'pods'],
  ['', 'configmaps'],
  ['', 'secrets'],
  ['', 'services'],
  ['', 'namespaces'],
  ['networking.k8s.io', 'ingresses'],
  ['networking.k8s.io', 'networkpolicies'],
  ['rbac.authorization.k8s.io', 'roles'],
];

function randomEffect(): Effect {
  const [apiGroup, resource] = pick(kinds);
  const verb = pick(['create', 'update', 'patch', 'patch', 'delete'] as const);
  const { namespace: _, ...bare } = effect({ verb, apiGroup, resource, name: pick(['a', 'b', 'c']), reversible: random(5) > 0 });
  return {
    ...bare,
    ...(random(6) > 0 ? { namespace: pick(['shop', 'bank', 'kube-system']) } : {}),
    change: some(2, () => ({
      path: pick(paths),
      after: pick(['1', '"NodePort"', '{"hostNetwork":true}']),
      redacted: random(2) === 0,
    })),
    ...(random(4) === 0 ? { hiddenChanges: 1 } : {}),
    ...(random(3) > 0
      ? {
          pods: {
            before: random(40),
            after: random(3) === 0 ? 0 : random(40),
            ...(random(2) === 0 ? { labels: [`app=${pick(['a', 'b'])}`] } : {}),
          },
        }
      : {}),
  };
}

const randomBudget = (): Budget => ({
  namespace: pick(['shop', 'bank']),
  name: pick(['a', 'b', 'c']),
  selector: pick([undefined, {}, { matchLabels: { app: pick(['a', 'b']) } }]),
  disruptionsAllowed: random(4),
});
const text = () => pick(['x', 'y', 'z']);
const randomRun = (): Activity =>
  activity(String(random(1000)), {
    playbookDigest: pick(['v1', 'v2']),
    ended: random(5),
    failed: random(2) === 0,
    succeeded: true,
    targets: some(3, text),
  });
const history = (activity: readonly Activity[], targets: readonly string[]) =>
  historyOf(activity, { uid: 'self', namespace: 'shop', playbook: 'fix', playbookDigest: 'v1', targets });

interface Case extends RiskFacts {
  readonly activity: readonly Activity[];
  readonly targets: readonly string[];
}
const randomCase = (): Case => ({
  ...facts(some(14, randomEffect), { environment: pick(['staging', 'production', undefined]) }),
  undeclared: some(4, text),
  notObservable: some(4, text),
  asks: some(10, text),
  raised: some(10, () => ({ rule: 'highRisk[0]', points: 0, level: level(), message: 'x' })),
  budgets: { read: some(4, randomBudget), unread: some(2, () => ({ namespace: pick(['shop', 'bank']), why: 'down' })) },
  hosts: some(4, () => ({ host: pick(['a.io', 'b.io', 'c.io']), familiar: random(2) === 0 })),
  floor: pick([undefined, level()]),
  activity: some(4, randomRun),
  targets: some(3, text),
});
const riskOf = ({ activity, targets, ...given }: Case): Risk => computeRisk({ ...given, history: history(activity, targets) });

const additions: Record<string, (given: Case) => Case> = {
  'an effect, anywhere among the others': (given) => ({
    ...given,
    effects: given.effects.toSpliced(random(given.effects.length + 1), 0, randomEffect()),
  }),
  'an object it is about': (given) => ({ ...given, targets: [...given.targets, text()] }),
  'something undeclared': (given) => ({ ...given, undeclared: [...given.undeclared, 'x'] }),
  'something that cannot be observed': (given) => ({ ...given, notObservable: [...given.notObservable, 'x'] }),
  'a command that needs a person': (given) => ({ ...given, asks: [...(given.asks ?? []), 'x'] }),
  'a rule of high risk': (given) => ({
    ...given,
    raised: [...(given.raised ?? []), { rule: 'highRisk[1]', points: 0, level: level(), message: 'x' }],
  }),
  'a budget': (given) => ({
    ...given,
    budgets: { read: [...(given.budgets?.read ?? []), randomBudget()], unread: given.budgets?.unread ?? [] },
  }),
  'a budget that could not be read': (given) => ({
    ...given,
    budgets: { read: given.budgets?.read ?? [], unread: [...(given.budgets?.unread ?? []), { namespace: 'shop', why: 'down' }] },
  }),
  'a host': (given) => ({
    ...given,
    hosts: [...(given.hosts ?? []), { host: pick(['a.io', 'd.io']), familiar: random(2) === 0 }],
  }),
  'the opinion of a model': (given) => ({ ...given, opinion: { level: level(), message: 'x' } }),
  'the lack of a rollback': (given) => ({ ...given, hasRollback: false }),
  'the environment production': (given) => ({ ...given, environment: 'production' }),
};

/** The risk as it was before it was a sum: the highest level of a part. */
function highestOf({ effects, undeclared, notObservable, environment, floor, raised = [], asks = [] }: RiskFacts): RiskLevel {
  const levels: RiskLevel[] = effects.map((one) => {
    const resource = one.resource.split('/')[0] ?? '';
    const data = ['persistentvolumeclaims', 'persistentvolumes', 'statefulsets', 'configmaps'];
    if (one.verb === 'delete') return data.includes(resource) ? 'Critical' : 'High';
    if (!one.reversible || one.namespace === undefined) return 'High';
    if (['networkpolicies', 'poddisruptionbudgets', 'resourcequotas', 'limitranges', 'serviceaccounts'].includes(resource))
      return 'High';
    const change = one.change ?? [];
    if (change.some(({ path, after }) => /\/privileged$/.test(path) || after?.includes('{"hostNetwork":true'))) return 'High';
    const labels = change.length > 0 && change.every(({ path }) => /^\/metadata\/(labels|annotations)\//.test(path));
    return one.verb !== 'create' && !one.hiddenChanges && labels ? 'Low' : 'Medium';
  });
  if (effects.length > 10 || (environment === 'production' && effects.length > 0)) levels.push('High');
  if (undeclared.length + notObservable.length + asks.length > 0) levels.push('Medium');
  levels.push(floor ?? 'Low', ...raised.map((one) => one.level ?? 'Low'));
  return (['Critical', 'High', 'Medium', 'Low'] as const).find((one) => levels.includes(one)) ?? 'Low';
}

describe('The risk of a plan, over random plans,', () => {
  for (const [what, add] of Object.entries(additions))
    it(`is never lower with ${what} more`, () => {
      for (let round = 0; round < 500; round++) {
        const given = randomCase();
        const more = add(given);
        const [before, after] = [riskOf(given), riskOf(more)];
        if (after.score >= before.score && atMost(before.level, after.level)) continue;
        const seen = JSON.stringify([given, more], undefined, 1);
        assert.fail(`${before.level} (${before.score}) became ${after.level} (${after.score}): ${seen}`);
      }
    });

  it('is the sum of what it shows, in a list that fits, in whole points that never count backwards', () => {
    for (let round = 0; round < 1000; round++) {
      const { score, parts } = riskOf(randomCase());
      assert.equal(
        parts.reduce((sum, { points }) => sum + points, 0),
        score,
      );
      assert.ok(parts.every(({ points }) => Number.isInteger(points) && points >= 0));
      assert.ok(parts.length <= 64);
    }
  });

  it('is never lower than the highest level that it was before it became a sum', () => {
    for (let round = 0; round < 2000; round++) {
      const given = randomCase();
      if (!atMost(highestOf(given), riskOf(given).level)) assert.fail(JSON.stringify(given, undefined, 1));
    }
  });
});
