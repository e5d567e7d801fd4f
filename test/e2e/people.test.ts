import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { admin, eventually, Person, person, serviceAccount } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { filersOf, mayFile, policyAbout } from '../lib/people/requester.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Only people decide, as themselves. Each way to be somebody else is tried singly: by the annotations, which the webhook judges, and
// by a record of one's own hand, as a webhook that was taken over would write it, which the API server alone judges.

const touch = (name: string) => oneStep(name, ['kubectl', 'annotate', '--overwrite', 'deployment', 'web', `${name}=yes`]);
const playbooks = ['touch', 'exempted', 'lost', 'own'].map(touch).join('');
// Who approves is a matter of the verb alone, so that one person can lose it.
const policy = policyAbout('rex', 2)
  .replace(
    '{kind: ServiceAccount, name: repair-agent}',
    '{kind: ServiceAccount, name: repair-agent}\n  - {kind: User, name: uma}',
  )
  .replace(', groups: [shop-approvers]', '');

const GROUP = 'rbac.authorization.k8s.io';
/** A Role and its binding for one user, in a namespace. */
const grant = (namespace: string, user: string, name: string, rules: object[], cluster = false) => {
  const scope = cluster ? {} : { namespace };
  const kind = cluster ? 'ClusterRole' : 'Role';
  const full = `${namespace}-${user}-${name}`;
  return [
    { apiVersion: `${GROUP}/v1`, kind, metadata: { name: full, ...scope }, rules },
    {
      apiVersion: `${GROUP}/v1`,
      kind: `${kind}Binding`,
      metadata: { name: full, ...scope },
      roleRef: { apiGroup: GROUP, kind, name: full },
      subjects: [{ kind: 'User', apiGroup: GROUP, name: user }],
    },
  ];
};
const bind = (namespace: string, user: string, role: string) => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'RoleBinding',
  metadata: { name: `${user}-${role}`, namespace },
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'User', apiGroup: GROUP, name: user }],
});
const applyAll = (items: object[]) => admin.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

/** Somebody by impersonation: the API server shows admission the impersonated identity alone. */
const as = (user: string, uid?: string, groups: readonly string[] = ['shop-approvers']) =>
  new Person(paths.kubeconfig, { as: { user, groups, ...(uid === undefined ? {} : { uid }) } });

const anonymous = as('system:anonymous');

let tenant: Tenant;
let namespace = '';
let agentUid = '';
let plan = '';

const read = (name: string) => admin.get<ActionView & { metadata: { uid: string } }>(['agentaction', name, '-n', namespace]);
const refused = ({ code, stderr }: { code: number; stderr: string }, message: RegExp) => {
  assert.notEqual(code, 0, 'it was not refused');
  assert.match(stderr, message);
};
const accepted = ({ code, stderr }: { code: number; stderr: string }) => assert.equal(code, 0, stderr);

function decide(who: Person, name: string, word: string, digest: string, ...more: string[]) {
  const annotations = [`sentinel.dev/decision=${word}`, `sentinel.dev/plan=${digest}`];
  const args = ['annotate', 'agentaction', name, '-n', namespace, ...annotations, `--field-manager=${word}:${digest}`];
  return who.tryKubectl([...args, ...more]);
}

async function whoAmI(who: Person): Promise<{ username: string; uid?: string; groups: string[] }> {
  // The API server tells everybody but the anonymous user.
  if (who === anonymous) return { username: 'system:anonymous', groups: ['shop-approvers', 'system:unauthenticated'] };
  const { status } = JSON.parse(await who.kubectl(['auth', 'whoami', '-o', 'json'])) as {
    status: { userInfo: { username: string; uid?: string; groups: string[] } };
  };
  return status.userInfo;
}

/** What a webhook that was taken over would make of the request: a record with a seal of its own. */
async function write(who: Person, name: string, word = 'approve', more: object = {}) {
  const { username: user, uid = '', groups } = await whoAmI(who);
  const action = await read(name);
  const head = { action: action.metadata.uid, plan: action.status?.plan?.digest, user, uid, groups, extra: {}, decision: word };
  const line = JSON.stringify({ ...head, time: new Date().toISOString(), ...more, key: 'k', seal: 'AAAA' });
  const before = action.metadata.annotations['sentinel.dev/approvals'];
  const body = { metadata: { annotations: { 'sentinel.dev/approvals': before === undefined ? line : `${before}\n${line}` } } };
  const asked = `--field-manager=${word}:${action.status?.plan?.digest}`;
  const args = ['patch', 'agentaction', name, '-n', namespace, '--type=merge', '-p', JSON.stringify(body), asked];
  return who.tryKubectl([...args, '--dry-run=server']);
}

