import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction, RunReport } from '@sentinel/crds';
import { copyOf } from '@sentinel/kube';
import { action, facts, iso, NOW, plan, planSpec, playbook, playbookSpec, policies, stage } from '../../decide/decide.fixture.ts';
import type { Facts } from '../../facts/facts.ts';
import { stateOf } from '../../status/conditions.ts';
import type { ActContext, Pass } from '../context.ts';
import { abandon } from './abandon.ts';
import { awaitResolution } from './await-resolution.ts';
import { resolve } from './resolve.ts';

const report = (more: Partial<RunReport> = {}): RunReport => ({ claimed: true, consumed: [], unknown: [], ...more });
const unknown = [
  { effect: 0, object: 'patch deployments shop/web', why: 'it was sent, and it may or may not have been applied' },
];
const resolved = (resolution: 'accept' | 'redo' | 'roll-back', outcome: 'Applied' | 'Refused' = 'Applied', message = 'm') => [
  { effect: 0, resolution, user: 'ada', time: iso(-1), outcome, message },
];
const { verify: _, ...unchecked } = playbookSpec;
const bare = { playbook: { ...playbook, spec: unchecked } };
const none = { plan: { ...plan, spec: { ...planSpec, rollback: { from: 'None' as const } } } };

function waiting(): AgentAction {
  const made = action('OutcomeUnknown', {
    stages: [stage('run', { outcome: 'Blocked', message: 'the outcome of effect 1 is unknown' })],
  });
  return { ...made, status: { ...made.status, unknownEffects: unknown } };
}

async function after(said: RunReport, more: Partial<Facts> = {}, giveUp?: string) {
  const of = waiting();
  const pass: Pass = { facts: facts(of, more), action: of, draft: copyOf(of.status ?? {}), now: NOW, afterwards: [] };
  const context = {
    gateway: { resolve: async () => said, report: async () => said },
    settings: async () => ({ image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true }),
    client: {
      create: async (_: unknown, made: { metadata: object }) => ({ ...made, metadata: { ...made.metadata, uid: 'made' } }),
    },
  } as unknown as ActContext;
  if (giveUp === undefined) await resolve(context, pass);
  else await abandon(context, pass, giveUp);
  const { draft } = pass;
  const message = draft.conditions?.find(({ type }) => type === 'Succeeded')?.message ?? '';
  const records = draft.outbox?.records.map(({ transition, summary }) => `${transition} ${summary}`) ?? [];
  return { state: stateOf(draft), message, records, draft, run: draft.stages?.find((one) => one.stage === 'run') };
}

describe('A run with an effect whose outcome is unknown', () => {
  it('waits for a person, and says which effect it is and what to do next', () => {
    const of = action('Running', { stages: [stage('run', { outcome: 'Blocked' })] });
    const pass: Pass = { facts: facts(of), action: of, draft: copyOf(of.status ?? {}), now: NOW, afterwards: [] };
    awaitResolution(pass, report({ unknown }));
    const { draft } = pass;
    const of_ = (type: string) => draft.conditions?.find((one) => one.type === type);
    assert.deepEqual(
      [stateOf(draft), of_('Succeeded')?.status, of_('Executed')?.status, of_('Executed')?.reason],
      [...['OutcomeUnknown', 'Unknown', 'Unknown', 'OutcomeUnknown']],
    );
    assert.deepEqual(
      draft.unknownEffects,
      unknown.map((one) => ({ ...one, number: 1 })),
    );
    assert.match(
      of_('Succeeded')?.message ?? '',
      /effect 1 \(patch deployments shop\/web\).*kubectl sentinel reconcile a -n shop --effect 1/,
    );
    assert.equal(draft.outbox?.records.at(-1)?.transition, 'OutcomeUnknown');
  });
});

