import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { admin, eventually, example, type Person, person, serviceAccount } from '../lib/cluster.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { oneStep } from '../lib/one-step.ts';
import { filersOf, mayFile, policyAbout } from '../lib/people/requester.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Ways around a decision, each tried against the running installation. One tenant; the policy wants two people, so that a single
// approval never starts anything, and every attack has an action of its own or leaves the one it shares waiting.

const touch = (name: string, command: string) => oneStep(name, ['sh', '-ec', command]);
// What really runs has an annotation of its own, so that the rehearsals of the others still find something to change.
const change = (key = 'touched') => `kubectl annotate --overwrite deployment web ${key}=yes`;
const playbooks = [
  touch('touch', change()),
  touch('touch-race', change('race')),
  touch('touch-later', change()),
  touch('touch-slowly', `${change('slow')}; ${whileHeld('held')}`),
].join('');

const policy = policyAbout('rita', 2);

const rights = (ns: string) => `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: amender, namespace: ${ns}}
rules: [{apiGroups: [sentinel.dev], resources: [agentactions], verbs: [amend, "get", patch, update, approve]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: amender, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: amender}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: amy}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: more-approvers, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-approver}
subjects:
- {kind: User, apiGroup: rbac.authorization.k8s.io, name: sam}
- {kind: ServiceAccount, name: robot, namespace: ${ns}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: robot, namespace: ${ns}}
${mayFile('rita', ns)}---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: writers, namespace: ${ns}}
rules: [{apiGroups: [sentinel.dev], resources: [playbooks], verbs: [get, create, update, patch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: writers, namespace: ${ns}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: writers}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: sam}]
`;

const approvals = 'sentinel.dev/approvals';
const requestedBy = 'sentinel.dev/requested-by';
type Answer = { code: number; stdout: string; stderr: string };
type Whole = ActionView & { spec: Record<string, unknown> & { intent: { summary: string } }; metadata: { generation: number } };

let tenant: Tenant;
let namespace = '';
let ada: Person;
let bea: Person;
let sam: Person;
let amy: Person;
let rita: Person;
let robot: Person;
const names: Record<string, string> = {};

const named = (what: string) => names[what] ?? assert.fail(`no action ${what}`);
const read = (what: string) => admin.get<Whole>(['agentaction', named(what), '-n', namespace]);
const planOf = async (what: string) => (await read(what)).status?.plan?.digest ?? '';

function patch(who: Person, what: string, body: unknown, type = 'merge', ...more: string[]): Promise<Answer> {
  const args = ['patch', 'agentaction', named(what), '-n', namespace, `--type=${type}`, '-p', JSON.stringify(body), ...more];
  return who.tryKubectl(args);
}

// Says in the options of the request what the annotations ask for, as a person has to.
const annotate = (who: Person, what: string, annotations: Record<string, string | null>, ...more: string[]) => {
  const { 'sentinel.dev/decision': word, 'sentinel.dev/plan': plan } = annotations;
  const asked = word && plan ? [`--field-manager=${word}:${plan}`] : [];
  return patch(who, what, { metadata: { annotations } }, 'merge', ...asked, ...more);
};

const decision = (plan: string, word = 'approve') => ({ 'sentinel.dev/decision': word, 'sentinel.dev/plan': plan });

function refused({ code, stderr }: Answer | { code: number; stderr: string }, message: string | RegExp): void {
  assert.notEqual(code, 0, 'it was not refused');
  if (typeof message === 'string') assert.ok(stderr.includes(message), `${stderr}\ndoes not say: ${message}`);
  else assert.match(stderr, message);
}

function accepted({ code, stderr }: { code: number; stderr: string }): void {
  assert.equal(code, 0, stderr);
}

