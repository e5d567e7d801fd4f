import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AgentAction } from '@sentinel/crds';
import { activity } from '../limits/activity.fixture.ts';
import { anAction } from '../testing/action.fixture.ts';
import { aPolicySet, clusterPolicy } from '../testing/policies.fixture.ts';
import { adHocPlaybook, UNTRUSTED_STEPS } from './ad-hoc.ts';
import { admit } from './admit.ts';
import { judgeRollbackOf } from './rollback-of.ts';

const spec = { rollbackOf: { name: 'harmful', uid: 'h' }, account: 'remediator' };

const ended = (state: string, status: object = {}): AgentAction =>
  ({
    metadata: { name: 'harmful', namespace: 'shop', uid: 'h' },
    status: {
      account: 'remediator',
      conditions: [{ type: 'Succeeded', reason: state }],
      stages: [{ stage: 'rehearsal' }, { stage: 'run' }],
      ...status,
    },
  }) as unknown as AgentAction;

describe('A rollback of another action', () => {
  const other = (uid: string, more: object) => activity(uid, { undoes: 'h', ...more });
  const rows: readonly [string, AgentAction | undefined, readonly ReturnType<typeof activity>[], string | undefined][] = [
    ['that succeeded', ended('Succeeded'), [], undefined],
    ['whose changes stay after a failure', ended('VerificationFailed'), [], undefined],
    ['that does not exist', undefined, [], 'RollbackSourceNotFound'],
    ['of another uid', { ...ended('Succeeded'), metadata: { name: 'harmful', uid: 'x' } }, [], 'RollbackSourceNotFound'],
    ['that runs', ended('Running'), [], 'RollbackSourceNotEnded'],
    ['without a status', { ...ended('x'), status: undefined } as unknown as AgentAction, [], 'RollbackSourceNotEnded'],
    ['that never ran', ended('DryRunCompleted', { stages: [{ stage: 'rehearsal' }] }), [], 'RollbackSourceNotRun'],
    ['of another account', ended('Succeeded', { account: 'other' }), [], 'RollbackAccountDiffers'],
    ['that was rolled back', ended('RolledBack'), [], 'RollbackAlreadyDone'],
    ['that was rolled back in part', ended('RollbackIncomplete'), [], 'RollbackSourceIncomplete'],
    ['that was cancelled and rolled back', ended('Cancelled', { rollback: [{}] }), [], 'RollbackAlreadyDone'],
    ['that was undone', ended('Succeeded', { rolledBackBy: { name: 'b', uid: 'b' } }), [], 'RollbackAlreadyDone'],
    ['that another one undid', ended('Succeeded'), [other('b', { succeeded: true })], 'RollbackAlreadyDone'],
    ['that another one undoes', ended('Succeeded'), [other('b', { phase: 'Waiting' })], 'RollbackInProgress'],
    ['that another one wants to undo', ended('Succeeded'), [other('b', { phase: 'Filed' })], undefined],
    ['that another one failed to undo', ended('Succeeded'), [other('b', { failed: true })], undefined],
    ['that this one undoes', ended('Succeeded'), [other('self', { phase: 'Waiting' })], undefined],
    ['beside rollbacks of others', ended('Succeeded'), [activity('b', { undoes: 'x', phase: 'Waiting' })], undefined],
  ];
  for (const [title, original, others, code] of rows)
    it(`${title} is ${code ?? 'allowed'}`, () => {
      const found = judgeRollbackOf({ uid: 'self', spec }, { original, activity: others });
      assert.deepEqual(
        found.map((one) => one.code),
        code === undefined ? [] : [code],
      );
    });

  it('is for other actions nothing to judge', () => {
    assert.deepEqual(judgeRollbackOf({ spec: { account: 'x' } }, { original: undefined, activity: [] }), []);
  });

  it('is admitted where policy allows no ad-hoc steps and no other image, but not without the account', () => {
    const action = anAction({ spec: { intent: { summary: 'undo' }, ...spec, playbookRef: undefined } });
    const playbook = adHocPlaybook(action) ?? assert.fail();
    const policies = aPolicySet([
      clusterPolicy({
        modes: ['Apply'],
        playbooks: { trustedOnly: true, adHocSteps: 'Deny', allow: [] },
        images: { allow: ['registry.acme.io/*'], requireDigest: true },
      }),
    ]);
    const codes = (mayUseAccount: boolean, about = action.spec) =>
      admit({ spec: about, policies, playbook, trust: UNTRUSTED_STEPS, mayUseAccount }).map(({ code }) => code);
    assert.deepEqual(codes(true), []);
    assert.deepEqual(codes(false), ['AccountNotAllowed']);
    const { rollbackOf: _, ...steps } = { ...action.spec, steps: [{ name: 'a', command: ['sentinel', 'rollback'] }] };
    assert.deepEqual(codes(true, steps), ['AdHocStepsNotAllowed', 'ImageNotAllowed']);
    assert.equal(playbook.spec.autonomy, 'Approve');
  });
});