describe('After a resolution', () => {
  it('everything that was approved and done is verified', async () => {
    const { state, run, draft, records } = await after(report({ consumed: [0], resolutions: resolved('redo') }));
    assert.deepEqual([state, run?.outcome, draft.unknownEffects], ['Verifying', 'Succeeded', undefined]);
    assert.deepEqual(
      draft.resolutions?.map(({ resolution, outcome }) => [resolution, outcome]),
      [['redo', 'Applied']],
    );
    assert.match(records[0] ?? '', /^EffectResolved redo of effect 1 by ada: m$/);
    assert.equal(draft.conditions?.find(({ type }) => type === 'Executed')?.status, 'True');
  });

  it('what was accepted counts as done, and the end says so', async () => {
    const { state, message } = await after(report({ accepted: [0], resolutions: resolved('accept') }), bare);
    assert.equal(state, 'Succeeded');
    assert.match(message, /0 of 1 approved effects carried out, 1 accepted as stored; the Playbook has no checks/);
  });

  it('what was rolled back leads to the rollback, whether the plan has one or not', async () => {
    for (const more of [{}, none]) {
      const { state, run } = await after(report({ rolledBack: [0], resolutions: resolved('roll-back') }), more);
      assert.deepEqual([state, run?.outcome], ['RollingBack', 'Unknown']);
    }
  });

  it('what was surely not carried out ends the action, with what stands', async () => {
    const { state, message } = await after(report({ resolutions: resolved('roll-back') }));
    assert.equal(state, 'RunFailed');
    assert.match(message, /roll-back of effect 1 by ada: m \(0 of 1 approved effects carried out\)/);
  });

  it('a run that was blocked for another reason as well stays blocked', async () => {
    const blocked = 'patch deployments shop/web is not in the approved plan';
    const { state, message, run } = await after(report({ consumed: [0], blocked, resolutions: resolved('redo') }), none);
    assert.deepEqual([state, run?.outcome], ['Blocked', 'Blocked']);
    assert.match(message, /not in the approved plan/);
  });

  it('nothing more is written while the kill switch is on', async () => {
    const { state } = await after(report({ rolledBack: [0], resolutions: resolved('roll-back') }), {
      policies: policies({ suspended: true }),
    });
    assert.equal(state, 'RunFailed');
  });

  it('as many answers are kept as the webhook takes orders, so that none is recorded again', async () => {
    const many = Array.from({ length: 56 }, (_, n) => ({ ...resolved('redo', 'Refused')[0], time: iso(-n) }) as never);
    const { draft } = await after(report({ unknown, resolutions: many }));
    assert.equal(draft.resolutions?.length, 56);
  });

  it('that was refused the action waits on, and says why', async () => {
    const said = report({ unknown, resolutions: resolved('redo', 'Refused', 'a freeze holds') });
    const { state, message, draft } = await after(said);
    assert.equal(state, 'OutcomeUnknown');
    assert.deepEqual(
      draft.unknownEffects,
      unknown.map((one) => ({ ...one, number: 1 })),
    );
    assert.match(message, /The last decision was refused \(redo of effect 1 by ada: refused: a freeze holds\)/);
  });

  it('each is recorded once', async () => {
    const said = report({ unknown, resolutions: resolved('redo', 'Refused') });
    const of = waiting();
    const draft = { ...copyOf(of.status ?? {}), resolutions: resolved('redo', 'Refused') };
    const pass: Pass = { facts: facts(of), action: of, draft, now: NOW, afterwards: [] };
    const context = { gateway: { resolve: async () => said }, settings: async () => ({ gatewayAddress: '' }) };
    await resolve(context as unknown as ActContext, pass);
    assert.deepEqual([draft.resolutions.length, draft.outbox], [1, undefined]);
  });
});

describe('An action that nobody waits for any longer', () => {
  it('is rolled back as far as it goes', async () => {
    const { state, message } = await after(report({ unknown }), {}, 'the action was cancelled');
    assert.equal(state, 'RollingBack');
    assert.match(message, /the action was cancelled; 0 of 1 approved effects carried out, the outcome of 1 is unknown/);
  });
  it('ends with what stays unknown if there is no rollback', async () => {
    const { state, message, draft } = await after(report({ unknown }), none, 'the action was cancelled');
    assert.equal(state, 'Cancelled');
    assert.match(message, /the outcome of 1 is unknown; rollback is not available/);
    assert.deepEqual(draft.unknownEffects, unknown);
  });
});
