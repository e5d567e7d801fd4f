import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { pods } from '@sentinel/kube';
import { type AuditEntry, auditEntriesOfAny } from '../lib/audit-log.ts';
import { admin, eventually, example } from '../lib/cluster.ts';
import { loadedImages } from '../lib/images.ts';
import { type ActionView, client, makeTenant } from '../lib/tenant.ts';

// The costs of one action with one effect, printed; only what is not a matter of time is asserted.

// Both sides of the comparison are asked this often, through one client.
const POLL_MS = 50;

const writeVerbs = new Set(['create', 'update', 'patch', 'delete']);

/** The successful writes of Sentinel's programs that concern an action, from the audit log of the API server. */
async function writesFor(action: ActionView, namespace: string): Promise<AuditEntry[]> {
  const stages = action.status?.stages ?? [];
  const ownNames = (name: string) =>
    name === action.metadata.name ||
    name === action.status?.plan?.name ||
    stages.some((stage) => name === stage.name || name.includes(stage.uid));
  const entries = await auditEntriesOfAny([namespace, ...stages.flatMap(({ name, uid }) => [name, uid])]);
  return entries
    .filter(
      ({ verb, user, responseStatus }) =>
        writeVerbs.has(verb) &&
        user.username.startsWith('system:serviceaccount:sentinel-system:') &&
        (responseStatus?.code ?? 500) < 300,
    )
    .filter(
      ({ impersonatedUser, objectRef }) =>
        impersonatedUser === undefined && objectRef !== undefined && objectRef.resource !== 'events',
    )
    .filter(
      ({ objectRef }) =>
        [namespace, 'sentinel-sandboxes', 'sentinel-ledger'].includes(objectRef?.namespace ?? '') &&
        ownNames(objectRef?.name ?? ''),
    );
}

const nameOf = (entry: AuditEntry) =>
  `${entry.verb} ${entry.objectRef?.resource ?? ''}${entry.objectRef?.subresource ? `/${entry.objectRef.subresource}` : ''}`;

it('one action with one effect: API writes, time added, memory; and no write at rest', async (t) => {
  const tenant = await makeTenant('cost');
  const yaml = example('shop/workload.yaml')
    .replaceAll('namespace: shop', `namespace: ${tenant.namespace}`)
    .replace('localhost/web:no-such-tag', tenant.image);
  await admin.apply(yaml);
  const wanted = loadedImages().tools;
  await admin.kubectl(['rollout', 'status', 'deployment/web', '-n', tenant.namespace, '--timeout=60s']);
  await admin.kubectl(['set', 'image', 'deployment/web', 'web=localhost/web:no-such-tag', '-n', tenant.namespace]);
  const filed = performance.now();
  const name = await tenant.file('set-image', { deployment: 'web', container: 'web', image: wanted });
  await tenant.until(name, ['AwaitingApproval'], undefined, POLL_MS);
  const waiting = performance.now();
  await tenant.decide(tenant.approver, name, 'approve');
  const decided = performance.now();
  await tenant.until(name, ['Succeeded'], undefined, POLL_MS);
  const ended = performance.now();
  const done = await eventually('the cursor at the end', async () => {
    const now = await tenant.action(name);
    return now.status?.outbox?.exported === now.status?.outbox?.sequence && (now.metadata.finalizers ?? []).length === 0
      ? now
      : undefined;
  });
  const writes = await writesFor(done, tenant.namespace);
  const counts = Map.groupBy(writes, nameOf);
  const statusWrites = counts.get('update agentactions/status')?.length ?? 0;
  const active = (waiting - filed + (ended - decided)) / 1000;
  const bare = await bareJobs(tenant.namespace, tenant.image);
  t.diagnostic(`API writes of Sentinel for one effect: ${writes.length}, of them ${statusWrites} of status`);
  for (const [what, list] of [...counts].sort()) t.diagnostic(`  ${list.length} × ${what}`);
  t.diagnostic(
    `filed → plan ${((waiting - filed) / 1000).toFixed(2)} s, approved → done ${((ended - decided) / 1000).toFixed(2)} s; the same three pods as bare Jobs ${bare.toFixed(2)} s; added ${(active - bare).toFixed(2)} s`,
  );
  for (const [program, mib] of memory()) t.diagnostic(`memory of ${program}: ${mib.toFixed(0)} MiB`);
  // Of these the ledger has eight: three claims, that the run is over, the recording, and an entry that is intended, sent and done.
  assert.ok(writes.length > 0 && writes.length <= 22, `${writes.length} writes`);
  const versions = () =>
    admin.kubectl([
      'get',
      'agentactions,actionplans,playbooks,agentpolicies,clusteragentpolicies',
      '-A',
      '-o',
      'jsonpath={range .items[*]}{.metadata.uid}={.metadata.resourceVersion} {end}',
    ]);
  const before = await versions();
  await new Promise((resolve) => setTimeout(resolve, 5000));
  assert.equal(await versions(), before, 'something was written at rest');
});

/**
 * How long the same three pods take one after the other as bare Jobs that anybody runs with rights of their own: the same images,
 * the same number of containers, the same kubectl commands, straight to the API server. In seconds.
 */
async function bareJobs(namespace: string, image: string): Promise<number> {
  const own = loadedImages().sentinel;
  await admin.kubectl(['create', 'serviceaccount', 'bare', '-n', namespace]);
  await admin.kubectl([
    'create',
    'rolebinding',
    'bare',
    '-n',
    namespace,
    '--clusterrole=edit',
    `--serviceaccount=${namespace}:bare`,
  ]);
  await admin.kubectl(['set', 'image', 'deployment/web', 'web=localhost/web:no-such-tag', '-n', namespace]);
  const setImage = ['kubectl', 'set', 'image', 'deployment/web', `web=${image}`];
  const commands = [
    [...setImage, '--dry-run=server'],
    setImage,
    ['kubectl', 'rollout', 'status', 'deployment/web', '--timeout=60s'],
  ];
  const begun = performance.now();
  for (const [index, command] of commands.entries()) {
    const name = `bare-${index}`;
    const container = (of: string, from: string, rest: object) => ({
      name: of,
      image: from,
      imagePullPolicy: 'IfNotPresent',
      ...rest,
    });
    const results = { volumeMounts: [{ name: 'results', mountPath: '/results' }] };
    const spec = {
      restartPolicy: 'Never',
      hostUsers: false,
      serviceAccountName: 'bare',
      volumes: [{ name: 'results', emptyDir: {} }],
      initContainers: [
        container('first', own, { args: ['end'], ...results }),
        container('step', image, { command, env: [{ name: 'HOME', value: '/tmp' }] }),
      ],
      containers: [container('last', own, { args: ['end'], ...results })],
    };
    await admin.apply(
      JSON.stringify({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name, namespace },
        spec: { backoffLimit: 0, template: { spec } },
      }),
    );
    const ended = async () => {
      const { items } = await client.list(pods, { namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` });
      const status = items[0]?.status as { containerStatuses?: { state: { terminated?: object } }[] } | undefined;
      return status?.containerStatuses?.[0]?.state.terminated !== undefined;
    };
    await eventually(`Job ${name}`, ended, undefined, POLL_MS);
  }
  return (performance.now() - begun) / 1000;
}

/** Resident memory of Sentinel's programs on this machine, in MiB. */
function memory(): [string, number][] {
  const found: [string, number][] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [, program] =
        /\/app\/sentinel\.mjs\0(operator|webhook|gateway)/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? [];
      const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      if (program && kib) found.push([program, Number(kib) / 1024]);
    } catch {
      // The process ended while it was looked at.
    }
  }
  return found;
}
