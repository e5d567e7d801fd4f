import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { paths } from '@sentinel/cluster';
import {
  type ActionPlan,
  type AgentAction,
  actionPlans,
  agentActions,
  digestOf,
  type Stage,
  type StageStatus,
} from '@sentinel/crds';
import { gatherSurroundings, type Installation, Ledger, type Run, resolveRun, sandboxSettings } from '@sentinel/gateway/testing';
import { type AnyObject, createClient, createTransport, jobs, loadConfig, services } from '@sentinel/kube';
import { adHocPlaybook, parsePodSettings, renderJob, templateDigest } from '@sentinel/policy';
import { admin, eventually } from '../cluster.ts';
import { loadedImages } from '../images.ts';
import { client, type Tenant } from '../tenant.ts';

// What an operator can do that somebody has taken over: it writes plans, statuses and Jobs as it likes, with the operator's own
// account. The gateway's own code, with the gateway's account, is asked for the run of a pod of such a Job.

const SYSTEM = 'sentinel-system';
const as = (account: string) =>
  createClient(
    createTransport(loadConfig({ kubeconfig: paths.kubeconfig, as: `system:serviceaccount:${SYSTEM}:${account}` }), {
      userAgent: 'sentinel-tests',
    }),
  );
const operator = as('sentinel-operator');
/** The API server as the gateway sees it. */
export const gateway = as('sentinel-gateway');

/** Scales the real operator, and waits until it is as wanted. */
export const scaleOperator = async (replicas: number) => {
  await admin.kubectl(['scale', 'deployment', 'sentinel-operator', '-n', SYSTEM, `--replicas=${replicas}`]);
  await admin.kubectl(['rollout', 'status', 'deployment', 'sentinel-operator', '-n', SYSTEM, '--timeout=90s']);
  if (replicas > 0) return;
  const left = ['get', 'pods', '-n', SYSTEM, '-l', 'app.kubernetes.io/component=operator', '-o', 'name'];
  await eventually('the operator to be gone', async () => (await admin.kubectl(left)).trim() === '');
};

/** Alters a Job before it is created. */
export type Alter = (pod: PodSpec, job: AnyObject) => void;
/** The pod of a Job, as far as it is altered. */
export interface PodSpec {
  initContainers: { name: string; image: string; command: string[]; env: { name: string; value: string }[] }[];
  volumes: object[];
}

/** The step of the pod of a Job. */
export const stepOf = ({ initContainers }: PodSpec) => initContainers[1] ?? assert.fail('no step');

const shell = (text: string) => ['sh', '-c', text];

