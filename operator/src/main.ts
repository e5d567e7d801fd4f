import { type AgentAction, annotations, namespaces } from '@sentinel/crds';
import {
  Controller,
  createClient,
  createLogger,
  createTransport,
  EventRecorder,
  HealthServer,
  type KubeClient,
  type KubeObject,
  keyOf,
  LeaderElector,
  loadConfig,
  Manager,
  services,
  systemClock,
} from '@sentinel/kube';
import { Exporter } from './audit/exporter.ts';
import { OtlpSink } from './audit/otlp.ts';
import { type Caches, createCaches } from './caches.ts';
import { type Config, readConfig } from './config.ts';
import { reconcilePlaybook } from './controllers/playbooks.ts';
import { reconcileClusterPolicy, reconcilePolicy } from './controllers/policies.ts';
import { GatewayClient } from './gateway-client.ts';
import { reconcileAction } from './reconcile.ts';
import type { SandboxSettings } from './sandbox/job.ts';
import { usesUserNamespaces } from './sandbox/user-namespaces.ts';
import { Starts } from './starts.ts';
import { stateOf } from './status/conditions.ts';

const HEALTH_PORT = 8080;

/** Composition root of the operator. Resolves when everything has stopped. */
export async function runOperator(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const config = readConfig(env);
  const logger = createLogger({ name: 'operator' });
  const transport = createTransport(loadConfig(), { userAgent: 'sentinel-operator', connections: 64 });
  const client = createClient(transport);
  const isolateUsers = await usesUserNamespaces(client, config.userNamespaces);
  if (!isolateUsers) logger.warn('Sandboxes share the user namespace of their node', { setting: config.userNamespaces });
  const caches = createCaches(client, logger);
  const events = new EventRecorder({ client, controller: 'sentinel.dev/operator', instance: config.podName });
  const sink = config.otlpEndpoint === undefined ? undefined : new OtlpSink(config.otlpEndpoint);
  const exporter: Exporter = new Exporter({
    sink,
    events,
    logger,
    read: (key) => caches.actions.store.get(key),
    onAcknowledged: (key) => actions.enqueue(key),
  });
  const context = {
    client,
    caches,
    exporter,
    logger,
    clock: systemClock,
    starts: new Starts(),
    gateway: new GatewayClient(client),
    settings: () => readSettings(client, config, isolateUsers),
  };
  const actions: Controller = new Controller({
    name: 'agentaction',
    concurrency: config.workers,
    logger,
    reconcile: (key) => reconcileAction(context, key),
  });
  const playbooks = new Controller({
    name: 'playbook',
    logger,
    reconcile: (key) => reconcilePlaybook(client, caches, key, new Date()),
  });
  const policies = new Controller({
    name: 'agentpolicy',
    logger,
    reconcile: (key) => reconcilePolicy(client, caches, key, new Date()),
  });
  const clusterPolicies = new Controller({
    name: 'clusteragentpolicy',
    logger,
    reconcile: (key) => reconcileClusterPolicy(client, caches, key, new Date()),
  });
  connect(caches, { actions, playbooks, policies, clusterPolicies, exporter });
  const elector = new LeaderElector({
    client,
    namespace: namespaces.system,
    name: 'sentinel-operator',
    identity: config.podName,
    logger,
  });
  const manager = new Manager({ elector, logger });
  const health = new HealthServer({
    port: HEALTH_PORT,
    live: { informers: () => Object.values(caches).every((informer) => informer.healthy()) },
    ready: { manager: () => manager.ready() },
  });
  manager.addServer({ name: 'health', start: (stop) => health.start(stop) });
  for (const informer of Object.values(caches)) manager.addInformer(informer);
  // The leader alone, as the controllers: two would send every record twice.
  manager.addController({ name: 'audit-exporter', start: (stop) => exporter.start(stop) });
  for (const controller of [actions, playbooks, policies, clusterPolicies]) manager.addController(controller);
  await manager.start(signal);
  await transport.close();
}

interface Enqueue {
  enqueue(key: string): void;
}

// Which change concerns which object. A policy, a Playbook and a namespace's labels concern the actions that still wait: what is
// stricter must reach them.
function connect(
  caches: Caches,
  to: { actions: Enqueue; playbooks: Enqueue; policies: Enqueue; clusterPolicies: Enqueue; exporter: Enqueue },
): void {
  const living = (concerns: (action: AgentAction) => boolean) => {
    for (const action of caches.actions.store.list())
      if (action.status?.finishedAt === undefined && concerns(action)) to.actions.enqueue(keyOf(action));
  };
  const all = () => living(() => true);
  // What ended makes room for what is approved and held back.
  const wakeHeld = () => {
    for (const action of caches.actions.store.list())
      if (stateOf(action.status) === 'Starting') to.actions.enqueue(keyOf(action));
  };
  const byAnnotation = (object: KubeObject) => {
    const key = object.metadata.annotations?.[annotations.action];
    if (key !== undefined) to.actions.enqueue(key);
  };
  caches.actions.onChange(({ object }) => {
    to.actions.enqueue(keyOf(object));
    to.exporter.enqueue(keyOf(object));
    if (object.status?.finishedAt !== undefined) wakeHeld();
    // What ends or holds an action ends or holds those that are a part of it.
    for (const child of caches.actions.store.byIndex('parent', keyOf(object))) to.actions.enqueue(keyOf(child));
  });
  caches.jobs.onChange(({ object }) => byAnnotation(object));
  caches.pods.onChange(({ object }) => byAnnotation(object));
  caches.playbooks.onChange(({ object }) => {
    to.playbooks.enqueue(keyOf(object));
    const { name, namespace } = object.metadata;
    living(({ metadata, spec }) => metadata.namespace === namespace && spec.playbookRef?.name === name);
  });
  caches.namespaces.onChange(({ object }) => living(({ metadata }) => metadata.namespace === object.metadata.name));
  caches.policies.onChange(({ object }) => {
    to.policies.enqueue(keyOf(object));
    all();
  });
  caches.clusterPolicies.onChange(({ object }) => {
    to.clusterPolicies.enqueue(keyOf(object));
    all();
  });
  caches.sealKeys.onChange(() => {
    for (const playbook of caches.playbooks.store.list()) to.playbooks.enqueue(keyOf(playbook));
    all();
  });
}

async function readSettings(client: KubeClient, config: Config, isolateUsers: boolean): Promise<SandboxSettings> {
  const service = await client.getOrThrow(services, { name: 'sentinel-gateway', namespace: namespaces.system });
  const address = (service.spec as { clusterIP?: string }).clusterIP;
  if (!address) throw new Error("the Service 'sentinel-gateway' has no address");
  return { image: config.image, gatewayAddress: address, forbidden: config.forbidden, hostUsers: isolateUsers };
}
