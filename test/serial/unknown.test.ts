import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { askingManager } from '@sentinel/crds';
import { realWrites } from '../lib/audit-log.ts';
import { admin, eventually, type Person, serviceAccount } from '../lib/cluster.ts';
import { refused } from '../lib/people/answers.ts';
import { resolutionsIn, transitionsOf } from '../lib/people/resolutions.ts';
import { END_STATES, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';
import { makeUnknownOutcomes, type Name, names } from '../lib/worlds/unknown-outcomes.ts';

// The gateway is killed in the middle of a write, and then something keeps its outcome from being found out. The action waits for a
// person and says so; an authorized one resolves it by each of accept, redo and roll-back, and nobody else does.

let tenant: Tenant;
let namespace = '';
let ada: Person;
let rita: Person;
let robot: Person;

const imageOf = (name: Name) =>
  admin.kubectl([
    ...['get', 'deployment', name, '-n', namespace],
    ...['-o', 'jsonpath={.metadata.generation} {.spec.template.spec.containers[0].image}'],
  ]);
const { annotate, askGateway, planOf, read, reconcile, resolved, soundTrail, write } = resolutionsIn(() => namespace);

describe('An effect whose outcome is unknown', { concurrency: false }, () => {
  before(async () => {
    ({ tenant, rita, robot } = await makeUnknownOutcomes(async (made) => {
      tenant = made;
      namespace = made.namespace;
      ada = made.approver;
      refusedWhile = await whileSuspended();
    }));
  });

  let refusedWhile: Awaited<ReturnType<typeof whileSuspended>> | undefined;
  async function whileSuspended() {
    const { code, stderr } = await reconcile(ada, 'redo-it', '--effect', '1', 'redo');
    assert.equal(code, 0, stderr);
    return await resolved('redo-it', 1);
  }

  it('is in the status, in a condition of its own, in the audit trail and in an Event', async (context) => {
    for (const name of names) {
      const action = await read(name);
      const found = action.status?.conditions?.filter(({ type }) => ['Succeeded', 'Executed', 'Reconciling'].includes(type));
      assert.deepEqual(
        found?.map(({ type, status, reason }) => [type, status, reason]).sort(),
        [
          ['Executed', 'Unknown', 'OutcomeUnknown'],
          ['Reconciling', 'True', 'OutcomeUnknown'],
          ['Succeeded', 'Unknown', 'OutcomeUnknown'],
        ],
        name,
      );
      const [effect, ...more] = action.status?.unknownEffects ?? [];
      context.diagnostic(`${name}: ${effect?.effect} ${effect?.object}: ${effect?.why}`);
      assert.deepEqual([effect?.effect, effect?.object, more.length], [0, `patch deployments ${namespace}/${name}`, 0]);
      assert.match(effect?.why ?? '', /may or may not have been applied/);
      assert.ok(transitionsOf(action).includes('OutcomeUnknown'));
    }
    const events = await eventually('the Event', async () => {
      const text = await admin.kubectl(['get', 'events', '-n', namespace, '-o', 'jsonpath={.items[*].reason}']);
      return text.includes('OutcomeUnknown') && text;
    });
    assert.match(events, /OutcomeUnknown/);
  });

  it('is shown by the CLI, with what to do next', async () => {
    const action = 'keep-it';
    const args = ['-n', namespace];
    const plan = await ada.kubectl(['sentinel', 'plan', action, ...args]);
    assert.match(plan, /UNKNOWN OUTCOMES\n {2}! effect 1: /);
    assert.match(plan, new RegExp(`kubectl sentinel reconcile ${action} -n ${namespace} --effect 1 roll-back`));
    assert.match(await ada.kubectl(['sentinel', 'queue', ...args]), /keep-it .*unknown: effect 1/);
    const unseen = ['sentinel', 'reconcile', action, ...args, '--yes', '--effect', '1', 'redo'];
    refused(await ada.tryKubectl(unseen), 'stdin is not a terminal; pass --yes and --plan DIGEST');
    const audit = await ada.kubectl(['sentinel', 'audit', 'show', action, ...args]);
    assert.match(audit, /OutcomeUnknown {2}by sentinel-gateway\n.*kubectl sentinel reconcile/);
  });

  it('does not take the place of another run, and keeps its object from others, which say what they wait for', async () => {
    const next = await tenant.file('keep-it');
    await tenant.until(next, ['AwaitingApproval']);
    await tenant.decide(ada, next, 'approve');
    const held = await tenant.until(next, ['Starting', ...END_STATES]);
    assert.match(messageOf(held), /whose outcome is unknown until a person resolves it \(kubectl sentinel plan keep-it/);
    await tenant.cancel(next);
    await tenant.until(next, ['Cancelled']);
  });

  describe('is not resolved', { concurrency: false }, () => {
    const own = 'keep-it';

    it('by the requester, although they may approve', async () => {
      const answer = await annotate(rita, own, 'accept');
      refused(answer, 'you asked for this action: somebody else must resolve its effects');
      const plan = await planOf(own);
      const byHand = await write(rita, own, `accept:${plan}:1`, { decision: 'accept', effect: 0 });
      refused(
        byHand,
        'you asked for this action, or edited it, or the agent acts on your behalf: somebody else must approve it or resolve its effects',
      );
    });

    it('by a ServiceAccount with the verb, nor by somebody without it', async () => {
      refused(await annotate(robot, own, 'accept'), /only people|programs cannot/);
      const plan = await planOf(own);
      const byHand = await write(robot, own, `accept:${plan}:1`, { decision: 'accept', effect: 0 });
      refused(byHand, 'sentinel: programs cannot decide, only people can');
      refused(await annotate(tenant.viewer, own, 'accept'), /cannot patch resource/);
    });

    it('by the operator', async () => {
      const operator = await serviceAccount('sentinel-system', 'sentinel-operator');
      const plan = await planOf(own);
      const answer = await write(operator, own, `accept:${plan}:1`, { decision: 'accept', effect: 0 });
      refused(answer, /programs cannot decide|the operator changes nothing|cannot patch resource/);
    });

    const notAsked = /the request itself must say that it resolves this effect|the decision was not recorded as requested/;
    const plain: readonly [string, string, Record<string, unknown>][] = [
      ['by another effect than was asked for', 'redo:PLAN:2', { decision: 'redo', effect: 0 }],
      ['by a record of another effect', 'redo:PLAN:1', { decision: 'redo', effect: 1 }],
      ['by another resolution than was asked for', 'redo:PLAN:1', { decision: 'accept', effect: 0 }],
      ['by a rejection that became an acceptance', 'reject:PLAN', { decision: 'accept', effect: 0 }],
      ['by an update that asked for nothing', 'kubectl-edit', { decision: 'accept', effect: 0 }],
      ['by a resolution that became an approval', 'accept:PLAN:1', { decision: 'approve' }],
    ];
    for (const [name, asked, changed] of plain)
      it(`${name}, whatever a webhook makes of it`, async () => {
        const plan = await planOf(own);
        refused(
          await write(ada, own, asked.replace('PLAN', plan), changed, '--dry-run=server'),
          /the request itself must say|the decision was not recorded as requested/,
        );
      });

    it('by a request whose record was dropped', async () => {
      const plan = await planOf(own);
      const note = [
        'annotate',
        'agentaction',
        own,
        '-n',
        namespace,
        'note=x',
        `--field-manager=accept:${plan}:0`,
        '--dry-run=server',
      ];
      refused(await ada.tryKubectl(note), notAsked);
    });

    it('by a record without an effect, or with more than one', async () => {
      const plan = await planOf(own);
      for (const changed of [{ decision: 'accept' }, { decision: 'accept', effect: '0' }, { decision: 'approve', effect: 0 }])
        refused(
          await write(ada, own, `accept:${plan}:1`, changed, '--dry-run=server'),
          /a decision must name this action|the request itself must say/,
        );
    });

    it('by a record of one’s own making: no seal', async () => {
      const plan = await planOf(own);
      const { code, stderr } = await write(ada, own, `accept:${plan}:1`, { decision: 'accept', effect: 0 });
      assert.notEqual(code, 0, 'it was not refused');
      assert.match(stderr, /the decision was not sealed by Sentinel's webhook \(its seal does not verify\)/);
      // An operator that is taken over may ask all the same: the gateway judges the record itself.
      const { unknown, resolutions } = await askGateway(own);
      assert.deepEqual([unknown.map(({ effect }) => effect), resolutions], [[0], []]);
      assert.equal(stateOf(await tenant.action(own)), 'OutcomeUnknown');
    });

    it('by an effect that is not unknown, or by an invalid decision', async () => {
      const plan = await planOf(own);
      const args = ['annotate', 'agentaction', own, '-n', namespace, `sentinel.dev/plan=${plan}`];
      const other = ['sentinel.dev/decision=redo', 'sentinel.dev/effect=8', `--field-manager=${askingManager('redo', plan, 7)}`];
      refused(
        await ada.tryKubectl([...args, ...other]),
        'must be the number of an effect whose outcome is unknown, counted from 1: 1',
      );
      refused(
        await ada.tryKubectl([...args, 'sentinel.dev/decision=undo']),
        'must be one of approve, reject, revoke, request-changes, accept',
      );
      refused(
        await ada.tryKubectl([...args, 'sentinel.dev/decision=approve', `--field-manager=approve:${plan}`]),
        'it is too late',
      );
    });
  });

  it('is not sent again while a kill switch is on: the decision is answered, and the next one counts', async (context) => {
    context.diagnostic(JSON.stringify(refusedWhile));
    assert.deepEqual([refusedWhile?.resolution, refusedWhile?.user, refusedWhile?.outcome], ['redo', 'ada', 'Refused']);
    assert.match(refusedWhile?.message ?? '', /suspended/);
  });

  it('is resolved by redo: the approved change is sent, once, and verified', async (context) => {
    assert.equal(await imageOf('redo-it'), '1 localhost/web:one');
    const { code, stderr } = await reconcile(ada, 'redo-it', '--effect', '1', 'redo', '--comment', 'it never arrived');
    assert.equal(code, 0, stderr);
    const done = await tenant.until('redo-it', END_STATES);
    context.diagnostic(`${stateOf(done)}: ${messageOf(done)}`);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    assert.equal(await imageOf('redo-it'), '2 localhost/web:two');
    assert.equal(await realWrites(namespace, 'redo-it'), 1);
    await soundTrail('redo-it', [
      'OutcomeUnknown',
      'Decided',
      'EffectResolved',
      'Decided',
      'EffectResolved',
      'VerificationStarted',
      'VerificationEnded',
      'Ended',
    ]);
  });

  it('is resolved by roll-back: an applied write is found, and rolled back', async (context) => {
    assert.equal(await imageOf('undo-it'), '2 localhost/web:two');
    const { code, stderr } = await annotate(ada, 'undo-it', 'roll-back');
    assert.equal(code, 0, stderr);
    const done = await tenant.until('undo-it', END_STATES);
    context.diagnostic(`${stateOf(done)}: ${messageOf(done)}`);
    assert.equal(stateOf(done), 'RolledBack', messageOf(done));
    assert.equal(await imageOf('undo-it'), '3 localhost/web:one');
    assert.deepEqual(
      done.status?.rollback?.map(({ outcome }) => outcome),
      ['Restored'],
    );
    await soundTrail('undo-it', ['OutcomeUnknown', 'Decided', 'EffectResolved', 'RollbackEnded', 'Ended']);
  });

  it('is not overwritten by redo or roll-back where somebody else has written since, and says why', async (context) => {
    for (const [index, resolution] of (['redo', 'roll-back'] as const).entries()) {
      const { code, stderr } = await annotate(ada, 'keep-it', resolution);
      assert.equal(code, 0, stderr);
      const found = await resolved('keep-it', index + 1);
      context.diagnostic(JSON.stringify(found));
      assert.deepEqual([found.resolution, found.outcome], [resolution, 'Refused']);
      assert.match(found.message, /neither the state before the write nor the state after it/);
    }
    assert.equal(stateOf(await tenant.action('keep-it')), 'OutcomeUnknown');
    assert.equal(await imageOf('keep-it'), '3 localhost/web:three');
  });

  it('is resolved by accept: what is stored stays, with who and when, and is verified', async (context) => {
    const { code, stderr } = await annotate(ada, 'keep-it', 'accept', 'sentinel.dev/comment=three is right');
    assert.equal(code, 0, stderr);
    const done = await tenant.until('keep-it', END_STATES);
    context.diagnostic(`${stateOf(done)}: ${messageOf(done)}`);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    assert.match(messageOf(done), /effect 1 accepted by ada/);
    assert.equal(await imageOf('keep-it'), '3 localhost/web:three');
    const again = await annotate(ada, 'keep-it', 'redo');
    refused(again, 'there is nothing to resolve: the action is Succeeded');
  });

  it('does not hold an action for ever: who cancels it ends it, and the end says what stays unknown', async (context) => {
    await tenant.cancel('drop-it', rita);
    const done = await tenant.until('drop-it', [...END_STATES, 'Cancelled']);
    context.diagnostic(`${stateOf(done)}: ${messageOf(done)}`);
    assert.equal(stateOf(done), 'RollbackIncomplete', messageOf(done));
    assert.match(messageOf(done), /others changed|unknown/);
    assert.equal(await imageOf('drop-it'), '3 localhost/web:three');
  });
});