describe('Whoever decides', { concurrency: false }, () => {
  before(async () => {
    tenant = await makeTenant('people', { playbooks, policy });
    namespace = tenant.namespace;
    await tenant.deploy('web');
    await admin.apply(mayFile('rex', namespace));
    await applyAll(['uma', 'rex', 'ron', 'rae', 'max'].map((user) => bind(namespace, user, 'sentinel-approver')));
    await tenant.file('touch', {}, {}).then((name) => tenant.until(name, ['AwaitingApproval']));
    const [name = ''] = await names();
    plan = (await read(name)).status?.plan?.digest ?? '';
    agentUid = (await admin.get<{ metadata: { uid: string } }>(['serviceaccount', 'repair-agent', '-n', namespace])).metadata.uid;
    waiting = name;
  });
  after(async () => {
    await admin.kubectl(['delete', 'clusterrole,clusterrolebinding', '-l', `people=${namespace}`, '--ignore-not-found']);
    await admin.kubectl(['delete', 'clusteragentpolicy', namespace, '--ignore-not-found']);
  });

  let waiting = '';
  /** A second floor that speaks of the agent of this tenant alone. */
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
  const names = async () =>
    (await admin.get<{ items: ActionView[] }>(['agentactions', '-n', namespace])).items.map(({ metadata }) => metadata.name);

  describe('is no agent', { concurrency: 4 }, () => {
    it('that a policy names as a User, whatever verb it holds', async () => {
      for (const word of ['approve', 'reject'])
        refused(
          await decide(as('uma'), waiting, word, plan, '--dry-run=server'),
          /'uma' is an agent \(AgentPolicy\/people-[0-9a-f]+ names it in `subjects`\): agents cannot (approve|reject)/,
        );
    });

    for (const user of ['system:anonymous', 'system:kube-scheduler', 'system:kube-controller-manager', 'system:admin'])
      it(`and no part of the cluster: ${user}`, async () => {
        const who = user === 'system:anonymous' ? anonymous : as(user);
        refused(await decide(who, waiting, 'approve', plan, '--dry-run=server'), /is a program: only people can decide/);
        // The controller-manager can create tokens of any ServiceAccount: another policy may answer first.
        const message = /sentinel: (programs cannot decide, only people can|you can act as who asked)/;
        refused(await write(who, waiting), message);
        refused(await write(who, waiting, 'reject'), /sentinel: programs cannot decide, only people can/);
      });

    it('and nobody with a group that programs alone have', async () => {
      const odd = as('odd', undefined, ['shop-approvers', 'system:serviceaccounts']);
      refused(await decide(odd, waiting, 'approve', plan, '--dry-run=server'), /is a program: only people can decide/);
      refused(await write(odd, waiting), /sentinel: programs cannot decide, only people can/);
    });
  });

  describe('cannot act as the agent', { concurrency: 4 }, () => {
    const core = (resources: string[], verbs: string[], resourceNames?: string[]) => ({
      apiGroups: [''],
      resources,
      verbs,
      ...(resourceNames ? { resourceNames } : {}),
    });
    const workloads: readonly [string, string][] = [
      ['', 'pods'],
      ['', 'replicationcontrollers'],
      ['apps', 'deployments'],
      ['apps', 'statefulsets'],
      ['apps', 'daemonsets'],
      ['apps', 'replicasets'],
      ['batch', 'jobs'],
      ['batch', 'cronjobs'],
    ];
    type Way = {
      readonly name: string;
      readonly rule: () => object;
      readonly cluster?: boolean;
      readonly webhookAlone?: boolean;
    };
    const ways: readonly Way[] = [
      { name: 'impersonate', rule: () => core(['serviceaccounts'], ['impersonate'], ['repair-agent']) },
      {
        name: 'impersonate-only',
        rule: () => ({ ...core(['serviceaccounts'], ['impersonate:serviceaccount']), apiGroups: ['authentication.k8s.io'] }),
      },
      {
        name: 'impersonate-uid',
        cluster: true,
        rule: () => ({ ...core(['uids'], ['impersonate'], [agentUid]), apiGroups: ['authentication.k8s.io'] }),
      },
      {
        name: 'certificate',
        cluster: true,
        rule: () => ({
          ...core(['signers'], ['approve'], ['kubernetes.io/kube-apiserver-client']),
          apiGroups: ['certificates.k8s.io'],
        }),
      },
      {
        name: 'certificate-of-domain',
        cluster: true,
        rule: () => ({ ...core(['signers'], ['approve'], ['kubernetes.io/*']), apiGroups: ['certificates.k8s.io'] }),
      },
      { name: 'token', rule: () => core(['serviceaccounts/token'], ['create'], ['repair-agent']) },
      ...['get', 'list', 'watch', 'patch', 'deletecollection'].map((verb) => ({
        name: `secrets-${verb}`,
        rule: () => core(['secrets'], [verb]),
      })),
      { name: 'impersonate-admins', cluster: true, rule: () => core(['groups'], ['impersonate'], ['system:masters']) },
      { name: 'impersonate-users', cluster: true, rule: () => core(['users'], ['impersonate']) },
      {
        name: 'impersonate-nodes',
        cluster: true,
        webhookAlone: true,
        rule: () => ({ ...core(['nodes'], ['impersonate:arbitrary-node']), apiGroups: ['authentication.k8s.io'] }),
      },
      {
        name: 'certificate-of-node',
        cluster: true,
        rule: () => ({
          ...core(['signers'], ['approve'], ['kubernetes.io/kube-apiserver-client-kubelet']),
          apiGroups: ['certificates.k8s.io'],
        }),
      },
      ...workloads.flatMap(([group, resource]) =>
        ['create', 'update', 'patch'].map((verb) => ({
          name: `${resource}-${verb}`,
          rule: () => ({ ...core([resource], [verb]), apiGroups: [group] }),
        })),
      ),
      ...['exec', 'attach'].flatMap((what) =>
        ['create', 'get'].map((verb) => ({ name: `${what}-${verb}`, rule: () => core([`pods/${what}`], [verb]) })),
      ),
      ...['update', 'patch'].map((verb) => ({
        name: `ephemeral-${verb}`,
        rule: () => core(['pods/ephemeralcontainers'], [verb]),
      })),
      ...['create', 'get'].map((verb) => ({
        name: `kubelet-${verb}`,
        cluster: true,
        webhookAlone: true,
        rule: () => core(['nodes/proxy'], [verb]),
      })),
    ];

    before(async () => {
      const label = (object: object) => ({
        ...object,
        metadata: { ...(object as { metadata: object }).metadata, labels: { people: namespace } },
      });
      await applyAll(
        ways.flatMap(({ name, rule, cluster }) => grant(namespace, `pat-${name}`, 'way', [rule()], cluster)).map(label),
      );
    });

    for (const { name, webhookAlone } of ways)
      it(`by ${name}`, async () => {
        const pat = as(`pat-${name}`);
        const message =
          /you can act as 'system:serviceaccount:people-[0-9a-f]+:repair-agent' \(.+\), so you count as the same person/;
        refused(await decide(pat, waiting, 'approve', plan, '--dry-run=server'), message);
        if (!webhookAlone)
          refused(await write(pat, waiting), /sentinel: you can act as who asked for this action, or wrote this Playbook/);
        // A no is always taken.
        accepted(await decide(pat, waiting, 'reject', plan, '--dry-run=server'));
      });

    it('and approves where they can do none of this', async () => {
      accepted(await decide(as('pat-nothing'), waiting, 'approve', plan, '--dry-run=server'));
      accepted(await write(as('pat-nothing'), waiting));
    });

    it('and is not the approver with `edit` who filed as the agent', async () => {
      await applyAll([bind(namespace, 'eve', 'edit')]);
      refused(await decide(as('eve'), waiting, 'approve', plan, '--dry-run=server'), /you count as the same person/);
    });

    it('and is not the truster who wrote a Playbook as a ServiceAccount of hers', async () => {
      await applyAll([
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'writer', namespace } },
        ...grant(namespace, 'tia', 'token', [core(['serviceaccounts/token'], ['create'], ['writer'])]),
        bind(namespace, 'tia', 'sentinel-truster'),
        {
          ...bind(namespace, 'writer', 'sentinel-admin'),
          subjects: [{ kind: 'ServiceAccount', name: 'writer', namespace }],
        },
      ]);
      const writer = await serviceAccount(namespace, 'writer');
      const yaml = touch('hers').replaceAll('namespace: shop', `namespace: ${namespace}`);
      await writer.kubectl(['create', '-f', '-'], { input: yaml.replace('\u0024{TOOLS_IMAGE}', tenant.image) });
      const book = () =>
        admin.get<{ metadata: { uid: string }; status?: { digest?: string } }>(['playbook', 'hers', '-n', namespace]);
      const digest = await eventually('the digest', async () => (await book()).status?.digest);
      const trust = (who: Person, value: string) =>
        who.tryKubectl([
          ...['annotate', 'playbook', 'hers', '-n', namespace, `sentinel.dev/trust=${value}`],
          ...[`--field-manager=trust:${digest}`, '--dry-run=server'],
        ]);
      refused(
        await trust(as('tia', undefined, []), digest),
        /you can act as '.*:writer' \(create serviceaccounts\/token 'writer' .*\), so you count as the same person, and somebody else must trust it/,
      );
      accepted(await trust(tenant.truster, digest));
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
        ).map((object) => ({ ...object, metadata: { ...object.metadata, labels: { people: namespace } } })),
      );
      const could = /you can act as 'ron' \(impersonate users 'ron'\), so you count as the same person/;
      refused(await decide(as('pru'), name, 'approve', digest, '--dry-run=server'), could);
      refused(await write(as('pru'), name), /sentinel: you can act as who asked for this action/);
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
    it('that there is nothing to take back', async () => {
      const message = /you have not approved this plan, so there is nothing to take back/;
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
      refused(await decide(max, waiting, 'revoke', plan), /you have taken your approval of this plan back already/);
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
      assert.equal(action.status?.conditions?.find(({ type }) => type === 'Approved')?.message, '1 of 2 approval(s)');
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
