import { type AgentAction, annotations, namespaces } from '@sentinel/crds';
import {
  byNamespace,
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
  LeadershipLostError,
  loadConfig,
  Manager,
  readTracing,
  services,
  startTracing,
  systemClock,
} from '@sentinel/kube';
import { isSchedule, type SandboxSettings } from '@sentinel/policy';
import { LogTurns } from './act/log-turns.ts';
import { ActRecorder } from './acts/record-acts.ts';
import { watchUnnamedActs } from './acts/watch-unnamed.ts';
import { AdmissionSerializer } from './admission-serializer.ts';
import { Exporter } from './audit/exporter.ts';
import { OtlpSink } from './audit/otlp.ts';
import { type Caches, createCaches } from './caches.ts';
import { type Config, readConfig } from './config.ts';
import { reconcilePlaybook } from './controllers/playbooks.ts';
import { reconcileClusterPolicy, reconcilePolicy } from './controllers/policies.ts';
import { EVIDENCE, EvidenceClient } from './evidence-client.ts';
import { activityOf } from './facts/activity.ts';
import { guardsOfRelease } from './facts/release-values.ts';
import { watchGuards } from './facts/watch-guards.ts';
import { GATEWAY, GatewayClient } from './gateway-client.ts';
import { renderedGuards } from './generated/guards.ts';
import { observeActions, observeDecision, observeEnd, observeSchedules, summarizeActions } from './metrics.ts';
import { ProgramLink } from './program-link.ts';
import { type ReconcileContext, reconcileAction } from './reconcile.ts';
import { stateOf } from './status/conditions.ts';
import { usesUserNamespaces } from './user-namespaces.ts';

const HEALTH_PORT = 8080;

/** Composition root of the operator. Resolves when everything has stopped. */
export async function runOperator(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const config = readConfig(env);
  const logger = createLogger({ name: 'operator' });
  const stopTracing = await startTracing(readTracing('sentinel-operator', env), logger);
  const transport = createTransport(loadConfig(), { userAgent: 'sentinel-operator', connections: 64 });
  const client = createClient(transport);
  const isolateUsers = await usesUserNamespaces(client, config.userNamespaces);
  if (!isolateUsers) logger.warn('Sandboxes share the user namespace of their node', { setting: config.userNamespaces });
  const caches = createCaches(client, logger);
  const elector = new LeaderElector({
    client,
    namespace: namespaces.system,
    name: 'sentinel-operator',
    identity: config.podName,
    logger,
  });
  // A process that was paused may notice a lost lease only after it continues, so each write checks the clock first.
  const leader = createClient(transport, {
    beforeWrite: () => {
      if (!elector.isLeader()) throw new LeadershipLostError();
    },
  });
  const events = new EventRecorder({ client: leader, controller: 'sentinel.dev/operator', instance: config.podName });
  const sink = config.otlpEndpoint === undefined ? undefined : new OtlpSink(config.otlpEndpoint);
  const exporter: Exporter = new Exporter({
    sink,
    events,
    logger,
    read: (key) => caches.actions.store.get(key),
    onAcknowledged: (key) => actions.enqueue(key),
  });
  const guards = guardsOfRelease(renderedGuards, config.release);
  const admissions = new AdmissionSerializer();
  const logTurns = new LogTurns(config.workers);
  const gateway = new GatewayClient(new ProgramLink(leader, GATEWAY));
  const evidence = config.evidence ? new EvidenceClient(new ProgramLink(leader, EVIDENCE)) : undefined;
  // All requests of a reconcile end with it: at its time-out, at shutdown, and at once when the lease is lost.
  const contextUntil = (signal: AbortSignal): ReconcileContext => {
    const bound = leader.until(signal);
    return {
      client: bound,
      caches,
      exporter,
      logger,
      clock: systemClock,
      admissions,
      guards,
      gateway: gateway.until(signal),
      evidence: evidence?.until(signal),
      logTurns,
      settings: () => readSettings(bound, config, isolateUsers),
    };
  };
  const actions: Controller = new Controller({
    name: 'agentaction',
    concurrency: config.workers,
    // Actions of one namespace use at most half of the workers.
    grouping: byNamespace(Math.max(1, Math.floor(config.workers / 2))),
    logger,
    reconcile: (key, signal) => reconcileAction(contextUntil(signal), key),
  });
  const playbooks = new Controller({
    name: 'playbook',
    grouping: byNamespace(),
    logger,
    reconcile: (key, signal) =>
      reconcilePlaybook({ client: leader.until(signal), caches, events, image: config.image, now: new Date() }, key),
  });
  const policies = new Controller({
    name: 'agentpolicy',
    grouping: byNamespace(),
    logger,
    reconcile: (key, signal) => reconcilePolicy(leader.until(signal), caches, key, new Date()),
  });
  const clusterPolicies = new Controller({
    name: 'clusteragentpolicy',
    logger,
    reconcile: (key, signal) => reconcileClusterPolicy(leader.until(signal), caches, key, new Date()),
  });
  const recorder = new ActRecorder({ client: leader, sink, events, logger, clock: systemClock });
  const acts = new Controller({ name: 'acts', logger, reconcile: (_key, signal) => recorder.reconcile(signal) });
  const acknowledged = (action: AgentAction) => exporter.acknowledged(action);
  observeActions(() =>
    summarizeActions(caches.actions.store.list(), systemClock.now(), elector.isLeader() ? acknowledged : undefined),
  );
  observeSchedules(() => caches.playbooks.store.list().flatMap(({ spec, status }) => (spec.schedule && status ? [status] : [])));
  caches.actions.onChange((delta) => {
    // What each replica sees is counted once.
    if (!elector.isLeader()) return;
    observeDecision(delta, systemClock.now());
    observeEnd(delta);
  });
  connect(caches, { actions, playbooks, policies, clusterPolicies, acts, exporter });
  const manager = new Manager({ elector, logger });
  const health = new HealthServer({
    port: HEALTH_PORT,
    // Liveness does not depend on the API server: a restart does not fix an outage, and an informer that cannot continue ends the process itself.
    ready: { manager: () => manager.ready() },
  });
  manager.addServer({ name: 'health', start: (stop) => health.start(stop) });
  for (const informer of Object.values(caches)) manager.addInformer(informer);
  // Only in the leader, like the controllers: two exporters would send every record twice.
  manager.addController({ name: 'audit-exporter', start: (stop) => exporter.start(stop) });
  for (const controller of [actions, playbooks, policies, clusterPolicies, acts]) manager.addController(controller);
  manager.addController(watchUnnamedActs(leader, caches, logger, systemClock));
  manager.addController(watchGuards(client, guards, logger, systemClock));
  await manager.start(signal).finally(stopTracing);
  await transport.close();
}

