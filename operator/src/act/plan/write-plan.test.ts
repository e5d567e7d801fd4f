import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ActionPlanSpec, digestOf, type Effect } from '@sentinel/crds';
import { codesOf, type DraftFacts, dataHandling, draftPlan, explainAll, keepDiffs } from '@sentinel/policy';
import { anAction, aPlaybook, aPlaybookSpec, aPolicySet, clusterPolicy, aScaling as effect } from '@sentinel/policy/testing';
import { targetsOf } from '../../facts/activity.ts';
import type { Facts } from '../../facts/facts.ts';
import { planOf } from './write-plan.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const playbookSpec = aPlaybookSpec({
  parameters: [{ name: 'name', type: 'String' }],
  steps: [{ name: 'one', command: ['kubectl', 'restart', 'deployment/$(params.name)'] }],
  verify: [{ name: 'ready', command: ['kubectl', 'get', '$(params.name)'] }],
  rollback: { from: 'PreImages' },
});
const policy = (more: object = {}) =>
  aPolicySet(
    [
      clusterPolicy({
        approvals: [{ upToRisk: 'Critical', approvals: 2, groups: ['sre'], expiresAfter: '1h' }],
        kubernetes: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'], decision: 'Allow' }],
        limits: { duration: '90s' },
        ...more,
      }),
    ],
    { environment: 'staging' },
  );
const facts = (more: Partial<Facts> = {}): Facts => ({
  action: anAction({
    metadata: { generation: 3 },
    spec: { intent: { summary: 'restart web' }, parameters: [{ name: 'name', value: "web'; rm -rf / #" }] },
  }),
  requester: { user: 'agent', groups: [] },
  scheduledBy: [],
  policies: policy(),
  playbook: aPlaybook(playbookSpec),
  trust: { trusted: false, why: '' },
  keys: new Map(),
  parent: undefined,
  plan: undefined,
  mayUseAccount: true,
  stage: { stage: 'rehearsal', attempt: 2, name: 'rehearsal-1', uid: 'rehearsal-1' },
  job: undefined,
  guards: [],
  activity: [],
  sink: undefined,
  live: true,
  now: NOW,
  ...more,
});
/** The plan of a rehearsal, as gateway and operator make it together. */
async function plan(effects: Effect[] = [effect()], given: Facts = facts(), more: Partial<DraftFacts> = {}) {
  const { action, requester, policies, playbook, trust } = given;
  if (!requester || !playbook) throw new Error('no requester or no Playbook');
  const draft = await draftPlan({
    action,
    requester,
    policies,
    playbook,
    trust,
    attempt: 2,
    effects,
    shown: await keepDiffs(dataHandling(policies), effects),
    parts: [],
    reads: ['get deployments.apps'],
    notObservable: [],
    budgets: { read: [], unread: [] },
    template: digestOf('t'),
    ...more,
  });
  return planOf(given, effects, { draft: JSON.parse(JSON.stringify(draft)), digest: digestOf('r') });
}

