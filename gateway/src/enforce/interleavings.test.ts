import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ActionPlan } from '@sentinel/crds';
import { createClient, type TransportRequest } from '@sentinel/kube';
import type { DataHandling } from '@sentinel/policy';
import { changesBetween } from '../effect/change.ts';
import { describeEffect } from '../effect/describe.ts';
import { request } from '../effect/request.fixture.ts';
import { Ledger } from '../ledger/store.ts';
import { newRecording } from '../rehearse/recording.ts';
import type { ParsedRequest } from '../request/parse.ts';
import { rollBack } from '../rollback/rollback.ts';
import type { Run } from '../run/run.ts';
import { Upstream } from '../upstream.ts';
import type { EnforceContext } from './context.ts';
import { enforceWrite } from './enforce-write.ts';
import { type Fault, MemoryApi } from './memory-api.fixture.ts';
import { noteRefused } from './note-refused.ts';
import { settleEntry } from './settle.ts';
import { Turns } from './turns.ts';

// One approved effect, requests for it from two replicas of the gateway, and everything that can go wrong in between. Whatever it is:
// the write lands at most once, and what the ledger says of it is true.

const WEB = '/apis/apps/v1/namespaces/shop/deployments/web';
const LEDGER = '/api/v1/namespaces/sentinel-ledger';
const JOB = 'job-1';

const scaleUp = request({}, { contentType: 'application/merge-patch+json', body: Buffer.from('{"spec":{"replicas":2}}') });
const createFlags = request(
  { verb: 'create', apiGroup: '', resource: 'configmaps', name: undefined },
  {
    base: 'configmaps',
    info: { kind: 'ConfigMap', namespaced: true, verbs: ['create', 'get'], hasStatus: false },
    body: Buffer.from('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"flags"},"data":{"a":"1"}}'),
  },
);
const deleteWeb = request({ verb: 'delete' }, { contentType: 'application/json' });

const effectOf = (what: ParsedRequest) => {
  if (what.api.verb === 'create') {
    const after = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'flags' }, data: { a: '1' } };
    return { ...describeEffect(what, { name: 'flags', uid: undefined, changes: changesBetween(undefined, after) }), index: 0 };
  }
  const changes =
    what.api.verb === 'delete'
      ? [{ path: '', before: 'object', after: { deleted: true } }]
      : changesBetween({ spec: { replicas: 1 } }, { spec: { replicas: 2 } });
  return { ...describeEffect(what, { name: 'web', uid: 'uid-web', changes }), index: 0 };
};

const handling: DataHandling = {
  prompts: 'Redacted',
  parameters: 'Redacted',
  logs: 'Redacted',
  diffs: 'Redacted',
  patterns: [],
  fields: [],
  retainMs: undefined,
};

