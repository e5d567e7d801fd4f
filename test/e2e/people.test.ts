import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { admin, eventually, person } from '../lib/cluster.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { filersOf, mayFile } from '../lib/people/requester.ts';
import { anonymous, applyAll, as, bind, grant, makeSeparated, removeGrants, verbsIn } from '../lib/people/separation.ts';
import { messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Only people decide, and only who is somebody else than who asked.

let tenant: Tenant;
let namespace = '';
let waiting = '';
let plan = '';
const { decide, read, write } = verbsIn(() => tenant);

describe('A person who decides', { concurrency: false }, () => {
  before(async () => {
    tenant = await makeSeparated('people', ['touch', 'exempted', 'lost', 'own']);
    namespace = tenant.namespace;
    await admin.apply(mayFile('rex', namespace));
    await applyAll(['uma', 'rex', 'ron', 'rae', 'max'].map((user) => bind(namespace, user, 'sentinel-approver')));
    const name = await tenant.file('touch');
    await tenant.until(name, ['AwaitingApproval']);
    plan = (await read(name)).status?.plan?.digest ?? '';
    waiting = name;
  });
  after(async () => {
    await removeGrants(namespace);
    await admin.kubectl(['delete', 'clusteragentpolicy', namespace, '--ignore-not-found']);
  });

  /** A second floor that applies to the agent of this tenant alone. */
  const floor = (identity: object) =>
    applyAll([
      {
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'ClusterAgentPolicy',
        metadata: { name: namespace },
        spec: {
          subjects: [{ kind: 'ServiceAccount', name: 'repair-agent', namespace }],
          modes: ['DryRun', 'Apply'],
          playbooks: { trustedOnly: true },
          identity,
        },
      },
    ]);

  describe('is no agent', { concurrency: 4 }, () => {
    it('that a policy names as a User, whatever verb it holds; but no policy prevents a rejection', async () => {
      refused(
        await decide(as('uma'), waiting, 'approve', plan, '--dry-run=server'),
        /'uma' is an agent \(AgentPolicy\/people-[0-9a-f]+ names it in `subjects`\): agents cannot approve/,
      );
      accepted(await decide(as('uma'), waiting, 'reject', plan, '--dry-run=server'));
    });

    for (const user of ['system:anonymous', 'system:kube-scheduler', 'system:kube-controller-manager', 'system:admin'])
      it(`and no part of the cluster: ${user}`, async () => {
        const who = user === 'system:anonymous' ? anonymous : as(user);
        refused(await decide(who, waiting, 'approve', plan, '--dry-run=server'), /is a program: only people can decide/);
        // The controller-manager can create tokens of any ServiceAccount: another policy may answer first.
        const message = /sentinel: (programs cannot decide, only people can|you can act as the requester)/;
        refused(await write(who, waiting), message);
        refused(await write(who, waiting, 'reject'), /sentinel: programs cannot decide, only people can/);
      });

    it('and nobody with a group that programs alone have', async () => {
      const odd = as('odd', undefined, ['shop-approvers', 'system:serviceaccounts']);
      refused(await decide(odd, waiting, 'approve', plan, '--dry-run=server'), /is a program: only people can decide/);
      refused(await write(odd, waiting), /sentinel: programs cannot decide, only people can/);
    });
  });

  describe('is somebody else than who asked', { concurrency: true }, () => {
    it('by name and by uid', async () => {
      const object = {
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'AgentAction',
        metadata: { name: 'by-rex', namespace },
        spec: { intent: { summary: 'x' }, playbookRef: { name: 'own' } },
      };
      await as('rex', 'uid-of-rex', [filersOf('rex')]).kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
      const digest = (await tenant.until('by-rex', ['AwaitingApproval'])).status?.plan?.digest ?? '';
      const renamed = as('rex-at-work', 'uid-of-rex');
      refused(await decide(renamed, 'by-rex', 'approve', digest, '--dry-run=server'), /you asked for this action/);
      refused(await write(renamed, 'by-rex'), /you asked for this action, or edited it/);
      const other = as('rex-at-work', 'uid-of-another');
      accepted(await decide(other, 'by-rex', 'approve', digest, '--dry-run=server'));
      accepted(await write(other, 'by-rex'));
    });
  });

  describe('is not the person for whom the agent acts', { concurrency: false }, () => {
    it('who is shown, and cannot approve; it is a claim, so nobody gains by it', async () => {
      const name = await tenant.file('touch', {}, { onBehalfOf: { user: 'ron' } });
      const found = await tenant.until(name, ['AwaitingApproval']);
      const digest = found.status?.plan?.digest ?? '';
      const ron = as('ron', undefined, []);
      refused(await decide(ron, name, 'approve', digest, '--dry-run=server'), /the agent acts on your behalf/);
      refused(await write(ron, name), /sentinel: you asked for this action, or edited it, or the agent acts on your behalf/);
      accepted(await decide(ron, name, 'reject', digest, '--dry-run=server'));
      accepted(await decide(as('rae', undefined, []), name, 'approve', digest, '--dry-run=server'));
      await applyAll(
        grant(
          namespace,
          'pru',
          'impersonates',
          [{ apiGroups: [''], resources: ['users'], resourceNames: ['ron'], verbs: ['impersonate'] }],
          true,
        ),
      );
      const could = /you can act as 'ron' \(impersonate users 'ron'\), so you count as the same person/;
      refused(await decide(as('pru'), name, 'approve', digest, '--dry-run=server'), could);
      refused(await write(as('pru'), name), /sentinel: you can act as the requester of this action/);
      const record = found.status?.outbox?.records.find(({ transition }) => transition === 'Admitted');
      assert.match(record?.summary ?? '', /:repair-agent on behalf of ron asks for Playbook touch/);
      assert.match(await admin.sentinel(['queue', '-n', namespace]), /sa:repair-agent for ron/);
      assert.match(
        await admin.sentinel(['plan', name, '-n', namespace]),
        /on behalf of ron \(the agent says so; they cannot approve\)/,
      );
    });
  });

  describe('is told at once', { concurrency: false }, () => {
    it('that there is nothing to revoke', async () => {
      const message = /you have not approved this plan, so there is nothing to revoke/;
      refused(await decide(tenant.approver, waiting, 'revoke', plan), message);
      refused(await write(tenant.approver, waiting, 'revoke'), message);
    });

    it('that one person counts once', async () => {
      const max = as('max', 'uid-of-max', []);
      accepted(await decide(max, waiting, 'approve', plan));
      refused(await decide(max, waiting, 'approve', plan), /you have approved this plan already: one person counts once/);
      const renamed = as('max-at-home', 'uid-of-max');
      refused(await decide(renamed, waiting, 'approve', plan), /you have approved this plan already: one person counts once/);
      accepted(await write(max, waiting, 'revoke'));
      accepted(await decide(renamed, waiting, 'revoke', plan));
      refused(await decide(max, waiting, 'revoke', plan), /you have revoked your approval of this plan already/);
      assert.equal(stateOf(await read(waiting)), 'AwaitingApproval');
    });
  });

  describe('who could act as the agent, and is exempted by name', { concurrency: false }, () => {
    it('decides, and every record says so', async () => {
      await applyAll([bind(namespace, 'eli', 'edit')]);
      await floor({ separationOfDuties: { exemptUsers: ['eli'] } });
      const name = await tenant.file('exempted');
      const digest = (await tenant.until(name, ['AwaitingApproval'])).status?.plan?.digest ?? '';
      const eli = as('eli');
      accepted(await decide(eli, name, 'approve', digest));
      const by = `ClusterAgentPolicy/${namespace}`;
      const sealed = JSON.parse((await read(name)).metadata.annotations['sentinel.dev/approvals'] ?? '') as { exemptBy: string };
      assert.equal(sealed.exemptBy, by);
      // Taken away before the start: it counts no more, and the status says why.
      await floor({ separationOfDuties: { exemptUsers: ['nobody'] } });
      accepted(await decide(as('ron', undefined, []), name, 'approve', digest));
      const waits = await eventually('an approval that does not count', async () => {
        const found = (await read(name)).status?.decisions ?? [];
        return found.length === 2 && found[0]?.counts === false && found;
      });
      assert.match(waits[0]?.why ?? '', /'eli' can act as '.*:repair-agent' \(.*\), so they count as the same person/);
      assert.equal(stateOf(await read(name)), 'AwaitingApproval');
      await floor({ separationOfDuties: { exemptUsers: ['eli'] } });
      const done = await tenant.until(name, ['Succeeded', 'RunFailed', 'Denied']);
      assert.equal(stateOf(done), 'Succeeded', messageOf(done));
      const record = done.status?.outbox?.records.find(({ transition }) => transition === 'Decided') as
        | { details?: { name: string; value: string }[] }
        | undefined;
      assert.equal(record?.details?.find(({ name }) => name === 'sentinel.decision.exempt_by')?.value, by);
    });
  });

  describe('still holds the verb at the start', { concurrency: false }, () => {
    it('else the approval counts no more, until the right is there again', async () => {
      const name = await tenant.file('lost');
      const digest = (await tenant.until(name, ['AwaitingApproval'])).status?.plan?.digest ?? '';
      const rae = await person('rae', []);
      accepted(await decide(rae, name, 'approve', digest));
      await admin.kubectl(['delete', 'rolebinding', 'rae-sentinel-approver', '-n', namespace]);
      accepted(await decide(as('ron', undefined, []), name, 'approve', digest));
      const found = await eventually('an approval that does not count', async () => {
        const { decisions = [] } = (await read(name)).status ?? {};
        return decisions.length === 2 && decisions[0]?.counts === false && decisions;
      });
      assert.equal(found[0]?.why, "'rae' does not hold the verb 'approve' on this action any more");
      const action = await read(name);
      assert.equal(stateOf(action), 'AwaitingApproval');
      assert.equal(action.status?.conditions?.find(({ type }) => type === 'Approved')?.message, '1 of 2 approvals');
      await applyAll([bind(namespace, 'rae', 'sentinel-approver')]);
      const done = await tenant.until(name, ['Succeeded', 'RunFailed', 'Denied']);
      assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    });
  });

  describe('may demand to know for whom the agent acts', { concurrency: false }, () => {
    it('by a field of the floor', async () => {
      await floor({ agents: { requireOnBehalfOf: true } });
      await assert.rejects(
        tenant.file('touch'),
        /the action does not say for whom the agent acts .*identity\.agents\.requireOnBehalfOf/,
      );
      await admin.kubectl(['delete', 'clusteragentpolicy', namespace]);
    });
  });
});
