import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { paths } from '@sentinel/cluster';
import { digestOf, type EvidenceObject, evidencePath } from '@sentinel/crds';
import { admin, eventually, serviceAccount } from '../lib/cluster.ts';
import { oneStep } from '../lib/one-step.ts';
import { carriedOut } from '../lib/runs.ts';
import { type ActionView, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// The evidence store behind the API server: what it keeps of the stages of actions, who may read it, and what becomes of it.

const SECRET = `ghp_${'a1B2'.repeat(9)}`;
const script = `echo "token=${SECRET}"; echo "step says hello"; kubectl annotate --overwrite deployment web note=done`;
const playbooks =
  oneStep('speaks', ['sh', '-c', script]) + oneStep('goes-on', ['sh', '-c', 'echo "so far"; sleep 300'], { profile: 'Observe' });

/** What a record says about the evidence of a stage. */
const named = (action: ActionView, transition: string): string =>
  action.status?.outbox?.records
    .find((record) => record.transition === transition)
    ?.details?.find(({ name }) => name === 'sentinel.evidence')?.value ?? '';

describe('The evidence of an action', { concurrency: false }, () => {
  let tenant: Tenant;
  let name: string;
  let action: ActionView;
  const read = async (digest: string, who = tenant.approver, namespace = tenant.namespace) =>
    await who.tryKubectl(['get', '--raw', evidencePath(namespace, digest)]);
  const newAccount = async (account: string) => {
    await admin.kubectl(['create', 'serviceaccount', account, '-n', tenant.namespace]);
    return await serviceAccount(tenant.namespace, account);
  };
  const evidenceOf = async (digest: string) => {
    const { code, stdout, stderr } = await read(digest);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as EvidenceObject;
  };

  before(async () => {
    tenant = await makeTenant('evidence', { playbooks });
    await tenant.deploy('web');
    await tenant.setPolicy({ playbooks: { trustedOnly: true, allow: null } });
    name = await tenant.file('speaks');
    await tenant.until(name, ['AwaitingApproval']);
    action = await carriedOut(tenant, name);
    assert.equal(stateOf(action), 'Succeeded', messageOf(action));
  });

  it('is named by its digest in the records of the end of each stage and of the action', () => {
    for (const transition of ['Planned', 'RunEnded', 'Ended'])
      assert.match(named(action, transition), /^sha256:[0-9a-f]{64}(,sha256:[0-9a-f]{64})*$/, transition);
    assert.ok(named(action, 'Ended').split(',').includes(named(action, 'RunEnded')));
    assert.notEqual(named(action, 'Planned'), named(action, 'RunEnded'));
  });

  it('is read through the API server, and has the log of its steps and the digest of the record', async () => {
    for (const [transition, stage] of [
      ['Planned', 'rehearsal'],
      ['RunEnded', 'run'],
    ] as const) {
      const digest = named(action, transition);
      const { spec, metadata } = await evidenceOf(digest);
      assert.deepEqual(metadata, { name: digest, namespace: tenant.namespace });
      assert.equal(digestOf(spec), digest);
      assert.deepEqual([spec.stage, spec.action.name, spec.action.uid], [stage, name, action.metadata.uid]);
      assert.match(spec.steps[0]?.log ?? '', /step says hello/);
    }
  });

  it('has no secret, neither in what is answered nor in the volume', async () => {
    const digest = named(action, 'RunEnded');
    const { spec } = await evidenceOf(digest);
    assert.match(spec.steps[0]?.log ?? '', /token=<redacted>/);
    const folder = join(paths.state, 'evidence', 'store', 'objects');
    const files = readdirSync(folder);
    assert.ok(files.includes(digest.slice('sha256:'.length)));
    // Another test may end at the same time, so that a file goes away meanwhile.
    for (const file of files) {
      const content = (() => {
        try {
          return readFileSync(join(folder, file), 'utf8');
        } catch {
          return '';
        }
      })();
      assert.ok(!content.includes(SECRET), file);
    }
  });

  it('is printed by kubectl sentinel logs', async () => {
    const out = await tenant.approver.sentinel(['logs', name, '-n', tenant.namespace, '--stage', 'run']);
    assert.match(out, /^EVIDENCE {2}run \(attempt 1\), Succeeded/);
    assert.match(out, /\n {2}\| step says hello/);
  });

  it('is refused to anyone who may not get the action, by the API server and by the evidence store', async () => {
    const digest = named(action, 'RunEnded');
    const stranger = await newAccount('stranger');
    const closed = await read(digest, stranger);
    assert.notEqual(closed.code, 0);
    assert.match(closed.stderr, /cannot get resource "evidence" in API group "evidence\.sentinel\.dev"/);
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'evidence-only', namespace: tenant.namespace },
    };
    const rules = [{ apiGroups: ['evidence.sentinel.dev'], resources: ['evidence'], verbs: ['get'] }];
    await admin.apply(JSON.stringify({ ...role, rules }));
    const account = `${tenant.namespace}:stranger`;
    const binding = [
      'rolebinding',
      'evidence-only',
      '--role=evidence-only',
      `--serviceaccount=${account}`,
      '-n',
      tenant.namespace,
    ];
    await admin.kubectl(['create', ...binding]);
    await eventually('the right on evidence alone', async () => {
      const { code, stderr } = await read(digest, stranger);
      assert.notEqual(code, 0);
      return /needs the verb get on the AgentAction/.test(stderr);
    });
  });

  it('does not exist in another namespace', async () => {
    const { code, stderr } = await read(named(action, 'RunEnded'), admin, 'default');
    assert.notEqual(code, 0);
    assert.match(stderr, /there is no evidence/);
  });

  it('is in discovery, as a resource that nothing but a read can be asked of', async () => {
    const found = JSON.parse(await admin.kubectl(['get', '--raw', '/apis/evidence.sentinel.dev/v1alpha1'])) as {
      resources: { name: string; verbs: string[] }[];
    };
    assert.deepEqual(
      found.resources.map(({ name: resource, verbs }) => [resource, verbs]),
      [['evidence', ['get']]],
    );
    const { stdout, stderr } = await admin.tryKubectl(['api-resources', '--api-group=evidence.sentinel.dev', '--no-headers']);
    assert.match(stdout, /^evidence\s+evidence\.sentinel\.dev\/v1alpha1\s+true\s+Evidence/, stderr);
  });

  it('can be registered elsewhere by no program, only get another authority', async () => {
    const store = await serviceAccount('sentinel-system', 'sentinel-evidence');
    const patch = (spec: object) =>
      store.tryKubectl([
        ...['patch', 'apiservice', 'v1alpha1.evidence.sentinel.dev', '--type=merge', '--dry-run=server'],
        ...['-p', JSON.stringify({ spec })],
      ]);
    for (const spec of [
      { service: { name: 'mine', namespace: tenant.namespace, port: 443 } },
      { insecureSkipTLSVerify: true, caBundle: null },
      { groupPriorityMinimum: 1 },
    ])
      assert.match((await patch(spec)).stderr, /may change nothing of the registration of its API but the CA bundle/);
    const allowed = await patch({ caBundle: Buffer.from('x').toString('base64') });
    assert.equal(allowed.code, 0, allowed.stderr);
  });

  it('keeps no namespace from being deleted', async () => {
    const namespace = `${tenant.namespace}-gone`;
    await admin.kubectl(['create', 'namespace', namespace]);
    await admin.kubectl(['delete', 'namespace', namespace, '--wait=false']);
    await eventually('the namespace to be gone', async () => {
      const { stdout } = await admin.tryKubectl(['get', 'namespace', namespace, '--ignore-not-found', '-o', 'name']);
      return stdout.trim() === '';
    });
  });

  it('outlives the pods of its action, and the action, for those who had the right to get it', async () => {
    const digest = named(action, 'RunEnded');
    await admin.kubectl(['delete', 'agentaction', name, '-n', tenant.namespace]);
    assert.match((await evidenceOf(digest)).spec.steps[0]?.log ?? '', /step says hello/);
    const stranger = await newAccount('late-stranger');
    assert.notEqual((await read(digest, stranger)).code, 0);
  });
});

