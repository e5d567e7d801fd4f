import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ActionPlan, actionPlans, type PlanDraft, type RunReport } from '@sentinel/crds';
import { type AnyObject, ApiError, copyOf } from '@sentinel/kube';
import { action, facts, job, NOW, planSpec, stage } from '../../decide/decide.fixture.ts';
import { stateOf } from '../../status/conditions.ts';
import type { ActContext, Pass } from '../context.ts';
import { LogTurns } from '../log-turns.ts';
import { readOutcome } from '../outcome/read-outcome.ts';

// A pass stored the plan of a rehearsal and died before it wrote the status. The next one makes the plan again, and finds the other.

const { required, risk: _, recording: __, ...draftOf } = planSpec;
const draft = {
  plan: draftOf,
  parts: [],
  history: { playbook: 'fix', namespace: 'shop' },
  byRisk: Object.fromEntries(['Low', 'Medium', 'High', 'Critical'].map((level) => [level, { required }])),
} as unknown as PlanDraft;
const effects = planSpec.effects.map(({ index: _, ...effect }) => effect) as NonNullable<RunReport['recorded']>['effects'];
const report: RunReport = { claimed: true, consumed: [], unknown: [], recorded: { effects, draft, digest: 'r' } };
const ends = ['gate', 'step-one', 'end'].map((name) => ({ name, exitCode: 0, reason: undefined }));

/** One pass after rehearsal `attempt`. `change` says how the existing plan differs; without it, there is none. */
async function pass(attempt: number, change?: (stored: ActionPlan) => void, said = report) {
  const of = action('Rehearsing', { stages: [stage('rehearsal', { attempt })] });
  const begun = { ...copyOf(of.status ?? {}), attempt };
  delete begun.plan;
  const given: Pass = {
    facts: facts(of, { job: job({ phase: 'Ended', ends }) }),
    action: { ...of, status: begun },
    draft: begun,
    now: NOW,
    afterwards: [],
  };
  let sent: ActionPlan | undefined;
  const client = {
    logs: async () => '',
    subjectAccessReview: async () => ({ allowed: false }),
    list: async () => ({ items: [] }),
    create: async (kind: unknown, made: AnyObject) => {
      if (kind !== actionPlans) return { ...made, metadata: { ...made.metadata, uid: 'made' } };
      sent = made as unknown as ActionPlan;
      if (change) throw new ApiError({ status: 409, reason: 'AlreadyExists', message: 'there' });
      return made;
    },
    getOrThrow: async () => {
      const stored = structuredClone(sent ?? assert.fail('nothing was sent'));
      change?.(stored);
      return stored;
    },
  };
  const settings = async () => ({ image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true });
  await readOutcome(
    { gateway: { report: async () => said }, logTurns: new LogTurns(8), settings, client } as unknown as ActContext,
    given,
    'rehearsal',
  );
  const message = given.draft.conditions?.find(({ type }) => type === 'Succeeded')?.message ?? '';
  return {
    state: stateOf(given.draft),
    said: message,
    plan: given.draft.plan?.name,
    records: given.draft.outbox?.records ?? [],
    given,
  };
}

describe('A plan that exists when it should be stored', () => {
  it('is taken when it is of the same recording', async () => {
    const found = await pass(1, () => {});
    assert.deepEqual([found.state, found.plan], ['AwaitingApproval', 'a-1']);
  });

  const changes: Readonly<Record<string, (stored: ActionPlan) => void>> = {
    'of another recording': ({ spec }) => Object.assign(spec, { recording: { job: 'rehearsal', digest: 'other' } }),
    'made by another version': ({ spec }) => Object.assign(spec, { durationSeconds: 1 }),
  };
  for (const [what, change] of Object.entries(changes))
    it(`${what} ends in another rehearsal, and says so; in the end it fails`, async () => {
      const again = await pass(1, change);
      assert.deepEqual([again.state, again.plan], ['Rehearsing', undefined]);
      assert.equal(again.given.draft.attempt, 2);
      assert.match(again.records[0]?.summary ?? '', /rehearsal 1 does not count: ActionPlan\/a-1 exists with other content/);
      const last = await pass(3, change);
      assert.equal(last.state, 'RehearsalFailed');
      assert.match(
        last.said,
        /^its plan cannot be stored: ActionPlan\/a-3 exists with other content\. Create the action again\./,
      );
    });

  it('and a recording that comes to no plan of this version end in the same', async () => {
    const foreign = { ...report, recorded: { effects, draft: { ...draft, byRisk: {} }, digest: 'r' } };
    assert.match(
      (await pass(1, undefined, foreign)).records[0]?.summary ?? '',
      /rehearsal 1 does not count: the draft of the plan/,
    );
    assert.equal((await pass(3, undefined, foreign)).state, 'RehearsalFailed');
  });
});
