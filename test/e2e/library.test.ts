import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseReport, type Report } from '@sentinel/findings';
import { admin, example, type Person, policyForAnyPlaybook, serviceAccount } from '../lib/cluster.ts';
import { makeTenant, messageOf, type Tenant } from '../lib/tenant.ts';
import { PRIVATE, plantFaults } from '../lib/worlds/planted-faults.ts';

// The Playbooks of examples/playbooks, applied as their READMEs say, in a namespace with planted faults.

const library = readdirSync(join(import.meta.dirname, '../../examples/playbooks'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const HOUR = 'since=1h';

describe('The library of Playbooks', { concurrency: false }, () => {
  let tenant: Tenant;
  const agents = new Map<string, Person>();
  before(async () => {
    tenant = await makeTenant('library', {
      playbooks: readSecrets,
      policy: policyForAnyPlaybook().replace('resources: [pods, pods/log, configmaps, services]', 'resources: [secrets, pods]'),
    });
    await Promise.all([plantFaults(tenant), letFloorReadActions(), letFloorShowCertificate(tenant.namespace)]);
    await admin.apply(
      library
        .map((name) => requesterOf(name))
        .join('---\n')
        .replaceAll('NAMESPACE', tenant.namespace),
    );
    const users = library.flatMap((name) => ['--user', `${tenant.namespace}:${name}`]);
    const account = (name: string) => ['account', 'create', name, '-n', tenant.namespace, '--role', 'view', ...users];
    await admin.sentinel(account('inspector'));
    await admin.sentinel(account('cluster-inspector'));
    await admin.apply(mayGetSecret.replaceAll('NAMESPACE', tenant.namespace));
    await admin.apply(example('playbooks/cluster-health/account.yaml').replaceAll(/\bshop\b/g, tenant.namespace));
    for (const name of library) {
      const inTenant = (file: string) =>
        example(`playbooks/${name}/${file}`, { TOOLS_IMAGE: tenant.image }).replaceAll(/\bshop\b/g, tenant.namespace);
      await admin.apply(`${inTenant('policy.yaml')}---\n${inTenant('playbook.yaml')}`);
      await tenant.trust(name);
      agents.set(name, await serviceAccount(tenant.namespace, name));
    }
  });

  after(() =>
    admin.kubectl(['patch', 'clusteragentpolicy', 'sentinel-floor', '--type=merge', '-p', '{"spec":{"protected":null}}']),
  );

  /** Runs a Playbook of the library as its ServiceAccount, and returns what it found. */
  async function run(playbook: string, ...parameters: readonly string[]): Promise<{ report: Report; markdown: string }> {
    const { namespace } = tenant;
    const name = `${playbook}-1`;
    const action = {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name, namespace },
      spec: {
        intent: { summary: `Run ${playbook}`, prompt: 'What is wrong?', agent: { name: 'codex' } },
        playbookRef: { name: playbook },
        parameters: parameters.map((text) => ({ name: text.split('=')[0], value: text.slice(text.indexOf('=') + 1) })),
      },
    };
    await agents.get(playbook)?.apply(JSON.stringify(action));
    const ended = await tenant.until(name, ['NoEffect', 'Denied', 'RehearsalFailed']);
    const result = (of: string) => ended.status?.results?.find((one) => one.name === of)?.content ?? '';
    const report = parseReport(result('findings'));
    assert.ok(report, `${messageOf(ended)} ${result('findings')}`);
    assert.deepEqual(report.unread, []);
    assert.doesNotMatch(result('report'), /\u001b|^# Healthy/m);
    return { report, markdown: result('report') };
  }
  const checksOf = ({ findings }: Report) => findings.map(({ check, object }) => `${check} ${object.kind}/${object.name}`);
  const has = (report: Report, expected: readonly string[]) => {
    const found = checksOf(report);
    for (const one of expected) assert.ok(found.includes(one), `${one} is not in ${found.join(', ')}`);
  };

  it('has a test for each of its Playbooks', () =>
    assert.deepEqual(library, [
      'cluster-health',
      'incident-report',
      'incident-timeline',
      'namespace-health',
      'rollout-logs',
      'workload-logs',
    ]));

  it('finds what is wrong in a namespace', async () => {
    const { report, markdown } = await run('namespace-health', HOUR, 'certificates=web-tls');
    has(report, [
      'pod-image-pull Deployment/web',
      'workload-unavailable Deployment/web',
      'pod-crash-looping Deployment/noisy',
      'quota-exhausted ResourceQuota/planted',
      'budget-without-pods PodDisruptionBudget/planted',
      'job-failed Job/planted',
      'certificate-expired ConfigMap/planted',
      'certificate-expired Secret/web-tls',
    ]);
    assert.equal(report.conclusion, 'Critical');
    assert.match(markdown, /\*\*Critical\*\* `Deployment\/web` \(pod-image-pull\).*\n[\s\S]*Playbook: `set-image`/);
    const shown = await tenant.viewer.sentinel(['report', 'namespace-health-1', '-n', tenant.namespace]);
    assert.match(shown, /Critical {2}pod-image-pull {2}Deployment\/web: container 'web' cannot get its image/);
    assert.match(shown, /RESULT {2}report .*: the findings above as Markdown/);
  });

  it('shows the certificates of a Secret that the floor names, and nothing else of any Secret', async () => {
    const name = await tenant.file('read-secrets');
    const ended = await tenant.until(name, ['NoEffect', 'RehearsalFailed']);
    const content = ended.status?.results?.[0]?.content ?? messageOf(ended);
    assert.match(content, /tls\.crt: LS0tLS1CRUdJTi/);
    assert.doesNotMatch(content, /tls\.key|annotations|uid:/);
    assert.ok(!JSON.stringify(ended).includes(Buffer.from(PRIVATE).toString('base64')));
    assert.equal(content.match(/may not be touched from a sandbox/g)?.length, 3, content);
  });

  it('finds what is wrong in the cluster', async () => {
    const { report } = await run('cluster-health', `namespaces=${tenant.namespace}`);
    has(report, ['pod-image-pull Deployment/web', 'pod-crash-looping Deployment/noisy']);
    assert.ok(report.findings.every(({ object }) => object.namespace === undefined || object.namespace === tenant.namespace));
  });

  it('puts the errors of a log into clusters, and poisoned lines change none', async () => {
    const { report } = await run('workload-logs', 'workload=deployment/noisy', HOUR);
    has(report, ['log-errors Deployment/noisy', 'pod-crash-looping Deployment/noisy']);
    const cluster = report.findings.find(({ summary }) => summary.endsWith('ERROR no route to <address>'));
    assert.ok(
      (cluster?.count ?? 0) >= 2 && cluster?.firstSeen !== undefined && cluster.lastSeen !== undefined,
      JSON.stringify(report.findings),
    );
    assert.equal(cluster.severity, 'Warning');
    assert.equal(report.conclusion, 'Critical');
  });

  it('finds the errors that a rollout brought', async () => {
    const { report } = await run('rollout-logs', 'workload=deployment/rolled', HOUR);
    has(report, ['log-errors-new Deployment/rolled', 'log-errors-same Deployment/rolled']);
    const isNew = report.findings.find(({ check }) => check === 'log-errors-new');
    assert.match(isNew?.summary ?? '', /ERROR disk full$/);
  });

  it('reports who decided what', async () => {
    const rejected = await tenant.file('set-image', { deployment: 'web', container: 'web', image: 'localhost/x:y' });
    await tenant.until(rejected, ['AwaitingApproval']);
    assert.equal((await tenant.decide(tenant.approver, rejected, 'reject')).code, 0);
    await tenant.until(rejected, ['Rejected']);
    const { report } = await run('incident-report', HOUR);
    has(report, [`action-not-succeeded AgentAction/${rejected}`]);
    const decision = report.timeline?.find(({ source, object }) => source === 'Decision' && object.name === rejected);
    assert.deepEqual([decision?.actor, decision?.text.split(' ')[0]], ['ada', 'reject']);
  });

  it('puts Events, rollouts, actions and errors into one timeline', async () => {
    const { report } = await run('incident-timeline', 'workload=deployment/noisy', HOUR);
    const sources = new Set(report.timeline?.map(({ source }) => source));
    for (const source of ['Event', 'Rollout', 'Action', 'Log'] as const)
      assert.ok(sources.has(source), JSON.stringify([...sources]));
    has(report, ['pod-crash-looping Deployment/noisy', 'log-errors Deployment/noisy']);
  });
});

/** The ServiceAccount that files the actions of a Playbook, as its README says. */
const requesterOf = (name: string): string => `
apiVersion: v1
kind: ServiceAccount
metadata: {name: ${name}, namespace: NAMESPACE}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ${name}, namespace: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sentinel-agent}
subjects: [{kind: ServiceAccount, name: ${name}, namespace: NAMESPACE}]
`;

/** Lets the floor of the chart read actions, where it was created by an older chart: afterwards it belongs to the admins. */
async function letFloorReadActions(): Promise<void> {
  const floor = await admin.get<{ spec: { kubernetes: { apiGroups: string[] }[] } }>(['clusteragentpolicy', 'sentinel-floor']);
  if (floor.spec.kubernetes.some(({ apiGroups }) => apiGroups.includes('sentinel.dev'))) return;
  const value = { apiGroups: ['sentinel.dev'], resources: ['agentactions'], verbs: ['get', 'list', 'watch'], decision: 'Allow' };
  const patch = JSON.stringify([{ op: 'add', path: '/spec/kubernetes/-', value }]);
  await admin.kubectl(['patch', 'clusteragentpolicy', 'sentinel-floor', '--type=json', '-p', patch]);
}

/** Lets the floor show the certificates of one Secret of a namespace. */
async function letFloorShowCertificate(namespace: string): Promise<void> {
  const allow = [{ resources: ['secrets'], namespaces: [namespace], resourceNames: ['web-tls'], content: 'Certificate' }];
  const patch = JSON.stringify({ spec: { protected: { allow } } });
  await admin.kubectl(['patch', 'clusteragentpolicy', 'sentinel-floor', '--type=merge', '-p', patch]);
}

/** The account of the library may get the Secret, as the README of namespace-health says. */
const mayGetSecret = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: get-web-tls, namespace: NAMESPACE}
rules: [{apiGroups: [""], resources: [secrets], resourceNames: [web-tls], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: get-web-tls, namespace: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: get-web-tls}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: "sentinel:rehearsal:NAMESPACE:inspector"}]
`;

/** Reads Secrets in every way, as an account that has the right to: one that the floor names, another one, a list, a watch. */
const readSecrets = `
apiVersion: sentinel.dev/v1alpha1
kind: Playbook
metadata:
  name: read-secrets
  namespace: shop
spec:
  category: Other
  description: Read Secrets.
  account: reader
  sandbox: {profile: Observe, image: "\${TOOLS_IMAGE}"}
  steps:
  - name: read
    command:
    - sh
    - -c
    - |
      {
        kubectl get secret web-tls -o yaml --v=0
        kubectl get secret other -o yaml
        kubectl get secrets
        timeout 10 kubectl get secret web-tls --watch
      } >"$SENTINEL_RESULTS/report" 2>&1
      true
  results:
  - {name: report, mediaType: text/plain}
`;
