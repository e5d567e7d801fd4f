import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, type Person } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { decision, makeDeciders, verbsOn } from '../lib/people/deciders.ts';
import { receivedLogs } from '../lib/telemetry.ts';
import { messageOf, stagesOf, stateOf, type Tenant } from '../lib/tenant.ts';

// A conversation about one action: a person asks for changes, its requester revises it, people decide on the new plan.

const noteWeb = oneStep('note', ['kubectl', 'annotate', '--overwrite', 'deployment', 'web', 'note=$(params.text)'], {
  more: '  parameters:\n  - {name: text, required: true, pattern: "[a-z]{1,16}"}\n',
});
const POLICY = { reasons: { approvals: { ticket: 'OPS-[0-9]+' } }, limits: { revisions: 1, duration: '3m', objects: 20 } };

let tenant: Tenant;
let ada: Person;
let bea: Person;
let amy: Person;
const { annotate, counted, patch, planOf, read } = verbsOn(() => tenant);
const revise = (who: Person, action: string, text: string, ...more: string[]) =>
  patch(who, action, { spec: { parameters: [{ name: 'text', value: text }] } }, 'merge', ...more);
const asking = (plan: string, comment = 'say slow') => ({
  ...decision(plan, 'request-changes'),
  'sentinel.dev/comment': comment,
});
const approving = (plan: string) => ({ ...decision(plan), 'sentinel.dev/comment': 'OPS-7: fine' });

async function file(text: string): Promise<string> {
  const name = await tenant.file('note', { text });
  await tenant.until(name, ['AwaitingApproval']);
  return name;
}

async function detailsOf(action: string, transition: string) {
  const records = (await read(action)).status?.outbox?.records ?? [];
  return records
    .filter((one) => one.transition === transition)
    .map(({ details = [], ...record }) => ({
      ...record,
      ...Object.fromEntries(details.map(({ name, value }) => [name, value])),
    })) as unknown as Record<string, string>[];
}