describe('The evidence of a stage that is stopped', { concurrency: true }, () => {
  const stops = {
    'by a cancellation': { stop: (tenant: Tenant, name: string) => tenant.cancel(name), state: 'Cancelled' },
    'by the kill switch': { stop: (tenant: Tenant) => tenant.setPolicy({ suspended: true }), state: 'RehearsalFailed' },
  } as const;
  for (const [what, { stop, state }] of Object.entries(stops))
    it(`${what} has what its steps printed until then, although the Job is deleted first`, async () => {
      const tenant = await makeTenant('evidence-stopped', { playbooks });
      await tenant.setPolicy({ playbooks: { trustedOnly: true, allow: null } });
      const name = await tenant.file('goes-on');
      await eventually('the step prints', async () => {
        const job = (await tenant.action(name)).status?.stages?.[0]?.name ?? '';
        const selector = ['-l', `batch.kubernetes.io/job-name=${job}`, '-c', 'step-one'];
        return (await admin.tryKubectl(['logs', '-n', 'sentinel-sandboxes', ...selector])).stdout.includes('so far');
      });
      await stop(tenant, name);
      const { status } = await tenant.until(name, [state]);
      const { evidence = '', evidenceMissing } = status?.stages?.[0] ?? {};
      assert.equal(evidenceMissing, undefined);
      const out = await tenant.approver.sentinel(['logs', name, '-n', tenant.namespace]);
      assert.ok(out.includes(evidence) && out.includes('\n  | so far'), out);
      if (state === 'RehearsalFailed') assert.match(status?.results?.[0]?.content ?? '', /so far/);
    });
});

describe('The evidence of a namespace that was deleted', () => {
  it('is refused to the owner of a new namespace with the same name, and not to who may get all actions', async () => {
    const { namespace, file, until } = await makeTenant('evidence-gone', { playbooks });
    const name = await file('health-check');
    const { status } = await until(name, ['NoEffect']);
    const digest = status?.stages?.[0]?.evidence ?? '';
    const path = evidencePath(namespace, digest);
    const read = async (who = admin) => await who.tryKubectl(['get', '--raw', path]);
    assert.match((await read()).stdout, /"namespaceUid":"[0-9a-f-]{36}"/);
    await admin.kubectl(['delete', 'namespace', namespace, '--timeout=120s']);
    await admin.kubectl(['create', 'namespace', namespace]);
    await admin.kubectl(['create', 'serviceaccount', 'owner', '-n', namespace]);
    const binding = ['create', 'rolebinding', 'owner', '--clusterrole=admin', `--serviceaccount=${namespace}:owner`];
    await admin.kubectl([...binding, '-n', namespace]);
    const owner = await serviceAccount(namespace, 'owner');
    await eventually('the rights of the new owner', async () => {
      const { code, stdout, stderr } = await read(owner);
      assert.notEqual(code, 0, stdout);
      return /which was deleted, so it needs the verb get on the AgentActions of all namespaces/.test(stderr);
    });
    const { code, stderr } = await read();
    assert.equal(code, 0, stderr);
  });
});
