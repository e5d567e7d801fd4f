import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { agentActions, annotations, askingManager, GATEWAY_AUDIENCE, namespaces } from '@sentinel/crds';
import { configmaps, pods } from '@sentinel/kube';
import { admin, eventually } from '../test/lib/cluster.ts';
import { floodWebhook } from '../test/lib/hostile/webhook-flood.ts';
import { annotateWeb, oneStep } from '../test/lib/one-step.ts';
import { policyAbout } from '../test/lib/people/requester.ts';
import { client, clientOf, makeTenant, stateOf } from '../test/lib/tenant.ts';
import { type Load, roundsOf, startOrdinaryLoad } from './hostile/ordinary-load.ts';
import { median, stageTable, type Timeline } from './hostile/stages.ts';
import { ActionWatch } from './hostile/watch-action.ts';

/**
 * What one tenant can do to another: `node bench/hostile-tenant.ts [--rounds=3] [--no-control]`, where `make install` was. One tenant's action is timed
 * from its filing to its end in three phases:
 *
 * - alone;
 * - beside an ordinary load (the control): pods that ask as much of the machine and the API server, without Sentinel;
 * - beside a hostile tenant: it files a hundred actions whose sandboxes send large bodies in YAML and forged tokens in a loop, pads one
 *   of its actions, and floods the webhook.
 *
 * Prints the time of each stage in each phase, and three ratios. Hostile to alone may be two at most. Control to alone says what the
 * machine allows, and hostile to control what Sentinel adds to it.
 */
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, control: { type: 'boolean', default: true } },
  allowNegative: true,
});
const ROUNDS = Number(options.rounds);
const ACTIONS = 100;
const KEYS = 20_000;
/** What an admin of a machine of two cores lets one namespace have at a time: its own sandboxes are the load of one that has all. */
const SANDBOXES = 3;
/** One of them is for real runs. */
const REHEARSALS = SANDBOXES - 1;
const MOST = 2;
/** How long one step of an action may take until the measurement is given up. */
const MOST_SECONDS = 240;

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

// Of the right form, so that only the API server can tell that it is forged; another one each time.
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const forged = `${part({ alg: 'RS256' })}.${part({
  aud: [GATEWAY_AUDIENCE],
  exp: 4_000_000_000,
  'kubernetes.io': {
    namespace: 'sentinel-sandboxes',
    pod: { name: 'x', uid: 'x' },
    serviceaccount: { name: 'sandbox', uid: 'x' },
  },
})}`;
/** Sends a large body and a forged token in a loop, and prints how many times. */
const flood = (flags: string, seconds: number) =>
  [
    `{ echo 'apiVersion: v1'; echo 'kind: ConfigMap'; echo 'metadata: {name: big}'; echo 'data:'; awk 'BEGIN { for (i = 0; i < ${KEYS}; i++) print "  key-" i ": x" }'; } > /tmp/big.yaml`,
    `end=$(($(date +%s) + ${seconds})); i=0`,
    'while [ $(date +%s) -lt $end ]; do i=$((i + 1))',
    `kubectl apply --server-side --validate=false ${flags} -f /tmp/big.yaml >/dev/null 2>&1 &`,
    `kubectl --token="${forged}.$i" get --raw /version >/dev/null 2>&1 &`,
    'wait; echo $i; done',
  ].join('\n');

const limits = (policy: string, more: string) =>
  policy.replace('limits: {duration: 3m, objects: 5}', `limits: {duration: 3m, objects: 20${more}}`);
const rule = `  - {apiGroups: [""], resources: [configmaps], verbs: [create, patch], decision: RequireApproval}\n`;
const calm = await makeTenant('calm', { playbooks: annotateWeb('touch'), policy: limits(policyAbout('rita', 1), '') });
const hostile = await makeTenant('hostile', {
  playbooks: oneStep('flood', ['sh', '-c', flood('', 100)]),
  policy: limits(policyAbout('rita', 1), `, sandboxes: ${SANDBOXES}`).replace('  approvals:\n', `${rule}  approvals:\n`),
});
await calm.deploy('web');
const watch = new ActionWatch(calm.namespace);
await watch.start(client);

const calmAgent = clientOf(calm.agent);
const calmApprover = clientOf(calm.approver);
let filed = 0;
/** One action from its filing to its end, with the decision right when it can be made. By clients of this process: kubectl takes a core. */
async function timeOne(): Promise<Timeline> {
  filed += 1;
  const key = { name: `touch-${filed}`, namespace: calm.namespace };
  watch.note(key.name, 'filed');
  await calmAgent.create(agentActions, {
    apiVersion: 'sentinel.dev/v1alpha1',
    kind: 'AgentAction',
    metadata: key,
    spec: {
      intent: { summary: 'Touch' },
      playbookRef: { name: 'touch' },
      parameters: [{ name: 'key', value: key.name }],
      mode: 'Apply',
      cancelled: false,
    },
  });
  watch.note(key.name, 'admitted');
  const reached = (moment: 'plan shown' | 'done') =>
    eventually(
      `${calm.namespace}/${key.name}: ${moment}`,
      async () => {
        if (watch.of(key.name).has(moment)) return true;
        throw new Error(`seen: ${[...watch.of(key.name).keys()].join(', ')}`);
      },
      MOST_SECONDS,
      20,
    );
  await reached('plan shown');
  const digest = (await calm.action(key.name)).status?.plan?.digest ?? '';
  const asked = { [annotations.decision]: 'approve', [annotations.plan]: digest };
  const fieldManager = askingManager('approve', digest);
  await calmApprover.patch(agentActions, key, { metadata: { annotations: asked } }, { type: 'merge', fieldManager });
  watch.note(key.name, 'approved');
  await reached('done');
  return watch.of(key.name);
}

