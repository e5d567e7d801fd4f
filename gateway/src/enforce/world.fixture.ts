import assert from 'node:assert/strict';
import type { ActionPlan } from '@sentinel/crds';
import { createClient, type TransportRequest } from '@sentinel/kube';
import { dataHandling } from '@sentinel/policy';
import { aPolicySet } from '@sentinel/policy/testing';
import type { Owned } from '../dependants/cascade.ts';
import { changesBetween } from '../effect/change.ts';
import { deletionOf } from '../effect/deletion.ts';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { Ledger } from '../ledger/store.ts';
import { newRecording } from '../rehearse/recording.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Run } from '../run/run.ts';
import { settleEntry } from '../settle/settle.ts';
import { Upstream } from '../upstream.ts';
import type { EnforceContext } from './context.ts';
import { enforceWrite } from './enforce-write.ts';
import { type Fault, MemoryApi } from './memory-api.fixture.ts';
import { Serializer } from './serializer.ts';

/** The existing Deployment; its replicas are 1. */
export const WEB = '/apis/apps/v1/namespaces/shop/deployments/web';
export const LEDGER = '/api/v1/namespaces/sentinel-ledger';
export const JOB = 'job-1';

export const scaleUp = request({}, { contentType: 'application/merge-patch+json', body: Buffer.from('{"spec":{"replicas":2}}') });
export const createFlags = request(
  { verb: 'create', apiGroup: '', resource: 'configmaps', name: undefined },
  {
    base: 'configmaps',
    info: { kind: 'ConfigMap', namespaced: true, verbs: ['create', 'get'], hasStatus: false },
    body: Buffer.from('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"flags"},"data":{"a":"1"}}'),
  },
);
export const deleteWeb = request({ verb: 'delete' }, { contentType: 'application/json' });

const effectOf = (what: ParsedRequest) => {
  if (what.api.verb === 'create') {
    const after = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'flags' }, data: { a: '1' } };
    return { ...describeEffect(what, { name: 'flags', uid: undefined, changes: changesBetween(undefined, after) }), index: 0 };
  }
  const changes =
    what.api.verb === 'delete'
      ? deletionOf(what, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 1 } })
      : changesBetween({ spec: { replicas: 1 } }, { spec: { replicas: 2 } });
  return { ...describeEffect(what, { name: 'web', uid: 'uid-web', changes }), index: 0 };
};

const handling = dataHandling(aPolicySet());

/** Where in the life of a write something goes wrong. */
export const points: Readonly<Record<string, (request: TransportRequest) => boolean>> = {
  'the intent': ({ method, path }) => method === 'POST' && path === `${LEDGER}/secrets`,
  'the write': ({ method, path, query }) =>
    method !== 'GET' &&
    /^\/(apis\/apps|api\/v1\/namespaces\/shop)/.test(path) &&
    !path.includes('dryRun=') &&
    query?.dryRun === undefined,
  'the note that it is sent': ({ method, body }) => method === 'PUT' && stateIn(body) === 'Sent',
  'the note of its outcome': ({ method, body }) => method === 'PUT' && ['Done', 'Refused'].includes(stateIn(body)),
};

function stateIn(body: unknown): string {
  const { data } = JSON.parse(String(body)) as { data?: { head?: string } };
  return data?.head ? (JSON.parse(Buffer.from(data.head, 'base64').toString()) as { state: string }).state : '';
}

/** The process dies: before it sends a request, with the request on its way, or before it reads the answer. */
export type Death = 'death-before' | 'death-in-flight' | 'death-after';
export const isDeath = (fault: Fault | Death | undefined): fault is Death =>
  typeof fault === 'string' && fault.startsWith('death');

/** A claimed run with one approved effect, and the API server that it meets. */
export class World {
  readonly api = new MemoryApi();
  readonly what: ParsedRequest;