async function file(what: string, playbook: string, who: Person = tenant.agent): Promise<void> {
  const spec = { intent: { summary: `Attack: ${what}` }, playbookRef: { name: playbook } };
  names[what] = what;
  const object = { apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction', metadata: { name: what, namespace }, spec };
  await who.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
}

/** A record as the webhook writes it, for somebody to write with their own hand. */
async function record(who: Person, what: string, changed: Record<string, unknown> = {}): Promise<string> {
  const { status } = JSON.parse(await who.kubectl(['auth', 'whoami', '-o', 'json'])) as {
    status: { userInfo: { username: string; uid?: string; groups: string[] } };
  };
  const action = await read(what);
  const keys = await admin.get<{ data: Record<string, string> }>(['configmap', 'sentinel-seal-keys', '-n', 'sentinel-system']);
  return JSON.stringify({
    action: action.metadata.uid,
    plan: action.status?.plan?.digest,
    user: status.userInfo.username,
    uid: status.userInfo.uid ?? '',
    groups: status.userInfo.groups,
    extra: {},
    decision: 'approve',
    time: new Date().toISOString(),
    key: Object.keys(keys.data)[0],
    seal: Buffer.alloc(64, 7).toString('base64'),
    ...changed,
  });
}

async function whoAmI(who: Person): Promise<{ extra?: Record<string, string[]> }> {
  const { status } = JSON.parse(await who.kubectl(['auth', 'whoami', '-o', 'json'])) as {
    status: { userInfo: { extra?: Record<string, string[]> } };
  };
  return status.userInfo;
}

const behind = (before: string | undefined, line: string) => (before === undefined ? line : `${before}\n${line}`);

/** Writes a record with one's own hand behind those that are there. */
async function write(who: Person, what: string, line: string, others: Record<string, string> = {}): Promise<Answer> {
  const { metadata, status } = await read(what);
  const asked = `--field-manager=approve:${status?.plan?.digest}`;
  return annotate(who, what, { [approvals]: behind(metadata.annotations[approvals], line), ...others }, asked);
}

const counted = (what: string, amount: number) =>
  eventually(`${amount} decisions on ${what}`, async () => {
    const found = (await read(what)).status?.decisions ?? [];
    return found.length >= amount && found;
  });

async function stillWaits(what: string): Promise<void> {
  const action = await read(what);
  assert.equal(stateOf(action), 'AwaitingApproval', messageOf(action));
}

describe('The decisions on an action', { concurrency: true }, () => {
  before(async () => {
    tenant = await makeTenant('attack', { playbooks, policy });
    namespace = tenant.namespace;
    await admin.apply(rights(namespace));
    await admin.apply(
      example('shop/workload.yaml')
        .replaceAll('namespace: shop', `namespace: ${namespace}`)
        .replace('localhost/web:no-such-tag', tenant.image),
    );
    ada = tenant.approver;
    [bea, sam, amy, rita, robot] = await Promise.all([
      person('bea', ['shop-approvers', 'shop-viewers']),
      person('sam', ['shop-viewers']),
      person('amy', ['shop-approvers']),
      person('rita', [filersOf('rita'), 'shop-approvers', 'shop-viewers']),
      serviceAccount(namespace, 'robot'),
    ]);
    const all = ['shared', 'many', 'forged', 'edited', 'amended', 'rejected', 'replayed', 'renamed'];
    await Promise.all([
      ...all.map((what) => file(what, 'touch')),
      file('own', 'touch', rita),
      file('race', 'touch-race'),
      file('later', 'touch-later'),
      file('running', 'touch-slowly'),
    ]);
    await Promise.all(Object.keys(names).map((what) => tenant.until(what, ['AwaitingApproval'])));
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
        refused(await annotate(ada, 'forged', { [approvals]: forged }, '--dry-run=server'), message);
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
          { [approvals]: await record(ada, 'forged', { extra: claims }) },
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
      const says = (message: string) => `sentinel: the request must say itself that it approves this plan: ${message}`;
      const plan = await planOf('forged');
      const send = (...more: string[]) => annotate(ada, 'forged', { [approvals]: line }, '--dry-run=server', ...more);
      refused(await send(), says(`add --field-manager=approve:${plan}`));
      refused(await send(`--field-manager=approve:sha256:${'0'.repeat(64)}`), says(`add --field-manager=approve:${plan}`));
      refused(await send(`--field-manager=reject:${plan}`), says(`add --field-manager=approve:${plan}`));
      const notRecorded = "sentinel: what was asked for was not recorded: Sentinel's webhook did not take part, or changed it";
      const rejects = await record(ada, 'forged', { decision: 'reject' });
      const revokes = { [approvals]: await record(ada, 'forged', { decision: 'revoke' }) };
      refused(await annotate(ada, 'forged', revokes, '--dry-run=server', `--field-manager=reject:${plan}`), notRecorded);
      refused(await annotate(ada, 'forged', { note: 'x' }, '--dry-run=server', `--field-manager=reject:${plan}`), notRecorded);
      accepted(await annotate(ada, 'forged', { [approvals]: rejects }, '--dry-run=server', `--field-manager=reject:${plan}`));
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
      for (const name of [approvals, 'sentinel.dev/amended-by'])
        refused(await annotate(tenant.agent, 'forged', { [name]: '' }), new RegExp(`${empty}|must name who edits`));
      accepted(await tenant.decide(ada, 'forged', 'approve'));
      assert.equal((await counted('forged', 1))[0]?.counts, true);
      await stillWaits('forged');
    });

    it('is not that of an admin of the cluster: they could act as who asked', async () => {
      refused(
        await write(admin, 'forged', await record(admin, 'forged')),
        /sentinel: you can act as who asked for this action, or wrote this Playbook: you can (impersonate them|write [a-z]+ in)/,
      );
    });

    it('is not taken away or changed afterwards, not even by an admin', async () => {
      const appendOnly = 'sentinel: sealed decisions must not be changed or taken away, only added to';
      refused(await annotate(admin, 'forged', { [approvals]: null }), appendOnly);
      refused(await annotate(ada, 'forged', { [approvals]: await record(ada, 'forged') }), appendOnly);
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

    it('loses approvals, status and another requester that it brings along', async () => {
      const annotations = { [approvals]: await record(ada, 'shared'), [requestedBy]: '{"user":"ada","uid":"","groups":[]}' };
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
      const made = JSON.parse(stdout) as Whole;
      assert.deepEqual(Object.keys(made.metadata.annotations), [requestedBy]);
      assert.match(
        made.metadata.annotations[requestedBy] ?? '',
        new RegExp(`^{"user":"system:serviceaccount:${namespace}:repair-agent",`),
      );
      assert.equal(made.status, undefined);
    });

    it('brings no finalizer along that nobody could ever take off', async () => {
      const answer = await create(object('born-forever', { finalizers: ['example.com/never'] }), '--dry-run=server');
      refused(answer, 'sentinel: the finalizers of an action must not be changed; it is ended by deleting it');
    });

    it('brings no owner along', async () => {
      const ownerReferences = [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'kube-root-ca.crt', uid: '1', blockOwnerDeletion: true },
      ];
      const answer = await create(object('born-owned', { ownerReferences }), '--dry-run=server');
      refused(answer, 'sentinel: the owners of an action must not be changed');
    });
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
          metadata: { name: named(what), namespace, annotations },
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
      assert.equal((await read('shared')).metadata.annotations[approvals], undefined);
      await stillWaits('shared');
    });
  });

  describe('A plan', { concurrency: true }, () => {
    it('is decided only by its own digest', async () => {
      const plan = await planOf('shared');
      const wrong = `sha256:${'0'.repeat(64)}`;
      refused(
        await annotate(ada, 'shared', decision(wrong)),
        `the plan that you saw (${wrong}) is not the current one (${plan}); look at it again`,
      );
      refused(
        await annotate(ada, 'shared', { 'sentinel.dev/decision': 'approve' }),
        `sentinel.dev/plan must hold the digest of the plan that you saw; the current one is ${plan}`,
      );
      refused(
        await annotate(ada, 'shared', decision('')),
        `the plan that you saw () is not the current one (${plan}); look at it again`,
      );
      refused(
        await annotate(ada, 'shared', decision(plan, 'yes')),
        'sentinel.dev/decision must be one of approve, reject, revoke',
      );
      refused(
        await annotate(ada, 'shared', { 'sentinel.dev/plan': plan }),
        'sentinel.dev/decision must be one of approve, reject, revoke',
      );
    });

    it('is approved only by people of the group, whatever else they may', async () => {
      const plan = await planOf('shared');
      const message = 'policy asks for an approver from one of the groups shop-approvers; you are in none of them';
      refused(await annotate(sam, 'shared', decision(plan)), message);
      refused(await annotate(tenant.viewer, 'shared', decision(plan)), /User "vic" cannot patch resource "agentactions"/);
      refused(
        await annotate(robot, 'shared', decision(plan)),
        `'system:serviceaccount:${namespace}:robot' is a program: only people can decide`,
      );
    });

    it('is not approved by the person who asked for it, with both rights', async () => {
      refused(
        await annotate(rita, 'own', decision(await planOf('own'))),
        'you asked for this action: somebody else must approve it',
      );
      const byHand = await write(rita, 'own', await record(rita, 'own'));
      refused(
        byHand,
        'sentinel: you asked for this action, or edited it, or the agent acts on your behalf: somebody else must approve it',
      );
    });

    it('is written by the operator alone and never changes', async () => {
      const message = "sentinel: only Sentinel's operator writes plans, and a plan never changes";
      const plan = await admin.get<{ metadata: object; spec: Record<string, unknown> }>([
        'actionplan',
        (await read('shared')).status?.plan?.name ?? '',
        '-n',
        namespace,
      ]);
      const copy = { ...plan, metadata: { name: 'forged', namespace } };
      refused(await admin.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(copy) }), message);
      const changed = { ...plan, spec: { ...plan.spec, attempt: 7 } };
      refused(
        await admin.tryKubectl(['replace', '-f', '-'], { input: JSON.stringify(changed) }),
        /a plan must not change: a new rehearsal makes a new plan|and a plan never changes/,
      );
      for (const who of [tenant.agent, ada]) {
        refused(
          await who.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(copy) }),
          /cannot create resource "actionplans"/,
        );
      }
    });

    it('is approved by a dry-run for nobody: nothing is stored and what comes back carries no seal', async () => {
      const { code, stdout, stderr } = await annotate(
        ada,
        'shared',
        decision(await planOf('shared')),
        '--dry-run=server',
        '-o',
        'json',
      );
      assert.equal(code, 0, stderr);
      const line = (JSON.parse(stdout) as Whole).metadata.annotations[approvals] ?? '';
      assert.equal((JSON.parse(line) as { seal: string }).seal, '');
      assert.equal((await read('shared')).metadata.annotations[approvals], undefined);
    });
  });

  describe('What an action is', { concurrency: true }, () => {
    it('is not edited by somebody else', async () => {
      const message = "sentinel: an action is edited or cancelled by who filed it, or with the verb 'amend'";
      refused(await patch(ada, 'shared', { spec: { intent: { summary: 'Another' } } }), message);
      refused(await patch(ada, 'shared', { spec: { cancelled: true } }), message);
      refused(await patch(rita, 'shared', { spec: { mode: 'DryRun' } }), message);
    });

    it('keeps its finalizer and gets no owner, for whoever tries', async () => {
      for (const who of [admin, ada, tenant.agent]) {
        refused(
          await patch(who, 'shared', { metadata: { finalizers: null } }),
          'sentinel: the finalizers of an action must not be changed; it is ended by deleting it',
        );
        refused(
          await patch(who, 'shared', {
            metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '1' }] },
          }),
          'sentinel: the owners of an action must not be changed',
        );
      }
    });

    it('keeps the name of who asked, for whoever tries', async () => {
      const message = 'sentinel: the annotation sentinel.dev/requested-by must name who files the action, and must not change';
      for (const who of [admin, ada, tenant.agent]) {
        refused(await annotate(who, 'shared', { [requestedBy]: '{"user":"vic","uid":"","groups":[]}' }), message);
        refused(await annotate(who, 'shared', { [requestedBy]: null }), message);
      }
    });
  });

  describe('Decisions that count', { concurrency: true }, () => {
    it('are all kept when ten come at the same moment', async () => {
      const plan = await planOf('race');
      // Each approval of ada is taken back by her before the next one, whichever request comes first: nothing starts early.
      const word = (index: number) => (index < 8 && index % 2 === 1 ? 'revoke' : 'approve');
      const requests = Array.from({ length: 10 }, (_, index) => ({ who: index === 8 ? bea : ada, word: word(index), index }));
      const decide = (who: Person, body: Record<string, string>) =>
        eventually('the decision', async () => {
          const answer = await annotate(who, 'race', body);
          if (answer.code === 0) return true;
          assert.match(
            answer.stderr,
            /object has been modified|Operation cannot be fulfilled|only added to|is too late|approved this plan already|nothing to take back|back already/,
          );
          return /too late/.test(answer.stderr);
        });
      await Promise.all(
        requests
          .slice(0, 8)
          .map(({ who, word, index }) => decide(who, { ...decision(plan, word), 'sentinel.dev/comment': `n${index}` })),
      );
      const eight = (await read('race')).metadata.annotations[approvals]?.split('\n') ?? [];
      assert.deepEqual(
        eight.map((line) => (JSON.parse(line) as { comment: string }).comment).sort(),
        requests.slice(0, 8).map(({ index }) => `n${index}`),
      );
      await Promise.all(
        requests
          .slice(8)
          .map(({ who, word, index }) => decide(who, { ...decision(plan, word), 'sentinel.dev/comment': `n${index}` })),
      );
      const ended = await tenant.until('race', ['Succeeded', 'Running', 'Starting', 'Verifying', 'RunFailed']);
      const ten = ended.metadata.annotations[approvals]?.split('\n') ?? [];
      assert.equal(ten.length, 10);
      assert.deepEqual(ten.slice(0, 8), eight);
    });

    it('are no more than the status holds: otherwise the operator records the oldest of them again and again', async () => {
      const plan = await planOf('many');
      const message = 'sentinel: an action takes at most 24 decisions; file it again';
      try {
        for (let count = 0; count < 24; count++)
          accepted(await annotate(ada, 'many', decision(plan, count % 2 === 0 ? 'approve' : 'revoke')));
        refused(await annotate(ada, 'many', decision(plan), '--dry-run=server'), message);
        accepted(await annotate(ada, 'many', decision(plan, 'reject'), '--dry-run=server'));
      } finally {
        await admin.kubectl([
          'patch',
          'agentaction',
          named('many'),
          '-n',
          namespace,
          '--type=merge',
          '-p',
          '{"spec":{"cancelled":true}}',
        ]);
      }
    });

    it('end with the first rejection', async () => {
      const plan = await planOf('rejected');
      accepted(await annotate(ada, 'rejected', { ...decision(plan, 'reject'), 'sentinel.dev/comment': 'not today' }));
      const ended = await tenant.until('rejected', ['Rejected']);
      assert.equal(messageOf(ended), 'rejected by ada: not today. Nothing was changed.');
      for (const who of [ada, bea])
        refused(await annotate(who, 'rejected', decision(plan)), 'it is too late to decide: the action is Rejected');
    });

    it('are taken back before the start, and then not brought back by anybody else', async () => {
      const plan = await planOf('replayed');
      accepted(await annotate(bea, 'replayed', decision(plan)));
      const line = (await read('replayed')).metadata.annotations[approvals] ?? '';
      accepted(await annotate(bea, 'replayed', decision(plan, 'revoke')));
      accepted(await annotate(ada, 'replayed', decision(plan)));
      await eventually('one approval of the three decisions', async () => {
        const { status } = await read('replayed');
        const approved = status?.conditions?.find(({ type }) => type === 'Approved')?.message;
        return status?.decisions?.length === 3 && approved === '1 of 2 approval(s)';
      });
      await stillWaits('replayed');
      refused(
        await write(ada, 'replayed', line),
        'sentinel: a decision must name this action, its current plan, and who makes it',
      );
      // The same record behind a beginning of one's own: JSON with each field twice, of which a reader takes the last.
      const twice = `${(await record(ada, 'replayed')).slice(0, -1)},${line.slice(1)}`;
      refused(
        await write(ada, 'replayed', twice),
        'sentinel: a decision must name this action, its current plan, and who makes it',
      );
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
      assert.equal(approved, '1 of 2 approval(s)');
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
        'the Playbook changed after the action was admitted. File the action again. Nothing was changed.',
      );
    });

    it('has none of the decisions of an action of the same name that is gone', async () => {
      const first = await read('renamed');
      accepted(await annotate(ada, 'renamed', decision(first.status?.plan?.digest ?? '')));
      const old = (await read('renamed')).metadata.annotations[approvals] ?? '';
      await admin.kubectl(['delete', 'agentaction', 'renamed', '-n', namespace]);
      const { apiVersion, kind } = { apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction' };
      const metadata = { name: 'renamed', namespace, annotations: { ...first.metadata.annotations, [approvals]: old } };
      await tenant.agent.kubectl(['create', '-f', '-'], {
        input: JSON.stringify({ apiVersion, kind, metadata, spec: first.spec }),
      });
      const second = await tenant.until('renamed', ['AwaitingApproval']);
      assert.notEqual(second.metadata.uid, first.metadata.uid);
      assert.notEqual(second.status?.plan?.digest, first.status?.plan?.digest);
      assert.equal(second.metadata.annotations[approvals], undefined);
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
      assert.match(said, /The run is ended at once\. A write that is under way may still be applied; what it has changed/);
      assert.match(said, /running cancelled\nsee what becomes of it: kubectl sentinel watch running/);
      assert.match(
        messageOf(await tenant.until('running', ['Cancelled'])),
        /^the action was cancelled by system:serviceaccount:/,
      );
      refused(await patch(tenant.agent, 'running', { spec: { cancelled: false } }), '`cancelled` must stay true once it is');
    });
  });

  describe('Trust in a Playbook', { concurrency: false }, () => {
    const trust = 'sentinel.dev/trust';
    const book = () =>
      admin.get<{ metadata: { annotations: Record<string, string> }; status?: { digest?: string } }>([
        'playbook',
        'mine',
        '-n',
        namespace,
      ]);
    const ask = (who: Person, value: string, ...more: string[]) =>
      who.tryKubectl([
        ...['annotate', '--overwrite', 'playbook', 'mine', '-n', namespace, `${trust}=${value}`],
        `--field-manager=trust:${value.slice(0, 71)}`,
        ...more,
      ]);
    const digest = () => eventually('the digest', async () => (await book()).status?.digest);
    let first = '';

    before(async () => {
      const yaml = touch('mine', change())
        .replaceAll('namespace: shop', `namespace: ${namespace}`)
        .replace('\u0024{TOOLS_IMAGE}', tenant.image);
      await sam.kubectl(['create', '-f', '-'], { input: yaml });
      await admin.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: trusting-writers, namespace: ${namespace}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-truster}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: sam}, {kind: ServiceAccount, name: robot, namespace: ${namespace}}]`);
      first = await digest();
    });

    it('is not given by its author, who holds the verb', async () => {
      refused(await ask(sam, first), 'you wrote this Playbook, or a part of it: somebody else must trust it');
    });

    it('is not given without the verb, nor by a program with it', async () => {
      refused(await ask(ada, first), /User "ada" cannot patch resource "playbooks"/);
      refused(
        await ask(robot, first),
        `'system:serviceaccount:${namespace}:robot' is a program: only people can trust a Playbook`,
      );
    });

    it('is not given with the digest of something else, nor with a record of one’s own', async () => {
      const wrong = `sha256:${'0'.repeat(64)}`;
      refused(
        await ask(tenant.truster, wrong),
        `the digest that you saw (${wrong}) is not that of the Playbook as it stands (${first}); look at it again`,
      );
      refused(
        await ask(tenant.truster, '{"playbook":"x"}'),
        /the digest that you saw .* is not that of the Playbook as it stands/,
      );
    });

    it('is not given by a request that does not say so itself', async () => {
      const args = ['annotate', '--overwrite', 'playbook', 'mine', '-n', namespace, `${trust}=${first}`];
      refused(await tenant.truster.tryKubectl(args), `add --field-manager=trust:${first}`);
    });

    it('is given to nobody by a dry-run', async () => {
      const { code, stdout, stderr } = await ask(tenant.truster, first, '--dry-run=server', '-o', 'json');
      assert.equal(code, 0, stderr);
      const record =
        (JSON.parse(stdout) as { metadata: { annotations: Record<string, string> } }).metadata.annotations[trust] ?? '';
      assert.equal((JSON.parse(record) as { seal: string }).seal, '');
      assert.equal((await book()).metadata.annotations[trust], undefined);
    });

    it('goes with every edit, and the digest from before is no good any more', async () => {
      accepted(await ask(tenant.truster, first));
      assert.match((await book()).metadata.annotations[trust] ?? '', /"user":"tess"/);
      const sealed = (await book()).metadata.annotations[trust] ?? '';
      await sam.kubectl(['patch', 'playbook', 'mine', '-n', namespace, '--type=merge', '-p', '{"spec":{"expect":"more"}}']);
      assert.equal((await book()).metadata.annotations[trust], undefined);
      await eventually('another digest', async () => (await digest()) !== first);
      refused(await ask(tenant.truster, first), /is not that of the Playbook as it stands/);
      refused(await ask(sam, sealed), /is not that of the Playbook as it stands/);
    });

    it('is not kept by an edit that brings the seal along', async () => {
      await tenant.trust('mine');
      const sealed = (await book()).metadata.annotations[trust] ?? '';
      const body = { metadata: { annotations: { [trust]: sealed } }, spec: { expect: 'even more' } };
      await sam.kubectl(['patch', 'playbook', 'mine', '-n', namespace, '--type=merge', '-p', JSON.stringify(body)]);
      assert.equal((await book()).metadata.annotations[trust], undefined);
    });

    it('is given by none of those who wrote since it was last trusted', async () => {
      const { truster } = tenant;
      const before = await digest();
      await truster.kubectl(['patch', 'playbook', 'mine', '-n', namespace, '--type=merge', '-p', '{"spec":{"expect":"a typo"}}']);
      await eventually('another digest', async () => (await digest()) !== before);
      for (const author of [sam, truster]) refused(await ask(author, await digest()), 'you wrote this Playbook, or a part of it');
    });

    it('has no owner, which would have it deleted in nobody’s name, and few finalizers', async () => {
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'b9a5c7c0-0000-4000-8000-000000000000' };
      const finalizers = Array.from({ length: 17 }, (_, i) => `example.com/f${i}`);
      const patch = (object: string, metadata: object) =>
        admin.tryKubectl(['patch', object, '-n', namespace, '--type=merge', '-p', JSON.stringify({ metadata })]);
      for (const object of ['playbook/mine', `agentpolicy/${namespace}`, 'clusteragentpolicy/sentinel-floor']) {
        refused(await patch(object, { ownerReferences: [owner] }), 'sentinel: Playbooks, policies and plans must have no owners');
        refused(await patch(object, { finalizers }), 'sentinel: an object may have at most 16 finalizers');
      }
    });

    it('has an author that nobody puts in for another', async () => {
      const args = [
        'annotate',
        '--overwrite',
        'playbook',
        'mine',
        '-n',
        namespace,
        'sentinel.dev/authors={"user":"vic","uid":"","groups":[]}',
      ];
      refused(
        await sam.tryKubectl(args),
        'sentinel: the annotation sentinel.dev/authors must name everyone who wrote the Playbook since it was last trusted',
      );
    });

    it('is nothing that an agent can touch: it writes no Playbook, no policy and no plan', async () => {
      for (const kind of ['playbooks', 'agentpolicies', 'clusteragentpolicies', 'actionplans']) {
        for (const verb of ['create', 'patch', 'update', 'delete']) {
          const { stdout } = await tenant.agent.tryKubectl(['auth', 'can-i', verb, `${kind}.sentinel.dev`, '-n', namespace]);
          assert.equal(stdout.trim().split('\n').at(-1), 'no', `${verb} ${kind}`);
        }
      }
      refused(
        await tenant.agent.tryKubectl([
          'patch',
          'agentpolicy',
          namespace,
          '-n',
          namespace,
          '--type=merge',
          '-p',
          '{"spec":{"suspended":false}}',
        ]),
        /cannot (get|patch) resource "agentpolicies"/,
      );
      refused(
        await tenant.agent.tryKubectl([
          'patch',
          'playbook',
          'mine',
          '-n',
          namespace,
          '--type=merge',
          '-p',
          '{"spec":{"expect":"x"}}',
        ]),
        /cannot patch resource "playbooks"/,
      );
    });
  });
});
