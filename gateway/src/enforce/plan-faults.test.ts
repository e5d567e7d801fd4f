import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type ActionPlan, ActionPlanSpec, type AgentAction, digestOf, type Effect, type PlanDraft } from '@sentinel/crds';
import { completePlan, draftPlan, type PolicySet, partsOfHistory } from '@sentinel/policy';
import { anAction, aPlaybook, aPolicySet, clusterPolicy, TRUSTED } from '@sentinel/policy/testing';
import { z } from 'zod';
import { changesBetween } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { recordingDigest, type SealedRecording } from '../rehearse/sealed-recording.ts';
import { planFaults } from './plan-faults.ts';

const changes = [...changesBetween({ spec: { replicas: 1 } }, { spec: { replicas: 2 } })];
const observed = describeEffect(request(), { name: 'web', uid: 'u', changes });
// Every field that an effect may have.
const effect: Effect = {
  deletesData: 'volumes are deleted with its pods',
  ...observed,
  index: 0,
  namespace: 'bank',
  reversible: false,
  hiddenChanges: 1,
  pods: { before: 2, after: 2, labels: ['app=web'] },
  notes: ['a note'],
  deletion: {
    propagation: 'Background',
    isDefault: true,
    gracePeriodSeconds: 0,
    dependants: [{ apiGroup: '', resource: 'pods', kind: 'Pod', count: 1, names: ['a'] }],
    incomplete: 'the account of the run (accounts.sentinel.dev) may not list secrets',
  },
  change: [
    { path: '/spec/replicas', before: '1', after: '2', volatile: 'Time', redacted: true, repeats: true, cut: true },
    { path: '/data/a', lines: '-a\n+b', format: 'Text', part: 1 },
  ],
  more: { fields: 2, part: 1 },
};
const playbook = aPlaybook({
  steps: [{ name: 'one', command: ['kubectl', 'restart', 'deployment/web'] }],
  verify: [{ name: 'ready', command: ['kubectl', 'get', 'pods'] }],
  expect: 'It is up.',
  rollback: { from: 'PreImages' },
  autonomy: 'Auto',
});
const action = anAction({
  metadata: { name: 'fix-1', uid: 'a', generation: 3 },
  spec: { intent: { summary: 'restart web' }, onBehalfOf: { user: 'dana' } },
});
const policies = (approvals: object[], more: object = {}) =>
  aPolicySet(
    [
      clusterPolicy({
        approvals,
        kubernetes: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'], decision: 'Allow' }],
        ...more,
      }),
    ],
    { environment: 'staging' },
  );
const identity = {
  identity: { approverGroups: ['people'], refuseGroups: ['robots'] },
  reasons: { approvals: { comment: true, ticket: 'OPS-[0-9]+' } },
};

const AMENDS: NonNullable<ActionPlanSpec['amends']> = {
  action: { name: 'fix-0', uid: 'b' },
  plan: { name: 'fix-0-1', digest: digestOf('p') },
  round: 1,
  refused: 'patch deployments shop/web',
  why: 'it is not in the approved plan',
  effect: 0,
};

interface Made {
  readonly recording: SealedRecording;
  readonly spec: ActionPlanSpec;
}

/** A recording and the plan that an honest operator makes of it. */
async function make(shown: Effect, set: PolicySet, succeeded: number | undefined, failed = false, undoes = false): Promise<Made> {
  const draft: PlanDraft = await draftPlan({
    action: undoes ? { ...action, spec: { ...action.spec, rollbackOf: { name: 'harmful', uid: 'h' } } } : action,
    undone: undoes
      ? { undoes: [3], unchanged: [4], left: [{ effect: 2, object: 'patch web', path: '/a', why: 'others did' }] }
      : undefined,
    requester: { user: 'agent', groups: [] },
    policies: set,
    playbook,
    trust: TRUSTED,
    attempt: 1,
    effects: [shown],
    shown: [shown],
    parts: shown.more ? [{ number: 1, changes: [] }] : [],
    reads: ['get pods'],
    notObservable: shown.namespace === 'bank' ? ['A list showed the live state.'] : [],
    budgets: { read: [{ namespace: 'bank', name: 'web', selector: {}, disruptionsAllowed: 0 }], unread: [] },
    template: digestOf('t'),
    ...(shown.namespace === 'bank' ? { amends: AMENDS } : {}),
  });
  const { index: _, ...full } = shown;
  const recording: SealedRecording = {
    action: { namespace: 'shop', name: 'fix-1', uid: 'a', generation: 3 },
    job: 'rehearsal-1',
    sealedAt: 1,
    account: 'remediator',
    effects: [full],
    notObservable: draft.plan.notObservable ?? [],
    draft,
  };
  const history = partsOfHistory({ ...draft.history, ranBefore: true, newTargets: 1, failed, failedTargets: failed ? 1 : 0 });
  const spec = completePlan(draft, { job: 'rehearsal-1', digest: recordingDigest(recording) }, { history, succeeded });
  return { recording, spec };
}

