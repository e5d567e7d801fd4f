import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { killKubelet, paths } from '@sentinel/cluster';
import { type ActionPlan, actionPlans } from '@sentinel/crds';
import { type AnyObject, pods } from '@sentinel/kube';
import { auditEntries } from '../lib/audit-log.ts';
import { admin, eventually, Person, policyForAnyPlaybook } from '../lib/cluster.ts';
import { hasEnded, removeContainer } from '../lib/cri.ts';
import { hold, whileHeld } from '../lib/hold.ts';
import { imageOnly } from '../lib/image-only.ts';
import { oneStep } from '../lib/one-step.ts';
import { type ActionView, client, clientOf, makeTenant, messageOf, stateOf, type Tenant } from '../lib/tenant.ts';

// The kubelet executes a step a second time after it has ended with 0 (kubernetes/kubernetes issue 83705). It is made to do it for
// real: it is killed while the step runs, the step ends, that end is reported, the runtime forgets the container, and the kubelet that
// starts then finds an init container that has not run yet. Only the report is made by the test.

const SANDBOXES = 'sentinel-sandboxes';
const STEP = 'step-one';

const policy = policyForAnyPlaybook().replace(
  '  approvals:\n',
  `  - apiGroups: [""]
    resources: [configmaps]
    verbs: [create]
    decision: RequireApproval
    justification: Tests create these.
  approvals:
`,
);

const script = (name: string) =>
  `kubectl create configmap made --from-literal=a=1
   kubectl annotate deployment web touched=yes
   ${whileHeld(`held-${name}`)}`;

async function makeWorld(name: string): Promise<Tenant> {
  const tenant = await makeTenant(`rerun-${name}`, { policy, playbooks: oneStep(name, ['sh', '-ec', script(name)]) });
  await admin.apply(JSON.stringify(imageOnly('web', tenant.namespace)));
  return tenant;
}

interface Pod extends AnyObject {
  readonly status?: {
    readonly initContainerStatuses?: readonly {
      readonly name: string;
      readonly containerID?: string;
      readonly restartCount: number;
      readonly state?: { readonly running?: object };
    }[];
  };
}

/** The sandbox pods of a stage of an action. */
async function podsOf({ namespace }: Tenant, action: string, stage: string): Promise<Pod[]> {
  const { items } = await client.list(pods, { namespace: SANDBOXES, labelSelector: `sentinel.dev/stage=${stage}` });
  return items.filter(({ metadata }) => metadata.annotations?.['sentinel.dev/action'] === `${namespace}/${action}`) as Pod[];
}

const stepOf = (pod: Pod | undefined) => pod?.status?.initContainerStatuses?.find(({ name }) => name === STEP);

// A kubelet that starts takes a container that it reported as running, and that is gone, for one that was lost, and fails the pod.
async function reportEnd(key: { readonly name: string; readonly namespace: string }): Promise<void> {
  const pod = (await client.getOrThrow(pods, key)) as Pod;
  const statuses = pod.status?.initContainerStatuses ?? [];
  const index = statuses.findIndex(({ name }) => name === STEP);
  const containerID = statuses[index]?.containerID;
  const [startedAt, finishedAt] = [pod.metadata.creationTimestamp, new Date().toISOString().replace(/\.\d+/, '')];
  const terminated = { exitCode: 0, reason: 'Completed', containerID, startedAt, finishedAt };
  const path = `/status/initContainerStatuses/${index}`;
  // Nobody but the kubelet may write there.
  const kubelet = clientOf(new Person(join(paths.pki, 'kubelet.kubeconfig')));
  await kubelet.patch(
    pods,
    key,
    [
      { op: 'replace', path: `${path}/state`, value: { terminated } },
      { op: 'replace', path: `${path}/ready`, value: true },
    ],
    { type: 'json', subresource: 'status' },
  );
}

/** Makes the kubelet execute the held step of a stage a second time. */
async function executeAgain(tenant: Tenant, action: string, stage: string, letGo: () => Promise<unknown>): Promise<Pod> {
  const [name, id] = await eventually('the step', async () => {
    const [pod] = await podsOf(tenant, action, stage);
    const step = stepOf(pod);
    if (!pod || !step?.state?.running || step.containerID === undefined) return false;
    return [pod.metadata.name, step.containerID.replace('containerd://', '')] as const;
  });
  const key = { name: name ?? '', namespace: SANDBOXES };
  await eventually('its writes', async () => {
    const entries = await auditEntries(tenant.namespace);
    const suffix = stage === 'run' ? 'enforce' : 'rehearsal';
    return entries.some(
      ({ verb, objectRef, impersonatedUser }) =>
        verb === 'get' &&
        objectRef?.name?.startsWith('held-') &&
        impersonatedUser?.username.startsWith(`sentinel:${suffix}:${tenant.namespace}:`),
    );
  });
  const startKubelet = await killKubelet();
  try {
    await letGo();
    await eventually('the end of the step', () => hasEnded(id));
    await removeContainer(id);
    await reportEnd(key);
  } finally {
    await startKubelet();
  }
  return await eventually('its second execution', async () => {
    const pod = (await client.getOrThrow(pods, key)) as Pod;
    return (stepOf(pod)?.restartCount ?? 0) > 0 && pod;
  });
}

