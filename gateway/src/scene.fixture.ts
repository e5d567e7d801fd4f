import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { annotations, type State } from '@sentinel/crds';
import { type AnyObject, createClient } from '@sentinel/kube';
import { attempt, JOB, type Replica, scaleUp, WEB, World } from './enforce/world.fixture.ts';
import type { ClaimedPlan, ClaimRequest } from './ledger/claim.ts';
import { claimName } from './ledger/claim-object.ts';
import { Ledger } from './ledger/store.ts';
import { type RollbackRequestContext, serveRollback } from './serve/serve-rollback.ts';

export const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const signing = { id: 'k1', privateKey };

export const ACTION = '/apis/sentinel.dev/v1alpha1/namespaces/shop/agentactions/fix';
export const ref = { namespace: 'shop', name: 'fix', uid: 'uid-fix' };
export const plan: ClaimedPlan = { digest: 'd', effects: 1, risk: 'Low', rollback: 'PreImages', checks: 1 };
export const body = Buffer.from(JSON.stringify({ namespace: 'shop', name: 'fix', job: JOB }));

/** A pod of a Job, whose steps ended well or are executed still. */
export const podOf = (job: string, uid: string, exitCode?: number): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: uid,
    uid,
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job, uid: job, controller: true }],
  },
  spec: { initContainers: [{ name: 'gate' }, { name: 'step-one' }], containers: [{ name: 'end' }] },
  status: {
    phase: 'Running',
    initContainerStatuses: ['gate', 'step-one'].map((name) => ({ name, state: { terminated: { exitCode: 0 } } })),
    containerStatuses: [{ name: 'end', state: exitCode === undefined ? {} : { terminated: { exitCode } } }],
  },
});

export class Scene {
  readonly world = new World(scaleUp);
  readonly pods: AnyObject[] = [];
  readonly namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

  /** A run of an action that has carried out its effect; `more` says how its plan is another one. */
  static async make(more: Partial<ClaimedPlan> = {}): Promise<Scene> {
    const scene = new Scene();
    scene.putAction();
    scene.say('RollingBack');
    const one = scene.replica('one');
    await one.ledger.claim(scene.claim({ plan: { ...plan, ...more } }));
    assert.equal(await attempt(one.writer, scaleUp), '200');
    return scene;
  }

  /** The action as it is stored. */
  putAction(): void {
    this.world.api.put(ACTION, { apiVersion: 'sentinel.dev/v1alpha1', kind: 'AgentAction', spec: {}, status: {} });
    this.world.api.change(ACTION, ({ metadata }) =>
      Object.assign(metadata, { namespace: 'shop', annotations: { [annotations.requestedBy]: '{"user":"agent","groups":[]}' } }),
    );
  }

  claim(more: Partial<ClaimRequest> = {}): ClaimRequest {
    const replica = { address: '10.0.0.1', process: 'one' };
    return { jobUid: JOB, podUid: 'p', replica, action: ref, account: 'x', plan, now: 1, ...more };
  }

  /** What the status says. */
  say(state: State): void {
    this.world.api.change(ACTION, (object) => {
      object.status = {
        stages: [{ stage: 'run', uid: JOB, outcome: 'Succeeded', plan: 'd' }],
        conditions: [{ type: 'Succeeded', status: 'Unknown', reason: state }],
      };
    });
  }

  cancel(): void {
    this.world.api.change(ACTION, (object) => Object.assign(object, { spec: { cancelled: true } }));
  }

  replica(process: string, lose: (method: string, path: string) => boolean = () => false) {
    const writer: Replica = this.world.replica(process);
    if (writer.run.enforcement) Object.assign(writer.run.enforcement, { claim: claimName(this.claim()) });
    const transport = this.world.api.connect(
      ({ method, path }) => (lose(method, path) ? 'lost' : undefined),
      () => false,
    );
    const client = createClient(transport, { readRetries: 0 });
    const ledger = new Ledger(client);
    const store = (items: AnyObject[]) => ({ store: { list: () => items, get: () => items[0] } }) as never;
    const context: RollbackRequestContext = {
      client,
      ledger,
      upstream: writer.context.upstream,
      dependants: writer.context.dependants,
      namespaces: store([this.namespace]),
      policies: store([]),
      clusterPolicies: store([]),
      pods: store(this.pods),
      key: () => signing,
      replica: { address: '10.0.0.1', process },
    };
    return { writer, client, ledger, context, serveRollback: () => serveRollback(context, body) };
  }

  /** Checks that the gateway served, and their pod. */
  async verify(exitCode: number | undefined): Promise<AnyObject> {
    const { ledger } = this.replica('one');
    await ledger.claim(this.claim({ jobUid: 'check-1', podUid: 'c', plan: undefined, verifies: JOB }));
    return podOf('check-1', 'c', exitCode);
  }

  get replicas(): number {
    return (this.world.api.objects.get(WEB) as unknown as { spec: { replicas: number } }).spec.replicas;
  }
}
