import { agentActions, annotations, namespaces } from '@sentinel/crds';
import { type AnyObject, createInformer, deployments, jobs, type KubeClient, pods } from '@sentinel/kube';
import { type ActionView, stateOf } from '../../test/lib/tenant.ts';
import type { Moment } from './stages.ts';

interface ContainerStatus {
  readonly name: string;
  readonly state?: { readonly running?: unknown; readonly terminated?: unknown };
}

interface PodStatus {
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

/** Notes the moments of the actions of one namespace as watches tell them: one timeline for each action, by its name. */
export class ActionWatch {
  readonly #namespace: string;
  readonly #timelines = new Map<string, Map<Moment, number>>();
  readonly #stop = new AbortController();

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** Resolves when all watches have begun. */
  async start(client: KubeClient): Promise<void> {
    const { sandboxes } = namespaces;
    const actions = createInformer({ client, resource: agentActions, namespace: this.#namespace });
    const workloads = createInformer({ client, resource: deployments, namespace: this.#namespace });
    const jobInformer = createInformer({ client, resource: jobs, namespace: sandboxes });
    const podInformer = createInformer({ client, resource: pods, namespace: sandboxes });
    actions.onChange(({ object }) => this.#noteState(object as unknown as ActionView));
    workloads.onChange(({ object }) => this.#noteEffect(object));
    jobInformer.onChange(({ object }) => this.#noteJob(object));
    podInformer.onChange(({ object }) => this.#notePod(object));
    const all = [actions, workloads, jobInformer, podInformer];
    for (const informer of all) void informer.start(this.#stop.signal);
    await Promise.all(all.map(({ synced }) => synced));
  }

  stop(): void {
    this.#stop.abort();
  }

  /** What was seen of an action so far. */
  of(name: string): Map<Moment, number> {
    const found = this.#timelines.get(name) ?? new Map<Moment, number>();
    this.#timelines.set(name, found);
    return found;
  }

  /** Notes that a moment has come; the first time counts. */
  note(name: string, moment: Moment, at = performance.now() / 1000): void {
    const timeline = this.of(name);
    if (!timeline.has(moment)) timeline.set(moment, at);
  }

  #noteState(action: ActionView): void {
    const state = stateOf(action);
    if (state === 'AwaitingApproval') this.note(action.metadata.name, 'plan shown');
    if (state === 'Succeeded') this.note(action.metadata.name, 'done');
  }

  // The Playbook of the measurement leaves an annotation that is called like the action's round.
  #noteEffect({ metadata }: AnyObject): void {
    for (const [name, timeline] of this.#timelines)
      if (metadata.annotations?.[`touched-${name}`] !== undefined && timeline.has('approved'))
        this.note(name, 'run: effect done');
  }

  #noteJob(job: AnyObject): void {
    const { name, stage } = this.#ownerOf(job);
    if (name === undefined || stage === undefined) return;
    this.note(name, `${stage}: Job created`);
    if ((job.spec as { suspend?: boolean }).suspend === false) this.note(name, `${stage}: Job released`);
  }

  #notePod(pod: AnyObject): void {
    const { name, stage } = this.#ownerOf(pod);
    if (name === undefined || stage === undefined) return;
    this.note(name, `${stage}: pod created`);
    const { initContainerStatuses = [], containerStatuses = [] } = (pod.status ?? {}) as PodStatus;
    const [gate, ...steps] = initContainerStatuses;
    if (gate?.state?.running !== undefined || gate?.state?.terminated !== undefined) this.note(name, `${stage}: gate started`);
    if (gate?.state?.terminated !== undefined) this.note(name, `${stage}: gate opened`);
    if (steps.length > 0 && steps.every(({ state }) => state?.terminated !== undefined)) this.note(name, `${stage}: steps ended`);
    if (containerStatuses.some(({ state }) => state?.terminated !== undefined)) this.note(name, `${stage}: end reached`);
  }

  #ownerOf({ metadata }: AnyObject): { name?: string; stage?: 'rehearsal' | 'run' } {
    const [namespace, name] = metadata.annotations?.[annotations.action]?.split('/') ?? [];
    const stage = metadata.labels?.['sentinel.dev/stage'];
    if (namespace !== this.#namespace || name === undefined || (stage !== 'rehearsal' && stage !== 'run')) return {};
    return { name, stage };
  }
}