const recordsOf = ({ status }: ActionView, transition: string) =>
  (status?.outbox?.records ?? []).filter((one) => one.transition === transition);

/** The writes of real runs to an object that the API server carried out. */
const writesTo = async (namespace: string, name: string): Promise<string[]> =>
  (await auditEntries(namespace)).flatMap(({ verb, impersonatedUser, requestURI, objectRef, responseStatus }) =>
    ['create', 'patch', 'update'].includes(verb) &&
    impersonatedUser?.username.startsWith('sentinel:enforce:') &&
    !requestURI.includes('dryRun') &&
    (objectRef?.name === name || (verb === 'create' && objectRef?.resource === 'configmaps')) &&
    (responseStatus?.code ?? 500) < 300
      ? [verb]
      : [],
  );

describe('A step that the kubelet executes twice', { concurrency: false, timeout: 300_000 }, () => {
  it('in a rehearsal: it starts over, and the plan has each effect once', async (context) => {
    const tenant = await makeWorld('rehearsed');
    const letGo = await hold(tenant, 'held-rehearsed');
    const action = await tenant.file('rehearsed');
    const pod = await executeAgain(tenant, action, 'rehearsal', letGo);
    context.diagnostic(JSON.stringify(stepOf(pod)));
    const waiting = await tenant.until(action, ['AwaitingApproval', 'RehearsalFailed']);
    assert.equal(stateOf(waiting), 'AwaitingApproval', messageOf(waiting));
    // The kubelet may do it once more by itself: that rehearsal starts over as well.
    const over = recordsOf(waiting, 'StartedOver').map(({ summary }) => String(summary));
    assert.match(over[0] ?? '', /rehearsal 1 does not count: the kubelet executed step 'one' 2 times/);
    for (const one of over) assert.match(one, /does not count: the kubelet executed step 'one'/);
    assert.deepEqual(
      waiting.status?.stages?.map(({ stage, outcome }) => `${stage} ${outcome}`),
      [...over.map(() => 'rehearsal Unknown'), 'rehearsal Succeeded'],
    );
    const plan = await client.getOrThrow(actionPlans, {
      namespace: tenant.namespace,
      name: waiting.status?.plan?.name ?? '',
    });
    assert.deepEqual(
      (plan as unknown as ActionPlan).spec.effects.map(({ verb, resource, name }) => `${verb} ${resource} ${name}`),
      ['create configmaps made', 'patch deployments web'],
    );
  });

  it('in a run: what is done already is not sent again, the run succeeds, and the record says so', async (context) => {
    const tenant = await makeWorld('carried-out');
    const action = await tenant.file('carried-out');
    await tenant.until(action, ['AwaitingApproval']);
    const letGo = await hold(tenant, 'held-carried-out');
    const { code, stderr } = await tenant.decide(tenant.approver, action, 'approve');
    assert.equal(code, 0, stderr);
    const pod = await executeAgain(tenant, action, 'run', letGo);
    context.diagnostic(JSON.stringify(stepOf(pod)));
    const done = await tenant.until(action, ['Succeeded', 'Blocked', 'RunFailed', 'RolledBack', 'RollbackIncomplete']);
    assert.equal(stateOf(done), 'Succeeded', messageOf(done));
    assert.match(messageOf(done), /2 of 2 approved effects carried out/);
    const run = done.status?.stages?.find(({ stage }) => stage === 'run');
    assert.match(run?.message ?? '', /every step succeeded; the kubelet executed step 'one' 2 times/);
    const [ended] = recordsOf(done, 'RunEnded');
    assert.match(String(ended?.summary), /the kubelet executed step 'one' 2 times/);
    assert.deepEqual(
      ended?.details?.filter(({ name }) => name === 'sentinel.steps.reexecuted'),
      [{ name: 'sentinel.steps.reexecuted', value: 'one=2' }],
    );
    // One create of the ConfigMap, one patch of the Deployment.
    await eventually('the audit log', async () => (await writesTo(tenant.namespace, 'web')).length >= 2);
    assert.deepEqual(await writesTo(tenant.namespace, 'web'), ['create', 'patch']);
  });
});
