import { createClient, type TransportRequest } from '@sentinel/kube';
import type { Found } from '../dependants/dependants.ts';
import { changesBetween } from '../effect/change.ts';
import { request } from '../effect/request.fixture.ts';
import { MemoryApi } from '../enforce/memory-api.fixture.ts';
import { done, intended, send } from '../ledger/entry.ts';
import { Ledger } from '../ledger/store.ts';
import type { ParsedRequest } from '../request/parse.ts';
import type { Run } from '../run/run.ts';
import { Upstream } from '../upstream.ts';
import { type RollbackContext, rollBack } from './rollback.ts';

export const WEB = '/apis/apps/v1/namespaces/shop/deployments/web';
export const MADE = '/api/v1/namespaces/shop/configmaps/made';
export const run = { jobUid: 'job-1', account: 'x', namespace: 'shop' } as Run;
export const owner = { process: 'one', nonce: 'n' };

export const isWrite = ({ method, path }: TransportRequest) =>
  ['PATCH', 'DELETE'].includes(method) && !path.includes('sentinel-ledger');
export const isNoteOfEnd = ({ method, body }: TransportRequest) =>
  method === 'PUT' &&
  JSON.parse(Buffer.from(String((JSON.parse(String(body)) as { data: { head: string } }).data.head), 'base64').toString())
    .rollback === 'Restored';

/** A run that changed the replicas of `web`, then its annotation, and then made a ConfigMap. */
export class World {
  readonly api = new MemoryApi();
  /** Called before each request; what it answers goes wrong with the request. */
  before: (request: TransportRequest) => 'lost' | 'answer-lost' | 422 | 500 | undefined = () => undefined;
  readonly context: RollbackContext;
  /** What others attached to what the run created. */
  found: Found = { dependants: [], incomplete: [], isFaulty: false };
  readonly pauses: number[] = [];

  constructor() {
    const transport = this.api.connect(
      (asked) => this.before(asked),
      () => false,
    );
    this.context = {
      upstream: new Upstream(transport, { refusal: async () => undefined }),
      ledger: new Ledger(createClient(transport, { readRetries: 0 })),
      dependants: { below: async () => this.found },
      pause: async (ms) => this.pauses.push(ms),
    };
    this.api.put(WEB, { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 2 }, note: 'b' });
    this.api.put(MADE, { apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } });
  }

  static async make(): Promise<World> {
    const world = new World();
    const patch = request();
    await world.did(0, patch, { spec: { replicas: 1 }, note: 'a' }, { spec: { replicas: 2 }, note: 'a' });
    await world.did(1, patch, { spec: { replicas: 2 }, note: 'a' }, { spec: { replicas: 2 }, note: 'b' });
    const made = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made' }, data: { a: '1' } };
    const create = request(
      { verb: 'create', apiGroup: '', resource: 'configmaps', name: undefined },
      {
        base: 'configmaps',
        info: { kind: 'ConfigMap', namespaced: true, verbs: ['create', 'get'], hasStatus: false },
        body: Buffer.from(JSON.stringify(made)),
      },
    );
    await world.did(2, create, undefined, made);
    return world;
  }

  async did(index: number, what: ParsedRequest, was: unknown, is: unknown): Promise<void> {
    const { verb, apiGroup, resource } = what.api;
    const name = verb === 'create' ? 'made' : 'web';
    const uid = `uid-${name}`;
    const target = { index, verb, apiGroup, version: 'v1', resource, namespace: 'shop', name };
    const { ledger } = this.context;
    const preconditions = { uid: verb === 'create' ? undefined : uid, resourceVersion: undefined };
    const known = verb === 'create' ? target : { ...target, uid };
    let entry = await ledger.store(intended(run.jobUid, known as never, owner, Date.now()));
    entry = await ledger.store(
      send(entry, owner, { request: what, preconditions, change: changesBetween(was, is), promised: { live: was, result: is } }),
    );
    await ledger.store(done(entry, owner, { uid, resourceVersion: '1' }));
  }

  /** One pass; the answer is the outcome of each effect. */
  async pass(): Promise<string[]> {
    const { outcomes, retries } = await rollBack(this.context, run);
    if (retries[0]) throw new Error(retries[0].reason);
    return outcomes.map(({ effect, outcome }) => `${effect} ${outcome}`);
  }

  isAsBefore(): boolean {
    const { spec, note } = this.api.objects.get(WEB) as { spec?: { replicas: number }; note?: string };
    return spec?.replicas === 1 && note === 'a' && !this.api.objects.has(MADE);
  }
}