const secondsOf = (timeline: Timeline) => (timeline.get('done') ?? Number.NaN) - (timeline.get('filed') ?? 0);

async function measure(what: string): Promise<Timeline[]> {
  console.log(`load of the machine before: ${loadavg()[0]?.toFixed(1)}`);
  const all: Timeline[] = [];
  for (const _ of range(ROUNDS)) {
    all.push(await timeOne());
    // Printed at once, so that there is a result even if a later measurement does not finish.
    console.log(`one action, ${what}: ${all.slice(-1).map(secondsOf)[0]?.toFixed(1)} s`);
  }
  return all;
}

/** Pads an object as often as it can, until it is told to stop. */
function startPads(pad: (annotations: Record<string, string>) => Promise<unknown>): () => Promise<void> {
  let isOver = false;
  const pads = (async () => {
    while (!isOver) await pad({ pad: 'x'.repeat(200 * 1024 - filed) }).catch(() => {});
  })();
  return async () => {
    isOver = true;
    await pads;
  };
}

async function startHostile(): Promise<Load> {
  const agent = clientOf(hostile.agent);
  const { namespace } = hostile;
  const flooding = (at: number) =>
    agent.create(agentActions, {
      apiVersion: 'sentinel.dev/v1alpha1',
      kind: 'AgentAction',
      metadata: { name: `flood-${at}`, namespace },
      spec: { intent: { summary: 'Flood' }, playbookRef: { name: 'flood' }, mode: 'DryRun', cancelled: false },
    });
  for (let at = 0; at < ACTIONS; at += 10) await Promise.all(range(10).map((more) => flooding(at + more)));
  const stopPads = startPads((more) =>
    agent.patch(agentActions, { name: 'flood-0', namespace }, { metadata: { annotations: more } }, { type: 'merge' }),
  );
  const webhook = await floodWebhook(namespace);
  const sandboxes = async () => {
    const { items } = await client.list(pods, { namespace: namespaces.sandboxes });
    return items.filter(({ metadata }) => metadata.annotations?.[annotations.action]?.startsWith(`${namespace}/`));
  };
  const rounds = async () =>
    await roundsOf(
      (await sandboxes()).map(({ metadata }) => ({ name: metadata.name ?? '', container: 'step-one' })),
      namespaces.sandboxes,
    );
  await eventually(
    'the hostile tenant is at work',
    async () => {
      const { items } = await client.list(agentActions, { namespace });
      const rehearsing = items.filter((one) => stateOf(one as never) === 'Rehearsing').length;
      return rehearsing >= REHEARSALS && (await rounds()) >= REHEARSALS;
    },
    120,
  );
  const [first, since] = [await rounds(), performance.now()];
  return {
    async report() {
      const perSecond = ((await rounds()) - first) / ((performance.now() - since) / 1000);
      return `${perSecond.toFixed(2)} rounds a second in ${(await sandboxes()).length} sandboxes; the flood of the webhook got ${await webhook.counts()}`;
    },
    async stop() {
      await stopPads();
      await webhook.stop();
    },
  };
}

/** What a step of the calm tenant may use: pods of its actions stay a while. */
async function resourcesOfAStep(): Promise<object> {
  const { items } = await client.list(pods, { namespace: namespaces.sandboxes });
  const own = items.filter(({ metadata }) => metadata.annotations?.[annotations.action]?.startsWith(`${calm.namespace}/`));
  const { initContainers = [] } = (own[0]?.spec ?? {}) as { initContainers?: { name: string; resources: object }[] };
  const found = initContainers.find(({ name }) => name === 'step-one')?.resources;
  if (!found) throw new Error('no pod of the calm tenant is left to read what its step may use');
  return found;
}

async function startControl(resources: object): Promise<Load> {
  const load = await startOrdinaryLoad(flood('--dry-run=server', 600), REHEARSALS, resources);
  const stopPads = startPads((more) =>
    client.patch(
      configmaps,
      { name: 'padded', namespace: load.namespace },
      { metadata: { annotations: more } },
      { type: 'merge' },
    ),
  );
  const stop = async () => {
    await stopPads();
    await load.stop();
  };
  return { report: load.report, stop };
}

async function besides(what: string, start: () => Promise<Load>): Promise<Timeline[]> {
  const load = await start();
  try {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const all = await measure(what);
    console.log(`${what}: ${await load.report()}`);
    return all;
  } finally {
    await load.stop();
  }
}

try {
  await timeOne();
  const step = await resourcesOfAStep();
  const alone = await measure('alone');
  const control = options.control ? await besides('beside an ordinary load', () => startControl(step)) : [];
  const beside = await besides('beside a hostile tenant', startHostile);
  const phases = { alone, control, hostile: beside };
  const mid = (all: readonly Timeline[]) => median(all.map(secondsOf));
  console.log(`\nmedians of ${ROUNDS}, in seconds:\n${stageTable(phases)}\n`);
  for (const [name, all] of Object.entries(phases))
    console.log(
      `one action, ${name.padEnd(8)} ${mid(all).toFixed(1)} s (${all.map((one) => secondsOf(one).toFixed(1)).join(', ')})`,
    );
  const ratio = mid(beside) / mid(alone);
  console.log(`control to alone:   ${(mid(control) / mid(alone)).toFixed(2)} (what the machine allows)`);
  console.log(`hostile to control: ${(mid(beside) / mid(control)).toFixed(2)} (what Sentinel adds)`);
  console.log(`hostile to alone:   ${ratio.toFixed(2)} (at most ${MOST})`);
  if (!(ratio <= MOST)) process.exitCode = 1;
} finally {
  watch.stop();
  await admin.kubectl(['delete', 'namespace', hostile.namespace, calm.namespace, '--wait=false']);
}
