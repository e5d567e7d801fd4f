import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, type Person } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { annotateWebAs, decision, makeDeciders, scripted, verbsOn } from '../lib/people/deciders.ts';
import { APPROVALS } from '../lib/people/records.ts';
import { messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Edits of an action that is being decided, each tried against the running installation.

let tenant: Tenant;
let namespace = '';
let ada: Person;
let bea: Person;
let amy: Person;
let rita: Person;
const { annotate, counted, file, patch, planOf, read, stillWaits, write } = verbsOn(() => tenant);

describe('An action that is decided and edited', { concurrency: true }, () => {
  before(async () => {
    ({ tenant, ada, bea, amy, rita } = await makeDeciders(
      'edited',
      `${scripted('touch-later', annotateWebAs())}${scripted('touch-slowly', `${annotateWebAs('slow')}; ${whileHeld('held')}`)}`,
    ));
    namespace = tenant.namespace;
    await Promise.all([
      ...['shared', 'edited', 'amended', 'renamed'].map((action) => file(action, 'touch')),
      file('own', 'touch', rita),
      file('later', 'touch-later'),
      file('running', 'touch-slowly'),
    ]);
  });

  describe('A decision together with an edit', { concurrency: false }, () => {
    const message = 'a decision must be the only change of an update';
    for (const who of ['an approver', 'who asked', 'an admin'] as const) {
      const actor = () => (who === 'an approver' ? ada : who === 'who asked' ? rita : admin);
      const what = who === 'who asked' ? 'own' : 'shared';

      it(`is refused to ${who}, as merge patch, JSON patch, apply by force and replace`, async () => {
        const annotations = decision(await planOf(what));
        const intent = { summary: 'Something else' };
        refused(await patch(actor(), what, { metadata: { annotations }, spec: { intent } }), message);
        const operations = [
          { op: 'replace', path: '/spec/intent/summary', value: intent.summary },
          ...Object.entries(annotations).map(([key, value]) => ({
            op: 'add',
            path: `/metadata/annotations/${key.replace('/', '~1')}`,
            value,
          })),
        ];
        refused(await patch(actor(), what, operations, 'json'), message);
        const { apiVersion, kind } = { apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction' };
        const applied = {
          apiVersion,
          kind,
          metadata: { name: what, namespace, annotations },
          spec: { intent, playbookRef: { name: 'touch' } },
        };
        const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=attack', '-f', '-'];
        refused(await actor().tryKubectl(apply, { input: JSON.stringify(applied) }), message);
        const whole = await read(what);
        const replaced = {
          ...whole,
          metadata: { ...whole.metadata, annotations: { ...whole.metadata.annotations, ...annotations } },
          spec: { ...whole.spec, intent },
        };
        refused(await actor().tryKubectl(['replace', '-f', '-'], { input: JSON.stringify(replaced) }), message);
      });
    }

    it('is refused with a label or another annotation as well', async () => {
      const annotations = decision(await planOf('shared'));
      refused(await patch(ada, 'shared', { metadata: { annotations, labels: { a: 'b' } } }), message);
      refused(await patch(ada, 'shared', { metadata: { annotations: { ...annotations, a: 'b' } } }), message);
    });

    it('leaves no trace', async () => {
      assert.equal((await read('shared')).metadata.annotations[APPROVALS], undefined);
      await stillWaits('shared');
    });
  });

  describe('An action that changes while it is decided', { concurrency: true }, () => {
    it('counts each person once, and starts over when edited: a new plan, and what was decided does not count', async () => {
      const before = await read('edited');
      const plan = before.status?.plan?.digest ?? '';
      accepted(await annotate(ada, 'edited', decision(plan)));
      refused(await annotate(ada, 'edited', decision(plan)), 'you have approved this plan already: one person counts once');
      await counted('edited', 1);
      const approved = (await read('edited')).status?.conditions?.find(({ type }) => type === 'Approved')?.message;
      assert.equal(approved, '1 of 2 approvals');
      await stillWaits('edited');
      accepted(await patch(tenant.agent, 'edited', { spec: { intent: { summary: 'Something else' } } }));
      const after = await eventually('another plan', async () => {
        const found = await read('edited');
        return stateOf(found) === 'AwaitingApproval' && found.status?.plan?.digest !== plan && found;
      });
      assert.equal(after.metadata.generation, before.metadata.generation + 1);
      refused(
        await annotate(bea, 'edited', decision(plan)),
        `is not the current one (${after.status?.plan?.digest}); look at it again`,
      );
      accepted(await annotate(bea, 'edited', decision(after.status?.plan?.digest ?? '')));
      const found = await counted('edited', 2);
      assert.deepEqual(
        found.map(({ user, counts, why }) => [user, counts, why]),
        [
          ['ada', false, 'it is for another plan'],
          ['bea', true, undefined],
        ],
      );
      await stillWaits('edited');
    });

    it('is not approved by the person who changed it', async () => {
      const plan = await planOf('amended');
      accepted(await patch(amy, 'amended', { spec: { intent: { summary: 'What amy wants' } } }));
      const after = await eventually('another plan', async () => {
        const found = await read('amended');
        return stateOf(found) === 'AwaitingApproval' && found.status?.plan?.digest !== plan && found;
      });
      refused(await annotate(amy, 'amended', decision(after.status?.plan?.digest ?? '')), /somebody else must approve it/);
    });

    it('ends at once when its Playbook changed after it was admitted: nobody is asked about what could not start', async () => {
      const spec = { description: 'Puts another annotation on a Deployment.' };
      await admin.kubectl(['patch', 'playbook', 'touch-later', '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec })]);
      const ended = await tenant.until('later', ['Denied', 'Running', 'Succeeded']);
      assert.equal(
        messageOf(ended),
        'the Playbook changed after the action was admitted. Create the action again. Nothing was changed.',
      );
    });

    it('has none of the decisions of an action of the same name that is gone', async () => {
      const first = await read('renamed');
      accepted(await annotate(ada, 'renamed', decision(first.status?.plan?.digest ?? '')));
      const old = (await read('renamed')).metadata.annotations[APPROVALS] ?? '';
      await admin.kubectl(['delete', 'agentaction', 'renamed', '-n', namespace]);
      const { apiVersion, kind } = { apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction' };
      const metadata = { name: 'renamed', namespace, annotations: { ...first.metadata.annotations, [APPROVALS]: old } };
      await tenant.agent.kubectl(['create', '-f', '-'], {
        input: JSON.stringify({ apiVersion, kind, metadata, spec: first.spec }),
      });
      const second = await tenant.until('renamed', ['AwaitingApproval']);
      assert.notEqual(second.metadata.uid, first.metadata.uid);
      assert.notEqual(second.status?.plan?.digest, first.status?.plan?.digest);
      assert.equal(second.metadata.annotations[APPROVALS], undefined);
      refused(await write(ada, 'renamed', old), 'sentinel: a decision must name this action, its current plan, and who makes it');
    });

    it('is only ended, not edited, once its real run has begun', async () => {
      const plan = await planOf('running');
      await hold(tenant, 'held');
      for (const who of [ada, bea]) accepted(await annotate(who, 'running', decision(plan)));
      await tenant.until('running', ['Running']);
      refused(
        await patch(tenant.agent, 'running', { spec: { intent: { summary: 'Another' } } }),
        'sentinel: the real run has begun: the action can only be cancelled now',
      );
      refused(
        await patch(tenant.agent, 'running', { spec: { mode: 'DryRun', cancelled: true } }),
        'sentinel: the real run has begun: the action can only be cancelled now',
      );
      refused(await annotate(ada, 'running', decision(plan, 'revoke')), 'it is too late to decide: the action is Running');
      const said = await tenant.agent.sentinel(['cancel', 'running', '-n', namespace, '--yes']);
      assert.match(said, /The run is stopped at once\. A write that is under way may still be applied; what it has changed/);
      assert.match(said, /running cancelled\nsee what happens to it: kubectl sentinel watch running/);
      assert.match(
        messageOf(await tenant.until('running', ['Cancelled'])),
        /^the action was cancelled by system:serviceaccount:/,
      );
      refused(await patch(tenant.agent, 'running', { spec: { cancelled: false } }), '`cancelled` must stay true once it is');
    });
  });
});