describe('A plan', () => {
  it('says to who reads it without the plugin that changes are in parts, and how to see them', async () => {
    assert.equal((await plan()).spec.notShownHere, undefined);
    const parts = [1, 2].map((number) => ({ number, changes: [] }));
    const { spec } = await plan([effect()], facts(), { parts });
    assert.deepEqual(ActionPlanSpec.parse(spec), spec);
    assert.equal(spec.notShownHere?.parts, 2);
    assert.match(
      spec.notShownHere?.message ?? '',
      /^Not every change of this plan is in this object\. The rest is in 2 ActionPlanParts, a-2-part-1 to a-2-part-2\. .*kubectl sentinel plan a -n shop --full; or: kubectl get actionplanpart a-2-part-1 -n shop -o yaml, and so on$/,
    );
  });

  it('is one that the API server takes, and the same whenever it is made', async () => {
    const { spec, refusals } = await plan();
    assert.deepEqual(refusals, []);
    assert.deepEqual(ActionPlanSpec.parse(spec), spec);
    assert.equal(digestOf((await plan([effect()], facts({ now: NOW + 1e6, guards: ['x'] }))).spec), digestOf(spec));
  });

  it('carries the Playbook as it was rehearsed, unless that is too large or there is none', async () => {
    assert.deepEqual((await plan()).spec.playbook.spec, playbookSpec);
    const given = facts();
    const long = Array.from({ length: 8 }, (_, at) => ({ name: `s${at}`, command: Array(9).fill('x'.repeat(4096)) }));
    const large = { ...given.playbook, spec: { ...playbookSpec, steps: long } } as NonNullable<Facts['playbook']>;
    assert.equal((await plan([effect()], facts({ playbook: large }))).spec.playbook.spec, undefined);
    const { playbookRef: _, ...rest } = given.action.spec;
    const own = { ...given.action, spec: { ...rest, steps: playbookSpec.steps, account: 'a', image: 'i' } };
    assert.deepEqual(Object.keys((await plan([effect()], facts({ action: own }))).spec.playbook), ['name', 'digest', 'adHoc']);
  });

  it('shows the commands as they run, each value inside of its argument', async () => {
    const { spec } = await plan();
    assert.deepEqual(spec.steps[0]?.command, ['kubectl', 'restart', "deployment/web'; rm -rf / #"]);
    assert.deepEqual(spec.verify?.[0]?.command, ['kubectl', 'get', "web'; rm -rf / #"]);
  });

  it('says what was announced, who asked, for how long, and what policy requires', async () => {
    assert.partialDeepStrictEqual((await plan()).spec, {
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
    'names what cannot be rolled back': {
      effects: [effect({ verb: 'delete', reversible: false })],
      undeclared: 0,
      irreversible: 1,
      risk: 'High',
    },
  };
  for (const [name, { effects, undeclared, irreversible, risk }] of Object.entries(rows)) {
    it(name, async () => {
      const { spec } = await plan(effects);
      assert.deepEqual(
        [spec.undeclared?.length ?? 0, spec.rollback.irreversible?.length ?? 0, spec.risk.level],
        [undeclared, irreversible, risk],
      );
    });
  }

  it('shows the score of its risk as a sum, with what the cluster and earlier runs say', async () => {
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
    const { risk } = (await plan(given, facts({ activity: [earlier] }), { budgets })).spec;
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

  it('is another one for another requester, plan of pods, effect or requirement', async () => {
    const made = await Promise.all([
      plan(),
      plan([effect()], facts({ requester: { user: 'other', groups: [] } })),
      plan([effect()], facts(), { template: digestOf('other') }),
      plan([effect({ changeDigest: digestOf('d') })]),
      plan([effect()], facts({ policies: policy({ approvals: [{ upToRisk: 'Critical', approvals: 3 }] }) })),
    ]);
    assert.equal(new Set(made.map(({ spec }) => digestOf(spec))).size, made.length);
  });

  it('is refused, and shown all the same, when policy denies an effect', async () => {
    const { spec, refusals } = await plan([effect()], facts({ policies: policy({ kubernetes: [] }) }));
    assert.deepEqual(codesOf(refusals), ['ApiRequestDenied']);
    assert.match(explainAll(refusals), /patch deployments.apps in namespace 'shop' is denied: no rule allows it/);
    assert.equal(spec.effects.length, 1);
  });

  const secretly = facts({
    playbook: aPlaybook({ ...playbookSpec, steps: [{ name: 'one', command: ['rm', '-rf', '/tmp/x', '--password=hunter22'] }] }),
  });
  const sentences = async (parameters: 'Stored' | 'Redacted' | 'Hashed' | 'Dropped') => {
    const approvals = [{ upToRisk: 'Critical', autoReview: true }];
    const given = { ...secretly, policies: policy({ approvals, dataHandling: { parameters } }) };
    const { spec } = await plan([effect()], given);
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
      const { spec } = await plan([given], facts({ policies }));
      const part = spec.risk.parts.find(({ rule }) => rule === 'images');
      assert.equal(part?.points, 20);
      assert.match(part?.message ?? '', Object.keys(rules).length === 0 ? /evil/ : /had none: one that is not shown$/);
      assert.equal(JSON.stringify(spec).includes('evil'), Object.keys(rules).length === 0);
    }
  });

  it('fits into an object, whatever was observed', async () => {
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
      (await plan(many, facts(), { reads, notObservable: reads, budgets: { read: [], unread } })).spec,
    );
    assert.deepEqual(parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [], []);
  });
});