  constructor(what: ParsedRequest) {
    this.what = what;
    this.api.put(WEB, { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 1 } });
    const data = {
      job: JOB,
      pod: 'p',
      replica: '10.0.0.1',
      process: 'one',
      action: 'shop/fix',
      actionUid: 'a',
      account: 'x',
      claimedAt: '1',
    };
    this.api.put(`${LEDGER}/configmaps/claim-x`, { apiVersion: 'v1', kind: 'ConfigMap', data });
  }

  /** A replica: `at` and `fault` say what goes wrong with it, once. A `death` ends it there. */
  replica(
    process: string,
    more: {
      at?: string | undefined;
      fault?: Fault | Death | undefined;
      /** The requests, if they are not those of one of `points`. */
      hits?: ((request: TransportRequest) => boolean) | undefined;
      /** What goes wrong with the second request of the kind. */
      second?: Fault;
      refusal?: () => string | undefined;
      /** Whether the kubelet has executed a step again. */
      isRepeated?: boolean;
      /** What a delete takes along. */
      dependants?: readonly Owned[];
      /** Whether dependants cannot be listed now. */
      isFaulty?: boolean;
      /** Why there may be more of them. */
      incomplete?: readonly string[];
    } = {},
  ): { context: EnforceContext; run: Run; died: Promise<string> } {
    const { at, fault, refusal } = more;
    const hits = more.hits ?? (at === undefined ? () => false : (points[at] ?? assert.fail(at)));
    let dead = false;
    const { promise: died, resolve: die } = Promise.withResolvers<string>();
    let used = 0;
    const isDead = (asked: TransportRequest, sent: boolean) => {
      if (((fault === 'death-before' && !sent) || (isDeath(fault) && sent)) && hits(asked)) dead = true;
      if (dead) die('dead');
      return dead;
    };
    const faultOf = (asked: TransportRequest) => {
      if (fault === undefined || !hits(asked)) return undefined;
      used += 1;
      if (used > 1) return used === 2 ? more.second : undefined;
      if (fault === 'death-in-flight') return 'late';
      return isDeath(fault) ? undefined : fault;
    };
    const transport = this.api.connect(faultOf, isDead);
    const found = {
      dependants: more.dependants ?? [],
      incomplete: more.incomplete ?? (more.isFaulty ? ['could not list pods'] : []),
      isFaulty: more.isFaulty ?? false,
    };
    const context: EnforceContext = {
      upstream: new Upstream(transport, { refusal: async () => undefined }),
      ledger: new Ledger(createClient(transport, { readRetries: 0 })),
      replica: { address: '10.0.0.1', process },
      permission: { refusal: async () => refusal?.(), ending: async () => refusal?.() },
      executions: { isRepeated: async () => more.isRepeated ?? false },
      dependants: { of: async () => found, below: async () => found },
      handling,
      timing: { pauses: [1, 1, 1], patience: 5, poll: 1 },
    };
    const plan = { spec: { effects: [effectOf(this.what)] } } as unknown as ActionPlan;
    const enforcement = {
      plan,
      digest: 'd',
      risk: 'Low' as const,
      claim: 'claim-x',
      claimedAt: 1,
      recordedAt: 1,
      consumed: new Set<number>(),
      turns: new Serializer(),
      blocked: undefined,
    };
    const run: Run = {
      stage: 'run',
      jobUid: JOB,
      podUid: 'p',
      podName: 'p',
      namespace: 'shop',
      actionName: 'fix',
      actionUid: 'a',
      generation: 1,
      account: 'x',
      requester: { user: 'u', groups: [] },
      mayWrite: true,
      recording: newRecording(),
      enforcement,
    };
    return { context, run, died };
  }

  /** How often the write landed. */
  landed(): number {
    return this.api.persisted.filter((one) => / (\/apis\/apps|\/api\/v1\/namespaces\/shop)/.test(one)).length;
  }
}

/** Allows the first write, and refuses whatever is asked afterwards. */
export function firstOnly(why: string): () => string | undefined {
  let asked = 0;
  return () => (asked++ === 0 ? undefined : why);
}

export type Replica = ReturnType<World['replica']>;

/** Sends the write; what a client sees of it, or `dead` when the replica died. */
export async function attempt({ context, run, died }: Replica, what: ParsedRequest): Promise<string> {
  const sent = enforceWrite(context, run, what).then(
    ({ status }) => String(status),
    (error: Error) => error.message,
  );
  return await Promise.race([sent, died]);
}

/** Settles what is open, as a report does, and says what the ledger holds then. */
export async function settled({ context, run }: Pick<Replica, 'context' | 'run'>) {
  for (const entry of await context.ledger.entries(JOB))
    if (entry.state === 'Sent' || entry.state === 'Unknown') await settleEntry(context, run, entry);
  const [entry] = await context.ledger.entries(JOB);
  return entry;
}
