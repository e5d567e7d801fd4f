import { after, before, describe, it } from 'node:test';
import { admin, eventually, type Person, serviceAccount } from '../lib/cluster.ts';
import { accepted, refused } from '../lib/people/answers.ts';
import { applyAll, as, bind, grant, makeSeparated, removeGrants, touch, verbsIn } from '../lib/people/separation.ts';
import type { Tenant } from '../lib/tenant.ts';

// Who can act as the agent counts as the agent, and decides on none of its actions. Each right that leads there is tried singly.

const CONTROLLERS = 'kube-system';

let tenant: Tenant;
let namespace = '';
let agentUid = '';
let waiting = '';
let plan = '';
const { decide, read, write } = verbsIn(() => tenant);

describe('An approver cannot act as the agent', { concurrency: 4 }, () => {
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
    /** Where the right is held, if not where the agent is. */
    readonly home?: string;
  };
  const inControllers = (name: string, resource: string, verb: string, group = ''): Way => ({
    name: `controllers-${name}`,
    home: CONTROLLERS,
    webhookAlone: true,
    rule: () => ({ ...core([resource], [verb]), apiGroups: [group] }),
  });
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
    ...['mutatingwebhookconfigurations', 'mutatingadmissionpolicies'].flatMap((resource) =>
      ['create', 'update', 'patch'].map((verb) => ({
        name: `${resource}-${verb}`,
        cluster: true,
        webhookAlone: true,
        rule: () => ({ ...core([resource], [verb]), apiGroups: ['admissionregistration.k8s.io'] }),
      })),
    ),
    {
      name: 'revisions',
      webhookAlone: true,
      rule: () => ({ ...core(['controllerrevisions'], ['create']), apiGroups: ['apps'] }),
    },
    inControllers('impersonate', 'serviceaccounts', 'impersonate'),
    inControllers('token', 'serviceaccounts/token', 'create'),
    inControllers('read', 'secrets', 'get'),
    inControllers('bootstrap', 'secrets', 'create'),
    inControllers('pods', 'pods', 'create'),
    inControllers('exec', 'pods/exec', 'create'),
    inControllers('daemonsets', 'daemonsets', 'patch', 'apps'),
  ];

  before(async () => {
    tenant = await makeSeparated('impersonation', ['touch']);
    namespace = tenant.namespace;
    const name = await tenant.file('touch');
    await tenant.until(name, ['AwaitingApproval']);
    plan = (await read(name)).status?.plan?.digest ?? '';
    waiting = name;
    agentUid = (await admin.get<{ metadata: { uid: string } }>(['serviceaccount', 'repair-agent', '-n', namespace])).metadata.uid;
    await applyAll(
      ways.flatMap(({ name, rule, cluster, home = namespace }) => grant(home, `pat-${name}`, 'way', [rule()], cluster)),
    );
  });
  after(async () => {
    await removeGrants(namespace);
    await admin.kubectl(['delete', 'role,rolebinding', '-n', CONTROLLERS, '-l', `people=${CONTROLLERS}`, '--ignore-not-found']);
  });

  for (const { name, webhookAlone } of ways)
    it(`by ${name}`, async () => {
      const pat = as(`pat-${name}`);
      const message =
        /you can act as 'system:serviceaccount:impersonation-[0-9a-f]+:repair-agent' \(.+\), so you count as the same person/;
      refused(await decide(pat, waiting, 'approve', plan, '--dry-run=server'), message);
      if (!webhookAlone)
        refused(
          await write(pat, waiting),
          /sentinel: you can act as the requester of this action, or as the author of this Playbook/,
        );
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
