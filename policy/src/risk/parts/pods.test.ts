import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '@sentinel/crds';
import { aScaling as effect } from '../../testing/effect.fixture.ts';
import { type Budget, disruptedNamespaces, partsOfBudgets } from './budgets.ts';
import { partsOfPods } from './pods.ts';

const labels = ['app=web', 'tier=front'];
const write = (before: number, after: number, more: Partial<Effect> = {}) => effect({ pods: { before, after, labels }, ...more });
const label = { change: [{ path: '/metadata/labels/a', after: '"1"' }] };

const stopsOf = (one: Effect) =>
  partsOfPods([one])
    .filter(({ rule }) => rule === 'stop')
    .map(({ level }) => level);

describe('The pods that a plan reaches', () => {
  const rows: Record<string, { effects: Effect[]; pods: number; stops?: number }> = {
    'are those of the workload': { effects: [write(50, 50)], pods: 50 },
    'are those before or afterwards, whichever are more': { effects: [write(3, 5), write(7, 4, { name: 'api' })], pods: 12 },
    'are counted once, whatever writes reach them': {
      effects: [write(3, 3), write(3, 5, { resource: 'deployments/scale' })],
      pods: 5,
    },
    'are not reached by a label of the workload': { effects: [write(50, 50, label)], pods: 0 },
    'are those that a delete takes along': { effects: [write(4, 0, { verb: 'delete' })], pods: 4 },
    'count for 60 at most': { effects: [write(5000, 5000)], pods: 60 },
    'stop with a scale of zero': { effects: [write(2, 0)], pods: 2, stops: 1 },
    'do not stop where none ran': { effects: [write(0, 0)], pods: 0 },
    'are zero for a kind without pods': { effects: [effect()], pods: 0 },
  };
  for (const [name, { effects, pods, stops = 0 }] of Object.entries(rows))
    it(name, () => {
      const parts = partsOfPods(effects);
      assert.equal(parts.find(({ rule }) => rule === 'pods')?.points ?? 0, pods);
      assert.equal(parts.filter(({ rule }) => rule === 'stop').length, stops);
    });

  const hpa = (path: string, before?: string, after?: string): Effect => {
    const change = { path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
    return effect({ apiGroup: 'autoscaling', resource: 'horizontalpodautoscalers', change: [change] });
  };
  const suspend = (more: Partial<Effect> = {}) =>
    effect({ apiGroup: 'batch', resource: 'jobs', change: [{ path: '/spec/suspend', before: 'false', after: 'true' }], ...more });
  const stopping: Record<string, Effect> = {
    'a Job that is suspended while it has pods': suspend({ pods: { before: 2, after: 2 } }),
    'a CronJob that is suspended': suspend({ resource: 'cronjobs' }),
    'a CronJob whose Jobs are suspended': suspend({
      resource: 'cronjobs',
      change: [{ path: '/spec/jobTemplate/spec/suspend', after: 'true' }],
    }),
    'a workload that is suspended, in a larger value': suspend({
      change: [{ path: '/spec/runPolicy', after: '{"suspend":true}' }],
    }),
    'a suspension of which no value is shown': suspend({ change: [{ path: '/spec/suspend' }] }),
    'an autoscaler with a smaller most': hpa('/spec/maxReplicas', '50', '1'),
    'an autoscaler with a smaller least': hpa('/spec/minReplicas', '50', '1'),
    'an autoscaler that loses its least': hpa('/spec/minReplicas', '50'),
    'an autoscaler that gets an end': hpa('/spec/maxReplicaCount', undefined, '1'),
    'an autoscaler whose bound is not shown': hpa('/spec/maxReplicas'),
    'an autoscaler inside of a workload': hpa('/spec/workerGroupSpecs/0/minReplicas', '9', '2'),
  };
  for (const [name, one] of Object.entries(stopping))
    it(`stop or grow fewer by ${name}`, () => assert.deepEqual(stopsOf(one), ['High']));
  const running: Record<string, Effect> = {
    'a Job without pods that is suspended': suspend({ pods: { before: 0, after: 0 } }),
    'a Job that goes on': suspend({ change: [{ path: '/spec/suspend', before: 'true', after: 'false' }] }),
    'a CronJob that is made suspended': suspend({ verb: 'create' }),
    'a workload that was suspended before': suspend({
      change: [{ path: '/spec/runPolicy', before: '{"suspend":true,"x":1}', after: '{"suspend":true}' }],
    }),
    'an autoscaler with a larger most': hpa('/spec/maxReplicas', '9', '50'),
    'an autoscaler that gets a least': hpa('/spec/minReplicas', undefined, '2'),
    'an autoscaler that is made': { ...hpa('/spec/maxReplicas', undefined, '3'), verb: 'create' },
    'a label that is called so': effect({ change: [{ path: '/metadata/labels/suspend', after: 'true' }] }),
  };
  for (const [name, one] of Object.entries(running)) it(`do not stop by ${name}`, () => assert.deepEqual(stopsOf(one), []));

  it('stop once, whatever writes stop them', () => {
    const parts = partsOfPods([write(2, 0), write(2, 0, { resource: 'deployments/scale' })]);
    assert.equal(parts.filter(({ rule }) => rule === 'stop').length, 1);
  });

  it('are said with how they stop', () =>
    assert.deepEqual(
      partsOfPods([suspend(), hpa('/spec/maxReplicas', '50', '1')]).map(({ message }) => message),
      ["patch jobs 'web': suspended", "patch horizontalpodautoscalers 'web': /spec/maxReplicas from 50 to 1"],
    ));

  it('are said in a sentence', () =>
    assert.deepEqual(
      partsOfPods([write(2, 0)]).map(({ message }) => message),
      ["2 pods behind deployments 'web'", "patch deployments 'web': scaled from 2 to 0"],
    ));
});

describe('A PodDisruptionBudget', () => {
  const budget = (disruptionsAllowed: number, more: Partial<Budget> = {}): Budget => ({
    namespace: 'shop',
    name: 'web',
    selector: { matchLabels: { app: 'web' } },
    disruptionsAllowed,
    ...more,
  });
  const expression = (key: string, operator: string, values?: string[]) =>
    budget(0, { selector: { matchExpressions: [{ key, operator, values }] } });
  const pod = (name: string) => write(1, 0, { verb: 'delete', apiGroup: '', resource: 'pods', name });

  const rows: Record<string, { budget: Budget; effects: Effect[]; breached: boolean }> = {
    'without room is breached by a change of the workload': { budget: budget(0), effects: [write(3, 3)], breached: true },
    'with room for one is not': { budget: budget(1), effects: [write(3, 3)], breached: false },
    'is not by a label of the workload': { budget: budget(0), effects: [write(3, 3, label)], breached: false },
    'is not by a workload that is created': { budget: budget(0), effects: [write(0, 3, { verb: 'create' })], breached: false },
    'is not by a workload without pods': { budget: budget(0), effects: [write(0, 3)], breached: false },
    'is by a smaller scale, by as many as go': { budget: budget(1), effects: [write(5, 3)], breached: true },
    'is not by as many as it lets go': { budget: budget(2), effects: [write(5, 3)], breached: false },
    'is by a delete of the workload': { budget: budget(2), effects: [write(3, 0, { verb: 'delete' })], breached: true },
    'is by one pod more than it lets go': { budget: budget(1), effects: [pod('a'), pod('b')], breached: true },
    'is not by the same pod twice': { budget: budget(1), effects: [pod('a'), pod('a')], breached: false },
    'of another namespace is not': { budget: budget(0, { namespace: 'bank' }), effects: [write(3, 3)], breached: false },
    'of other pods is not': {
      budget: budget(0, { selector: { matchLabels: { app: 'api' } } }),
      effects: [write(3, 3)],
      breached: false,
    },
    'that selects nothing is not': { budget: budget(0, { selector: undefined }), effects: [write(3, 3)], breached: false },
    'that selects everything is': { budget: budget(0, { selector: {} }), effects: [write(3, 3)], breached: true },
    'is by pods whose labels are not known': {
      budget: budget(0),
      effects: [effect({ pods: { before: 3, after: 3 } })],
      breached: true,
    },
    'selects by In': { budget: expression('app', 'In', ['web', 'api']), effects: [write(3, 3)], breached: true },
    'does not select by In what has another value': {
      budget: expression('app', 'In', ['api']),
      effects: [write(3, 3)],
      breached: false,
    },
    'selects by NotIn': { budget: expression('app', 'NotIn', ['api']), effects: [write(3, 3)], breached: true },
    'selects by NotIn what lacks the label': {
      budget: expression('x', 'NotIn', ['api']),
      effects: [write(3, 3)],
      breached: true,
    },
    'selects by Exists': { budget: expression('tier', 'Exists'), effects: [write(3, 3)], breached: true },
    'selects by DoesNotExist': { budget: expression('tier', 'DoesNotExist'), effects: [write(3, 3)], breached: false },
    'that is not understood selects': { budget: expression('tier', 'Resembles'), effects: [write(3, 3)], breached: true },
  };
  for (const [name, { budget: one, effects, breached }] of Object.entries(rows))
    it(name, () => {
      const parts = partsOfBudgets(effects, { read: [one], unread: [] });
      assert.deepEqual(
        parts.map(({ rule, level }) => [rule, level]),
        breached ? [['budget', 'High']] : [],
      );
    });

  it('says what it allows and what the plan does', () =>
    assert.equal(
      partsOfBudgets([write(5, 2)], { read: [budget(1)], unread: [] })[0]?.message,
      "PodDisruptionBudget 'web' lets 1 pod be disrupted now, and the plan disrupts 3: patch deployments 'web'",
    ));

  it('that could not be read is taken for used up, where pods are disrupted', () => {
    const unread = [{ namespace: 'shop', why: 'HTTP 403' }];
    assert.partialDeepStrictEqual(partsOfBudgets([write(3, 3)], { read: [], unread }), [
      {
        rule: 'budget-unknown',
        level: 'High',
        message: "the PodDisruptionBudgets of namespace 'shop' are not known: HTTP 403",
      },
    ]);
    assert.deepEqual(partsOfBudgets([write(3, 3, label)], { read: [], unread }), []);
  });

  it('is asked for only where pods are disrupted', () =>
    assert.deepEqual(
      disruptedNamespaces([
        write(3, 3),
        pod('a'),
        write(3, 3, { ...label, namespace: 'labels' }),
        write(0, 3, { verb: 'create', namespace: 'new' }),
        effect({ namespace: 'none' }),
      ]),
      ['shop'],
    ));
});