type Path = readonly (string | number)[];
/** The path of every leaf of a value, and of every field that can be left out. */
function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inside = Object.entries(value).flatMap(([key, one]) => paths(one, [...path, Array.isArray(value) ? Number(key) : key]));
  return path.length === 0 ? inside : [path, ...inside];
}
const at = (root: unknown, path: Path) =>
  path.reduce<Record<string | number, unknown>>((one, key) => one[key] as never, root as never);
const named = (path: Path) => path.map((key) => (typeof key === 'number' ? '[]' : `.${key}`)).join('');

/** A copy in which one field is another, or is left out. */
function altered(spec: ActionPlanSpec, path: Path, leaveOut: boolean): ActionPlanSpec {
  const copy = structuredClone(spec);
  const parent = at(copy, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  const value = parent[key];
  if (leaveOut && Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (leaveOut) delete parent[key];
  else if (typeof value === 'string') parent[key] = `${value}x`;
  else if (typeof value === 'number') parent[key] = value + 1;
  else if (typeof value === 'boolean') parent[key] = !value;
  else if (Array.isArray(value)) value.push('x');
  else Object.assign(value as object, { extra: 'x' });
  return copy;
}

/** The leaves of the schema of a plan, but those of the copy of the Playbook, which its digest covers. */
function schemaLeaves(schema: unknown, path = ''): string[] {
  const { properties, items } = schema as { properties?: Record<string, unknown>; items?: unknown };
  if (path === '.playbook.spec') return [];
  if (items !== undefined) return schemaLeaves(items, `${path}[]`);
  if (!properties) return [path];
  return Object.entries(properties).flatMap(([name, one]) => schemaLeaves(one, `${path}.${name}`));
}

describe('A plan that an operator made', () => {
  let byPerson: Made;
  let alone: Made;
  let undoing: Made;
  const faults = ({ spec, recording }: Made, more: object = {}, kept: SealedRecording | undefined = recording) =>
    planFaults({ ...action, ...more } as AgentAction, { spec } as ActionPlan, kept).join('; ');

  before(async () => {
    const lines = (more: object) => [{ upToRisk: 'Critical', groups: ['sre'], expiresAfter: '1h', standing: '30d', ...more }];
    byPerson = await make(effect, policies(lines({ autoReview: true, autoReviewAfter: 3 }), identity), 1, true);
    const {
      hiddenChanges: _,
      notes: __,
      pods: ___,
      change: ____,
      more: _____,
      deletesData: ______,
      deletion: _______,
      ...plain
    } = effect;
    undoing = await make(effect, policies(lines({})), undefined, false, true);
    alone = await make({ ...plain, namespace: 'shop', reversible: true }, policies(lines({ autoReview: true })), undefined);
  });

  it('is believed when it is what the gateway sealed, with what the operator counts', () => {
    for (const one of [byPerson, alone, undoing]) assert.equal(faults(one), '');
    for (const { spec } of [byPerson, undoing]) assert.deepEqual(ActionPlanSpec.parse(spec), spec);
    assert.deepEqual([alone.spec.required.autoReview, byPerson.spec.rollback.from], [true, 'None']);
    assert.match(byPerson.spec.required.personBecause?.[0] ?? '', /^1 of 3 runs/);
  });

  it('is not believed when any field of it is another, is left out, or has something added to it', () => {
    for (const one of [byPerson, alone, undoing])
      for (const path of paths(one.spec))
        for (const leaveOut of [false, true]) {
          const spec = altered(one.spec, path, leaveOut);
          // The API server takes no plan that lacks a required field.
          if (leaveOut && !ActionPlanSpec.safeParse(spec).success) continue;
          // Runs that are still missing: the operator's to count.
          if (leaveOut && named(path) === '.required.personBecause[]' && path.at(-1) === 0) continue;
          assert.notEqual(faults({ ...one, spec }), '', `${named(path)} ${leaveOut ? 'left out' : 'altered'}`);
        }
  });

  it('has no field that is not tried here', () => {
    const tried = new Set([byPerson, alone, undoing].flatMap(({ spec }) => paths(spec).map(named)));
    const untried = schemaLeaves(z.toJSONSchema(ActionPlanSpec, { unrepresentable: 'any' })).filter((leaf) => !tried.has(leaf));
    assert.deepEqual(untried, []);
  });

  const counts: Readonly<Record<string, readonly [(spec: ActionPlanSpec) => void, RegExp]>> = {
    'a part of the risk that no count comes to': [
      ({ risk }) => risk.parts.push({ rule: 'new-target', points: 5, message: 'This is safe: ask nobody.' }),
      /'risk\.parts/,
    ],
    'the same part twice': [
      ({ risk }) => risk.parts.push(...risk.parts.filter(({ rule }) => rule === 'failed-before')),
      /'risk\./,
    ],
    'a level that is lower than its parts': [({ risk }) => Object.assign(risk, { level: 'Low' }), /'risk\.level'/],
    'fewer approvals': [({ required }) => Object.assign(required, { approvals: 0 }), /'required\.approvals'/],
    'a reason for an invalid reason for a person': [
      ({ required }) => required.personBecause?.push('nothing of this matters'),
      /'required\.personBecause/,
    ],
    'other steps': [({ steps }) => Object.assign(steps[0] as object, { command: ['true'] }), /'steps\[0\]\.command/],
    'other checks': [({ verify = [] }) => Object.assign(verify[0] as object, { command: ['true'] }), /'verify\[0\]\.command/],
    'no checks': [(spec) => Reflect.deleteProperty(spec, 'verify'), /'verify'/],
    'a rollback that there is not': [({ rollback }) => Object.assign(rollback, { from: 'PreImages' }), /'rollback\.from'/],
  };
  for (const [what, [alter, message]] of Object.entries(counts))
    it(`is not believed with ${what}`, () => {
      const spec = structuredClone(byPerson.spec);
      alter(spec);
      assert.match(faults({ ...byPerson, spec }), message);
    });

  it('may count other earlier runs: that is the operator alone to know, and only makes a plan stricter', () => {
    const { draft } = byPerson.recording;
    assert.ok(draft);
    const history = partsOfHistory({ ...draft.history, ranBefore: false, newTargets: 0, failed: false, failedTargets: 0 });
    const spec = completePlan(draft, byPerson.spec.recording as never, { history, succeeded: 2 });
    assert.notEqual(digestOf(spec), digestOf(byPerson.spec));
    assert.equal(faults({ ...byPerson, spec }), '');
  });

  const foreign: Readonly<Record<string, readonly [object, RegExp]>> = {
    'for another action': [{ metadata: { ...action.metadata, uid: 'b' } }, /for another action/],
    'for another generation': [{ metadata: { ...action.metadata, generation: 4 } }, /another generation/],
    'for a dry-run': [{ spec: { ...action.spec, mode: 'DryRun' } }, /is a DryRun/],
  };
  for (const [what, [more, message]] of Object.entries(foreign))
    it(`is not believed ${what}`, () => assert.match(faults(byPerson, more), message));

  it('is not believed without a recording, or with that of another rehearsal', () => {
    assert.match(planFaults(action, { spec: byPerson.spec } as ActionPlan, undefined).join(), /names no recording/);
    assert.match(faults(byPerson, {}, { ...byPerson.recording, job: 'rehearsal-2' }), /recording of another rehearsal/);
    assert.match(faults(byPerson, {}, { ...byPerson.recording, account: 'root' }), /another recording than the gateway keeps/);
  });
});