interface Enqueue {
  enqueue(key: string): void;
}

// Maps changes to the objects to reconcile. A policy, a Playbook and the labels of a namespace affect actions that still wait, so that
// stricter rules reach them.
function connect(
  caches: Caches,
  to: { actions: Enqueue; playbooks: Enqueue; policies: Enqueue; clusterPolicies: Enqueue; acts: Enqueue; exporter: Enqueue },
): void {
  const living = (concerns: (action: AgentAction) => boolean) => {
    for (const action of caches.actions.store.list())
      if (action.status?.finishedAt === undefined && concerns(action)) to.actions.enqueue(keyOf(action));
  };
  const all = () => living(() => true);
  // Policies define who is an agent, and a seal by an agent does not make a Playbook trusted.
  const playbooksIn = (namespace: string | undefined) => {
    for (const playbook of caches.playbooks.store.list())
      if (namespace === undefined || playbook.metadata.namespace === namespace) to.playbooks.enqueue(keyOf(playbook));
  };
  // An ended action may let a waiting approved action start.
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
    // Child actions are held and ended together with their parent.
    if (isSchedule(activityOf(object).requester)) {
      to.playbooks.enqueue(`${object.metadata.namespace ?? ''}/${object.spec.playbookRef?.name ?? ''}`);
      // A later action of a schedule may replace an earlier one.
      living(({ metadata, spec }) => metadata.namespace === object.metadata.namespace && isSameSchedule(spec, object.spec));
    }
    for (const child of caches.actions.store.byIndex('parent', keyOf(object))) to.actions.enqueue(keyOf(child));
    // The action that was undone notes who has undone it.
    const { rollbackOf } = object.spec;
    if (rollbackOf && object.status?.finishedAt !== undefined)
      to.actions.enqueue(`${object.metadata.namespace ?? ''}/${rollbackOf.name}`);
  });
  caches.jobs.onChange(({ object }) => byAnnotation(object));
  caches.pods.onChange(({ object }) => byAnnotation(object));
  caches.playbooks.onChange(({ object }) => {
    to.playbooks.enqueue(keyOf(object));
    const { name, namespace } = object.metadata;
    living(({ metadata, spec }) => metadata.namespace === namespace && spec.playbookRef?.name === name);
  });
  caches.cronJobs.onChange(({ object }) => {
    const key = object.metadata.annotations?.[annotations.playbook];
    if (key !== undefined) to.playbooks.enqueue(key);
  });
  caches.namespaces.onChange(({ object }) => {
    // Its labels decide whether schedules run in it.
    playbooksIn(object.metadata.name);
    living(({ metadata }) => metadata.namespace === object.metadata.name);
  });
  caches.policies.onChange(({ object }) => {
    to.policies.enqueue(keyOf(object));
    playbooksIn(object.metadata.namespace);
    // Only for its own namespace: an editor of one namespace must not be able to trigger reconciles of all other namespaces.
    living(({ metadata }) => metadata.namespace === object.metadata.namespace);
  });
  caches.clusterPolicies.onChange(({ object }) => {
    to.clusterPolicies.enqueue(keyOf(object));
    playbooksIn(undefined);
    all();
  });
  caches.acts.onChange(({ object }) => to.acts.enqueue(keyOf(object)));
  caches.sealKeys.onChange(() => {
    playbooksIn(undefined);
    all();
  });
}

const isSameSchedule = (a: AgentAction['spec'], b: AgentAction['spec']): boolean =>
  a.playbookRef !== undefined && a.playbookRef.name === b.playbookRef?.name;

async function readSettings(client: KubeClient, config: Config, isolateUsers: boolean): Promise<SandboxSettings> {
  const service = await client.getOrThrow(services, { name: 'sentinel-gateway', namespace: namespaces.system });
  const address = (service.spec as { clusterIP?: string }).clusterIP;
  if (!address) throw new Error("the Service 'sentinel-gateway' has no address");
  const { image, forbidden, pods } = config;
  return { image, gatewayAddress: address, forbidden, hostUsers: isolateUsers, pods };
}