/** Where in the life of a write something goes wrong. */
const points: Readonly<Record<string, (request: TransportRequest) => boolean>> = {
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
type Death = 'death-before' | 'death-in-flight' | 'death-after';
const isDeath = (fault: Fault | Death | undefined): fault is Death => typeof fault === 'string' && fault.startsWith('death');

class World {
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
    more: { at?: string | undefined; fault?: Fault | Death | undefined; refusal?: () => string | undefined } = {},
  ): { context: EnforceContext; run: Run; died: Promise<string> } {
    const { at, fault, refusal } = more;
    const hits = at === undefined ? () => false : (points[at] ?? assert.fail(at));
    let dead = false;
    const { promise: died, resolve: die } = Promise.withResolvers<string>();
    let used = false;
    const isDead = (asked: TransportRequest, sent: boolean) => {
      if (((fault === 'death-before' && !sent) || (isDeath(fault) && sent)) && hits(asked)) dead = true;
      if (dead) die('dead');
      return dead;
    };
    const faultOf = (asked: TransportRequest) => {
      if (used || fault === undefined || !hits(asked)) return undefined;
      used = true;
      if (fault === 'death-in-flight') return 'late';
      return isDeath(fault) ? undefined : fault;
    };
    const transport = this.api.connect(faultOf, isDead);
    const context: EnforceContext = {
      upstream: new Upstream(transport),
      ledger: new Ledger(createClient(transport, { readRetries: 0 })),
      replica: { address: '10.0.0.1', process },
      permission: { refusal: async () => refusal?.() },
      executions: { isRepeated: async () => false },
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
      consumed: new Set<number>(),
      turns: new Turns(),
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
function firstOnly(why: string): () => string | undefined {
  let asked = 0;
  return () => (asked++ === 0 ? undefined : why);
}

type Replica = ReturnType<World['replica']>;

/** Sends the write; what a client sees of it, or `dead` when the replica died. */
async function attempt({ context, run, died }: Replica, what: ParsedRequest): Promise<string> {
  const sent = enforceWrite(context, run, what).then(
    ({ status }) => String(status),
    (error: Error) => error.message,
  );
  return await Promise.race([sent, died]);
}

/** Settles what is open, as a report does, and says what the ledger holds then. */
async function settled({ context, run }: Pick<Replica, 'context' | 'run'>) {
  for (const entry of await context.ledger.entries(JOB))
    if (entry.state === 'Sent' || entry.state === 'Unknown') await settleEntry(context, run, entry);
  const [entry] = await context.ledger.entries(JOB);
  return entry;
}

const faults: readonly (Fault | Death)[] = [
  'death-before',
  'death-in-flight',
  'death-after',
  'lost',
  'answer-lost',
  'late',
  'held',
  409,
  422,
  500,
];
const writes = { 'a patch': scaleUp, 'a create': createFlags, 'a delete': deleteWeb };
/** Who asks for the same write afterwards, and when something late arrives. */
const sequels = ['nobody', 'the same replica', 'another replica', 'both at once'] as const;
const arrivals = ['before that', 'after that', 'after the report'] as const;
const arrivalsOf = (fault: Fault | Death) =>
  ['late', 'held', 'death-in-flight'].includes(fault as string) ? arrivals : (['never'] as const);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('One approved write', () => {
  for (const [name, what] of Object.entries(writes))
    for (const at of Object.keys(points))
      for (const fault of faults)
        for (const sequel of sequels)
          for (const arrival of arrivalsOf(fault))
            it(`${name}: ${fault} at ${at}; then ${sequel}${arrival === 'never' ? '' : `, arrival ${arrival}`}`, async () => {
              const world = new World(what);
              const arrive = (when: string) => {
                if (when !== arrival) return;
                world.api.land();
                world.api.release();
              };
              const first = world.replica('one', { at, fault });
              const begun = attempt(first, what);
              // What is held has no end of its own.
              await (fault === 'held' ? pause(10) : begun);
              arrive('before that');
              const other = world.replica('two');
              const here = isDeath(fault) ? world.replica('one-again') : first;
              const askers = {
                nobody: [],
                'the same replica': [here],
                'another replica': [other],
                'both at once': [here, other],
              };
              const asked = askers[sequel].map((asker) => attempt(asker, what));
              await (fault === 'held' ? pause(25) : Promise.all(asked));
              arrive('after that');
              const report = await settled(world.replica('three'));
              arrive('after the report');
              const goOn = setInterval(() => world.api.release(), 5);
              await Promise.all(isDeath(fault) ? asked : [begun, ...asked]).finally(() => clearInterval(goOn));
              // A process that is alive goes on after a report; of one that is not, the report is the last word.
              const entry = fault === 'held' ? await settled(world.replica('four')) : report;
              const times = world.landed();
              assert.ok(times <= 1, `it landed ${times} times`);
              if (entry?.state === 'Done') assert.equal(times, 1, 'the ledger says that it is done');
              if (entry === undefined || entry.state === 'Refused' || entry.state === 'Intended')
                assert.equal(times, 0, `the ledger says ${entry?.state ?? 'nothing'}`);
              assert.ok(!world.api.persisted.some((one) => one.startsWith(`DELETE ${LEDGER}`)), 'the ledger lost something');
              // With the API server back, the report knows the outcome.
              assert.notEqual(entry?.state, 'Sent');
              assert.notEqual(entry?.state, 'Unknown');
            });
});

describe('The approved write sent four times at once', () => {
  for (const [name, what] of Object.entries(writes))
    it(`${name}: is carried out once, by one replica or by two, and the ledger says so`, async () => {
      const world = new World(what);
      const [one, two] = [world.replica('one'), world.replica('two')];
      await Promise.all([one, one, two, two].map((replica) => attempt(replica, what)));
      assert.equal(world.landed(), 1);
      assert.equal((await settled(one))?.state, 'Done');
    });
});

describe('A run', () => {
  it('that is blocked on one replica is blocked on every other', async () => {
    const world = new World(scaleUp);
    const [one, two] = [world.replica('one'), world.replica('two')];
    const evil = { ...scaleUp, body: Buffer.from('{"spec":{"replicas":9}}') };
    assert.match(await attempt(one, evil), /attempted 1 → 9/);
    assert.match(await attempt(two, scaleUp), /attempted 1 → 9/);
    assert.equal(world.landed(), 0);
  });

  it('writes nothing that is forbidden at that moment, and may write it when it is allowed again', async () => {
    const world = new World(scaleUp);
    let refusal: string | undefined = 'the action was cancelled';
    const one = world.replica('one', { refusal: () => refusal });
    assert.match(await attempt(one, scaleUp), /the action was cancelled/);
    assert.equal(world.landed(), 0);
    refusal = undefined;
    assert.equal(await attempt(one, scaleUp), '200');
    assert.equal(world.landed(), 1);
  });

  it('writes nothing by a permission that a slow API server has made old', async () => {
    const world = new World(scaleUp);
    const one = world.replica('one', { at: 'the note that it is sent', fault: 'held', refusal: firstOnly('suspended') });
    const begun = attempt(one, scaleUp);
    await pause(600);
    world.api.release();
    assert.match(await begun, /suspended/);
    assert.equal(world.landed(), 0);
    assert.equal((await settled(one))?.state, 'Refused');
  });

  it('says why a write was refused before it was intended, and keeps what is known of it otherwise', async () => {
    const world = new World(scaleUp);
    const { context, run } = world.replica('one');
    await noteRefused(context, run, request({ name: 'other' }), 'not this one');
    assert.deepEqual(await context.ledger.entries(JOB), []);
    await noteRefused(context, run, request({ verb: 'get' }), 'hands off');
    await noteRefused(context, run, scaleUp, 'hands off!');
    const [entry] = await context.ledger.entries(JOB);
    assert.deepEqual([entry?.state, entry?.why], ['Refused', 'patch deployments shop/web is refused: hands off!']);
    assert.equal((await enforceWrite(context, run, scaleUp)).status, 200);
    await noteRefused(context, run, scaleUp, 'too late');
    assert.equal((await context.ledger.entry(JOB, 0))?.state, 'Done');
  });

  it('does not send again what is forbidden by then: its outcome is unknown, until it shows', async () => {
    const world = new World(scaleUp);
    const one = world.replica('one', { at: 'the write', fault: 'late', refusal: firstOnly('suspended') });
    assert.match(await attempt(one, scaleUp), /outcome of effect 0 .* is unknown: it may not be sent again: suspended/);
    assert.equal((await settled(one))?.state, 'Unknown');
    world.api.land();
    assert.equal((await settled(one))?.state, 'Done');
    assert.equal(world.landed(), 1);
  });

  it('keeps values of any size, in as many objects as it takes, and restores them', async () => {
    const big = (seed: string) => Array.from({ length: 30_000 }, (_, index) => `${seed}${(index * 7919) % 104_729}`).join(' ');
    const world = new World(scaleUp);
    world.api.change(WEB, (object) => Object.assign(object, { data: { conf: big('a') } }));
    const what = { ...scaleUp, body: Buffer.from(JSON.stringify({ data: { conf: big('b') } })) };
    const { context, run } = world.replica('one');
    const change = changesBetween({ data: { conf: big('a') } }, { data: { conf: big('b') } });
    const effect = { ...describeEffect(what, { name: 'web', uid: 'uid-web', changes: change }), index: 0 };
    (run.enforcement as { plan: unknown }).plan = { spec: { effects: [effect] } };
    assert.equal((await enforceWrite(context, run, what)).status, 200);
    const [entry] = await context.ledger.entries(JOB);
    assert.equal(entry?.sending?.change[0]?.before, big('a'));
    assert.deepEqual(entry?.sending?.request.body, what.body);
  });
});

describe('A rollback', () => {
  it('takes a write whose outcome is unknown, and which may still arrive, for what it is', async () => {
    const world = new World(scaleUp);
    const one = world.replica('one', { at: 'the write', fault: 'late', refusal: firstOnly('suspended') });
    await attempt(one, scaleUp);
    const [outcome] = await rollBack(one.context, one.run);
    assert.equal(outcome?.outcome, 'Failed');
    assert.match(outcome?.message ?? '', /may still be applied/);
  });
});
