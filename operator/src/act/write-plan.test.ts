import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ActionPlanSpec, AgentPolicySpec, digestOf, type Effect, PlaybookSpec } from '@sentinel/crds';
import { dataHandling, keepDiffs } from '@sentinel/policy';
import { targetsOf } from '../facts/activity.ts';
import type { Facts } from '../facts/facts.ts';
import { keptAsks, planOf } from './write-plan.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const playbookSpec = PlaybookSpec.parse({
  category: 'Other',
  description: 'x',
  account: 'remediator',
  sandbox: { image: 'tools', profile: 'Change' },
  parameters: [{ name: 'name', type: 'String' }],
  steps: [{ name: 'one', command: ['kubectl', 'restart', 'deployment/$(params.name)'] }],
  verify: [{ name: 'ready', command: ['kubectl', 'get', '$(params.name)'] }],
  rollback: { from: 'PreImages' },
});
const policy = (more: object = {}): Facts['policies'] => ({
  environment: 'staging',
  refusals: [],
  policies: [
    {
      kind: 'ClusterAgentPolicy',
      name: 'floor',
      digest: '',
      spec: AgentPolicySpec.parse({
        approvals: [{ upToRisk: 'Critical', approvals: 2, groups: ['sre'], expiresAfter: '1h' }],
        kubernetes: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'], decision: 'Allow' }],
        limits: { duration: '90s' },
        ...more,
      }),
    },
  ],
});
const facts = (more: Partial<Facts> = {}): Facts => ({
  action: {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentAction',
    metadata: { name: 'a', namespace: 'shop', uid: 'u', generation: 3 },
    spec: {
      intent: { summary: 'restart web' },
      playbookRef: { name: 'fix' },
      parameters: [{ name: 'name', value: "web'; rm -rf / #" }],
      mode: 'Apply',
      cancelled: false,
    },
  },
  requester: { user: 'agent', groups: [] },
  policies: policy(),
  playbook: { apiVersion: 'sentinel.dev/v1alpha1', kind: 'Playbook', metadata: { name: 'fix' }, spec: playbookSpec },
  trust: { trusted: false, why: '' },
  keys: new Map(),
  parent: undefined,
  plan: undefined,
  mayUseAccount: true,
  stage: undefined,
  job: undefined,
  guards: [],
  activity: [],
  sink: undefined,
  live: true,
  now: NOW,
  ...more,
});
const effect = (more: Partial<Effect> = {}): Effect => ({
  index: 0,
  verb: 'patch',
  apiGroup: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  uid: 'w',
  change: [{ path: '/spec/replicas', before: '1', after: '2' }],
  changeDigest: digestOf('c'),
  origin: 'Observed',
  reversible: true,
  ...more,
});
const recorded = { effects: [], shown: [], reads: ['get deployments.apps'], notObservable: [], digest: digestOf('r') };
const plan = (effects: Effect[] = [effect()], given: Facts = facts(), more: object = {}) =>
  planOf(given, 2, effects, { effects, asks: [] }, { ...recorded, ...more }, digestOf('t'));

