import { type AgentAction, actionPlanParts, actionPlans, agentActions } from '@sentinel/crds';
import {
  createMeasuringInformer,
  type Informer,
  type KubeClient,
  type Logger,
  type Measured,
  NamespaceSums,
  storedSize,
} from '@sentinel/kube';
import { judgeOpen, judgeStorage, type PolicySet, type Refusal, type StorageUse } from '@sentinel/policy';
import type { AdmissionRequest } from './review.ts';
import { nameOf, type Unseen, UnseenAdmissions } from './unseen.ts';

type MeasuredAction = Measured<{ readonly isOpen: boolean }>;
type Counted<T extends Measured> = Pick<Informer<T>, 'store' | 'healthy' | 'onChange'>;

export interface QuotaSources {
  readonly actions: Counted<MeasuredAction>;
  /** Plans and their parts. */
  readonly plans: readonly Pick<Counted<Measured>, 'healthy' | 'onChange'>[];
}

/** The informers that a quota counts by, not yet started. */
export function quotaInformers(client: KubeClient, logger: Logger) {
  const common = { client, logger };
  return {
    actions: createMeasuringInformer({ ...common, resource: agentActions }, ({ status }: AgentAction) => ({
      isOpen: status?.finishedAt === undefined,
    })),
    plans: [
      createMeasuringInformer({ ...common, resource: actionPlans }, () => ({})),
      createMeasuringInformer({ ...common, resource: actionPlanParts }, () => ({})),
    ],
  };
}

/**
 * Counts the actions of each namespace, and what is stored for them, where they are filed. What was just admitted counts until the cache
 * shows it, for the address that asked: who is not the API server must not use up what its callers have. Replicas do not see at once what
 * the others admit, so a limit may be exceeded by what they do within some milliseconds. The
 * ledger is not for the webhook to read; the gateway counts it before a rehearsal starts.
 */
export class ActionQuota {
  readonly #sources: QuotaSources;
  readonly #total: number;
  readonly #unseen: UnseenAdmissions<Unseen>;
  readonly #sums = new NamespaceSums(['open', 'bytes']);

  /** `total` is what may be stored for the actions of all namespaces, in bytes. */
  constructor(sources: QuotaSources, total: number, now: () => number = () => performance.now()) {
    this.#sources = sources;
    this.#total = total;
    this.#unseen = new UnseenAdmissions(now);
    this.#sums.follow(sources.actions, ({ bytes, isOpen }) => ({ bytes, open: isOpen ? 1 : 0 }));
    for (const informer of sources.plans) this.#sums.follow(informer, ({ bytes }) => ({ bytes }));
    sources.actions.onChange(({ type, object: { metadata } }) => {
      if (type === 'add') this.#unseen.see(metadata.namespace ?? '', metadata.name ?? '');
    });
  }

  /** Why one more action cannot be filed; else it counts from now on, unless the request is a dry-run. Refuses what it cannot count. */
  admit(policies: PolicySet, { object, namespace, dryRun }: AdmissionRequest, address: string): Refusal[] {
    const { actions, plans } = this.#sources;
    if (![actions, ...plans].every((informer) => informer.healthy()))
      return [
        {
          code: 'UsageNotCounted',
          policy: 'Sentinel',
          rule: 'limits.open',
          message: 'the actions of the namespace cannot be counted now, because the API server cannot be watched',
        },
      ];
    const bytes = storedSize(object);
    // The API server does not create what exists.
    const exists = ({ namespace, name, isPrefix }: Unseen) =>
      !isPrefix && actions.store.get(`${namespace}/${name}`) !== undefined;
    const unseen = this.#unseen.of(address).filter((one) => !exists(one));
    const own = unseen.filter((one) => one.namespace === namespace);
    const [open, use] = [this.#sums.of(namespace).open + own.length, this.#use(namespace, unseen, own)];
    const refusals = [...judgeOpen(policies, namespace, open), ...judgeStorage(policies, namespace, use, bytes)];
    if (refusals.length > 0 || dryRun) return refusals;
    this.#unseen.add({ namespace, ...nameOf(object?.metadata), bytes, address });
    return [];
  }

  #use(namespace: string, unseen: readonly Unseen[], own: readonly Unseen[]): StorageUse {
    return {
      own: this.#sums.of(namespace).bytes + sumOf(own),
      used: this.#sums.all.bytes + sumOf(unseen),
      takers: this.#sums.namespacesWith([namespace, ...unseen.map((one) => one.namespace)]),
      total: this.#total,
    };
  }
}

const sumOf = (unseen: readonly Unseen[]): number => unseen.reduce((sum, { bytes }) => sum + bytes, 0);
