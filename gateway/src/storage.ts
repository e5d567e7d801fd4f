import { type AgentAction, actionPlanParts, actionPlans, agentActions, namespaces } from '@sentinel/crds';
import {
  type AnyObject,
  configmaps,
  createMeasuringInformer,
  type Informer,
  type KubeClient,
  type Logger,
  type Measured,
  secrets,
} from '@sentinel/kube';
import { explainAll, judgeStorage, type PolicySet, type StorageUse, storageUse } from '@sentinel/policy';
import { JOB_LABEL, readAction } from './ledger/claim-object.ts';
import { Refused } from './request/refused.ts';

/** How long a reservation counts: the operator writes the plan within seconds after the recording. */
const RESERVED_MS = 30_000;

type OfJob = Measured<{ readonly job: string | undefined }>;
type Claimed = Measured<{ readonly job: string | undefined; readonly namespace: string }>;
type Counted<T extends Measured> = Pick<Informer<T>, 'store' | 'healthy'>;

export interface StorageSources {
  /** Actions, plans and their parts: objects of the namespaces that they count for. */
  readonly tenants: readonly Counted<Measured>[];
  /** ConfigMaps of the ledger: claims say which namespace a Job is for. */
  readonly claims: Counted<Claimed>;
  /** Secrets of the ledger: recordings, intents and pre-images, by their Job. */
  readonly secrets: Counted<OfJob>;
}

/** The informers by which the gateway counts, not yet started. */
export function storageInformers(client: KubeClient, logger: Logger) {
  const common = { client, logger };
  const ledger = { ...common, namespace: namespaces.ledger };
  const job = ({ metadata }: AnyObject) => metadata.labels?.[JOB_LABEL];
  return {
    actions: createMeasuringInformer({ ...common, resource: agentActions }, (_: AgentAction) => ({})),
    plans: createMeasuringInformer({ ...common, resource: actionPlans }, () => ({})),
    parts: createMeasuringInformer({ ...common, resource: actionPlanParts }, () => ({})),
    claims: createMeasuringInformer({ ...ledger, resource: configmaps }, (object: AnyObject) => ({
      job: job(object),
      namespace: readAction((object.data ?? {}) as Record<string, string | undefined>)?.namespace ?? '',
    })),
    secrets: createMeasuringInformer({ ...ledger, resource: secrets }, (object: AnyObject) => ({ job: job(object) })),
  };
}

/**
 * Counts the stored size for the actions of each namespace, including the ledger, from the existing objects. Reservations count as well; another
 * replica does not know them, so a limit may be exceeded by what it stores at the same moment.
 */
export class Storage {
  readonly #sources: StorageSources;
  readonly #total: number;
  readonly #now: () => number;
  #reserved: { readonly namespace: string; readonly bytes: number; readonly until: number }[] = [];

  /** `total` is what may be stored for the actions of all namespaces, in bytes. */
  constructor(sources: StorageSources, total: number, now: () => number = () => performance.now()) {
    this.#sources = sources;
    this.#total = total;
    this.#now = now;
  }

  /** What is stored, seen from a namespace. Throws Refused (503) while it cannot be counted. */
  use(namespace: string): StorageUse {
    const { tenants, claims, secrets: entries } = this.#sources;
    if (!this.#isCounted()) throw new Refused(503, 'UsageNotCounted', 'what is stored cannot be counted now; ask again');
    const now = this.#now();
    this.#reserved = this.#reserved.filter(({ until }) => until > now);
    const held = claims.store.list();
    const namespaceOf = new Map(held.map((claim) => [claim.job, claim.namespace]));
    const stored = [
      ...tenants.flatMap(({ store }) =>
        store.list().map(({ metadata, bytes }) => ({ namespace: metadata.namespace ?? '', bytes })),
      ),
      ...held,
      // Objects without a namespace count only in the total.
      ...entries.store.list().map(({ job, bytes }) => ({ namespace: namespaceOf.get(job) ?? '', bytes })),
      ...this.#reserved,
    ];
    return storageUse(stored, namespace, this.#total);
  }

  /** What is stored for all namespaces and what may be, in bytes; undefined while it cannot be counted. */
  totals(): { readonly used: number; readonly total: number } | undefined {
    if (!this.#isCounted()) return undefined;
    const { used, total } = this.use('');
    return { used, total };
  }

  /** Takes room for what is about to be stored. Answers with why there is none; then nothing was taken. */
  reserve(policies: PolicySet, namespace: string, bytes: number): string | undefined {
    const refusals = judgeStorage(policies, namespace, this.use(namespace), bytes);
    if (refusals.length > 0) return explainAll(refusals);
    this.#reserved.push({ namespace, bytes, until: this.#now() + RESERVED_MS });
    return undefined;
  }
  #isCounted(): boolean {
    const { tenants, claims, secrets: entries } = this.#sources;
    return [...tenants, claims, entries].every((informer) => informer.healthy());
  }
}