describe('A plan', () => {
  it('is one that the API server takes, and the same whenever it is made', () => {
    const { spec, refused } = plan();
    assert.equal(refused, undefined);
    assert.deepEqual(ActionPlanSpec.parse(spec), spec);
    assert.equal(digestOf(plan([effect()], facts({ now: NOW + 1e6, guards: ['x'] })).spec), digestOf(spec));
  });

  it('shows the commands as they run, each value inside of its argument', () => {
    const { spec } = plan();
    assert.deepEqual(spec.steps[0]?.command, ['kubectl', 'restart', "deployment/web'; rm -rf / #"]);
    assert.deepEqual(spec.verify?.[0]?.command, ['kubectl', 'get', "web'; rm -rf / #"]);
  });

  it('says what was announced, who asked, for how long, and what policy requires', () => {
    assert.partialDeepStrictEqual(plan().spec, {
      action: { name: 'a', uid: 'u', generation: 3 },
      attempt: 2,
      requester: 'agent',
      environment: 'staging',
      says: { summary: 'restart web' },
      playbook: { name: 'fix', digest: digestOf(playbookSpec) },
      required: { approvals: 2, groups: ['sre'], expiresAfter: '1h' },
      durationSeconds: 90,
      permissions: ['get deployments.apps', 'patch deployments.apps'],
      rollback: { from: 'PreImages' },
    });
  });

  const { namespace: _, ...clusterScoped } = effect();
  const rows: Record<string, { effects: Effect[]; undeclared: number; irreversible: number; risk: string }> = {
    'stays inside of its namespace': { effects: [effect()], undeclared: 0, irreversible: 0, risk: 'Medium' },
    'names what is in another namespace': {
      effects: [effect({ namespace: 'bank', change: [{ path: '/metadata/labels/a', after: '1' }] })],
      undeclared: 1,
      irreversible: 0,
      risk: 'Medium',
    },
    'names what belongs to the cluster': { effects: [clusterScoped], undeclared: 1, irreversible: 0, risk: 'High' },
    'names what can not be taken back': {
      effects: [effect({ verb: 'delete', reversible: false })],
      undeclared: 0,
      irreversible: 1,
      risk: 'High',
    },
  };
  for (const [name, { effects, undeclared, irreversible, risk }] of Object.entries(rows)) {
    it(name, () => {
      const { spec } = plan(effects);
      assert.deepEqual(
        [spec.undeclared?.length ?? 0, spec.rollback.irreversible?.length ?? 0, spec.risk.level],
        [undeclared, irreversible, risk],
      );
    });
  }

  it('shows the score of its risk as a sum, with what the cluster and earlier runs say', () => {
    const earlier: Facts['activity'][number] = {
      uid: 'before',
      namespace: 'shop',
      name: 'before',
      requester: { user: 'agent', groups: [] },
      playbook: 'fix',
      playbookDigest: digestOf(playbookSpec),
      admitted: 1,
      phase: 'Ended',
      attempts: 1,
      rehearsed: [],
      asked: undefined,
      queued: undefined,
      ended: 2,
      failed: true,
      succeeded: false,
      parent: undefined,
      root: 'before',
      changed: 0,
      targets: targetsOf([effect()]),
    };
    const budgets = { read: [{ namespace: 'shop', name: 'web', selector: {}, disruptionsAllowed: 0 }], unread: [] };
    const given = [effect({ pods: { before: 3, after: 3, labels: ['app=web'] } })];
    const { risk } = plan(given, facts({ activity: [earlier] }), { budgets }).spec;
    assert.deepEqual(
      risk.parts.map(({ rule, points }) => [rule, points]),
      [
        ['budget', 30],
        ['write', 5],
        ['failed-before', 25],
        ['pods', 3],
      ],
    );
    assert.deepEqual([risk.score, risk.level], [63, 'High']);
  });

  it('is another one for another requester, plan of pods, effect or requirement', () => {
    const digests = [
      plan().spec,
      plan([effect()], facts({ requester: { user: 'other', groups: [] } })).spec,
      planOf(facts(), 2, [effect()], { effects: [effect()], asks: [] }, recorded, digestOf('other')).spec,
      plan([effect({ changeDigest: digestOf('d') })]).spec,
      plan([effect()], facts({ policies: policy({ approvals: [{ upToRisk: 'Critical', approvals: 3 }] }) })).spec,
    ].map(digestOf);
    assert.equal(new Set(digests).size, digests.length);
  });

  it('is refused, and shown all the same, when policy denies an effect', () => {
    const { spec, refused } = plan([effect()], facts({ policies: policy({ kubernetes: [] }) }));
    assert.match(refused ?? '', /patch deployments.apps in namespace 'shop' is denied: no rule allows it/);
    assert.equal(spec.effects.length, 1);
  });

  const secretly = facts({
    playbook: {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'Playbook',
      metadata: { name: 'fix' },
      spec: { ...playbookSpec, steps: [{ name: 'one', command: ['rm', '-rf', '/tmp/x', '--password=hunter22'] }] },
    },
  });
  const sentences = async (parameters: 'Stored' | 'Redacted' | 'Hashed' | 'Dropped') => {
    const approvals = [{ upToRisk: 'Critical', autoReview: true }];
    const given = { ...secretly, policies: policy({ approvals, dataHandling: { parameters } }) };
    const asks = await keptAsks(given, dataHandling(given.policies));
    const { spec } = planOf(given, 1, [effect()], { effects: [effect()], asks }, recorded, digestOf('t'));
    const ofRisk = spec.risk.parts.filter(({ rule }) => rule === 'commands').map(({ message }) => message);
    return [ofRisk, (spec.required.personBecause ?? []).filter((one) => one.startsWith('step'))];
  };
  it('says of commands no more than policy lets it show', async () => {
    const saying = (what: string) => `step 'one': '${what}' is dangerous: `;
    const rows = {
      Stored: 'rm -rf /tmp/x --password=hunter22',
      Redacted: 'rm -rf /tmp/x --password=<redacted>',
      Hashed: '<redacted>',
      Dropped: '<redacted>',
    } as const;
    for (const parameters of ['Stored', 'Redacted', 'Hashed', 'Dropped'] as const)
      for (const list of await sentences(parameters))
        assert.deepEqual(
          list.map((one) => one.startsWith(saying(rows[parameters]))),
          [true],
          list.join(),
        );
  });
  it('names no image that it does not show', async () => {
    const given = effect({
      change: [{ path: '/spec/template/spec/containers/0/image', before: '"acme/web"', after: '"evil/web"' }],
    });
    for (const rules of [{ diffs: 'Dropped' }, { diffs: 'Hashed' }, { redact: { fields: ['/spec/template'] } }, {}]) {
      const policies = policy({ approvals: [{ upToRisk: 'Critical', autoReview: true }], dataHandling: rules });
      const shown = { effects: await keepDiffs(dataHandling(policies), [given]), asks: [] };
      const { spec } = planOf(facts({ policies }), 1, [given], shown, recorded, digestOf('t'));
      const part = spec.risk.parts.find(({ rule }) => rule === 'images');
      assert.equal(part?.points, 20);
      assert.match(part?.message ?? '', Object.keys(rules).length === 0 ? /evil/ : /had none: one that is not shown$/);
      assert.equal(JSON.stringify(spec).includes('evil'), Object.keys(rules).length === 0);
    }
  });

  it('fits into an object, whatever was observed', () => {
    const long = 'x'.repeat(253);
    const many = Array.from({ length: 500 }, (_, index) =>
      effect({
        index,
        verb: 'delete',
        resource: 'r'.repeat(63),
        reversible: false,
        namespace: 'bank',
        name: long,
        pods: { before: 1e6, after: 0 },
      }),
    );
    const unread = [{ namespace: 'bank', why: long.repeat(4) }];
    const reads = Array.from({ length: 300 }, (_, index) => `get ${index}${long}${long}`.slice(0, 512));
    const parsed = ActionPlanSpec.safeParse(
      plan(many, facts(), { reads, notObservable: reads, budgets: { read: [], unread } }).spec,
    );
    assert.deepEqual(parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [], []);
  });
});
