import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, type Person } from '../lib/cluster.ts';
import { accepted, refused, whoAmI } from '../lib/people/answers.ts';
import { decision, makeDeciders, verbsOn, type WholeAction } from '../lib/people/deciders.ts';
import { APPROVALS } from '../lib/people/records.ts';
import type { Tenant } from '../lib/tenant.ts';

// Decisions, plans and requesters that somebody writes with their own hand, each tried against the running installation.

const requestedBy = 'sentinel.dev/requested-by';

let tenant: Tenant;
let namespace = '';
let ada: Person;
let bea: Person;
let sam: Person;
let rita: Person;
let robot: Person;
const { annotate, counted, file, patch, planOf, read, record, stillWaits, write } = verbsOn(() => tenant);

describe('What people write by hand', { concurrency: true }, () => {
  before(async () => {
    ({ tenant, ada, bea, sam, rita, robot } = await makeDeciders('forged'));
    namespace = tenant.namespace;
    await Promise.all(['shared', 'forged'].map((action) => file(action, 'touch')));
  });

  describe('The status of an action', { concurrency: true }, () => {
    const status = { status: { conditions: [], plan: null } };
    it('is not written by an admin of the cluster, in whatever way', async () => {
      const message = "sentinel: only Sentinel's operator writes this status";
      refused(await patch(admin, 'shared', status, 'merge', '--subresource=status'), message);
      const json = [{ op: 'replace', path: '/status/plan/digest', value: `sha256:${'0'.repeat(64)}` }];
      refused(await patch(admin, 'shared', json, 'json', '--subresource=status'), message);
      const action = await read('shared');
      const replaced = JSON.stringify({ ...action, status: { ...action.status, conditions: [] } });
      refused(await admin.tryKubectl(['replace', '--subresource=status', '-f', '-'], { input: replaced }), message);
    });

    it('is not written by who asked, nor by who approves', async () => {
      for (const who of [tenant.agent, ada, robot]) {
        refused(
          await patch(who, 'shared', status, 'merge', '--subresource=status'),
          /cannot (get|patch) resource "agentactions\/status" in API group "sentinel.dev"/,
        );
      }
    });

    it('is not what a write to the action itself changes', async () => {
      const before = (await read('shared')).status?.plan?.digest;
      accepted(await patch(tenant.agent, 'shared', { status: { plan: { digest: `sha256:${'0'.repeat(64)}` } } }));
      assert.equal((await read('shared')).status?.plan?.digest, before);
    });
  });

  describe('A decision of one’s own making', { concurrency: false }, () => {
    const message = 'sentinel: a decision must name this action, its current plan, and who makes it';

    it('does not name another approver, nor groups that the request does not have', async () => {
      refused(await write(ada, 'forged', await record(ada, 'forged', { user: 'bea' })), message);
      refused(await write(bea, 'forged', await record(bea, 'forged', { user: 'ada' })), message);
      refused(await write(sam, 'forged', await record(sam, 'forged', { groups: ['shop-approvers'] })), message);
    });

    it('does not name another action or another plan', async () => {
      const other = (await read('shared')).metadata.uid;
      refused(await write(ada, 'forged', await record(ada, 'forged', { action: other })), message);
      refused(await write(ada, 'forged', await record(ada, 'forged', { plan: `sha256:${'0'.repeat(64)}` })), message);
    });

    it('is not written by who asked, nor by a stranger, nor by a program with the verb', async () => {
      refused(
        await write(tenant.agent, 'forged', await record(tenant.agent, 'forged')),
        'sentinel: programs cannot decide, only people can',
      );
      refused(
        await write(tenant.viewer, 'forged', await record(tenant.viewer, 'forged')),
        /User "vic" cannot patch resource "agentactions"/,
      );
      refused(await write(robot, 'forged', await record(robot, 'forged')), 'sentinel: programs cannot decide, only people can');
    });

    it('does not bring a field twice, so that it says one thing to the API server and another to its reader', async () => {
      const line = await record(ada, 'forged');
      for (const more of ['"user":"bea"', '"\\u0075ser":"bea"', '"more":"x"']) {
        const forged = `${line.slice(0, -1)},${more}}`;
        refused(await annotate(ada, 'forged', { [APPROVALS]: forged }, '--dry-run=server'), message);
      }
    });

    it('names no claims that the request does not carry', async () => {
      const wrong = 'sentinel: a decision must name the claims of who makes it as the API server authenticated them';
      const { extra } = await whoAmI(ada);
      const [[name, values] = ['', []]] = Object.entries(extra ?? {});
      assert.ok(values.length > 0, 'a certificate of this cluster carries its own id as a claim');
      const dry = async (claims: object) =>
        annotate(
          ada,
          'forged',
          { [APPROVALS]: await record(ada, 'forged', { extra: claims }) },
          `--field-manager=approve:${await planOf('forged')}`,
          '--dry-run=server',
        );
      for (const claims of [{ mfa: ['true'] }, { [name]: ['other'] }, { [name]: [...values, 'more'] }, { [name]: [] }])
        refused(await dry(claims), wrong);
      accepted(await dry({ [name]: values }));
      accepted(await dry({}));
    });

    it('is no approval when the request itself does not ask for one, whatever a webhook makes of the object', async () => {
      const line = await record(ada, 'forged');
      const says = (message: string) => `sentinel: the request itself must say that it approves this plan: ${message}`;
      const plan = await planOf('forged');
      const send = (...more: string[]) => annotate(ada, 'forged', { [APPROVALS]: line }, '--dry-run=server', ...more);
      refused(await send(), says(`add --field-manager=approve:${plan}`));
      refused(await send(`--field-manager=approve:sha256:${'0'.repeat(64)}`), says(`add --field-manager=approve:${plan}`));
      refused(await send(`--field-manager=reject:${plan}`), says(`add --field-manager=approve:${plan}`));
      const notRecorded = "sentinel: the decision was not recorded as requested: Sentinel's webhook did not run, or changed it";
      const rejects = await record(ada, 'forged', { decision: 'reject' });
      const revokes = { [APPROVALS]: await record(ada, 'forged', { decision: 'revoke' }) };
      refused(await annotate(ada, 'forged', revokes, '--dry-run=server', `--field-manager=reject:${plan}`), notRecorded);
      refused(await annotate(ada, 'forged', { note: 'x' }, '--dry-run=server', `--field-manager=reject:${plan}`), notRecorded);
      accepted(await annotate(ada, 'forged', { [APPROVALS]: rejects }, '--dry-run=server', `--field-manager=reject:${plan}`));
    });

    it('is two records in one write as little as a record and something else', async () => {
      const line = await record(ada, 'forged');
      refused(await write(ada, 'forged', `${line}\n${line}`), message);
      const both = await write(ada, 'forged', line, { note: 'x' });
      refused(both, 'sentinel: a decision must be the only change of an update');
    });

    it('is refused, that of one approver and that of another: no seal, and it would take the room of real ones', async () => {
      const unsealed = /the decision was not sealed by Sentinel's webhook \(its seal does not verify\), so it would not count/;
      refused(await write(ada, 'forged', await record(ada, 'forged')), unsealed);
      refused(await write(bea, 'forged', await record(bea, 'forged')), unsealed);
      refused(await write(ada, 'forged', await record(ada, 'forged', { key: 'key-00000000' })), /which is not known/);
      await stillWaits('forged');
    });

    it('is nothing: an empty one would stand in the way of the first decision', async () => {
      const empty = 'sentinel: annotations that Sentinel writes must not be set to nothing; leave them out';
      for (const name of [APPROVALS, 'sentinel.dev/amended-by'])
        refused(await annotate(tenant.agent, 'forged', { [name]: '' }), new RegExp(`${empty}|must name who edits`));
      accepted(await tenant.decide(ada, 'forged', 'approve'));
      assert.equal((await counted('forged', 1))[0]?.counts, true);
      await stillWaits('forged');
    });

    it('is not that of an admin of the cluster: they could act as who asked', async () => {
      refused(
        await write(admin, 'forged', await record(admin, 'forged')),
        /sentinel: you can act as the requester of this action, or as the author of this Playbook: you can (impersonate them|write [a-z]+ in)/,
      );
    });

    it('is not taken away or changed afterwards, not even by an admin', async () => {
      const appendOnly = 'sentinel: sealed decisions must not be changed or taken away, only added to';
      refused(await annotate(admin, 'forged', { [APPROVALS]: null }), appendOnly);
      refused(await annotate(ada, 'forged', { [APPROVALS]: await record(ada, 'forged') }), appendOnly);
    });
  });

  describe('An action at its creation', { concurrency: true }, () => {
    const object = (name: string, metadata: object, more: object = {}) =>
      JSON.stringify({
        apiVersion: 'sentinel.dev/v1alpha1',
        kind: 'AgentAction',
        metadata: { name, namespace, ...metadata },
        spec: { intent: { summary: 'Brings something along' }, playbookRef: { name: 'health-check' }, mode: 'DryRun' },
        ...more,
      });
    const create = (input: string, ...args: string[]) => tenant.agent.tryKubectl(['create', '-f', '-', ...args], { input });

    it('brings no decision along', async () => {
      const answer = await create(object('born-decided', { annotations: decision(`sha256:${'0'.repeat(64)}`) }));
      refused(answer, 'a decision cannot be made when the action is created: it has no plan yet');
    });

    it('loses approvals, status and another requester that it contains', async () => {
      const annotations = { [APPROVALS]: await record(ada, 'shared'), [requestedBy]: '{"user":"ada","uid":"","groups":[]}' };
      const status = {
        conditions: [
          { type: 'Succeeded', status: 'True', reason: 'Starting', message: 'x', lastTransitionTime: '2026-01-01T00:00:00Z' },
        ],
      };
      const { stdout, stderr, code } = await create(
        object('born-approved', { annotations }, { status }),
        '-o',
        'json',
        '--dry-run=server',
      );
      assert.equal(code, 0, stderr);
      const made = JSON.parse(stdout) as WholeAction;
      assert.deepEqual(Object.keys(made.metadata.annotations), [requestedBy]);
      assert.match(
        made.metadata.annotations[requestedBy] ?? '',
        new RegExp(`^{"user":"system:serviceaccount:${namespace}:repair-agent",`),
      );
      assert.equal(made.status, undefined);
    });

    it('brings no finalizer along that nobody could ever take off', async () => {
      const answer = await create(object('born-forever', { finalizers: ['example.com/never'] }), '--dry-run=server');
      refused(answer, 'sentinel: the finalizers of an action must not be changed; to end the action, cancel or delete it');
    });

    it('brings no owner along', async () => {
      const ownerReferences = [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'kube-root-ca.crt', uid: '1', blockOwnerDeletion: true },
      ];
      const answer = await create(object('born-owned', { ownerReferences }), '--dry-run=server');
      refused(answer, 'sentinel: the owners of an action must not be changed');
    });
  });

  describe('What an action is', { concurrency: true }, () => {
    it('is not edited by somebody else', async () => {
      const message = "sentinel: only the requester, or a user with the verb 'amend', may edit or cancel an action";
      refused(await patch(ada, 'shared', { spec: { intent: { summary: 'Another' } } }), message);
      refused(await patch(ada, 'shared', { spec: { cancelled: true } }), message);
      refused(await patch(rita, 'shared', { spec: { mode: 'DryRun' } }), message);
    });

    it('keeps its finalizer and gets no owner, for any user', async () => {
      for (const who of [admin, ada, tenant.agent]) {
        refused(
          await patch(who, 'shared', { metadata: { finalizers: null } }),
          'sentinel: the finalizers of an action must not be changed; to end the action, cancel or delete it',
        );
        refused(
          await patch(who, 'shared', {
            metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '1' }] },
          }),
          'sentinel: the owners of an action must not be changed',
        );
      }
    });

    it('keeps the name of who asked, for any user', async () => {
      const message = 'sentinel: the annotation sentinel.dev/requested-by must name who creates the action, and must not change';
      for (const who of [admin, ada, tenant.agent]) {
        refused(await annotate(who, 'shared', { [requestedBy]: '{"user":"vic","uid":"","groups":[]}' }), message);
        refused(await annotate(who, 'shared', { [requestedBy]: null }), message);
      }
    });
  });
});