/** What of a Job could be altered, and what the refusal names. */
export const alterations: Readonly<Record<string, readonly [Alter, RegExp]>> = {
  'another command': [(pod) => Object.assign(stepOf(pod), { command: shell('kubectl get pods -o yaml') }), /command/],
  'an argument more': [
    (pod) => stepOf(pod).command.push('--all'),
    /command is not what was rendered \(\d+ entries instead of \d+/,
  ],
  'another image': [(pod) => Object.assign(stepOf(pod), { image: 'localhost/evil:1' }), /initContainers\[1\]\.image/],
  'a variable more': [
    (pod) => stepOf(pod).env.push({ name: 'LD_PRELOAD', value: '/tmp/x.so' }),
    /env is not what was rendered \(found also 'LD_PRELOAD'/,
  ],
  'a volume more': [(pod) => pod.volumes.push({ name: 'x', emptyDir: {} }), /volumes is not what was rendered \(found also 'x'/],
  'a step more': [
    (pod) => pod.initContainers.push({ ...stepOf(pod), name: 'step-two' }),
    /initContainers is not what was rendered \(found also 'step-two'/,
  ],
  'the namespace of another tenant': [
    (_, job) => {
      const { metadata } = (job.spec as { template: { metadata: { annotations: Record<string, string> } } }).template;
      metadata.annotations['sentinel.dev/namespace'] = 'default';
    },
    /annotations\.sentinel\.dev\/namespace/,
  ],
  'more time': [(_, job) => Object.assign(job.spec as object, { activeDeadlineSeconds: 86_400 }), /activeDeadlineSeconds/],
};

/** The settings of this installation. */
export async function readInstallation(): Promise<Installation> {
  const api = await client.getOrThrow(services, { name: 'kubernetes', namespace: 'default' });
  const { clusterIP, ports } = api.spec as { clusterIP: string; ports: { port: number }[] };
  return {
    image: loadedImages().sentinel,
    forbidden: `${clusterIP}:${ports[0]?.port}`,
    userNamespaces: 'Auto',
    pods: parsePodSettings(undefined),
  };
}

/** What the operator writes about the actions of a tenant, which is made after these verbs. */
export function liesOn(tenantNow: () => Tenant, installationNow: () => Installation) {
  const jobsMade: string[] = [];
  let attempt = 10;

  const read = (name: string) => client.getOrThrow(agentActions, { name, namespace: tenantNow().namespace });
  const setStatus = (name: string, change: (status: NonNullable<AgentAction['status']>) => void) =>
    eventually(`a status of ${name}`, async () => {
      const action = await read(name);
      assert.ok(action.status);
      change(action.status);
      return await operator.replaceStatus(agentActions, action);
    });

  /** Puts another plan in the place of the one that was made; answers with its digest. */
  async function forge(name: string, change: (spec: ActionPlan['spec']) => void, forged = `${name}-forged`): Promise<string> {
    const plan = await client.getOrThrow(actionPlans, { name: `${name}-1`, namespace: tenantNow().namespace });
    change(plan.spec);
    const { ownerReferences } = plan.metadata;
    await operator.create(actionPlans, {
      ...plan,
      metadata: { name: forged, namespace: tenantNow().namespace, ...(ownerReferences ? { ownerReferences } : {}) },
    });
    const digest = digestOf(plan.spec);
    await setStatus(name, (now) => {
      if (now.plan) now.plan = { ...now.plan, name: forged, digest };
      now.required = plan.spec.required;
    });
    return digest;
  }

  /** Makes a Job of a stage as the real operator would, altered by `alter`, with its stage in the status; answers with a pod of it. */
  async function start(
    name: string,
    stage: Stage,
    { alter, suspend = true, ...more }: Partial<StageStatus> & { alter?: Alter; suspend?: boolean } = {},
  ): Promise<AnyObject> {
    const action = await read(name);
    const ref = { namespace: tenantNow().namespace, name, uid: action.metadata.uid ?? '' };
    const { policies, live } = await gatherSurroundings(gateway, ref);
    const playbook = (adHocPlaybook(action) ?? live ?? assert.fail('no Playbook')).spec;
    const summary = action.status?.plan;
    const plan = stage === 'rehearsal' ? undefined : summary?.digest;
    const made = plan && (await client.getOrThrow(actionPlans, { name: summary?.name ?? '', namespace: tenantNow().namespace }));
    attempt += 1;
    const plannedSeconds = made ? made.spec.durationSeconds : undefined;
    // Of a plan that was made, by the settings that it was made with.
    const all = await sandboxSettings(gateway, installationNow());
    const ofRun = { stage: 'run', attempt: 1, plan: undefined, action, playbook, policies, plannedSeconds } as const;
    const planned = all.find((one) => templateDigest(renderJob(ofRun, one)) === (made ? made.spec.template : undefined));
    const settings = planned ?? all[0] ?? assert.fail('no settings');
    const rendered = renderJob({ stage, attempt, plan, action, playbook, policies, plannedSeconds }, settings);
    rendered.spec.suspend = suspend;
    alter?.(rendered.spec.template.spec as unknown as PodSpec, rendered);
    const record = (uid: string) =>
      setStatus(name, (now) => {
        const entry: StageStatus = {
          stage,
          attempt,
          name: rendered.metadata.name,
          uid,
          ...(plan ? { plan } : {}),
          startedAt: new Date().toISOString(),
          ...more,
        };
        // The schema has room for 16: those whose pods were refused make room.
        const kept = (now.stages ?? []).filter((one) => one.attempt === 1 || one.stage === 'run');
        now.stages = [...kept.slice(-15), entry];
      });
    const job = await operator.create(jobs, rendered);
    const jobName = rendered.metadata.name;
    jobsMade.push(jobName);
    const uid = job.metadata.uid ?? '';
    await record(uid);
    const controller = { apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid, controller: true };
    const { metadata, spec } = (job.spec as { template: { metadata: AnyObject['metadata']; spec: object } }).template;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...metadata,
        name: `${jobName}-x`,
        namespace: 'sentinel-sandboxes',
        uid: randomUUID(),
        ownerReferences: [controller],
      },
      spec,
    };
  }
  const startRun = (name: string, more: Partial<StageStatus> & { alter?: Alter } = {}) => start(name, 'run', more);

  const claim = async (pod: AnyObject): Promise<Run> => {
    const replica = { address: '127.0.0.1', process: `test-${randomUUID()}` };
    const run = await resolveRun({ client: gateway, ledger: new Ledger(gateway), replica, installation: installationNow() }, pod);
    return 'recorder' in run ? assert.fail('another replica records it') : run;
  };

  /** Deletes the Jobs that were made. */
  async function deleteJobs(): Promise<void> {
    const operatorItself = ['--as', `system:serviceaccount:${SYSTEM}:sentinel-operator`];
    for (const name of jobsMade) await admin.tryKubectl(['delete', 'job', name, '-n', 'sentinel-sandboxes', ...operatorItself]);
  }
  return { read, setStatus, forge, start, startRun, claim, deleteJobs };
}