describe('Decisions with reasons, and requests for changes', { concurrency: true }, () => {
  let talked = '';
  let first = '';
  let withdrawn = '';
  before(async () => {
    ({ tenant, ada, bea, amy } = await makeDeciders('changes', noteWeb));
    await tenant.setPolicy(POLICY);
    [talked, withdrawn] = await Promise.all([file('fast'), file('other')]);
    first = await planOf(talked);
  });

  describe('An action of which changes are requested', { concurrency: false }, () => {
    it('is not approved without the ticket that policy requires, by kubectl or the plugin', async () => {
      const rule = `the comment names no ticket that matches 'OPS-[0-9]+' (AgentPolicy/${tenant.namespace}: reasons.approvals.ticket)`;
      const args = ['approve', talked, '-n', tenant.namespace, '--yes', '--plan', first];
      const [silent, vague, byPlugin] = await Promise.all([
        annotate(ada, talked, decision(first)),
        annotate(ada, talked, { ...decision(first), 'sentinel.dev/comment': 'fine' }),
        ada.trySentinel([...args, '--comment', 'fine']),
      ]);
      for (const answer of [silent, vague]) refused(answer, rule);
      refused(byPlugin, /Decide again and name the ticket.*\[TicketRequired\]/);
      accepted(await ada.trySentinel([...args, '--comment', 'OPS-1: fine']));
      await counted(talked, 1);
    });

    it('goes to its requester, with what to change', async () => {
      refused(await annotate(bea, talked, asking(first, '')), 'a request for changes must say what to change');
      refused(await annotate(tenant.agent, talked, asking(first)), /is a program: only people can decide/);
      const args = ['request-changes', talked, '-n', tenant.namespace, '--yes', '--comment', 'say slow'];
      assert.match(await bea.sentinel(args), /changes requested\n$/);
      const waiting = await tenant.until(talked, ['ChangesRequested']);
      assert.match(messageOf(waiting), /^bea asked for changes: say slow\. The requester revises the action/);
    });

    it('does not start, although enough people approve', async () => {
      accepted(await annotate(amy, talked, approving(first)));
      await counted(talked, 3);
      const now = await read(talked);
      assert.equal(stateOf(now), 'ChangesRequested', messageOf(now));
      refused(await annotate(bea, talked, asking(first)), 'you have asked for changes of this plan already');
    });

    it('is revised by nobody but its requester', async () => {
      const message = 'sentinel: people have asked for changes of this plan: only the requester of the action may revise it';
      const [byAda, ...byOthers] = await Promise.all([
        ...[ada, amy, admin].map((who) => revise(who, talked, 'evil')),
        patch(amy, talked, { spec: { mode: 'DryRun' } }),
      ]);
      refused(byAda ?? assert.fail(), /only the requester/);
      for (const answer of byOthers) refused(answer, message);
      assert.equal(await planOf(talked), first);
      accepted(await revise(tenant.agent, talked, 'slow'));
    });

    it('has a new plan, for which no earlier approval counts, with its difference to the one before', async () => {
      const again = await eventually('the plan of the revision', async () => {
        const now = await read(talked);
        return stateOf(now) === 'AwaitingApproval' && now.status?.plan?.digest !== first && now;
      });
      const difference = 'effects: 1 changed, 0 added, 0 removed, 0 the same; other steps';
      assert.ok(messageOf(again).includes(`Compared with the plan before: ${difference}`), messageOf(again));
      const shown = await bea.sentinel(['plan', talked, '-n', tenant.namespace]);
      assert.match(
        shown,
        new RegExp(`DIFFERENCE {2}\\(to the plan before, ${first}\\)\\n {2}other steps\\n {2}~ 1\\. patch Deployment`),
      );
      assert.match(shown, /annotations\/note: "slow" instead of "fast"\n/);
      const status = again.status as unknown as { previousPlan: { digest: string } };
      assert.equal(status.previousPlan.digest, first);
      const late = await Promise.all([ada, bea, amy].map((who) => annotate(who, talked, approving(first))));
      for (const answer of late) refused(answer, /is not the current one/);
      const plan = again.status?.plan?.digest ?? '';
      refused(
        await annotate(bea, talked, asking(plan)),
        `people have asked for changes of this action 1 times; at most 1 are allowed (AgentPolicy/${tenant.namespace}: limits.revisions)`,
      );
      accepted(await annotate(ada, talked, approving(plan)));
      const decisions = await counted(talked, 4);
      assert.deepEqual(
        decisions.map(({ user, decision: word, counts }) => [user, word, counts]),
        [
          ['ada', 'approve', false],
          ['bea', 'request-changes', false],
          ['amy', 'approve', false],
          ['ada', 'approve', true],
        ],
      );
      assert.equal(stateOf(await read(talked)), 'AwaitingApproval');
    });

    it('runs once, as it was approved, and is edited by nobody after that', async () => {
      const plan = await planOf(talked);
      accepted(await annotate(bea, talked, approving(plan)));
      const ended = await tenant.until(talked, ['Succeeded', 'Blocked', 'RunFailed', 'Denied']);
      assert.equal(stateOf(ended), 'Succeeded', messageOf(ended));
      assert.equal(stagesOf(ended).filter(({ stage }) => stage === 'run').length, 1);
      const web = await admin.get<{ metadata: { annotations: Record<string, string> } }>([
        'deployment',
        'web',
        '-n',
        tenant.namespace,
      ]);
      assert.equal(web.metadata.annotations.note, 'slow');
      refused(await revise(tenant.agent, talked, 'fast'), 'the real run has begun: the action can only be cancelled now');
      refused(await annotate(bea, talked, asking(plan)), 'it is too late to decide: the action is Succeeded');
    });

    it('has the whole conversation in its record, in Events and at the sink', async () => {
      const decided = await detailsOf(talked, 'Decided');
      assert.deepEqual(
        decided.map((one) => [one.actor, one['sentinel.decision'], one['sentinel.decision.by'], one['sentinel.decision.ticket']]),
        [
          ['ada', 'approve', 'Person', 'OPS-1'],
          ['bea', 'request-changes', 'Person', undefined],
          ['amy', 'approve', 'Person', 'OPS-7'],
          ['ada', 'approve', 'Person', 'OPS-7'],
          ['bea', 'approve', 'Person', 'OPS-7'],
        ],
      );
      const last = await planOf(talked);
      assert.deepEqual(
        decided.map(({ plan }) => plan),
        [first, first, first, last, last],
      );
      assert.equal(decided[1]?.['sentinel.decision.comment'], 'say slow');
      const [revision] = await detailsOf(talked, 'StartedOver');
      assert.deepEqual(
        [revision?.actor, revision?.['sentinel.revision'], revision?.['sentinel.parameters']],
        [`system:serviceaccount:${tenant.namespace}:repair-agent`, 'true', '{"text":"slow"}'],
      );
      const [, planned] = await detailsOf(talked, 'Planned');
      assert.equal(planned?.['sentinel.plan.previous'], first);
      assert.match(planned?.['sentinel.plan.difference'] ?? '', /^effects: 1 changed/);
      const events = await admin.kubectl(['get', 'events', '-n', tenant.namespace, '-o', 'jsonpath={.items[*].message}']);
      assert.match(events, /request-changes by bea: say slow/);
      const { uid } = (await read(talked)).metadata;
      await eventually('the request at the sink', async () =>
        receivedLogs().some(
          ({ attributes }) => attributes['sentinel.action.uid'] === uid && attributes['sentinel.decision'] === 'request-changes',
        ),
      );
      const verified = await admin.trySentinel(['audit', 'verify', talked, '-n', tenant.namespace]);
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    });
  });

  it('A request is withdrawn by its person alone, and the plan then waits as before', async () => {
    const plan = await planOf(withdrawn);
    accepted(await annotate(bea, withdrawn, asking(plan)));
    await tenant.until(withdrawn, ['ChangesRequested']);
    refused(await annotate(ada, withdrawn, decision(plan, 'revoke')), /nothing to revoke/);
    accepted(await annotate(bea, withdrawn, decision(plan, 'revoke')));
    await tenant.until(withdrawn, ['AwaitingApproval']);
    accepted(await annotate(ada, withdrawn, { ...decision(plan, 'reject'), 'sentinel.dev/comment': 'no' }));
    await tenant.until(withdrawn, ['Rejected']);
  });
});
