import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auditEntries } from '../lib/audit-log.ts';
import { admin, policyForAnyPlaybook } from '../lib/cluster.ts';
import { startPolicy } from '../lib/hostile/mutating-policy.ts';
import { imageOnly } from '../lib/image-only.ts';
import { annotateWeb } from '../lib/one-step.ts';
import { type ActionView, END_STATES, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// Mutating policies of somebody else change what the gateway writes, or what runs in a sandbox. What persists is not what was
// approved then, and the record must say so.

const SANDBOXES = 'sentinel-sandboxes';
const policy = policyForAnyPlaybook();

const playbooks = `${annotateWeb('touch')}${annotateWeb('fail')}  verify:
  - {name: never, command: [sh, -c, "exit 1"]}
`;

interface Web {
  metadata: { annotations?: Record<string, string>; labels?: Record<string, string> };
  spec: { replicas: number };
}
const get = ({ namespace }: Tenant, name = 'web') => admin.get<Web>(['deployment', name, '-n', namespace]);

async function makeWorld(name: string): Promise<Tenant> {
  const tenant = await makeTenant(name, { policy, playbooks });
  const web = (one: string) => {
    const { spec, ...rest } = imageOnly(one, tenant.namespace);
    // Paused, so that its controller makes no pods.
    return JSON.stringify({ ...rest, spec: { ...spec, replicas: 1, paused: true } });
  };
  await admin.apply([web('web'), web('probe')].join('\n---\n'));
  return tenant;
}

/** Runs a Playbook to its end; also answers with the fields of the plan's changes. */
async function ended(tenant: Tenant, key: string, playbook = 'touch'): Promise<{ done: ActionView; paths: string[] }> {
  const action = await tenant.file(playbook, { key });
  const { status } = await tenant.until(action, ['AwaitingApproval', ...END_STATES]);
  const { spec } = await admin.get<{ spec: { effects: { change: { path: string }[] }[] } }>([
    'actionplan',
    status?.plan?.name ?? '',
    '-n',
    tenant.namespace,
  ]);
  const paths = spec.effects.flatMap(({ change }) => change.map(({ path }) => path));
  const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
  assert.equal(code, 0, stderr);
  return { done: await tenant.until(action, END_STATES), paths };
}

const outcomesOf = ({ status }: ActionView) => status?.rollback?.map(({ effect, outcome }) => `${effect} ${outcome}`);

describe('A mutating policy that acts on the writes of a run', () => {
  interface Case {
    readonly when: string;
    readonly patch: string;
    /** Whether it has acted on the Deployment. */
    readonly shows: (web: Web) => boolean;
    readonly state: string;
    readonly says: RegExp;
    readonly outcomes: readonly string[];
    /** Whether what it did stays, because it does it to the rollback, too. */
    readonly stays: boolean;
  }
  const touched = (key: string) => `has(object.metadata.annotations) && 'touched-${key}' in object.metadata.annotations`;
  const stamp = `[JSONPatch{op: "add", path: "/metadata/labels", value: {"stamp": "policy"}}]`;
  const isStamped = ({ metadata }: Web) => metadata.labels?.stamp !== undefined;
  const cases: Readonly<Record<string, Case>> = {
    replicas: {
      when: `!request.dryRun && ${touched('replicas')}`,
      patch: '[JSONPatch{op: "replace", path: "/spec/replicas", value: 5}]',
      shows: ({ spec }) => spec.replicas === 5,
      state: 'Blocked',
      says: /deployments \S+\/web was stored differently from what was approved: \/spec\/replicas is 5/,
      outcomes: ['0 Restored'],
      stays: false,
    },
    value: {
      when: `!request.dryRun && ${touched('value')}`,
      patch: '[JSONPatch{op: "replace", path: "/metadata/annotations/touched-value", value: "evil"}]',
      shows: ({ metadata }) => metadata.annotations?.['touched-value'] === 'evil',
      state: 'Blocked',
      says: /was stored differently from what was approved: \/metadata\/annotations\/touched-value is "evil"/,
      outcomes: ['0 Restored'],
      stays: false,
    },
    'label-of-real-writes': {
      when: '!request.dryRun',
      patch: stamp,
      shows: isStamped,
      state: 'RollbackIncomplete',
      says: /was stored differently from what was approved: \/metadata\/labels.*stored another value at \/metadata\/labels/,
      outcomes: ['0 Failed'],
      stays: true,
    },
    'label-of-run': {
      when: `!request.dryRun && ${touched('label-of-run')}`,
      patch: stamp,
      shows: isStamped,
      state: 'Blocked',
      says: /was stored differently from what was approved: \/metadata\/labels/,
      outcomes: ['0 Restored'],
      stays: false,
    },
  };
  for (const [key, { when, patch, shows, state, says, outcomes, stays }] of Object.entries(cases))
    it(`is noticed: ${key}`, { timeout: 300_000 }, async (context) => {
      const tenant = await makeWorld(`persisted-${key}`);
      let count = 0;
      const stop = await startPolicy(
        {
          name: tenant.namespace,
          namespaces: [tenant.namespace],
          rule: { group: 'apps', resource: 'deployments', operations: ['UPDATE'] },
          when: `${when} && object.metadata.name in ['web', 'probe']`,
          patch,
        },
        async () => {
          count += 1;
          const args = ['annotate', 'deployment', 'probe', '-n', tenant.namespace, '--overwrite', `touched-${key}=${count}`];
          await admin.kubectl(args);
          return shows(await get(tenant, 'probe'));
        },
      );
      try {
        const was = await get(tenant);
        const { done } = await ended(tenant, key);
        context.diagnostic(`${stateOf(done)}: ${messageOf(done)}; ${JSON.stringify(done.status?.rollback)}`);
        assert.equal(stateOf(done), state, messageOf(done));
        assert.match(messageOf(done), says);
        assert.deepEqual(outcomesOf(done), outcomes);
        const is = await get(tenant);
        assert.equal(is.metadata.annotations?.[`touched-${key}`], undefined);
        assert.equal(shows(is), stays);
        if (!stays) {
          assert.equal(is.spec.replicas, was.spec.replicas);
          assert.deepEqual(is.metadata.labels, was.metadata.labels);
        }
      } finally {
        await stop();
      }
    });

  it('and acts on dry-runs, too: the plan shows it, and the rollback reports what stays', {
    timeout: 300_000,
  }, async (context) => {
    const tenant = await makeWorld('persisted-always');
    const stop = await startPolicy(
      {
        name: tenant.namespace,
        namespaces: [tenant.namespace],
        rule: { group: 'apps', resource: 'deployments', operations: ['UPDATE'] },
        when: "object.metadata.name in ['web', 'probe']",
        patch: stamp,
      },
      async () => {
        await admin.kubectl(['annotate', 'deployment', 'probe', '-n', tenant.namespace, '--overwrite', `at=${Date.now()}`]);
        return isStamped(await get(tenant, 'probe'));
      },
    );
    try {
      const { done, paths } = await ended(tenant, 'always', 'fail');
      context.diagnostic(`${stateOf(done)}: ${messageOf(done)}; ${JSON.stringify(done.status?.rollback)}`);
      assert.deepEqual(paths, ['/metadata/annotations/touched-always', '/metadata/labels']);
      assert.equal(stateOf(done), 'RollbackIncomplete', messageOf(done));
      assert.deepEqual(outcomesOf(done), ['0 Failed']);
      assert.match(messageOf(done), /stored another value at \/metadata\/labels/);
      const { metadata } = await get(tenant);
      assert.deepEqual([metadata.labels, metadata.annotations?.['touched-always']], [{ stamp: 'policy' }, undefined]);
    } finally {
      await stop();
    }
  });
});

describe('A mutating policy that replaces the command of a step', () => {
  interface Pod {
    spec: { initContainers: { name: string; command?: string[] }[] };
  }
  for (const stage of ['rehearsal', 'run'])
    it(`is noticed before the pod of the ${stage} is served`, { timeout: 300_000 }, async (context) => {
      const tenant = await makeWorld(`persisted-${stage}`);
      const annotations = { 'sentinel.dev/namespace': tenant.namespace };
      const labels = { 'sentinel.dev/stage': stage };
      const container = { image: tenant.image, command: ['true'] };
      const probe = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'probe', namespace: tenant.namespace, annotations, labels },
        spec: {
          initContainers: ['gate', 'step-one'].map((name) => ({ name, ...container })),
          containers: [{ name: 'end', ...container }],
        },
      };
      const injected = ['sh', '-c', 'kubectl create configmap injected; kubectl annotate deployment web touched-injected=yes'];
      const stop = await startPolicy(
        {
          name: tenant.namespace,
          // Its own namespace only to see that it acts.
          namespaces: [tenant.namespace, SANDBOXES],
          rule: { group: '', resource: 'pods', operations: ['CREATE'] },
          when: `has(object.metadata.annotations) && 'sentinel.dev/namespace' in object.metadata.annotations &&
            object.metadata.annotations['sentinel.dev/namespace'] == '${tenant.namespace}' &&
            object.metadata.labels['sentinel.dev/stage'] == '${stage}'`,
          patch: `[JSONPatch{op: "replace", path: "/spec/initContainers/1/command", value: ${JSON.stringify(injected)}}]`,
        },
        async () => {
          const made = await admin.kubectl(['create', '-f', '-', '--dry-run=server', '-o', 'json'], {
            input: JSON.stringify(probe),
          });
          return (JSON.parse(made) as Pod).spec.initContainers[1]?.command?.[0] === 'sh';
        },
      );
      try {
        const action = await tenant.file('touch', { key: 'as-approved' });
        let done = await tenant.until(action, ['AwaitingApproval', ...END_STATES]);
        if (stage === 'run') {
          const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
          assert.equal(code, 0, stderr);
          done = await tenant.until(action, END_STATES);
        }
        context.diagnostic(`${stateOf(done)}: ${messageOf(done)}`);
        assert.equal(stateOf(done), stage === 'run' ? 'RunFailed' : 'RehearsalFailed', messageOf(done));
        const says =
          /refused by the gateway \(PodAltered\): the pod is not what its Job says.*spec\.initContainers\[1\]\.command/;
        assert.match(messageOf(done), says);
        const { metadata } = await get(tenant);
        assert.deepEqual(
          Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith('touched')),
          [],
        );
        const made = ['get', 'configmap', 'injected', '-n', tenant.namespace, '--ignore-not-found', '-o', 'name'];
        assert.equal(await admin.kubectl(made), '');
        // Nothing that the pod asked for has reached the API server.
        const mode = stage === 'run' ? 'enforce' : 'rehearsal';
        const asked = (await auditEntries(tenant.namespace)).filter(({ impersonatedUser }) =>
          impersonatedUser?.username.startsWith(`sentinel:${mode}:${tenant.namespace}:`),
        );
        assert.deepEqual(asked, []);
      } finally {
        await stop();
      }
    });
});
