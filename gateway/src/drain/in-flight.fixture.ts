import { createInterface } from 'node:readline';
import { type ActionPlan, AgentPolicySpec, ClusterAgentPolicySpec } from '@sentinel/crds';
import { createClient, silentLogger } from '@sentinel/kube';
import { createAuthority, issueServerCertificate } from '@sentinel/kube/certificates';
import { request } from '../effect/request.fixture.ts';
import { MemoryApi } from '../enforce/memory-api.fixture.ts';
import { Serializer } from '../enforce/serializer.ts';
import { LEDGER } from '../enforce/world.fixture.ts';
import { Ledger } from '../ledger/store.ts';
import { newRecording } from '../rehearse/recording.ts';
import { rehearseWrite } from '../rehearse/rehearse.ts';
import type { Run } from '../run/run.ts';
import { createGatewayServer, type ServerContext } from '../serve/server.ts';
import { Upstream } from '../upstream.ts';
import { drain } from './drain.ts';
import { DrainState } from './state.ts';

// A process with the server of the gateway, and an API server in memory: two runs, each with an approved plan of so many ConfigMaps. The
// first real write of each is held until a line comes in. At SIGTERM it drains, and says at its end what happened to all.

const [jobs, writes] = [['job-1', 'job-2'], Number(process.argv[2])];
const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
const api = new MemoryApi();
let holds = true;
const held = new Set<string>();
const transport = api.connect(
  ({ method, path, query }) => {
    const isReal =
      method === 'POST' && path.startsWith('/api/v1/namespaces/shop/') && !/dryRun/.test(path + JSON.stringify(query));
    if (!isReal || !holds) return undefined;
    held.add(path);
    say({ held: true });
    return 'held';
  },
  () => false,
);
const client = createClient(transport, { readRetries: 0 });
const ledger = new Ledger(client);
const upstream = new Upstream(transport, { refusal: async () => undefined });
const dependants = { of: async () => ({ dependants: [], incomplete: [], isFaulty: false }) };
const info = { kind: 'ConfigMap', namespaced: true, verbs: ['create', 'get'], hasStatus: false };

async function runOf(job: string): Promise<Run> {
  const data = {
    job,
    pod: job,
    replica: '10.0.0.1',
    process: 'one',
    action: 'shop/fix',
    actionUid: job,
    account: 'x',
    claimedAt: '1',
  };
  api.put(`${LEDGER}/configmaps/claim-${job}`, { apiVersion: 'v1', kind: 'ConfigMap', data });
  const base: Run = {
    stage: 'rehearsal',
    jobUid: job,
    podUid: job,
    podName: job,
    namespace: 'shop',
    actionName: 'fix',
    actionUid: job,
    generation: 1,
    account: 'x',
    requester: { user: 'u', groups: [] },
    mayWrite: true,
    recording: newRecording('shop'),
    enforcement: undefined,
  };
  for (let at = 0; at < writes; at++) {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${job}-${at}` } });
    const create = { verb: 'create', apiGroup: '', resource: 'configmaps', name: undefined };
    await rehearseWrite({ upstream, dependants }, base, request(create, { base: 'configmaps', info, body: Buffer.from(body) }));
  }
  const effects = base.recording.effects.map((effect, index) => ({ ...effect, index }));
  const enforcement = {
    plan: { spec: { effects } } as unknown as ActionPlan,
    digest: 'd',
    risk: 'Low' as const,
    claim: `claim-${job}`,
    claimedAt: 1,
    recordedAt: 1,
    consumed: new Set<number>(),
    turns: new Serializer(),
    blocked: undefined,
  };
  return { ...base, stage: 'run', enforcement };
}

const spec = {
  subjects: [{ kind: 'User', name: 'u' }],
  modes: ['Apply'],
  kubernetes: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['create'], decision: 'Allow' }],
};
const floor = { kind: 'ClusterAgentPolicy', metadata: { name: 'floor' }, spec: ClusterAgentPolicySpec.parse(spec) };
const policy = { kind: 'AgentPolicy', metadata: { name: 'shop', namespace: 'shop' }, spec: AgentPolicySpec.parse(spec) };
const namespace = { metadata: { name: 'shop', labels: { 'sentinel.dev/enabled': 'true' } } };
const store = (items: object[]) => ({ store: { list: () => items, get: () => items[0] } });
const runs = new Map(await Promise.all(jobs.map(async (job) => [job, await runOf(job)] as const)));
const state = new DrainState();
const context = {
  client,
  ledger,
  upstream,
  dependants,
  logger: silentLogger,
  replica: { address: '10.0.0.1', process: 'one' },
  drain: state,
  isFresh: () => true,
  permission: { refusal: async () => undefined, ending: async () => undefined },
  executions: { isRepeated: async () => false },
  authenticator: { authenticate: async (of: string) => ({ kind: 'sandbox', pod: { name: of.slice(7), uid: of.slice(7) } }) },
  runs: { of: async ({ uid }: { uid: string }) => runs.get(uid) },
  discovery: { find: async () => info },
  namespaces: store([namespace]),
  policies: store([policy]),
  clusterPolicies: store([floor]),
} as unknown as ServerContext;
const authority = await createAuthority('gateway', 1);
const server = createGatewayServer(await issueServerCertificate(authority, ['gateway.test'], 1), context);

process.once('SIGTERM', async () => {
  say({ signal: true, inFlight: state.requests });
  const timing = { settle: 100, serve: 60_000, finish: 30_000 };
  await drain({ state, keepRecordings: async () => 0, stopListening: () => server.close() }, timing);
  const entries = (await Promise.all(jobs.map((job) => ledger.states(job)))).flat();
  const states = Object.fromEntries([...Map.groupBy(entries, (entry) => entry.state)].map(([key, all]) => [key, all.length]));
  const created = api.persisted.filter((one) => one === 'POST /api/v1/namespaces/shop/configmaps').length;
  say({ states, created, cut: state.requests });
  process.exit(0);
});
createInterface({ input: process.stdin }).on('line', () => {
  holds = false;
  api.release();
});
const counting = setInterval(() => {
  if (state.requests < jobs.length * writes) return;
  clearInterval(counting);
  say({ full: true });
}, 20);
server.listen(0, '127.0.0.1', () => say({ port: (server.address() as { port: number }).port, ca: authority.cert }));
