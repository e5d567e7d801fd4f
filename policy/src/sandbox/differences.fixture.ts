import { aPlaybookSpec } from '../testing/playbook.fixture.ts';
import { jobDifferences, podDifferences } from './differences.ts';
import { type SandboxJob, type SandboxSettings, sandboxJob } from './sandbox-job.ts';

const { sandbox, steps } = aPlaybookSpec({
  account: 'a',
  sandbox: { image: 'tools', resources: { cpu: '1000m', memory: '1024Mi' } },
  steps: [{ name: 'one', command: ['kubectl', 'get', 'pods'], env: [{ name: 'A', value: '1' }] }],
});
const settings = { image: 'own', gatewayAddress: '10.96.0.9', forbidden: '10.96.0.1:443', hostUsers: true };

/** A Job that is rendered, with the settings of an installation. */
export const render = (more: Partial<SandboxSettings> = {}): SandboxJob =>
  sandboxJob({
    name: 'run-1',
    stage: 'run',
    action: { name: 'a', namespace: 'shop', uid: 'u' },
    sandbox,
    steps,
    seconds: 60,
    settings: { ...settings, ...more },
  });
export const rendered = render();

export type Node = { [key: string]: Node };
export const node = (value: unknown) => value as Node;

/** What an API server makes of the Job, and its pod: defaults, selector, binding. */
export function stored(rendered: SandboxJob = render()): { job: Node; pod: Node } {
  const job = node(structuredClone(rendered));
  const labels = {
    'batch.kubernetes.io/controller-uid': 'j',
    'batch.kubernetes.io/job-name': 'run-1',
    'controller-uid': 'j',
    'job-name': 'run-1',
  };
  Object.assign(job.metadata as Node, { uid: 'j', resourceVersion: '1', creationTimestamp: 'now' });
  Object.assign(job.spec as Node, {
    completionMode: 'NonIndexed',
    manualSelector: false,
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'j' } },
  });
  const template = node(job.spec?.template);
  Object.assign(template.metadata as Node, { creationTimestamp: null });
  Object.assign(template.metadata?.labels as Node, labels);
  Object.assign(template.spec as Node, { schedulerName: 'default-scheduler', serviceAccount: 'sandbox' });
  for (const list of ['initContainers', 'containers'])
    for (const container of at(template, ['spec', list]) as unknown as Node[]) {
      Object.assign(container, { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' });
      if (container.name === (`step-one` as unknown))
        Object.assign(node(container.resources).limits as Node, { cpu: '1', memory: '1Gi' });
    }
  const projected = ['spec', 'template', 'spec', 'volumes', '2', 'projected'];
  change(job, [...projected, 'defaultMode'], 420);
  change(job, [...projected, 'sources', '2', 'downwardAPI', 'items', '0', 'fieldRef', 'apiVersion'], 'v1');
  const pod = node(structuredClone({ metadata: template.metadata, spec: template.spec }));
  Object.assign(pod.metadata as Node, {
    name: 'run-1-x',
    annotations: { ...(pod.metadata?.annotations as Node), 'cni.projectcalico.org/podIP': '10.0.0.1' },
  });
  Object.assign(pod.spec as Node, {
    nodeName: 'n',
    priority: 0,
    preemptionPolicy: 'PreemptLowerPriority',
    tolerations: [...((pod.spec?.tolerations ?? []) as unknown as Node[]), { key: 'x' }],
  });
  return { job, pod };
}
export const ofJob = (job: unknown, from = rendered) => jobDifferences(from, job as Parameters<typeof jobDifferences>[1]);
export const ofPod = (pod: unknown, from = rendered) => podDifferences(from, pod as Parameters<typeof podDifferences>[1]);

export const at = (root: Node, path: readonly string[]) => path.reduce<Node>((one, key) => node(one[key]), root);
export function change(root: Node, path: readonly string[], value: unknown): void {
  const parent = at(root, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (value === undefined) delete parent[key];
  else parent[key] = node(value);
}
